"""Lyapunov equations in Schur coordinates, by recursion on blocks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.linalg import lapack

if TYPE_CHECKING:
    from motorsim.types import FloatArray

# LAPACK's solver works column by column and loses the cache on large matrices; below this it is the faster.
_LARGEST_DIRECT = 64


def triangular_lyapunov(triangular: FloatArray, right_side: FloatArray) -> FloatArray:
    """Solve A X + X A' = C for a real quasi-upper-triangular A and a symmetric C.

    The equation falls apart into the same one on either half of A and one Sylvester equation between them,
    which turns most of the work into matrix products (Jonsson & Kågström 2002, ACM TOMS 28, Algorithm 2).

    Parameters
    ----------
    triangular
        A, (n, n), a real Schur form whose eigenvalues all have negative real part.
    right_side
        C, (n, n).

    Returns
    -------
    FloatArray
        X, (n, n), symmetric.
    """
    if len(triangular) <= _LARGEST_DIRECT:
        return _direct_sylvester(triangular, triangular, right_side)
    cut = _cut(triangular)
    upper, across, lower = triangular[:cut, :cut], triangular[:cut, cut:], triangular[cut:, cut:]
    lower_x = triangular_lyapunov(lower, right_side[cut:, cut:])
    across_x = _triangular_sylvester(upper, lower, right_side[:cut, cut:] - across @ lower_x)
    coupling = across @ across_x.T
    upper_x = triangular_lyapunov(upper, right_side[:cut, :cut] - coupling - coupling.T)
    return np.block([[upper_x, across_x], [across_x.T, lower_x]])


def transposed_triangular_lyapunov(triangular: FloatArray, right_side: FloatArray) -> FloatArray:
    """Solve A' X + X A = C for a real quasi-upper-triangular A and a symmetric C, both (n, n)."""
    # Counting rows and columns from the far end makes A' upper triangular.
    return triangular_lyapunov(triangular.T[::-1, ::-1], right_side[::-1, ::-1])[::-1, ::-1]


def _triangular_sylvester(left: FloatArray, right: FloatArray, right_side: FloatArray) -> FloatArray:
    """Solve A X + X B' = C for quasi-upper-triangular A and B."""
    if max(len(left), len(right)) <= _LARGEST_DIRECT:
        return _direct_sylvester(left, right, right_side)
    if len(left) >= len(right):
        cut = _cut(left)
        below = _triangular_sylvester(left[cut:, cut:], right, right_side[cut:])
        above = _triangular_sylvester(left[:cut, :cut], right, right_side[:cut] - left[:cut, cut:] @ below)
        return np.concatenate([above, below])
    return _triangular_sylvester(right, left, right_side.T).T


def _direct_sylvester(left: FloatArray, right: FloatArray, right_side: FloatArray) -> FloatArray:
    solution, scale, _ = lapack.dtrsyl(left, right, right_side, trana="N", tranb="T")
    scaled: FloatArray = solution / scale
    return scaled


def _cut(triangular: FloatArray) -> int:
    """Return the middle, or the row after it where the middle would split a complex pair."""
    middle = len(triangular) // 2
    return middle + int(triangular[middle, middle - 1] != 0.0)
