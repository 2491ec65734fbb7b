"""Gradient descent with momentum, plain or Nesterov's."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from motorsim.checks import InputError, check_positive
from motorsim.nn.optimiser import OptimiserState, check_decay, stepped

if TYPE_CHECKING:
    from collections.abc import Mapping

    from motorsim.types import Floats, Parameters


@dataclass(frozen=True)
class Momentum:
    """Gradient descent that keeps going: v' = momentum v + g, p' = p - learning_rate v' (Polyak 1964).

    Nesterov's form looks ahead: p' = p - learning_rate (g + momentum v') (Sutskever et al. 2013, in the
    variables of Bengio et al. 2013, equation 7). The learning rate stands outside v, so that a schedule acts
    on what is remembered as well.

    Parameters
    ----------
    learning_rate
        Above 0. Under a constant gradient steps grow to learning_rate / (1 - momentum) times it.
    momentum
        From 0 to below 1: memory of the gradients before.
    nesterov
        Whether to look ahead.

    Raises
    ------
    InputError
        If a value is out of its range.
    """

    learning_rate: float = 1e-2
    momentum: float = 0.9
    nesterov: bool = False

    def __post_init__(self) -> None:
        """Refuse values out of their range."""
        check_positive("learning_rate", self.learning_rate)
        check_decay("momentum", self.momentum)
        if not isinstance(self.nesterov, bool):
            raise InputError("nesterov", "True or False", repr(self.nesterov))

    def init(self, params: Mapping[str, Floats]) -> OptimiserState:
        """Return the state before the first update: no velocity."""
        return OptimiserState(0, {"velocity": {name: np.zeros_like(array) for name, array in params.items()}})

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
        velocity, updated = {}, {}
        for name, array in params.items():
            velocity[name] = stepped(grads[name], state.moments["velocity"][name], -self.momentum)
            step = stepped(grads[name], velocity[name], -self.momentum) if self.nesterov else velocity[name]
            updated[name] = stepped(array, step, rate)
        return updated, OptimiserState(state.iteration + 1, {"velocity": velocity})
