"""Penalties: what a network pays for large weights, for high rates and for rough dynamics."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

import numpy as np

from motorsim.checks import InputError, check_positive
from motorsim.nn.activations import activation_named
from motorsim.nn.leaky import Leaky
from motorsim.nn.parts import is_weight
from motorsim.nn.vanilla import Vanilla

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from motorsim.types import Floats, Parameters


Cost: TypeAlias = "float | np.floating[Any]"


class Penalty(Protocol):
    """A cost of parameters and hidden rates.

    It is a function of the parameters alone, or a mean over time and batch: a batch may be divided, and what
    a part costs then counts by its share of times and sequences.
    """

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


def check_penalties(value: Any) -> tuple[Penalty, ...]:
    """Return penalties as a tuple.

    Raises
    ------
    InputError
        If it is a penalty by itself, or one is no penalty.
    """
    if not callable(value) and isinstance(value, Iterable):
        penalties = tuple(value)
        if all(callable(penalty) and not isinstance(penalty, type) for penalty in penalties):
            return penalties
        value = penalties
    raise InputError("penalties", "a sequence of penalties such as (RatePenalty(0.1),)", repr(value))


@dataclass(frozen=True)
class WeightPenalty:
    """L2 on weights: strength x the sum over weight arrays of their mean square.

    Biases and initial states are free. The mean makes the strength mean the same for any size
    (Sussillo et al. 2015).
    """

    strength: float

    def __post_init__(self) -> None:
        """Refuse a negative strength."""
        object.__setattr__(self, "strength", check_positive("strength", self.strength, allow_zero=True))

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
        object.__setattr__(self, "strength", check_positive("strength", self.strength, allow_zero=True))

    def __call__(
        self,
        parameters: Mapping[str, Floats],  # noqa: ARG002
        rates: Floats,
    ) -> tuple[Cost, Parameters, Floats]:
        """Return the cost and its gradients; see `Penalty`."""
        cost = self.strength * np.mean(rates * rates)
        return cost, {}, (2.0 * self.strength / rates.size) * rates


@dataclass(frozen=True)
class SmoothnessPenalty:
    """Smoothness of the dynamics: strength x the mean over time and batch of the square of J, over units.

    J = W diag(f'(x)) for `Leaky`, the recurrent part of d(tau dx/dt)/dx, and J = diag(f'(h)) W for `Vanilla`,
    all of dh'/dh; its square is the sum of the squares of its entries. The states are those of the run, so
    what is held small is how fast neighbouring trajectories part: it leads to simple solutions, and networks
    that resemble motor cortex were found with it (the third penalty of Sussillo et al. 2015, R_J). As we read
    it: the equation was not checked against the paper, which may sum where we take means. Divided by the
    number of units, it is about g^2 for silent tanh units with weights N(0, g^2 / unit), however many.

    Parameters
    ----------
    strength
        Factor of the penalty.
    cell
        The network's cell, with any activation.

    Raises
    ------
    InputError
        If the strength is negative, or the cell neither `Leaky` nor `Vanilla`; when called, if the network's
        cell is another, for instance of several layers.
    """

    strength: float
    cell: Leaky | Vanilla

    def __post_init__(self) -> None:
        """Refuse a negative strength and cells of another kind."""
        object.__setattr__(self, "strength", check_positive("strength", self.strength, allow_zero=True))
        if not isinstance(self.cell, Leaky | Vanilla):
            raise InputError("cell", "a Leaky or Vanilla cell", type(self.cell).__name__)

    def __call__(self, parameters: Mapping[str, Floats], rates: Floats) -> tuple[Cost, Parameters, Floats]:
        """Return the cost and its gradients; see `Penalty`."""
        if _WEIGHTS not in parameters:
            expected = f"a network of the one cell given, with {_WEIGHTS}"
            raise InputError("parameters", expected, ", ".join(parameters) or "none")
        weights, shape = parameters[_WEIGHTS], self.cell.parameter_shapes["recurrent_weights"]
        if weights.shape != shape:
            expected = f"a network of the one cell given, with {_WEIGHTS} of shape {shape}"
            raise InputError("parameters", expected, f"shape {weights.shape}")
        # The slope scales what a unit receives in a Vanilla cell, what it sends in a Leaky one.
        to = isinstance(self.cell, Vanilla)
        squared_weights = np.sum(weights * weights, axis=1 if to else 0)
        slopes = activation_named(self.cell.activation).slope(rates, None)
        squared_slopes = np.mean(slopes * slopes, axis=(0, 1))
        scale = self.strength / self.cell.n_units
        cost = scale * np.sum(squared_weights * squared_slopes)
        by_unit = squared_slopes[:, None] if to else squared_slopes
        n_states = rates.shape[0] * rates.shape[1]
        slopes *= _SLOPE_CHANGES[self.cell.activation](rates)
        slopes *= (2.0 * scale / n_states) * squared_weights
        return cost, {_WEIGHTS: (2.0 * scale) * by_unit * weights}, slopes


_WEIGHTS = "cell.recurrent_weights"

_SLOPE_CHANGES: dict[str, Callable[[Floats], Floats]] = {
    "tanh": lambda y: -2.0 * y,
    "sigmoid": lambda y: 1.0 - 2.0 * y,
    "relu": np.zeros_like,
    "softplus": lambda y: np.exp(-y),
    "linear": np.zeros_like,
}
"""How the slope of each activation, as a function of its output, changes with the output."""
