"""Wrong cells: an LSTM and a GRU with a usual error in their equations, and the right gradients of these.

Both take the parameters of the right cell, drawn alike, and run step by step.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from motorsim.nn import GRU, LSTM
from motorsim.nn.gates import sigmoid
from motorsim.nn.gru import GRUStep
from motorsim.nn.unroll import Steps, StepsTape

if TYPE_CHECKING:
    from collections.abc import Mapping

    from motorsim.nn.lstm import LSTMStep
    from motorsim.types import Allocator, Draws, Floats, Parameters


class StepByStep:
    """Sequences made of steps: those of the right cell have the right equations built in."""

    def sequence(
        self,
        params: Mapping[str, Floats],
        initial_state: Floats,
        inputs: Floats,
        allocate: Allocator,
        *,
        draws: Draws | None = None,
    ) -> tuple[Floats, Floats, StepsTape]:
        """Run all steps; see `motorsim.types.Recurrent`. Nothing is random."""
        return Steps(self).sequence(params, initial_state, inputs, allocate, draws=draws)

    def sequence_vjp(
        self,
        params: Mapping[str, Floats],
        tape: StepsTape,
        grad_rates: Floats,
        allocate: Allocator,
        *,
        grad_last: Floats | None = None,
        want_inputs: bool = True,
    ) -> tuple[Floats, Floats, Parameters]:
        """Pull gradients of rates and last state back; see `motorsim.types.Recurrent`."""
        back = Steps(self).sequence_vjp
        return back(params, tape, grad_rates, allocate, grad_last=grad_last, want_inputs=want_inputs)

    def states(self, tape: StepsTape) -> Floats:
        """Return the states of a run, (time + 1, batch, state)."""
        return tape.states


@dataclass(frozen=True)
class CelllessLSTM(StepByStep, LSTM):
    """h' = o tanh(i g): the LSTM whose c is empty before every step, so that nothing is carried by it.

    The state is still [h | c]; the forget gate is computed and keeps nothing.
    """

    def step(self, params: Mapping[str, Floats], state: Floats, input: Floats) -> tuple[Floats, LSTMStep]:  # noqa: A002
        """Return the next state, (batch, 2 unit), and the cache."""
        return super().step(params, self._without_memory(state), input)

    def step_vjp(
        self, params: Mapping[str, Floats], cache: LSTMStep, grad: Floats
    ) -> tuple[Floats, Floats, Parameters]:
        """Pull a gradient of the next state back to state, input and parameters; none reaches c."""
        grad_state, grad_input, gradients = super().step_vjp(params, cache, grad)
        return self._without_memory(grad_state), grad_input, gradients

    def jacobian(self, params: Mapping[str, Floats], state: Floats, input: Floats) -> Floats:  # noqa: A002
        """Return d next / d state, (batch, 2 unit, 2 unit); the columns of c are zero."""
        return self._without_memory(super().jacobian(params, self._without_memory(state), input))

    def _without_memory(self, array: Floats) -> Floats:
        """Return a copy of an array (..., [h | c]) with zero for c."""
        emptied = array.copy()
        emptied[..., self.n_units :] = 0.0
        return emptied


@dataclass(frozen=True)
class ResetInputGRU(StepByStep, GRU):
    """n = tanh(r m), m = B_n u + b_n + W_n h + c: the reset gate scales the input with the state.

    r, z and h' are those of `motorsim.nn.GRU`, and so is the Jacobian, written in r, z, n and m.
    """

    def step(self, params: Mapping[str, Floats], state: Floats, input: Floats) -> tuple[Floats, GRUStep]:  # noqa: A002
        """Return the next state, (batch, unit), and the cache."""
        drive = state @ params["recurrent_weights"].T + input @ params["input_weights"].T + params["bias"]
        drive_r, drive_z, drive_n = np.split(drive, 3, axis=1)
        r, z, mixed = sigmoid(drive_r), sigmoid(drive_z), drive_n + params["recurrent_bias"]
        n = np.tanh(r * mixed)
        return (1.0 - z) * n + z * state, GRUStep(state, input, (r, z, n, mixed))

    def step_vjp(
        self, params: Mapping[str, Floats], cache: GRUStep, grad: Floats
    ) -> tuple[Floats, Floats, Parameters]:
        """Pull a gradient of the next state, (batch, unit), back to state, input and parameters."""
        r, z, n, mixed = cache.gates
        drive_z = grad * (cache.state - n) * z * (1.0 - z)
        grad_scaled = grad * (1.0 - z) * (1.0 - n * n)
        drive_r, drive_n = grad_scaled * mixed * r * (1.0 - r), grad_scaled * r
        drive = np.concatenate([drive_r, drive_z, drive_n], axis=1)
        gradients: Parameters = {
            "recurrent_weights": drive.T @ cache.state,
            "input_weights": drive.T @ cache.input,
            "bias": drive.sum(axis=0),
            "recurrent_bias": drive_n.sum(axis=0),
        }
        grad_state = grad * z + drive @ params["recurrent_weights"]
        return grad_state, drive @ params["input_weights"], gradients
