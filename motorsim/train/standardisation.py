"""Standardisation: features and targets in units of their own spread."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from motorsim.types import FloatArray


@dataclass(frozen=True, eq=False)
class Standardisation:
    """What brings every feature, or output, to mean 0 and standard deviation 1; constant ones to 0.

    ``mean`` and ``scale`` are (feature,).
    """

    mean: FloatArray
    scale: FloatArray

    @classmethod
    def of(cls, values: FloatArray, *, wanted: bool) -> Standardisation:
        """Measure (..., feature); if it is not wanted return the one that changes nothing."""
        if not wanted:
            return cls(np.zeros(values.shape[-1]), np.ones(values.shape[-1]))
        rows = values.reshape(-1, values.shape[-1])
        spread = rows.std(axis=0)
        # The rounding of a constant must not be blown up to noise of size one.
        constant = spread <= 1e-12 * np.abs(rows).max(axis=0)
        return cls(rows.mean(axis=0), np.where(constant, 1.0, spread))

    def apply(self, values: FloatArray) -> FloatArray:
        """Return the values in standard units."""
        return (values - self.mean) / self.scale

    def undo(self, values: FloatArray) -> FloatArray:
        """Return values in standard units in their own."""
        return values * self.scale + self.mean
