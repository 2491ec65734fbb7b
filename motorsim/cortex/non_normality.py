"""Non-normality: how far a matrix is from one whose modes are orthogonal."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.linalg import schur

from motorsim.checks import check_array

if TYPE_CHECKING:
    from motorsim.types import FloatArray


def henrici_departure(weights: FloatArray) -> float:
    """Return Henrici's departure from normality, relative to the norm of the weights.

    The root of (|W|^2 - sum |lambda|^2) / |W|^2, Frobenius norm (Henrici 1962, Numerische Mathematik 4): 0
    for a normal matrix, 1 for a nilpotent one. It is read off the strictly upper triangle of the complex
    Schur form, since the difference of the two sums would drown a small departure in rounding.

    Parameters
    ----------
    weights
        (unit, unit).

    Returns
    -------
    float
        From 0 to 1; 0 for weights that are all 0.

    Raises
    ------
    InputError
        If the weights are not square or not finite.
    """
    n_units = np.shape(weights)[0] if np.ndim(weights) else None
    weights = check_array("weights", weights, ("unit", "unit"), shape=(n_units, n_units))
    triangular, _ = schur(weights, output="complex")
    norm = np.linalg.norm(triangular)
    return float(np.linalg.norm(np.triu(triangular, 1)) / norm) if norm > 0 else 0.0
