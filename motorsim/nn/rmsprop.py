"""RMSprop."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from motorsim.checks import check_positive
from motorsim.nn.optimiser import OptimiserState, check_decay, moving_average, stepped

if TYPE_CHECKING:
    from collections.abc import Mapping

    from motorsim.types import Floats, Parameters


@dataclass(frozen=True)
class RMSprop:
    """Gradients over the root of their running mean square (Tieleman & Hinton 2012, lecture 6.5).

    s' = square_decay s + (1 - square_decay) g^2, p' = p - learning_rate g / (sqrt(s') + epsilon). The mean
    starts at zero and is not corrected for it: the first step is 1 / sqrt(1 - square_decay) learning rates.

    Parameters
    ----------
    learning_rate
        Above 0.
    square_decay
        From 0 to below 1: memory of the mean square.
    epsilon
        Added to its root.

    Raises
    ------
    InputError
        If a value is out of its range.
    """

    learning_rate: float = 1e-3
    square_decay: float = 0.99
    epsilon: float = 1e-8

    def __post_init__(self) -> None:
        """Refuse values out of their range."""
        check_positive("learning_rate", self.learning_rate)
        check_positive("epsilon", self.epsilon)
        check_decay("square_decay", self.square_decay)

    def init(self, params: Mapping[str, Floats]) -> OptimiserState:
        """Return the state before the first update: a mean square of zero."""
        return OptimiserState(0, {"square": {name: np.zeros_like(array) for name, array in params.items()}})

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
        square, updated = {}, {}
        for name, array in params.items():
            gradient = grads[name]
            step = np.multiply(gradient, gradient, out=np.empty_like(array))
            square[name] = moving_average(state.moments["square"][name], step, self.square_decay)
            np.sqrt(square[name], out=step)
            step += self.epsilon
            np.divide(gradient, step, out=step)
            updated[name] = stepped(array, step, rate)
        return updated, OptimiserState(state.iteration + 1, {"square": square})
