"""SoftmaxGated: the rates themselves, each let through by a gate; the gates share one unit of opening."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from motorsim.checks import check_integer
from motorsim.nn.linear import Linear
from motorsim.nn.softmax import softmax, softmax_vjp

if TYPE_CHECKING:
    from collections.abc import Mapping

    from motorsim.streams import Seed
    from motorsim.types import Allocator, Floats, Parameters


class SoftmaxGatedCache(NamedTuple):
    """What a read leaves for its pull-back: rates and gates, both (sample, unit)."""

    rates: Floats
    gates: Floats


@dataclass(frozen=True)
class SoftmaxGated:
    """The readout y = o * r with the gates o = softmax(V r + c), as many outputs as units.

    The gates sum to 1, so the outputs of tanh units have magnitudes that sum to less than 1: most targets
    are out of reach.

    Parameter arrays: ``weights`` V (unit, unit), to by from; ``bias`` c (unit,).

    Parameters
    ----------
    n_units
        Number of units that are read, and of outputs.

    Raises
    ------
    InputError
        If the size is not a positive integer.
    """

    n_units: int

    def __post_init__(self) -> None:
        """Refuse a size that is not positive."""
        check_integer("n_units", self.n_units)

    @property
    def n_outputs(self) -> int:
        """Size of the output axis, that of the units."""
        return self.n_units

    @property
    def parameter_shapes(self) -> dict[str, tuple[int, ...]]:
        """Name and shape of every parameter array."""
        return self._scores.parameter_shapes

    @property
    def _scores(self) -> Linear:
        return Linear(self.n_units, self.n_units)

    def initial_parameters(self, *, rng: Seed) -> Parameters:
        """Draw weights N(0, 1 / unit); the bias is zero."""
        return self._scores.initial_parameters(rng=rng)

    def read(
        self, params: Mapping[str, Floats], rates: Floats, allocate: Allocator
    ) -> tuple[Floats, SoftmaxGatedCache]:
        """Return the outputs (..., unit) of rates (..., unit), and the cache."""
        scores, flat = self._scores.read(params, rates, allocate)
        gates = softmax(scores.reshape(flat.shape), out=scores.reshape(flat.shape))
        return (gates * flat).reshape(rates.shape), SoftmaxGatedCache(flat, gates)

    def read_vjp(
        self, params: Mapping[str, Floats], cache: SoftmaxGatedCache, grad: Floats, allocate: Allocator
    ) -> tuple[Floats, Parameters]:
        """Pull a gradient of the outputs, (..., unit), back to rates and parameters.

        The rates act twice: through the gates, and by what the gates let through.
        """
        flat = grad.reshape(cache.rates.shape)
        grad_scores = softmax_vjp(cache.gates, flat * cache.rates)
        grad_rates, gradients = self._scores.read_vjp(params, cache.rates, grad_scores, allocate)
        grad_rates += np.multiply(flat, cache.gates)
        return grad_rates.reshape(grad.shape), gradients
