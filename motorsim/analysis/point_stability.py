"""What the eigenvalues of a Jacobian say of the motion near a fixed point."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from motorsim.analysis.eigenvalues import ComplexArray
    from motorsim.types import FloatArray

_REAL = 1e-9


def growth_of(eigenvalues: ComplexArray, *, continuous: bool) -> FloatArray:
    """Return how fast the mode of each eigenvalue grows: Re lambda, or log |lambda| in discrete time."""
    if continuous:
        real: FloatArray = eigenvalues.real
        return real
    with np.errstate(divide="ignore"):
        logarithm: FloatArray = np.log(np.abs(eigenvalues))
    return logarithm


def kind_of(eigenvalues: ComplexArray, growth: FloatArray, margin: float) -> str:
    """Return the kind of a fixed point, see `motorsim.analysis.FixedPoints`.

    Parameters
    ----------
    eigenvalues, growth
        (state,), by falling growth.
    margin
        Growth that counts as none.
    """
    turns = np.abs(eigenvalues.imag) > _REAL * np.maximum(np.abs(eigenvalues), 1.0)
    grows, decays = growth > margin, growth < -margin
    if grows.any() and decays.any():
        return "saddle"
    neither = ~grows & ~decays
    if neither.any():
        return "centre" if turns[neither].all() else "marginal"
    return f"{'un' if grows.any() else ''}stable {'spiral' if turns[0] else 'node'}"
