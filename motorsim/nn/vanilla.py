"""Vanilla: the discrete-time tanh cell."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from motorsim.nn.drive import check_drive, draw_drive, drive_shapes, repeat_initial_state
from motorsim.streams import stream

if TYPE_CHECKING:
    from collections.abc import Mapping

    from motorsim.streams import Seed
    from motorsim.types import Floats, Parameters


class VanillaStep(NamedTuple):
    """What one step leaves for its pull-back."""

    state: Floats
    input: Floats
    following: Floats


@dataclass(frozen=True)
class Vanilla:
    """Elman's tanh units: h' = tanh(W h + B u + b) (Elman 1990). The hidden rate is h itself.

    Parameter arrays: ``recurrent_weights`` W (unit, unit), to by from; ``input_weights`` B
    (unit, feature); ``bias`` b (unit,); ``initial_state`` h(0) (unit,) where it is learned.

    Parameters
    ----------
    n_inputs
        Number of input features.
    n_units
        Number of units.
    gain
        g: initial recurrent weights are N(0, g^2 / n_units).
    learn_initial_state
        Learn h(0), from zero on; otherwise it stays zero.

    Raises
    ------
    InputError
        If a size is not a positive integer or the gain is negative.
    """

    n_inputs: int
    n_units: int
    gain: float = 1.0
    learn_initial_state: bool = True

    def __post_init__(self) -> None:
        """Refuse sizes that make no cell."""
        check_drive(self.n_inputs, self.n_units, self.gain, self.learn_initial_state)

    @property
    def parameter_shapes(self) -> dict[str, tuple[int, ...]]:
        """Name and shape of every parameter array."""
        return drive_shapes(self.n_inputs, self.n_units, self.learn_initial_state)

    def initial_parameters(self, *, rng: Seed) -> Parameters:
        """Draw recurrent weights N(0, gain^2 / unit) and input weights N(0, 1 / feature); else zero."""
        return draw_drive(self.parameter_shapes, self.gain, stream(rng, "vanilla cell"))

    def initial_state(self, params: Mapping[str, Floats], batch: int) -> Floats:
        """Return h(0), the same for every sequence, (batch, unit)."""
        return repeat_initial_state(params, batch)

    def initial_state_vjp(self, params: Mapping[str, Floats], grad: Floats) -> Parameters:  # noqa: ARG002
        """Pull a gradient of h(0), (batch, unit), back to the parameter that sets it."""
        return {"initial_state": grad.sum(axis=0)} if self.learn_initial_state else {}

    def rates(self, state: Floats) -> Floats:
        """Return the hidden rates, which are the state, (batch, unit)."""
        return state

    def rates_vjp(self, state: Floats, grad: Floats) -> Floats:  # noqa: ARG002
        """Pull a gradient of the rates back to the state."""
        return grad

    def step(self, params: Mapping[str, Floats], state: Floats, input: Floats) -> tuple[Floats, VanillaStep]:  # noqa: A002
        """Return the next state, (batch, unit), and the cache."""
        drive = state @ params["recurrent_weights"].T + input @ params["input_weights"].T + params["bias"]
        following = np.tanh(drive)
        return following, VanillaStep(state, input, following)

    def step_vjp(
        self, params: Mapping[str, Floats], cache: VanillaStep, grad: Floats
    ) -> tuple[Floats, Floats, Parameters]:
        """Pull a gradient of the next state, (batch, unit), back to state, input and parameters."""
        grad_drive = grad * (1.0 - cache.following**2)
        gradients: Parameters = {
            "recurrent_weights": grad_drive.T @ cache.state,
            "input_weights": grad_drive.T @ cache.input,
            "bias": grad_drive.sum(axis=0),
        }
        return grad_drive @ params["recurrent_weights"], grad_drive @ params["input_weights"], gradients

    def jacobian(self, params: Mapping[str, Floats], state: Floats, input: Floats) -> Floats:  # noqa: A002
        """Return d next state / d state = diag(1 - h'^2) W, (batch, unit, unit)."""
        following, _ = self.step(params, state, input)
        jacobian: Floats = (1.0 - following**2)[:, :, None] * params["recurrent_weights"]
        return jacobian
