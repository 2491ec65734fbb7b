"""Optimiser: the contract of a pure parameter update, and the state it carries."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol, runtime_checkable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from motorsim.types import Floats, Parameters


@dataclass(frozen=True, eq=False)
class OptimiserState:
    """What an optimiser remembers between updates.

    Parameters
    ----------
    iteration
        Number of updates made.
    moments
        Running averages by name, each with one array a parameter.
    """

    iteration: int = 0
    moments: Mapping[str, Parameters] = field(default_factory=dict)


@runtime_checkable
class Optimiser(Protocol):
    """A rule that turns gradients into new parameters; nothing is changed in place."""

    def init(self, params: Mapping[str, Floats]) -> OptimiserState:
        """Return the state before the first update."""
        ...

    def update(
        self,
        grads: Mapping[str, Floats],
        state: OptimiserState,
        params: Mapping[str, Floats],
        *,
        rate_factor: float = 1.0,
    ) -> tuple[Parameters, OptimiserState]:
        """Return the new parameters and state; ``rate_factor`` multiplies the learning rate."""
        ...
