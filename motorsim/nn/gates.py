"""Gates: what cells with gates share, their parameters and the layout of their sequences.

A sequence keeps its rows [h | 1 | u], (time + 1, batch, unit + 1 + feature): with the input and a 1 beside
the state, recurrence, input and bias of a step are one matrix product, and so are their gradients over all
times. Gates are kept gate by gate, (gate, time, batch, unit), so that all work on them runs through
contiguous memory; only the product of a step has the gates side by side, (batch, gate unit).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from motorsim.nn.drive import draw_recurrent

if TYPE_CHECKING:
    from collections.abc import Mapping

    from motorsim.types import Allocator, Floats, Parameters


def draw_blocks(
    n_inputs: int,
    n_units: int,
    *,
    n_gates: int,
    gain: float,
    initialisation: str,
    generator: np.random.Generator,
) -> Parameters:
    """Draw recurrent weights gate by gate by `draw_recurrent`, input weights N(0, 1 / feature); bias zero."""
    blocks = [draw_recurrent(n_units, gain, initialisation, generator) for _ in range(n_gates)]
    return {
        "recurrent_weights": np.concatenate(blocks),
        "input_weights": generator.normal(0.0, 1.0 / np.sqrt(n_inputs), (n_gates * n_units, n_inputs)),
        "bias": np.zeros(n_gates * n_units),
    }


def repeat_state(params: Mapping[str, Floats], batch: int, size: int) -> Floats:
    """Return the learned initial state, or zero where none is learned, (batch, state)."""
    if "initial_state" in params:
        return np.tile(params["initial_state"], (batch, 1))
    return np.zeros((batch, size), params["bias"].dtype)


def sigmoid(x: Floats) -> Floats:
    """Return 1 / (1 + exp(-x)) in a new array."""
    return sigmoid_of_tanh(np.tanh(0.5 * x))


def sigmoid_of_tanh(values: Floats) -> Floats:
    """Turn tanh(x / 2) into sigmoid(x) in place, and return it."""
    values += 1.0
    values *= 0.5
    return values


def write_rows(initial_rates: Floats, inputs: Floats, allocate: Allocator) -> Floats:
    """Return the rows [h | 1 | u] of a sequence, (time + 1, batch, unit + 1 + feature).

    h(0) is in the first; the other h are to come, and the last row has no input.
    """
    (n_times, batch, n_inputs), n_units = inputs.shape, initial_rates.shape[1]
    rows = allocate("rows", (n_times + 1, batch, n_units + 1 + n_inputs), initial_rates.dtype)
    rows[0, :, :n_units] = initial_rates
    rows[:, :, n_units] = 1.0
    rows[:-1, :, n_units + 1 :] = inputs
    return rows


def flat_times(array: Floats) -> Floats:
    """View (..., time, batch, feature) as (..., time batch, feature)."""
    *leading, n_times, batch, n_features = array.shape
    return array.reshape(*leading, n_times * batch, n_features)


def reordered(stacked: Floats, order: tuple[int, ...]) -> Floats:
    """Return (gate unit, ...) with the gates in another order."""
    by_gate = stacked.reshape(len(order), -1, *stacked.shape[1:])
    picked: Floats = by_gate[list(order)].reshape(stacked.shape)
    return picked


def allocate_grad_inputs(params: Mapping[str, Floats], grad_rates: Floats, allocate: Allocator) -> Floats:
    """Return an array for the gradient of the inputs, (time, batch, feature)."""
    n_times, batch, _ = grad_rates.shape
    weights = params["input_weights"]
    return allocate("grad_inputs", (n_times, batch, weights.shape[1]), weights.dtype)
