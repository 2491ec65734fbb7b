"""Scored: what readouts share that are a function of weighted sums."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from motorsim.nn.linear import Linear

if TYPE_CHECKING:
    from collections.abc import Mapping

    from motorsim.streams import Seed
    from motorsim.types import Allocator, Floats, Parameters


class ScoredCache(NamedTuple):
    """What a read leaves for its pull-back: that of the scores, and the outputs (sample, output)."""

    scores: Floats
    outputs: Floats


@dataclass(frozen=True)
class Scored(ABC):
    """A readout y = f(z) of scores z = V r + c, which have the parameter arrays of `Linear`.

    Parameters
    ----------
    n_units
        Number of units that are read.
    n_outputs
        Number of outputs.

    Raises
    ------
    InputError
        If a size is not a positive integer.
    """

    n_units: int
    n_outputs: int

    def __post_init__(self) -> None:
        """Refuse sizes that are not positive."""
        Linear(self.n_units, self.n_outputs)

    @property
    def scores(self) -> Linear:
        """Return the readout of the scores, which has the same parameters."""
        return Linear(self.n_units, self.n_outputs)

    @property
    def parameter_shapes(self) -> dict[str, tuple[int, ...]]:
        """Name and shape of every parameter array."""
        return self.scores.parameter_shapes

    def initial_parameters(self, *, rng: Seed) -> Parameters:
        """Draw weights N(0, 1 / unit); the bias is zero."""
        return self.scores.initial_parameters(rng=rng)

    def read(
        self, params: Mapping[str, Floats], rates: Floats, allocate: Allocator
    ) -> tuple[Floats, ScoredCache]:
        """Return the outputs (..., output) of rates (..., unit), and the cache."""
        outputs, cache = self.scores.read(params, rates, allocate)
        flat = self._apply(outputs.reshape(-1, self.n_outputs))
        return flat.reshape(outputs.shape), ScoredCache(cache, flat)

    def read_vjp(
        self, params: Mapping[str, Floats], cache: ScoredCache, grad: Floats, allocate: Allocator
    ) -> tuple[Floats, Parameters]:
        """Pull a gradient of the outputs, (..., output), back to rates and parameters."""
        grad_scores = self._apply_vjp(cache.outputs, grad.reshape(-1, self.n_outputs))
        return self.scores.read_vjp(params, cache.scores, grad_scores.reshape(grad.shape), allocate)

    @abstractmethod
    def _apply(self, scores: Floats) -> Floats:
        """Return f of the scores, (sample, output), which it may overwrite."""

    @abstractmethod
    def _apply_vjp(self, outputs: Floats, grad: Floats) -> Floats:
        """Pull a gradient of the outputs, (sample, output), back to the scores, in a new array."""
