"""Unroll: a cell through time, and back (back-propagation through time)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from motorsim.types import Recurrent

if TYPE_CHECKING:
    from collections.abc import Mapping

    from motorsim.streams import Seed
    from motorsim.types import Allocator, Cell, Draws, Floats, Parameters


class StepsTape(NamedTuple):
    """What a run step by step leaves for its pull-back."""

    states: Floats
    caches: list[Any]


@dataclass(frozen=True)
class Steps:
    """Any cell as a `motorsim.types.Recurrent`, run step by step; equal to the cell's own sequence.

    Parameters
    ----------
    cell
        The cell; it holds one state, and what its step leaves, for every time.
    """

    cell: Cell

    @property
    def n_inputs(self) -> int:
        """Size of the feature axis."""
        return self.cell.n_inputs

    @property
    def n_units(self) -> int:
        """Size of the unit axis."""
        return self.cell.n_units

    @property
    def parameter_shapes(self) -> Mapping[str, tuple[int, ...]]:
        """Name and shape of every parameter array."""
        return self.cell.parameter_shapes

    def initial_parameters(self, *, rng: Seed) -> Parameters:
        """Draw the cell's parameters."""
        return self.cell.initial_parameters(rng=rng)

    def initial_state(self, params: Mapping[str, Floats], batch: int) -> Floats:
        """Return the cell's state before the first step, (batch, state)."""
        return self.cell.initial_state(params, batch)

    def initial_state_vjp(self, params: Mapping[str, Floats], grad: Floats) -> Parameters:
        """Pull a gradient of the initial state back to the parameters that set it."""
        return self.cell.initial_state_vjp(params, grad)

    def sequence(
        self,
        params: Mapping[str, Floats],
        initial_state: Floats,
        inputs: Floats,
        allocate: Allocator,  # noqa: ARG002
        *,
        draws: Draws | None = None,  # noqa: ARG002
    ) -> tuple[Floats, Floats, StepsTape]:
        """Run all steps; see `motorsim.types.Recurrent`. Nothing is random."""
        states, caches = [initial_state], []
        for input_now in inputs:
            state, cache = self.cell.step(params, states[-1], input_now)
            states.append(state)
            caches.append(cache)
        rates = np.stack([self.cell.rates(state) for state in states[1:]])
        return rates, states[-1], StepsTape(np.stack(states), caches)

    def sequence_vjp(
        self,
        params: Mapping[str, Floats],
        tape: StepsTape,
        grad_rates: Floats,
        allocate: Allocator,  # noqa: ARG002
        *,
        grad_last: Floats | None = None,
        want_inputs: bool = True,  # noqa: ARG002
    ) -> tuple[Floats, Floats, Parameters]:
        """Pull gradients of rates and last state back (Werbos 1990); see `motorsim.types.Recurrent`."""
        grad_state = np.zeros_like(tape.states[0]) if grad_last is None else grad_last
        grad_inputs: list[Floats] = []
        gradients: Parameters = {}
        for time in range(len(grad_rates) - 1, -1, -1):
            grad_state = grad_state + self.cell.rates_vjp(tape.states[time + 1], grad_rates[time])
            grad_state, grad_input, grad_params = self.cell.step_vjp(params, tape.caches[time], grad_state)
            grad_inputs.append(grad_input)
            for name, gradient in grad_params.items():
                gradients[name] = gradients[name] + gradient if name in gradients else gradient
        return grad_state, np.stack(grad_inputs[::-1]), gradients

    def states(self, tape: StepsTape) -> Floats:
        """Return the states of a run, (time + 1, batch, state)."""
        return tape.states


def as_recurrent(cell: Cell | Recurrent) -> Recurrent:
    """Return what runs a whole sequence of the cell: itself where it can, else step by step."""
    return cell if isinstance(cell, Recurrent) else Steps(cell)


def swap_batch_and_time(array: Floats) -> Floats:
    """Turn (batch, time, ...) into (time, batch, ...) or back, contiguous in memory."""
    return np.ascontiguousarray(array.swapaxes(0, 1))
