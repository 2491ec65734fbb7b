"""Bidirectional: one cell that runs with time and one that runs against it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from motorsim.checks import InputError
from motorsim.nn.kinds import check_cell
from motorsim.nn.parts import allocate_for, part_of, whole_of
from motorsim.nn.unroll import as_recurrent
from motorsim.streams import stream

if TYPE_CHECKING:
    from collections.abc import Mapping

    from motorsim.streams import Seed
    from motorsim.types import Allocator, Cell, Draws, Floats, Parameters, Recurrent


class BidirectionalTape(NamedTuple):
    """What a sequence leaves for its pull-back: the tape of each direction."""

    forward: Any
    backward: Any


@dataclass(frozen=True)
class Bidirectional:
    """Two cells over the same inputs, the second from the last time to the first (Schuster & Paliwal 1997).

    The rates at a time are those of both cells there, (time, batch, forward unit + backward unit), so they
    know the whole sequence: good for decoding a finished trial, no model of a brain that acts. There is no
    step and no Jacobian. Parameter arrays are those of the cells, named ``forward.*`` and ``backward.*``; the
    state is theirs side by side, the backward one from the end of the sequence on, but `states` gives it in
    the order of time.

    Parameters
    ----------
    forward, backward
        The cells.

    Raises
    ------
    InputError
        If they do not take equally many inputs.
    """

    forward: Cell | Recurrent
    backward: Cell | Recurrent

    def __post_init__(self) -> None:
        """Refuse cells of different inputs."""
        check_cell("forward", self.forward)
        check_cell("backward", self.backward)
        if self.forward.n_inputs != self.backward.n_inputs:
            expected = f"a cell of {self.forward.n_inputs} inputs, those of the forward one"
            raise InputError("backward", expected, f"{self.backward.n_inputs}")

    @property
    def n_inputs(self) -> int:
        """Size of the feature axis."""
        return self.forward.n_inputs

    @property
    def n_units(self) -> int:
        """Number of units of both cells together."""
        return self.forward.n_units + self.backward.n_units

    @property
    def parameter_shapes(self) -> dict[str, tuple[int, ...]]:
        """Name and shape of every parameter array."""
        parts = {"forward": self.forward.parameter_shapes, "backward": self.backward.parameter_shapes}
        return whole_of(parts)

    def initial_parameters(self, *, rng: Seed) -> Parameters:
        """Draw both cells' parameters, from streams of their own."""
        forward = self.forward.initial_parameters(rng=stream(rng, "forward"))
        backward = self.backward.initial_parameters(rng=stream(rng, "backward"))
        return whole_of({"forward": forward, "backward": backward})

    def initial_state(self, params: Mapping[str, Floats], batch: int) -> Floats:
        """Return both cells' initial states side by side, (batch, state)."""
        return np.concatenate(self._initial_states(params, batch), axis=1)

    def _initial_states(self, params: Mapping[str, Floats], batch: int) -> list[Floats]:
        forward = self.forward.initial_state(part_of(params, "forward"), batch)
        return [forward, self.backward.initial_state(part_of(params, "backward"), batch)]

    def _split(self, params: Mapping[str, Floats], state: Floats) -> tuple[Floats, Floats]:
        size = self._initial_states(params, 1)[0].shape[1]
        return np.ascontiguousarray(state[:, :size]), np.ascontiguousarray(state[:, size:])

    def initial_state_vjp(self, params: Mapping[str, Floats], grad: Floats) -> Parameters:
        """Pull a gradient of the initial state, (batch, state), back to the parameters that set it."""
        forward, backward = self._split(params, grad)
        return whole_of(
            {
                "forward": self.forward.initial_state_vjp(part_of(params, "forward"), forward),
                "backward": self.backward.initial_state_vjp(part_of(params, "backward"), backward),
            }
        )

    def sequence(
        self,
        params: Mapping[str, Floats],
        initial_state: Floats,
        inputs: Floats,
        allocate: Allocator,
        *,
        draws: Draws | None = None,
    ) -> tuple[Floats, Floats, BidirectionalTape]:
        """Run both cells over all times; see `motorsim.types.Recurrent`."""
        starts = self._split(params, initial_state)
        chance = (None, None) if draws is None else (draws.of(0), draws.of(1))
        ahead, ahead_end, ahead_tape = as_recurrent(self.forward).sequence(
            part_of(params, "forward"), starts[0], inputs, allocate_for("forward", allocate), draws=chance[0]
        )
        back, back_end, back_tape = as_recurrent(self.backward).sequence(
            part_of(params, "backward"),
            starts[1],
            np.ascontiguousarray(inputs[::-1]),
            allocate_for("backward", allocate),
            draws=chance[1],
        )
        rates = np.concatenate([ahead, back[::-1]], axis=2)
        return rates, np.concatenate([ahead_end, back_end], axis=1), BidirectionalTape(ahead_tape, back_tape)

    def sequence_vjp(
        self,
        params: Mapping[str, Floats],
        tape: BidirectionalTape,
        grad_rates: Floats,
        allocate: Allocator,
        *,
        grad_last: Floats | None = None,
        want_inputs: bool = True,
    ) -> tuple[Floats, Floats | None, Parameters]:
        """Pull gradients of rates and last state back; see `motorsim.types.Recurrent`."""
        ends = (None, None) if grad_last is None else self._split(params, grad_last)
        n_forward = self.forward.n_units
        ahead_state, ahead_inputs, ahead = as_recurrent(self.forward).sequence_vjp(
            part_of(params, "forward"),
            tape.forward,
            np.ascontiguousarray(grad_rates[..., :n_forward]),
            allocate_for("forward", allocate),
            grad_last=ends[0],
            want_inputs=want_inputs,
        )
        back_state, back_inputs, back = as_recurrent(self.backward).sequence_vjp(
            part_of(params, "backward"),
            tape.backward,
            np.ascontiguousarray(grad_rates[::-1, :, n_forward:]),
            allocate_for("backward", allocate),
            grad_last=ends[1],
            want_inputs=want_inputs,
        )
        both = None if ahead_inputs is None or back_inputs is None else ahead_inputs + back_inputs[::-1]
        grad_state = np.concatenate([ahead_state, back_state], axis=1)
        return grad_state, both, whole_of({"forward": ahead, "backward": back})

    def states(self, tape: BidirectionalTape) -> Floats:
        """Return the states of a run, (time + 1, batch, state), in the order of time.

        Entry t holds the forward state after t steps and, of the backward cell, the state after the steps
        from the end down to t: its start is the last entry.
        """
        ahead = as_recurrent(self.forward).states(tape.forward)
        back = as_recurrent(self.backward).states(tape.backward)
        return np.concatenate([ahead, back[::-1]], axis=2)
