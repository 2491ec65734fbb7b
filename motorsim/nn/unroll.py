"""Unroll: a cell through time, and back (back-propagation through time)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from motorsim.types import SequenceCell

if TYPE_CHECKING:
    from collections.abc import Mapping

    from motorsim.types import Allocator, Cell, Floats, Parameters


@dataclass(frozen=True, eq=False)
class Unrolled:
    """A cell's run over time, time-major.

    Parameters
    ----------
    states
        States, (time + 1, batch, state); the first is the one before the first input.
    rates
        Hidden rates after each step, (time, batch, unit).
    tape
        What the way back needs.
    """

    states: Floats
    rates: Floats
    tape: Any


def unroll(
    cell: Cell, params: Mapping[str, Floats], initial_state: Floats, inputs: Floats, allocate: Allocator
) -> Unrolled:
    """Run a cell over a sequence.

    Parameters
    ----------
    cell
        The cell; its own ``sequence`` is used where it has one, else its ``step`` at every time.
    params
        The cell's parameter arrays, of the type that the computation is to have.
    initial_state
        (batch, state).
    inputs
        (time, batch, feature), at least one time. The input at a time acts on the state at that time.
    allocate
        Where large arrays come from, for instance `Workspace.empty`.
    """
    if isinstance(cell, SequenceCell):
        return Unrolled(*cell.sequence(params, initial_state, inputs, allocate))
    return unroll_steps(cell, params, initial_state, inputs)


def unroll_vjp(
    cell: Cell, params: Mapping[str, Floats], unrolled: Unrolled, grad_rates: Floats, allocate: Allocator
) -> tuple[Floats, Floats, Parameters]:
    """Pull a gradient of the hidden rates back through time (Werbos 1990).

    Parameters
    ----------
    cell, params, unrolled, allocate
        As in `unroll`, and what it returned.
    grad_rates
        (time, batch, unit).

    Returns
    -------
    tuple
        Gradients of the initial state (batch, state), of the inputs (time, batch, feature) and of the
        parameters that act in a step (by name); `Cell.initial_state_vjp` takes the first one on.
    """
    if isinstance(cell, SequenceCell):
        return cell.sequence_vjp(params, unrolled.tape, grad_rates, allocate)
    return unroll_steps_vjp(cell, params, unrolled, grad_rates)


def unroll_steps(cell: Cell, params: Mapping[str, Floats], initial_state: Floats, inputs: Floats) -> Unrolled:
    """Run a cell step by step; the same as `unroll` for any cell."""
    states, tape = [initial_state], []
    for input_now in inputs:
        state, cache = cell.step(params, states[-1], input_now)
        states.append(state)
        tape.append(cache)
    return Unrolled(np.stack(states), np.stack([cell.rates(state) for state in states[1:]]), tape)


def unroll_steps_vjp(
    cell: Cell, params: Mapping[str, Floats], unrolled: Unrolled, grad_rates: Floats
) -> tuple[Floats, Floats, Parameters]:
    """Pull a gradient back step by step; the same as `unroll_vjp` for what `unroll_steps` returned."""
    grad_state = np.zeros_like(unrolled.states[0])
    grad_inputs: list[Floats] = []
    gradients: Parameters = {}
    for time in range(len(grad_rates) - 1, -1, -1):
        grad_state = grad_state + cell.rates_vjp(unrolled.states[time + 1], grad_rates[time])
        grad_state, grad_input, grad_params = cell.step_vjp(params, unrolled.tape[time], grad_state)
        grad_inputs.append(grad_input)
        for name, gradient in grad_params.items():
            gradients[name] = gradients[name] + gradient if name in gradients else gradient
    return grad_state, np.stack(grad_inputs[::-1]), gradients
