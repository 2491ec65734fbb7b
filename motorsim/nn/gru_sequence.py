"""GRU's sequence: all steps at once, and back, in as few passes over memory as they go."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from motorsim.checks import InputError
from motorsim.nn.gates import flat_times, sigmoid_of_tanh, write_rows

if TYPE_CHECKING:
    from collections.abc import Mapping

    from motorsim.types import Allocator, Floats, Parameters


@dataclass(eq=False)
class GRUTape:
    """What a sequence leaves for its pull-back, which writes over the gates and so can be had once.

    Parameters
    ----------
    rows
        [h | 1 | u] of each time, (time + 1, batch, unit + 1 + feature).
    gates
        m = W_n h + c, r, z and n, (4, time, batch, unit): the state drives the first three, the input the
        last three.
    used
        The gates are gone.
    """

    rows: Floats
    gates: Floats
    used: bool = False


def run(
    params: Mapping[str, Floats], initial_state: Floats, inputs: Floats, allocate: Allocator
) -> tuple[Floats, Floats, GRUTape]:
    """Run all steps of a `motorsim.nn.GRU`; see `motorsim.types.Recurrent`."""
    (n_times, batch, _), n_units = inputs.shape, initial_state.shape[1]
    rows = write_rows(initial_state, inputs, allocate)
    gates = allocate("gates", (4, n_times, batch, n_units), rows.dtype)
    by_row, by_state, by_input = _folded_weights(params)
    np.matmul(flat_times(rows[:-1])[:, n_units:], by_input, out=flat_times(gates[3]))
    drive, scratch = np.empty((batch, 2, n_units), rows.dtype), np.empty_like(initial_state)
    for time in range(n_times):
        np.matmul(rows[time], by_row, out=drive.reshape(batch, 2 * n_units))
        np.matmul(rows[time, :, : n_units + 1], by_state, out=gates[0, time])
        step_rates = rows[time : time + 2, :, :n_units]
        _advance(drive.transpose(1, 0, 2), gates[:, time], step_rates, scratch)
    return rows[1:, :, :n_units], rows[-1, :, :n_units].copy(), GRUTape(rows, gates)


def _folded_weights(params: Mapping[str, Floats]) -> tuple[Floats, Floats, Floats]:
    """Return [W | b | B] of r and z with a half in them, [W | c] of m and [b | B] of n, all transposed.

    sigmoid(x) = (1 + tanh(x / 2)) / 2, so one tanh serves both gates.
    """
    n_both = 2 * len(params["recurrent_bias"])
    recurrent, bias, by_input = params["recurrent_weights"], params["bias"][:, None], params["input_weights"]
    gates = 0.5 * np.concatenate([recurrent[:n_both], bias[:n_both], by_input[:n_both]], axis=1)
    memory = np.concatenate([recurrent[n_both:], params["recurrent_bias"][:, None]], axis=1)
    new = np.concatenate([bias[n_both:], by_input[n_both:]], axis=1)
    return np.ascontiguousarray(gates.T), np.ascontiguousarray(memory.T), np.ascontiguousarray(new.T)


def _advance(drive: Floats, gates: Floats, rates: Floats, scratch: Floats) -> None:
    """Write r, z, n and h' of one step, given the folded drives of r and z, (2, batch, unit).

    ``gates`` holds m and the input's part of the drive of n.
    """
    (memory, r, z, n), (before, after) = gates, rates
    np.tanh(drive, out=gates[1:3])
    sigmoid_of_tanh(gates[1:3])
    n += np.multiply(r, memory, out=scratch)
    np.tanh(n, out=n)
    np.subtract(before, n, out=scratch)
    scratch *= z
    np.add(scratch, n, out=after)


def run_back(
    params: Mapping[str, Floats],
    tape: GRUTape,
    grad_rates: Floats,
    grad_last: Floats | None,
    grad_inputs: Floats | None,
) -> tuple[Floats, Parameters]:
    """Pull gradients of rates and last state back; see `motorsim.types.Recurrent`.

    Returns the gradients of the initial state and of the parameters, which are one matrix product each over
    all times and sequences; that of the inputs is written to ``grad_inputs`` if there is such an array.
    """
    if tape.used:
        raise InputError("tape", "one not yet pulled back", "a used one", "run the sequence again")
    tape.used = True
    n_times, batch, n_units = grad_rates.shape
    weights = params["recurrent_weights"]
    recurrent = np.concatenate([weights[2 * n_units :], weights[: 2 * n_units]])
    grad_state = np.zeros((batch, n_units), weights.dtype)
    if grad_last is not None:
        grad_state += grad_last
    drive = np.empty((batch, 4 * n_units), weights.dtype)
    drive_by_gate = drive.reshape(batch, 4, n_units).transpose(1, 0, 2)
    kept, scratch = np.empty_like(grad_state), np.empty((2, batch, n_units), weights.dtype)
    for time in range(n_times - 1, -1, -1):
        grad_state += grad_rates[time]
        _pull_back(tape.gates[:, time], tape.rows[time, :, :n_units], grad_state, kept, scratch)
        drive_by_gate[...] = tape.gates[:, time]
        np.matmul(drive[:, : 3 * n_units], recurrent, out=grad_state)
        grad_state += kept
        if grad_inputs is not None:
            np.matmul(drive[:, n_units:], params["input_weights"], out=grad_inputs[time])
    return grad_state, _parameters_vjp(tape)


def _pull_back(gates: Floats, rates: Floats, grad: Floats, kept: Floats, scratch: Floats) -> None:
    """Turn the gates of one step into gradients of m and of the drives of r, z and n.

    With the gradient dh of h', these are dn r, dn m r (1 - r), dh (h - n) z (1 - z) and
    dn = dh (1 - z) (1 - n^2), in that order; ``kept`` becomes dh z, what reaches h past the gates.
    """
    (memory, r, z, n), (new, other) = gates, scratch
    np.multiply(grad, z, out=kept)
    np.subtract(grad, kept, out=new)
    np.subtract(rates, n, out=other)
    other *= kept
    np.subtract(1.0, z, out=z)
    z *= other
    np.multiply(new, n, out=other)
    other *= n
    np.subtract(new, other, out=n)
    np.multiply(n, r, out=new)
    np.multiply(new, memory, out=other)
    memory[...] = new
    np.subtract(1.0, r, out=r)
    r *= other


def _parameters_vjp(tape: GRUTape) -> Parameters:
    """Pull the gradients of the gates' drives, which the tape now holds, back to the parameters."""
    n_units = tape.gates.shape[3]
    rows, drives = flat_times(tape.rows[:-1]), flat_times(tape.gates).transpose(0, 2, 1)
    memory, r, z = np.matmul(drives[:3], rows[:, : n_units + 1])
    by_input = np.matmul(drives[1:], rows[:, n_units:]).reshape(3 * n_units, -1)
    return {
        "recurrent_weights": np.concatenate([gate[:, :n_units] for gate in (r, z, memory)]),
        "input_weights": by_input[:, 1:].copy(),
        "bias": by_input[:, 0].copy(),
        "recurrent_bias": memory[:, n_units].copy(),
    }
