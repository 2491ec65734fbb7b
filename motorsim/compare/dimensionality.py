"""How many dimensions one population's activity spreads over, as rows of the table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from motorsim.analysis import participation_ratio

if TYPE_CHECKING:
    from motorsim.population import Population
    from motorsim.types import FloatArray, IntArray


@dataclass(frozen=True)
class Dimensionality:
    """Participation ratio over all conditions and times, of the numbers as they are."""

    names: ClassVar[tuple[str, ...]] = ("participation_ratio",)
    bounds: ClassVar[tuple[tuple[float, float], ...]] = ((1.0, np.inf),)

    def describe(self, population: Population, units: IntArray | None = None) -> FloatArray:
        """Return the participation ratio, (1,), of all units or of those given."""
        rates = population.rates if units is None else population.rates[:, :, units]
        return np.array([participation_ratio(rates)])

    def note(self, population: Population) -> str:
        """Say what was done."""
        return f"all {population.n_units} units, not normalised"
