"""Vanilla: the discrete-time cell."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from motorsim.nn.activations import activation_named
from motorsim.nn.drive import (
    check_drive,
    draw_drive,
    drive_by_inputs,
    drive_shapes,
    drive_vjp,
    inputs_vjp,
    repeat_initial_state,
)
from motorsim.streams import stream

if TYPE_CHECKING:
    from collections.abc import Mapping

    from motorsim.streams import Seed
    from motorsim.types import Allocator, Draws, Floats, Parameters


class VanillaStep(NamedTuple):
    """What one step leaves for its pull-back."""

    state: Floats
    input: Floats
    following: Floats


class VanillaTape(NamedTuple):
    """What a sequence leaves for its pull-back: the states, (time + 1, batch, unit), and the inputs."""

    states: Floats
    inputs: Floats


@dataclass(frozen=True)
class Vanilla:
    """Elman's units: h' = f(W h + B u + b) (Elman 1990). The hidden rate is h itself.

    Parameter arrays: ``recurrent_weights`` W (unit, unit), to by from; ``input_weights`` B
    (unit, feature); ``bias`` b (unit,); ``initial_state`` h(0) (unit,) where it is learned.
    A sequence holds one (time, batch, unit) array, its states; the way back works in that of the gradient.

    Parameters
    ----------
    n_inputs
        Number of input features.
    n_units
        Number of units.
    gain
        g: scale of the initial recurrent weights, see ``initialisation``.
    learn_initial_state
        Learn h(0), from zero on; otherwise it stays zero.
    activation
        f: ``"tanh"``, ``"sigmoid"``, ``"relu"``, ``"softplus"`` or ``"linear"``.
    initialisation
        ``"gaussian"``: recurrent weights from N(0, g^2 / n_units); ``"orthogonal"``: g times a rotation.

    Raises
    ------
    InputError
        If a size is not a positive integer, the gain is negative or a name is unknown.
    """

    n_inputs: int
    n_units: int
    gain: float = 1.0
    learn_initial_state: bool = True
    activation: str = "tanh"
    initialisation: str = "gaussian"

    def __post_init__(self) -> None:
        """Refuse what makes no cell."""
        check_drive(self.n_inputs, self.n_units, self.gain, self.learn_initial_state, self.initialisation)
        activation_named(self.activation)

    @property
    def parameter_shapes(self) -> dict[str, tuple[int, ...]]:
        """Name and shape of every parameter array."""
        return drive_shapes(self.n_inputs, self.n_units, self.learn_initial_state)

    def initial_parameters(self, *, rng: Seed) -> Parameters:
        """Draw recurrent weights as ``initialisation`` says, input weights N(0, 1 / feature); else zero."""
        generator = stream(rng, "vanilla cell")
        return draw_drive(self.parameter_shapes, self.gain, self.initialisation, generator)

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
        following = activation_named(self.activation).apply(drive, None)
        return following, VanillaStep(state, input, following)

    def step_vjp(
        self, params: Mapping[str, Floats], cache: VanillaStep, grad: Floats
    ) -> tuple[Floats, Floats, Parameters]:
        """Pull a gradient of the next state, (batch, unit), back to state, input and parameters."""
        grad_drive = grad * activation_named(self.activation).slope(cache.following, None)
        gradients = drive_vjp(grad_drive[None], cache.state[None], cache.input[None])
        return grad_drive @ params["recurrent_weights"], grad_drive @ params["input_weights"], gradients

    def jacobian(self, params: Mapping[str, Floats], state: Floats, input: Floats) -> Floats:  # noqa: A002
        """Return d next state / d state = diag(f'(W h + B u + b)) W, (batch, unit, unit)."""
        following, _ = self.step(params, state, input)
        slope = activation_named(self.activation).slope(following, None)
        jacobian: Floats = slope[:, :, None] * params["recurrent_weights"]
        return jacobian

    def sequence(
        self,
        params: Mapping[str, Floats],
        initial_state: Floats,
        inputs: Floats,
        allocate: Allocator,
        *,
        draws: Draws | None = None,  # noqa: ARG002
    ) -> tuple[Floats, Floats, VanillaTape]:
        """Run all steps; see `motorsim.types.Recurrent`. Nothing is random."""
        apply = activation_named(self.activation).apply
        n_times, batch, _ = inputs.shape
        states = allocate("states", (n_times + 1, batch, self.n_units), initial_state.dtype)
        states[0] = initial_state
        drive_by_inputs(params, inputs, 1.0, states[1:])
        recurrent = np.ascontiguousarray(params["recurrent_weights"].T)
        scratch = np.empty_like(states[0])
        for state, following in pairwise(states):
            np.add(following, np.matmul(state, recurrent, out=scratch), out=following)
            apply(following, following)
        return states[1:], states[-1], VanillaTape(states, inputs)

    def sequence_vjp(
        self,
        params: Mapping[str, Floats],
        tape: VanillaTape,
        grad_rates: Floats,
        allocate: Allocator,
        *,
        grad_last: Floats | None = None,
        want_inputs: bool = True,
    ) -> tuple[Floats, Floats | None, Parameters]:
        """Pull gradients of rates and last state back; see `motorsim.types.Recurrent`.

        The weight gradients are one matrix product each, over all times and sequences.
        """
        slope_of = activation_named(self.activation).slope
        recurrent, grad_drive = params["recurrent_weights"], grad_rates
        earlier, slope = np.empty_like(tape.states[0]), np.empty_like(tape.states[0])
        earlier[...] = 0.0 if grad_last is None else grad_last
        for time in range(len(grad_drive) - 1, -1, -1):
            grad = grad_drive[time]
            grad += earlier
            grad *= slope_of(tape.states[time + 1], slope)
            np.matmul(grad, recurrent, out=earlier)
        gradients = drive_vjp(grad_drive, tape.states[:-1], tape.inputs)
        grad_inputs = (
            inputs_vjp(grad_drive, params["input_weights"], tape.inputs, allocate) if want_inputs else None
        )
        return earlier, grad_inputs, gradients

    def states(self, tape: VanillaTape) -> Floats:
        """Return the states of a run, (time + 1, batch, unit)."""
        return tape.states
