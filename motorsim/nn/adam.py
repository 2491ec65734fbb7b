"""Adam, and AdamW with its decoupled weight decay."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from motorsim.checks import check_positive
from motorsim.nn.optimiser import OptimiserState, check_decay, moving_average, stepped
from motorsim.nn.parts import is_weight

if TYPE_CHECKING:
    from collections.abc import Mapping

    from motorsim.types import Floats, Parameters


@dataclass(frozen=True)
class Adam:
    """Adaptive moments, bias-corrected (Kingma & Ba 2015, algorithm 1).

    Parameters
    ----------
    learning_rate
        Bound, about, on the change of a parameter in one update.
    mean_decay, square_decay
        beta1 and beta2, from 0 to below 1: memory of the gradient's mean and of its square.
    epsilon
        Added to the root of the mean square.

    Raises
    ------
    InputError
        If a value is out of its range.
    """

    learning_rate: float = 1e-3
    mean_decay: float = 0.9
    square_decay: float = 0.999
    epsilon: float = 1e-8

    def __post_init__(self) -> None:
        """Refuse values out of their range."""
        check_positive("learning_rate", self.learning_rate)
        check_positive("epsilon", self.epsilon)
        for name in ("mean_decay", "square_decay"):
            check_decay(name, getattr(self, name))

    def init(self, params: Mapping[str, Floats]) -> OptimiserState:
        """Return the state before the first update: both moments zero."""
        zeros = {name: np.zeros_like(array) for name, array in params.items()}
        return OptimiserState(0, {"mean": zeros, "square": zeros})

    def update(
        self,
        grads: Mapping[str, Floats],
        state: OptimiserState,
        params: Mapping[str, Floats],
        *,
        rate_factor: float = 1.0,
    ) -> tuple[Parameters, OptimiserState]:
        """Return the new parameters and state; ``rate_factor`` multiplies the learning rate."""
        iteration = state.iteration + 1
        # The corrections of the start-up bias, taken out of the passes over memory.
        rate = self.learning_rate * rate_factor / (1.0 - self.mean_decay**iteration)
        root_scale = 1.0 / math.sqrt(1.0 - self.square_decay**iteration)
        mean, square, updated = {}, {}, {}
        for name, array in params.items():
            gradient = grads[name]
            mean[name] = moving_average(state.moments["mean"][name], gradient, self.mean_decay)
            step = np.multiply(gradient, gradient, out=np.empty_like(array))
            square[name] = moving_average(state.moments["square"][name], step, self.square_decay)
            np.sqrt(square[name], out=step)
            step *= root_scale
            step += self.epsilon
            np.divide(mean[name], step, out=step)
            updated[name] = stepped(array, step, rate)
        return updated, OptimiserState(iteration, {"mean": mean, "square": square})


@dataclass(frozen=True)
class AdamW(Adam):
    """Adam whose weights also shrink by learning_rate x weight_decay an update (Loshchilov & Hutter 2019).

    Biases and initial states do not decay.
    """

    weight_decay: float = 1e-2

    def __post_init__(self) -> None:
        """Refuse values out of their range."""
        super().__post_init__()
        check_positive("weight_decay", self.weight_decay, allow_zero=True)

    def update(
        self,
        grads: Mapping[str, Floats],
        state: OptimiserState,
        params: Mapping[str, Floats],
        *,
        rate_factor: float = 1.0,
    ) -> tuple[Parameters, OptimiserState]:
        """Return the new parameters and state; ``rate_factor`` multiplies the learning rate."""
        updated, state = super().update(grads, state, params, rate_factor=rate_factor)
        shrink = self.learning_rate * rate_factor * self.weight_decay
        decayed = {
            name: stepped(array, params[name], shrink) if is_weight(array) else array
            for name, array in updated.items()
        }
        return decayed, state
