"""Penalties: what a network pays for large weights and for high rates."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

import numpy as np

from motorsim.checks import check_positive
from motorsim.nn.parameters import is_weight

if TYPE_CHECKING:
    from collections.abc import Mapping

    from motorsim.types import Floats, Parameters


Cost: TypeAlias = "float | np.floating[Any]"


class Penalty(Protocol):
    """A cost of parameters and hidden rates."""

    def __call__(
        self, parameters: Mapping[str, Floats], rates: Floats
    ) -> tuple[Cost, Parameters, Floats | None]:
        """Return the cost and its gradients.

        Parameters
        ----------
        parameters
            Every parameter array of the network, by name.
        rates
            Hidden rates, (time, batch, unit).

        Returns
        -------
        tuple
            The cost, its gradients with respect to the parameters it depends on (by name), and with
            respect to the rates (``None`` if it does not depend on them).
        """
        ...


@dataclass(frozen=True)
class WeightPenalty:
    """L2 on weights: strength x the sum over weight arrays of their mean square.

    Biases and initial states are free. The mean makes the strength mean the same for any size
    (Sussillo et al. 2015).
    """

    strength: float

    def __post_init__(self) -> None:
        """Refuse a negative strength."""
        check_positive("strength", self.strength, allow_zero=True)

    def __call__(
        self,
        parameters: Mapping[str, Floats],
        rates: Floats,  # noqa: ARG002
    ) -> tuple[Cost, Parameters, None]:
        """Return the cost and its gradients; see `Penalty`."""
        weights = {name: array for name, array in parameters.items() if is_weight(array)}
        cost = self.strength * sum(np.mean(array * array) for array in weights.values())
        gradients = {name: (2.0 * self.strength / array.size) * array for name, array in weights.items()}
        return cost, gradients, None


@dataclass(frozen=True)
class RatePenalty:
    """L2 on hidden rates: strength x their mean square over time, batch and unit (Sussillo et al. 2015)."""

    strength: float

    def __post_init__(self) -> None:
        """Refuse a negative strength."""
        check_positive("strength", self.strength, allow_zero=True)

    def __call__(
        self,
        parameters: Mapping[str, Floats],  # noqa: ARG002
        rates: Floats,
    ) -> tuple[Cost, Parameters, Floats]:
        """Return the cost and its gradients; see `Penalty`."""
        cost = self.strength * np.mean(rates * rates)
        return cost, {}, (2.0 * self.strength / rates.size) * rates
