"""LSTM's sequence: all steps at once, and back, in as few passes over memory as they go."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from motorsim.checks import InputError
from motorsim.nn.gates import flat_times, reordered, sigmoid_of_tanh, write_rows

if TYPE_CHECKING:
    from collections.abc import Mapping

    from motorsim.types import Allocator, Floats, Parameters

# The gates are kept as o, i, f, g: the three sigmoids in one piece, and i, f, g, which do not wait for c'.
_KEPT_FROM_NAMED = (3, 0, 1, 2)
_NAMED_FROM_KEPT = (1, 2, 3, 0)


@dataclass(eq=False)
class LSTMTape:
    """What a sequence leaves for its pull-back, which writes over the gates and so can be had once.

    Parameters
    ----------
    rows
        [h | 1 | u] of each time, (time + 1, batch, unit + 1 + feature).
    memories
        c of each time, (time + 1, batch, unit).
    gates
        o, i, f and g, (4, time, batch, unit).
    used
        The gates are gone.
    """

    rows: Floats
    memories: Floats
    gates: Floats
    used: bool = False


def run(
    params: Mapping[str, Floats], initial_state: Floats, inputs: Floats, allocate: Allocator
) -> tuple[Floats, Floats, LSTMTape]:
    """Run all steps of an `motorsim.nn.LSTM`; see `motorsim.types.Recurrent`."""
    (n_times, batch, _), n_units = inputs.shape, initial_state.shape[1] // 2
    rows = write_rows(initial_state[:, :n_units], inputs, allocate)
    memories = allocate("memories", (n_times + 1, batch, n_units), rows.dtype)
    gates = allocate("gates", (4, n_times, batch, n_units), rows.dtype)
    memories[0] = initial_state[:, n_units:]
    weights, peepholes = _folded_weights(params), _folded_peepholes(params)
    drive, scratch = np.empty((batch, 4, n_units), rows.dtype), np.empty_like(memories[0])
    for time in range(n_times):
        np.matmul(rows[time], weights, out=drive.reshape(batch, 4 * n_units))
        step_memories = memories[time : time + 2]
        _advance(drive.transpose(1, 0, 2), gates[:, time], step_memories, peepholes, scratch)
        # tanh(c') is what the step leaves in scratch.
        np.multiply(gates[0, time], scratch, out=rows[time + 1, :, :n_units])
    last = np.concatenate([rows[-1, :, :n_units], memories[-1]], axis=1)
    return rows[1:, :, :n_units], last, LSTMTape(rows, memories, gates)


def _folded_weights(params: Mapping[str, Floats]) -> Floats:
    """Return [W | b | B] transposed, with the gates as o, i, f, g and a half in the sigmoids.

    sigmoid(x) = (1 + tanh(x / 2)) / 2, so one tanh serves all gates.
    """
    whole = [params["recurrent_weights"], params["bias"][:, None], params["input_weights"]]
    folded = reordered(np.concatenate(whole, axis=1), _KEPT_FROM_NAMED)
    folded[: len(folded) * 3 // 4] *= 0.5
    return np.ascontiguousarray(folded.T)


def _folded_peepholes(params: Mapping[str, Floats]) -> Floats | None:
    """Return halves of p_i, p_f and p_o, (3, 1, unit), or nothing."""
    return 0.5 * params["peephole_weights"][:, None, :] if "peephole_weights" in params else None


def _advance(
    drive: Floats, gates: Floats, memories: Floats, peepholes: Floats | None, scratch: Floats
) -> None:
    """Write gates, memory and, to ``scratch``, tanh(c') of a step with these folded drives, (4, batch, unit).

    They are used up.
    """
    (o, i, f, g), (before, after) = gates, memories
    if peepholes is None:
        np.tanh(drive, out=gates)
        sigmoid_of_tanh(gates[:3])
    else:
        drive[1:3] += peepholes[:2] * before
        np.tanh(drive[1:], out=gates[1:])
        sigmoid_of_tanh(gates[1:3])
    np.multiply(f, before, out=after)
    after += np.multiply(i, g, out=scratch)
    if peepholes is not None:
        np.multiply(peepholes[2], after, out=o)
        o += drive[0]
        sigmoid_of_tanh(np.tanh(o, out=o))
    np.tanh(after, out=scratch)


def run_back(
    params: Mapping[str, Floats],
    tape: LSTMTape,
    grad_rates: Floats,
    grad_last: Floats | None,
    grad_inputs: Floats | None,
) -> tuple[Floats, Parameters]:
    """Pull gradients of rates and last state back; see `motorsim.types.Recurrent`.

    Returns the gradients of the initial state and of the parameters, which are one matrix product over all
    times and sequences; that of the inputs is written to ``grad_inputs`` if there is such an array.
    """
    if tape.used:
        raise InputError("tape", "one not yet pulled back", "a used one", "run the sequence again")
    tape.used = True
    n_times, batch, n_units = grad_rates.shape
    recurrent = reordered(params["recurrent_weights"], _KEPT_FROM_NAMED)
    by_input = reordered(params["input_weights"], _KEPT_FROM_NAMED)
    peepholes = params["peephole_weights"][:, None, :] if "peephole_weights" in params else None
    grad_state = np.zeros((2, batch, n_units), recurrent.dtype)
    if grad_last is not None:
        grad_state[:] = grad_last[:, :n_units], grad_last[:, n_units:]
    drive = np.empty((batch, 4 * n_units), recurrent.dtype)
    drive_by_gate = drive.reshape(batch, 4, n_units).transpose(1, 0, 2)
    scratch = np.empty((3, batch, n_units), recurrent.dtype)
    for time in range(n_times - 1, -1, -1):
        grad_state[0] += grad_rates[time]
        _pull_back(tape.gates[:, time], tape.memories[time : time + 2], grad_state, peepholes, scratch)
        drive_by_gate[...] = tape.gates[:, time]
        np.matmul(drive, recurrent, out=grad_state[0])
        if grad_inputs is not None:
            np.matmul(drive, by_input, out=grad_inputs[time])
    return np.concatenate(list(grad_state), axis=1), _parameters_vjp(
        tape, with_peepholes=peepholes is not None
    )


def _pull_back(
    gates: Floats, memories: Floats, grad_state: Floats, peepholes: Floats | None, scratch: Floats
) -> None:
    """Turn the gates of one step into gradients of their drives, and the gradient of c' into that of c.

    With the gradients dh of h' and dc of c', and dh o (1 - tanh(c')^2) added to dc, the drives of o, i, f
    and g get dh tanh(c') o (1 - o), dc g i (1 - i), dc c f (1 - f) and dc i (1 - g^2), and c gets dc f.
    """
    (o, i, f, g), (before, after), (grad_rates, grad_memory) = gates, memories, grad_state
    squashed, product, other = scratch
    np.tanh(after, out=squashed)
    grad_memory += np.multiply(grad_rates, o, out=other)
    np.multiply(other, squashed, out=product)
    grad_memory -= np.multiply(product, squashed, out=squashed)
    np.subtract(1.0, o, out=o)
    o *= product
    if peepholes is not None:
        grad_memory += np.multiply(peepholes[2], o, out=other)
    np.multiply(grad_memory, i, out=product)
    grad_memory *= f
    np.subtract(1.0, gates[1:3], out=gates[1:3])
    i *= np.multiply(product, g, out=other)
    g *= other
    np.subtract(product, g, out=g)
    f *= np.multiply(grad_memory, before, out=other)
    if peepholes is not None:
        grad_memory += np.multiply(peepholes[0], i, out=other)
        grad_memory += np.multiply(peepholes[1], f, out=other)


def _parameters_vjp(tape: LSTMTape, *, with_peepholes: bool) -> Parameters:
    """Pull the gradients of the gates' drives, which the tape now holds, back to the parameters."""
    n_units = tape.memories.shape[2]
    products = np.matmul(flat_times(tape.gates).transpose(0, 2, 1), flat_times(tape.rows[:-1]))
    grad = reordered(products.reshape(4 * n_units, -1), _NAMED_FROM_KEPT)
    gradients: Parameters = {
        "recurrent_weights": grad[:, :n_units].copy(),
        "input_weights": grad[:, n_units + 1 :].copy(),
        "bias": grad[:, n_units].copy(),
    }
    if with_peepholes:
        drive_o, drive_i, drive_f, _ = tape.gates
        before, after = tape.memories[:-1], tape.memories[1:]
        seen = ((drive_i, before), (drive_f, before), (drive_o, after))
        gradients["peephole_weights"] = np.stack([np.einsum("tbu,tbu->u", *pair) for pair in seen])
    return gradients
