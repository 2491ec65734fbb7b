"""Eigenvalues of a map from one time to the next, and the frequencies and time constants they stand for."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from motorsim.types import FloatArray

ComplexArray: TypeAlias = NDArray[np.complex128]


def ordered_eigenvalues(matrix: FloatArray) -> ComplexArray:
    """Return the eigenvalues of a map (n, n) by falling modulus, of a pair the positive angle first, (n,)."""
    values = np.linalg.eigvals(matrix).astype(np.complex128)
    # Of a pair the moduli may differ by rounding, which must not order it.
    ordered: ComplexArray = values[np.lexsort((-values.imag, -np.round(np.abs(values), 12)))]
    return ordered


def frequencies_hz(eigenvalues: ComplexArray, dt_s: float) -> FloatArray:
    """Return |arg lambda| / (2 pi dt) of each eigenvalue; 0 to 1 / (2 dt)."""
    frequencies: FloatArray = np.abs(np.angle(eigenvalues)) / (2 * np.pi * dt_s)
    return frequencies


def time_constants_s(eigenvalues: ComplexArray, dt_s: float) -> FloatArray:
    """Return -dt / log |lambda|: of decay; negative of growth, infinite for |lambda| = 1, 0 for 0."""
    with np.errstate(divide="ignore"):
        constants: FloatArray = dt_s / (0.0 - np.log(np.abs(eigenvalues)))
    return constants
