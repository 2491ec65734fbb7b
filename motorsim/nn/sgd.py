"""Stochastic gradient descent."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from motorsim.checks import check_positive
from motorsim.nn.optimiser import OptimiserState, stepped

if TYPE_CHECKING:
    from collections.abc import Mapping

    from motorsim.types import Floats, Parameters


@dataclass(frozen=True)
class SGD:
    """Plain gradient descent: p' = p - learning_rate dL/dp."""

    learning_rate: float = 1e-2

    def __post_init__(self) -> None:
        """Refuse a learning rate that is not above zero."""
        check_positive("learning_rate", self.learning_rate)

    def init(self, params: Mapping[str, Floats]) -> OptimiserState:  # noqa: ARG002
        """Return the state before the first update, which remembers nothing."""
        return OptimiserState()

    def update(
        self,
        grads: Mapping[str, Floats],
        state: OptimiserState,
        params: Mapping[str, Floats],
        *,
        rate_factor: float = 1.0,
    ) -> tuple[Parameters, OptimiserState]:
        """Return the new parameters and state; ``rate_factor`` multiplies the learning rate."""
        rate = self.learning_rate * rate_factor
        updated = {name: stepped(array, grads[name], rate) for name, array in params.items()}
        return updated, OptimiserState(state.iteration + 1)
