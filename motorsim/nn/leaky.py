"""Leaky: a continuous-time tanh cell, integrated by Euler's method."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from motorsim.checks import InputError, check_positive
from motorsim.nn.drive import check_drive, draw_drive, drive_shapes, repeat_initial_state
from motorsim.streams import stream

if TYPE_CHECKING:
    from collections.abc import Mapping

    from motorsim.streams import Seed
    from motorsim.types import Allocator, Floats, Parameters


class LeakyStep(NamedTuple):
    """What one step leaves for its pull-back."""

    rates: Floats
    input: Floats


class LeakySequence(NamedTuple):
    """What a sequence leaves for its pull-back: one (time + 1, batch, unit) array, and the inputs."""

    rates: Floats
    inputs: Floats


@dataclass(frozen=True)
class Leaky:
    """Leaky tanh units: tau dx/dt = -x + W tanh(x) + B u + b.

    One step is x' = (1 - alpha) x + alpha (W tanh(x) + B u + b) with the leak alpha = dt / tau; the
    hidden rate is tanh(x) (Sompolinsky, Crisanti & Sommers 1988; Sussillo et al. 2015).

    Parameter arrays: ``recurrent_weights`` W (unit, unit), to by from; ``input_weights`` B
    (unit, feature); ``bias`` b (unit,); ``initial_state`` x(0) (unit,) where it is learned.

    Parameters
    ----------
    n_inputs
        Number of input features.
    n_units
        Number of units.
    dt_s
        Time step in seconds, no longer than ``tau_s``.
    tau_s
        Time constant of every unit in seconds.
    gain
        g: initial recurrent weights are N(0, g^2 / n_units). Without input, large networks are silent below 1
        and chaotic above (Sompolinsky, Crisanti & Sommers 1988).
    learn_initial_state
        Learn x(0), from zero on; otherwise it stays zero.

    Raises
    ------
    InputError
        If a size is not a positive integer, a time not above zero, or ``dt_s`` above ``tau_s``.
    """

    n_inputs: int
    n_units: int
    dt_s: float
    tau_s: float
    gain: float = 1.0
    learn_initial_state: bool = True

    def __post_init__(self) -> None:
        """Refuse sizes and times that make no cell."""
        check_drive(self.n_inputs, self.n_units, self.gain, self.learn_initial_state)
        check_positive("dt_s", self.dt_s)
        check_positive("tau_s", self.tau_s)
        if self.dt_s > self.tau_s:
            raise InputError(
                "dt_s", f"at most tau_s = {self.tau_s}", repr(self.dt_s), "take a shorter time step"
            )

    @property
    def leak(self) -> float:
        """Return alpha = dt / tau, dimensionless."""
        return self.dt_s / self.tau_s

    @property
    def parameter_shapes(self) -> dict[str, tuple[int, ...]]:
        """Name and shape of every parameter array."""
        return drive_shapes(self.n_inputs, self.n_units, self.learn_initial_state)

    def initial_parameters(self, *, rng: Seed) -> Parameters:
        """Draw recurrent weights N(0, gain^2 / unit) and input weights N(0, 1 / feature); else zero."""
        return draw_drive(self.parameter_shapes, self.gain, stream(rng, "leaky cell"))

    def initial_state(self, params: Mapping[str, Floats], batch: int) -> Floats:
        """Return x(0), the same for every sequence, (batch, unit)."""
        return repeat_initial_state(params, batch)

    def initial_state_vjp(self, params: Mapping[str, Floats], grad: Floats) -> Parameters:  # noqa: ARG002
        """Pull a gradient of x(0), (batch, unit), back to the parameter that sets it."""
        return {"initial_state": grad.sum(axis=0)} if self.learn_initial_state else {}

    def rates(self, state: Floats) -> Floats:
        """Return the hidden rates tanh(x), (batch, unit)."""
        return np.tanh(state)

    def rates_vjp(self, state: Floats, grad: Floats) -> Floats:
        """Pull a gradient of the rates back to the state."""
        return grad * _slope(np.tanh(state))

    def step(self, params: Mapping[str, Floats], state: Floats, input: Floats) -> tuple[Floats, LeakyStep]:  # noqa: A002
        """Return the state one time step later, (batch, unit), and the cache."""
        rates = np.tanh(state)
        drive = rates @ params["recurrent_weights"].T + input @ params["input_weights"].T + params["bias"]
        return (1.0 - self.leak) * state + self.leak * drive, LeakyStep(rates, input)

    def step_vjp(
        self, params: Mapping[str, Floats], cache: LeakyStep, grad: Floats
    ) -> tuple[Floats, Floats, Parameters]:
        """Pull a gradient of the next state, (batch, unit), back to state, input and parameters."""
        grad_drive = self.leak * grad
        grad_rates = grad_drive @ params["recurrent_weights"]
        grad_state = (1.0 - self.leak) * grad + grad_rates * _slope(cache.rates)
        gradients: Parameters = {
            "recurrent_weights": grad_drive.T @ cache.rates,
            "input_weights": grad_drive.T @ cache.input,
            "bias": grad_drive.sum(axis=0),
        }
        return grad_state, grad_drive @ params["input_weights"], gradients

    def jacobian(self, params: Mapping[str, Floats], state: Floats, input: Floats) -> Floats:  # noqa: A002, ARG002
        """Return d next / d state = (1 - alpha) I + alpha W diag(1 - tanh(x)^2), (batch, unit, unit)."""
        coupling = self.leak * params["recurrent_weights"] * _slope(np.tanh(state))[:, None, :]
        identity = np.eye(self.n_units, dtype=state.dtype)
        jacobian: Floats = coupling + (1.0 - self.leak) * identity
        return jacobian

    def sequence(
        self, params: Mapping[str, Floats], initial_state: Floats, inputs: Floats, allocate: Allocator
    ) -> tuple[Floats, Floats, LeakySequence]:
        """Run all steps; see `motorsim.types.SequenceCell`.

        The input products of all times are one matrix product, and the leak is folded into the weights.
        """
        n_times, batch, _ = inputs.shape
        recurrent = self.leak * params["recurrent_weights"].T
        shape, dtype = (n_times + 1, batch, self.n_units), initial_state.dtype
        states, rates = allocate("states", shape, dtype), allocate("rates", shape, dtype)
        states[0] = initial_state
        drive = states[1:].reshape(n_times * batch, self.n_units)
        np.matmul(inputs.reshape(n_times * batch, -1), self.leak * params["input_weights"].T, out=drive)
        drive += self.leak * params["bias"]
        np.tanh(states[0], out=rates[0])
        scratch = np.empty_like(states[0])
        for time in range(n_times):
            following = states[time + 1]
            following += np.matmul(rates[time], recurrent, out=scratch)
            following += np.multiply(states[time], 1.0 - self.leak, out=scratch)
            np.tanh(following, out=rates[time + 1])
        return states, rates[1:], LeakySequence(rates, inputs)

    def sequence_vjp(
        self, params: Mapping[str, Floats], cache: LeakySequence, grad_rates: Floats, allocate: Allocator
    ) -> tuple[Floats, Floats, Parameters]:
        """Pull a gradient of the rates, (time, batch, unit), back to initial state, inputs and parameters.

        The weight gradients are one matrix product each, over all times and sequences.
        """
        n_times, batch, _ = cache.inputs.shape
        recurrent = self.leak * params["recurrent_weights"]
        shape, dtype = cache.rates.shape, cache.rates.dtype
        slope = _slope(cache.rates, out=allocate("slope", shape, dtype))
        grad_states = allocate("grad_states", shape, dtype)
        np.multiply(grad_rates[-1], slope[-1], out=grad_states[-1])
        scratch = np.empty_like(grad_states[0])
        for time in range(n_times - 1, -1, -1):
            later, grad = grad_states[time + 1], grad_states[time]
            np.matmul(later, recurrent, out=grad)
            if time > 0:
                grad += grad_rates[time - 1]
            grad *= slope[time]
            grad += np.multiply(later, 1.0 - self.leak, out=scratch)
        grad_drive = grad_states[1:].reshape(n_times * batch, self.n_units)
        rates_before = cache.rates[:-1].reshape(n_times * batch, self.n_units)
        gradients: Parameters = {
            "recurrent_weights": self.leak * (grad_drive.T @ rates_before),
            "input_weights": self.leak * (grad_drive.T @ cache.inputs.reshape(n_times * batch, -1)),
            "bias": self.leak * grad_drive.sum(axis=0),
        }
        grad_inputs = (grad_drive @ (self.leak * params["input_weights"])).reshape(cache.inputs.shape)
        return grad_states[0], grad_inputs, gradients


def _slope(rates: Floats, out: Floats | None = None) -> Floats:
    slope: Floats = np.multiply(rates, rates, out=out)
    np.subtract(1.0, slope, out=slope)
    return slope
