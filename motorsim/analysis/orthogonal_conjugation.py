"""The rotation of axes that brings one matrix nearest to another, sought on the orthogonal group."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy import linalg

from motorsim.streams import stream

if TYPE_CHECKING:
    from collections.abc import Callable

    from motorsim.types import FloatArray

_EIGENVALUE_ORDERS: tuple[Callable[[FloatArray], FloatArray], ...] = (
    lambda values: -np.abs(values),
    np.abs,
    lambda values: -values.real,
    lambda values: -np.abs(values.imag),
)
_SHORT, _LONG, _SEARCH = 20, 500, 30
_GRADIENT_TOLERANCE = 1e-9
_TINY = 1e-300
# A step of one start costs as the cube of the size, so large matrices start and finish fewer.
_STARTED, _MOST_STARTED, _FEWEST_STARTED = 400, 16, 4
_FINISHED, _FEWEST_FINISHED = 8000, 2


def best_conjugation(a: FloatArray, b: FloatArray) -> FloatArray:
    """Return the orthogonal C, (n, n), of the largest tr(A' C B C') that was found.

    For C -> exp(X) C with skew X and M = C B C' the gradient is the skew part of A M' + A' M. It is climbed
    from alignments of the real Schur bases of A and B under several orders of the eigenvalues, of the
    eigenvectors of their symmetric parts, from the identity and from rotations that are always the same, all
    with the signs of the columns fitted and with both determinants. All starts climb a little, the best ones
    to the end.

    Parameters
    ----------
    a, b
        Matrices (n, n) of unit Frobenius norm.
    """
    n = len(a)
    starts = _starts(a, b, int(np.clip(_STARTED // n, _FEWEST_STARTED, _MOST_STARTED)))
    rotations, values = _climb(a, b, starts, _SHORT)
    best = np.argsort(-values, kind="stable")[: max(_FINISHED // n**2, _FEWEST_FINISHED)]
    rotations, values = _climb(a, b, rotations[best], _LONG)
    left, _, right = linalg.svd(rotations[int(np.argmax(values))])
    rotation: FloatArray = left @ right
    return rotation


def _climb(
    a: FloatArray, b: FloatArray, rotations: FloatArray, n_iterations: int
) -> tuple[FloatArray, FloatArray]:
    """Climb from rotations (start, n, n) by conjugate gradients; return the last ones and their values."""
    turned = rotations @ b @ rotations.mT
    values = _inner(a, turned)
    gradient = direction = _gradient(a, turned)
    for _ in range(n_iterations):
        turns, turned, values = _step(a, turned, values, gradient, direction)
        rotations = turns @ rotations
        new = _gradient(a, turned)
        # Polak and Ribiere; directions keep their meaning, since all are seen from where they act.
        growth = _inner(new, new - gradient) / np.maximum(_inner(gradient, gradient), _TINY)
        direction = new + np.maximum(growth, 0.0)[:, None, None] * direction
        direction = np.where((_inner(direction, new) > 0)[:, None, None], direction, new)
        gradient = new
        if np.sqrt(_inner(gradient, gradient)).max() < _GRADIENT_TOLERANCE:
            break
    return rotations, values


def _step(
    a: FloatArray, turned: FloatArray, values: FloatArray, gradient: FloatArray, direction: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Turn M = C B C' (start, n, n) along directions; return the turns, the new M and the values."""
    slope = _inner(gradient, direction)
    change = direction @ turned - turned @ direction
    curvature = _inner(a, direction @ change - change @ direction)
    # Newton's length where the value bends down, never more than about one radian.
    longest = 1 / np.maximum(np.sqrt(_inner(direction, direction)), _TINY)
    newton = slope / np.maximum(-curvature, 1e-10 * np.abs(slope) + _TINY)
    lengths = np.where(curvature < 0, np.minimum(newton, longest), longest)
    identity = np.eye(len(a))
    for _ in range(_SEARCH):
        half: FloatArray = lengths[:, None, None] / 2 * direction
        turns = np.asarray(np.linalg.solve(identity - half, identity + half), dtype=np.float64)
        new_turned = turns @ turned @ turns.mT
        new_values = _inner(a, new_turned)
        # The allowance for rounding lets a start that has arrived stay.
        short = new_values < values + 1e-4 * lengths * slope - 1e-15
        if not short.any():
            break
        lengths = np.where(short, lengths / 4, lengths)
    return turns, new_turned, new_values


def _gradient(a: FloatArray, turned: FloatArray) -> FloatArray:
    product = a @ turned.mT + a.T @ turned
    skew: FloatArray = (product - product.mT) / 2
    return skew


def _inner(a: FloatArray, b: FloatArray) -> FloatArray:
    inner: FloatArray = np.sum(a * b, axis=(-2, -1))
    return inner


def _starts(a: FloatArray, b: FloatArray, n_rotations: int) -> FloatArray:
    """Return rotations to start from, (start, n, n), each beside its twin of the other determinant."""
    n = len(a)
    bases: list[tuple[FloatArray, FloatArray]]
    bases = [(_schur_basis(a, order), _schur_basis(b, order)) for order in _EIGENVALUE_ORDERS]
    bases.append((linalg.eigh(a + a.T)[1], linalg.eigh(b + b.T)[1]))
    identity = np.eye(n)
    bases.append((identity, identity))
    fixed = stream(0, "rotations to start from")
    bases.extend((_orthonormal(fixed.standard_normal((n, n))), identity) for _ in range(n_rotations))
    return np.stack([(own * signs) @ other.T for own, other in bases for signs in _signs(a, b, own, other)])


def _schur_basis(matrix: FloatArray, order: Callable[[FloatArray], FloatArray]) -> FloatArray:
    """Return orthonormal axes, (n, n), in which the matrix is block triangular with ordered eigenvalues."""
    values, vectors = linalg.eig(matrix)
    rounding = 1e-12 * np.abs(values).max()
    columns: list[FloatArray] = []
    for k in np.argsort(order(values), kind="stable"):
        # Turned so that real and imaginary part are orthogonal: unique but for the sign.
        vector = vectors[:, k] * np.exp(-0.5j * np.angle(np.sum(vectors[:, k] ** 2)))
        if values[k].imag > rounding:
            columns.extend((vector.real, vector.imag))
        elif values[k].imag >= -rounding:
            columns.append(vector.real)
    return _orthonormal(np.stack(columns, axis=1))


def _orthonormal(columns: FloatArray) -> FloatArray:
    basis: FloatArray = np.linalg.qr(columns)[0]
    return basis


def _signs(a: FloatArray, b: FloatArray, own: FloatArray, other: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return the signs d of the columns of ``own`` that bring tr(A' C B C') high, and the best odd change.

    C = own diag(d) other' has the value d' K d: its leading eigenvector is the guess that single flips mend.
    """
    coupling = (own.T @ a @ own) * (other.T @ b @ other)
    coupling = coupling + coupling.T
    np.fill_diagonal(coupling, 0.0)
    signs = np.where(linalg.eigh(coupling)[1][:, -1] < 0, -1.0, 1.0)
    for _ in range(5 * len(signs)):
        gains = -signs * (coupling @ signs)
        flipped = int(gains.argmax())
        if gains[flipped] <= 1e-12:
            break
        signs[flipped] *= -1
    twin = signs.copy()
    twin[int((-signs * (coupling @ signs)).argmax())] *= -1
    return signs, twin
