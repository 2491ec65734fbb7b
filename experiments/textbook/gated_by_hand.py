"""The softmax-gated network written out in plain arrays, so that the usual errors can be planted.

h_t = tanh(W_hh h_{t-1} + W_xh x_t + b_h), h_0 = 0; o_t = softmax(W_ho h_t + b_o); y_t = o_t * h_t. As many
features as units: so shapes never object when a product is the wrong one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

    from motorsim.types import FloatArray, Parameters

ONE_SIGNAL = "one error signal for every layer"
DOT = "dot where an outer product is meant"
DIAGONAL = "gate's Jacobian taken as o (1 - o)"
CUT = "recurrent path cut"
NO_RATE = "no learning rate"
NO_FIRST = "first state never defined"
PAST = "reading past the sequence"

MISTAKES = {
    ONE_SIGNAL: "y - t for gate and units alike, whatever weights and slopes lie between",
    DOT: "all weights of a matrix get one and the same number",
    DIAGONAL: "a gate that opens closes the others (-o_j o_k): without that some networks never learn",
    CUT: "no harm where every step has a target of its own, as here; elsewhere nothing is remembered",
    NO_RATE: "the whole gradient of the summed error is one step",
    NO_FIRST: "h[t - 1] at t = 0 is h[-1], the last state of the sequence before",
    PAST: "x[t + 1] is taken for x[t]; behind the end lies whatever lies there, here the start",
}
"""Why each error does what it does, in a line."""

HIDDEN, INPUT, BIAS = "cell.recurrent_weights", "cell.input_weights", "cell.bias"
GATE, GATE_BIAS = "readout.weights", "readout.bias"


class Run(NamedTuple):
    """A forward pass: states (time + 1, sequence, unit) from h_0 on, and gates (time, sequence, unit)."""

    states: FloatArray
    gates: FloatArray


def run_forward(params: Mapping[str, FloatArray], inputs: FloatArray, first: FloatArray) -> Run:
    """Run the network over inputs (sequence, time, feature) from first states (sequence, unit)."""
    states, gates = [first], []
    for now in inputs.swapaxes(0, 1):
        drive = states[-1] @ params[HIDDEN].T + now @ params[INPUT].T + params[BIAS]
        states.append(np.tanh(drive))
        scores = states[-1] @ params[GATE].T + params[GATE_BIAS]
        opened = np.exp(scores - scores.max(axis=1, keepdims=True))
        gates.append(opened / opened.sum(axis=1, keepdims=True))
    return Run(np.stack(states), np.stack(gates))


def loss_and_gradients(
    params: Mapping[str, FloatArray],
    inputs: FloatArray,
    targets: FloatArray,
    *,
    first: FloatArray | None = None,
    mistake: str | None = None,
) -> tuple[float, Parameters, FloatArray]:
    """Return the mean squared error, its gradients as code with that mistake has them, and the last states.

    Parameters
    ----------
    params
        Weights and biases, named as in `motorsim.nn.Network`.
    inputs, targets
        (sequence, time, feature).
    first
        States before the first step, (sequence, unit); zero by default.
    mistake
        One of `MISTAKES`; none by default. `NO_RATE` and `NO_FIRST` lie in the loop around: nothing changes.
    """
    if mistake == PAST:
        inputs = np.roll(inputs, -1, axis=1)
    if first is None:
        first = np.zeros((len(inputs), len(params[BIAS])))
    states, gates = run_forward(params, inputs, first)
    errors = gates * states[1:] - targets.swapaxes(0, 1)
    gradients: Parameters = {name: np.zeros_like(array) for name, array in params.items()}
    carried = np.zeros_like(first)
    for t in range(len(errors) - 1, -1, -1):
        error, state, gate = 2.0 / errors.size * errors[t], states[t + 1], gates[t]
        to_scores, to_drive = layer_errors(params, error, state, gate, carried=carried, mistake=mistake)
        carried = np.zeros_like(first) if mistake == CUT else to_drive @ params[HIDDEN]
        product = np.vdot if mistake == DOT else _outer
        gradients[HIDDEN] += product(to_drive, states[t])
        gradients[INPUT] += product(to_drive, inputs[:, t])
        gradients[GATE] += product(to_scores, state)
        gradients[BIAS] += to_drive.sum(axis=0)
        gradients[GATE_BIAS] += to_scores.sum(axis=0)
    return float(np.mean(errors**2)), gradients, states[-1]


def layer_errors(
    params: Mapping[str, FloatArray],
    error: FloatArray,
    state: FloatArray,
    gate: FloatArray,
    *,
    carried: FloatArray,
    mistake: str | None,
) -> tuple[FloatArray, FloatArray]:
    """Return the errors of a step's gate scores and of its units' drive, both (sequence, unit)."""
    if mistake == ONE_SIGNAL:
        return error, error
    to_gate = error * state
    shared = gate * to_gate if mistake == DIAGONAL else np.sum(gate * to_gate, axis=1, keepdims=True)
    to_scores = gate * (to_gate - shared)
    to_state = error * gate + to_scores @ params[GATE] + carried
    return to_scores, to_state * (1.0 - state**2)


def _outer(to: FloatArray, of: FloatArray) -> FloatArray:
    return to.T @ of
