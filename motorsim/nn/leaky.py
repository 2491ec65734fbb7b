"""Leaky: a continuous-time cell, integrated by Euler's method."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from motorsim.checks import InputError, check_positive
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
    from collections.abc import Iterator, Mapping

    from motorsim.streams import Seed
    from motorsim.types import Allocator, Draws, Floats, Parameters


class LeakyStep(NamedTuple):
    """What one step leaves for its pull-back."""

    state: Floats
    rates: Floats
    input: Floats


class LeakyTape(NamedTuple):
    """What a sequence leaves for its pull-back: rates, (time + 1, batch, unit), and how to run it again."""

    params: Mapping[str, Floats]
    initial_state: Floats
    rates: Floats
    inputs: Floats
    draws: Draws | None


@dataclass(frozen=True)
class Leaky:
    """Leaky units: tau dx/dt = -x + W f(x) + B u + b, with private noise.

    One step is x' = (1 - alpha) x + alpha (W f(x) + B u + b) + sqrt(2 alpha) sigma xi with the leak
    alpha = dt / tau and xi from N(0, 1) for each unit and step; the hidden rate is f(x) (Sompolinsky,
    Crisanti & Sommers 1988; Sussillo et al. 2015; the noise as in Song, Yang & Wang 2016).

    Parameter arrays: ``recurrent_weights`` W (unit, unit), to by from; ``input_weights`` B
    (unit, feature); ``bias`` b (unit,); ``initial_state`` x(0) (unit,) where it is learned; ``leak_logit``
    log(alpha / (1 - alpha)) (unit,) where the time constants are learned, so that each stays above dt.
    A sequence holds one (time, batch, unit) array, its rates; the way back works in that of the gradient.

    Parameters
    ----------
    n_inputs
        Number of input features.
    n_units
        Number of units.
    dt_s
        Time step in seconds, no longer than ``tau_s``.
    tau_s
        Time constant in seconds, of all units or of each, (unit,).
    gain
        g: scale of the initial recurrent weights, see ``initialisation``. Without input, large tanh networks
        are silent below 1 and chaotic above (Sompolinsky, Crisanti & Sommers 1988).
    learn_initial_state
        Learn x(0), from zero on; otherwise it stays zero.
    activation
        f: ``"tanh"``, ``"sigmoid"``, ``"relu"``, ``"softplus"`` or ``"linear"``.
    initialisation
        ``"gaussian"``: recurrent weights from N(0, g^2 / n_units); ``"orthogonal"``: g times a rotation.
    noise_std
        sigma: in the limit of small alpha the standard deviation of x that the noise alone would give. Noise
        is drawn where the network is given a generator, as in training, and nowhere else.
    learn_time_constants
        Learn tau of each unit, from ``tau_s`` on.

    Raises
    ------
    InputError
        If a size is not a positive integer, a time not above zero, ``dt_s`` above ``tau_s``, or a name
        unknown.
    """

    n_inputs: int
    n_units: int
    dt_s: float
    tau_s: float | tuple[float, ...]
    gain: float = 1.0
    learn_initial_state: bool = True
    activation: str = "tanh"
    initialisation: str = "gaussian"
    noise_std: float = 0.0
    learn_time_constants: bool = False

    def __post_init__(self) -> None:
        """Refuse what makes no cell."""
        check_drive(self.n_inputs, self.n_units, self.gain, self.learn_initial_state, self.initialisation)
        activation_named(self.activation)
        check_positive("noise_std", self.noise_std, allow_zero=True)
        check_positive("dt_s", self.dt_s)
        if not isinstance(self.learn_time_constants, bool):
            raise InputError("learn_time_constants", "True or False", repr(self.learn_time_constants))
        if isinstance(self.tau_s, np.ndarray | list | tuple):
            object.__setattr__(self, "tau_s", tuple(check_positive("tau_s", tau) for tau in self.tau_s))
            if len(self.tau_s) != self.n_units:
                expected = f"one time constant, or {self.n_units}, one a unit"
                raise InputError("tau_s", expected, f"{len(self.tau_s)}")
        else:
            check_positive("tau_s", self.tau_s)
        shortest = np.min(self.tau_s)
        if self.dt_s > shortest:
            raise InputError(
                "dt_s", f"at most tau_s = {shortest}", repr(self.dt_s), "take a shorter time step"
            )
        if self.learn_time_constants and self.dt_s == shortest:
            raise InputError("dt_s", f"below tau_s = {shortest}, since it is learned", repr(self.dt_s))

    @property
    def parameter_shapes(self) -> dict[str, tuple[int, ...]]:
        """Name and shape of every parameter array."""
        shapes = drive_shapes(self.n_inputs, self.n_units, self.learn_initial_state)
        return shapes | ({"leak_logit": (self.n_units,)} if self.learn_time_constants else {})

    def initial_parameters(self, *, rng: Seed) -> Parameters:
        """Draw recurrent weights as ``initialisation`` says and input weights from N(0, 1 / feature)."""
        generator = stream(rng, "leaky cell")
        drawn = draw_drive(self.parameter_shapes, self.gain, self.initialisation, generator)
        if self.learn_time_constants:
            leak = self.dt_s / np.broadcast_to(self.tau_s, (self.n_units,))
            drawn["leak_logit"] = np.log(leak / (1.0 - leak))
        return drawn

    def leak(self, params: Mapping[str, Floats]) -> Floats:
        """Return alpha = dt / tau, dimensionless, one number or (unit,), in the type of the parameters."""
        if self.learn_time_constants:
            leak: Floats = 0.5 + 0.5 * np.tanh(0.5 * params["leak_logit"])
            return leak
        return np.asarray(self.dt_s / np.asarray(self.tau_s), params["bias"].dtype)

    def time_constants_s(self, params: Mapping[str, Floats]) -> Floats:
        """Return tau of every unit in seconds, (unit,)."""
        constants: Floats = self.dt_s / np.broadcast_to(self.leak(params), (self.n_units,))
        return constants

    def initial_state(self, params: Mapping[str, Floats], batch: int) -> Floats:
        """Return x(0), the same for every sequence, (batch, unit)."""
        return repeat_initial_state(params, batch)

    def initial_state_vjp(self, params: Mapping[str, Floats], grad: Floats) -> Parameters:  # noqa: ARG002
        """Pull a gradient of x(0), (batch, unit), back to the parameter that sets it."""
        return {"initial_state": grad.sum(axis=0)} if self.learn_initial_state else {}

    def rates(self, state: Floats) -> Floats:
        """Return the hidden rates f(x), (batch, unit)."""
        return activation_named(self.activation).apply(state, None)

    def rates_vjp(self, state: Floats, grad: Floats) -> Floats:
        """Pull a gradient of the rates back to the state."""
        return grad * activation_named(self.activation).slope(self.rates(state), None)

    def step(self, params: Mapping[str, Floats], state: Floats, input: Floats) -> tuple[Floats, LeakyStep]:  # noqa: A002
        """Return the state one time step later, (batch, unit), without noise, and the cache."""
        rates, leak = self.rates(state), self.leak(params)
        drive = rates @ params["recurrent_weights"].T + input @ params["input_weights"].T + params["bias"]
        return (1.0 - leak) * state + leak * drive, LeakyStep(state, rates, input)

    def step_vjp(
        self, params: Mapping[str, Floats], cache: LeakyStep, grad: Floats
    ) -> tuple[Floats, Floats, Parameters]:
        """Pull a gradient of the next state, (batch, unit), back to state, input and parameters."""
        leak = self.leak(params)
        grad_drive = leak * grad
        grad_rates = grad_drive @ params["recurrent_weights"]
        slope = activation_named(self.activation).slope(cache.rates, None)
        gradients = drive_vjp(grad_drive[None], cache.rates[None], cache.input[None])
        if self.learn_time_constants:
            following, _ = self.step(params, cache.state, cache.input)
            gradients["leak_logit"] = (1.0 - leak) * np.sum(grad * (following - cache.state), axis=0)
        return (1.0 - leak) * grad + grad_rates * slope, grad_drive @ params["input_weights"], gradients

    def jacobian(self, params: Mapping[str, Floats], state: Floats, input: Floats) -> Floats:  # noqa: A002, ARG002
        """Return d next / d state = (1 - alpha) I + alpha W diag(f'(x)), (batch, unit, unit)."""
        leak = np.broadcast_to(self.leak(params), (self.n_units,))
        slope = activation_named(self.activation).slope(self.rates(state), None)
        coupling = leak[:, None] * params["recurrent_weights"] * slope[:, None, :]
        jacobian: Floats = coupling + np.diag(1.0 - leak)
        return jacobian

    def sequence(
        self,
        params: Mapping[str, Floats],
        initial_state: Floats,
        inputs: Floats,
        allocate: Allocator,
        *,
        draws: Draws | None = None,
    ) -> tuple[Floats, Floats, LeakyTape]:
        """Run all steps, with noise where draws are given; see `motorsim.types.Recurrent`."""
        apply = activation_named(self.activation).apply
        rates = allocate("rates", (len(inputs) + 1, *initial_state.shape), initial_state.dtype)
        draws = draws if self.noise_std > 0.0 else None
        tape = LeakyTape(params, initial_state, rates, inputs, None if draws is None else draws.copy())
        apply(initial_state, rates[0])
        drive_by_inputs(params, inputs, self.leak(params), rates[1:])
        steps = self._steps(params, initial_state, rates[:-1], rates[1:], draws)
        last = initial_state
        for (state, _, _), rate in zip(steps, rates[1:], strict=True):
            apply(state, rate)
            last = state
        return rates[1:], last, tape

    def _steps(
        self,
        params: Mapping[str, Floats],
        initial_state: Floats,
        rates: Floats,
        drives: Floats,
        draws: Draws | None,
    ) -> Iterator[tuple[Floats, Floats, Floats]]:
        """Yield each new state, alpha (W r + B u + b) and the noise, in arrays that the next step overwrites.

        ``drives`` holds alpha (B u + b) of each step and ``rates`` the rate before it, both (time, batch,
        unit); they are read when the step is made and not before.
        """
        leak = self.leak(params)
        recurrent = np.ascontiguousarray((leak[..., None] * params["recurrent_weights"]).T)
        keep, scale = 1.0 - leak, np.sqrt(2.0 * leak) * self.noise_std
        state, drive, noise = initial_state.copy(), np.empty_like(initial_state), np.zeros_like(initial_state)
        for rate, driven in zip(rates, drives, strict=True):
            np.matmul(rate, recurrent, out=drive)
            drive += driven
            state *= keep
            state += drive
            if draws is not None:
                draws.steps.standard_normal(out=noise, dtype=noise.dtype)
                noise *= scale
                state += noise
            yield state, drive, noise

    def sequence_vjp(
        self,
        params: Mapping[str, Floats],
        tape: LeakyTape,
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
        leak = self.leak(params)
        recurrent, keep = leak[..., None] * params["recurrent_weights"], 1.0 - leak
        scratch, slope = np.empty_like(tape.rates[0]), np.empty_like(tape.rates[0])
        # Entry t of the gradient of the rates becomes that of the state which rate t is read from.
        grad_states, later = grad_rates, None
        for grad, rate in zip(grad_states[::-1], tape.rates[:0:-1], strict=True):
            if later is not None:
                np.add(grad, np.matmul(later, recurrent, out=scratch), out=grad)
            np.multiply(grad, slope_of(rate, slope), out=grad)
            if later is not None:
                np.add(grad, np.multiply(later, keep, out=scratch), out=grad)
            elif grad_last is not None:
                np.add(grad, grad_last, out=grad)
            later = grad
        first = grad_states[0]
        grad_initial = first @ recurrent * slope_of(tape.rates[0], slope) + keep * first
        gradients = drive_vjp(grad_states, tape.rates[:-1], tape.inputs)
        gradients = {name: (leak * grad.T).T for name, grad in gradients.items()}
        if self.learn_time_constants:
            gradients["leak_logit"] = self._leak_logit_vjp(params, tape, grad_states)
        if not want_inputs:
            return grad_initial, None, gradients
        weights = leak[..., None] * params["input_weights"]
        return grad_initial, inputs_vjp(grad_states, weights, tape.inputs, allocate), gradients

    def _leak_logit_vjp(self, params: Mapping[str, Floats], tape: LeakyTape, grad_states: Floats) -> Floats:
        """Pull a gradient of the states, (time, batch, unit), back to log(alpha / (1 - alpha)), (unit,).

        With alpha d the drive and n the noise of a step, which goes as sqrt(alpha), alpha dx' / d alpha is
        alpha d - alpha x + n / 2, and d alpha / d logit is alpha (1 - alpha).
        """
        leak, before = self.leak(params), tape.initial_state.copy()
        total = np.zeros_like(params["bias"])
        for grad, (state, drive, noise) in zip(grad_states, self._replay(tape), strict=True):
            total += np.sum(grad * (drive - leak * before + 0.5 * noise), axis=0)
            before[...] = state
        pulled: Floats = (1.0 - leak) * total
        return pulled

    def _replay(self, tape: LeakyTape) -> Iterator[tuple[Floats, Floats, Floats]]:
        """Make the steps of a run again, bit for bit."""
        drives = np.empty_like(tape.rates[1:])
        drive_by_inputs(tape.params, tape.inputs, self.leak(tape.params), drives)
        draws = None if tape.draws is None else tape.draws.copy()
        return self._steps(tape.params, tape.initial_state, tape.rates[:-1], drives, draws)

    def states(self, tape: LeakyTape) -> Floats:
        """Return the states x of a run, (time + 1, batch, unit), which are computed again."""
        following = [state.copy() for state, _, _ in self._replay(tape)]
        return np.stack([tape.initial_state, *following])
