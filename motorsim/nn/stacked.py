"""Stacked: cells one above the other, each driven by the rates of the one below."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from motorsim.checks import InputError
from motorsim.nn.dropout import Dropout
from motorsim.nn.kinds import check_cell
from motorsim.nn.parts import allocate_for, part_of, whole_of
from motorsim.nn.unroll import as_recurrent
from motorsim.streams import stream
from motorsim.types import Cell, Recurrent

if TYPE_CHECKING:
    from collections.abc import Mapping

    from motorsim.streams import Seed
    from motorsim.types import Allocator, Draws, Floats, Parameters


class StackedTape(NamedTuple):
    """What a sequence leaves for its pull-back: each layer's tape, and what was dropped below it."""

    tapes: list[Any]
    kept: list[Floats | None]


@dataclass(frozen=True)
class Stacked:
    """Layers of cells; a readout sees the rates of the last.

    Parameter arrays are those of the layers, named ``0.*``, ``1.*`` and so on from the inputs up; the state
    is theirs side by side, (batch, sum of states).

    Parameters
    ----------
    cells
        The layers, each taking as many inputs as the one below has units. A `Bidirectional` layer may be
        among them; the stack then has no steps and no Jacobian.
    dropout
        Fraction of the rates that each layer but the last hands on as zero. What is dropped is drawn once a
        sequence and stays dropped at all times (Gal & Ghahramani 2016).
    input_dropout
        The same for the inputs.

    Raises
    ------
    InputError
        If there is no layer, sizes do not follow each other, a fraction is not from 0 to below 1, or there is
        ``dropout`` with a single layer, which hands nothing on.
    """

    cells: tuple[Cell | Recurrent, ...]
    dropout: float = 0.0
    input_dropout: float = 0.0

    def __post_init__(self) -> None:
        """Refuse layers that do not follow each other."""
        if not isinstance(self.cells, tuple | list):
            raise InputError("cells", "a tuple of cells", repr(self.cells))
        object.__setattr__(self, "cells", tuple(self.cells))
        if not self.cells:
            raise InputError("cells", "at least one", "none")
        for place, cell in enumerate(self.cells):
            check_cell(f"cells[{place}]", cell)
        for below, above in pairwise(self.cells):
            if above.n_inputs != below.n_units:
                expected = f"a layer of {below.n_units} inputs above one of {below.n_units} units"
                raise InputError("cells", expected, f"one of {above.n_inputs} inputs")
        for name in ("dropout", "input_dropout"):
            try:
                Dropout(getattr(self, name))
            except InputError as error:
                raise InputError(name, error.expected, error.got) from None
        if len(self.cells) == 1 and self.dropout:
            mend = "use input_dropout, or more layers"
            raise InputError(
                "dropout", "0 with a single layer, since it acts between layers", repr(self.dropout), mend
            )

    @property
    def n_inputs(self) -> int:
        """Size of the feature axis."""
        return self.cells[0].n_inputs

    @property
    def n_units(self) -> int:
        """Number of units of the last layer."""
        return self.cells[-1].n_units

    @property
    def parameter_shapes(self) -> dict[str, tuple[int, ...]]:
        """Name and shape of every parameter array."""
        return whole_of({str(i): cell.parameter_shapes for i, cell in enumerate(self.cells)})

    def initial_parameters(self, *, rng: Seed) -> Parameters:
        """Draw each layer's parameters, from streams of their own."""
        drawn = (cell.initial_parameters(rng=stream(rng, f"layer {i}")) for i, cell in enumerate(self.cells))
        return whole_of({str(i): part for i, part in enumerate(drawn)})

    def initial_state(self, params: Mapping[str, Floats], batch: int) -> Floats:
        """Return the layers' initial states side by side, (batch, state)."""
        return np.concatenate(self._initial_states(params, batch), axis=1)

    def _initial_states(self, params: Mapping[str, Floats], batch: int) -> list[Floats]:
        return [cell.initial_state(part_of(params, str(i)), batch) for i, cell in enumerate(self.cells)]

    def _split(self, params: Mapping[str, Floats], state: Floats) -> list[Floats]:
        """Return each layer's part of a state or of its gradient."""
        sizes = [part.shape[1] for part in self._initial_states(params, 1)]
        return np.split(state, np.cumsum(sizes)[:-1], axis=-1)

    def initial_state_vjp(self, params: Mapping[str, Floats], grad: Floats) -> Parameters:
        """Pull a gradient of the initial state, (batch, state), back to the parameters that set it."""
        pulled = {
            str(i): cell.initial_state_vjp(part_of(params, str(i)), part)
            for i, (cell, part) in enumerate(zip(self.cells, self._split(params, grad), strict=True))
        }
        return whole_of(pulled)

    def rates(self, state: Floats) -> Floats:
        """Return the last layer's rates, (batch, unit)."""
        last = self._steppable()[-1]
        return last.rates(state[:, -self._last_size(state) :])

    def rates_vjp(self, state: Floats, grad: Floats) -> Floats:
        """Pull a gradient of the last layer's rates back to the state."""
        pulled = np.zeros_like(state)
        size = self._last_size(state)
        pulled[:, -size:] = self._steppable()[-1].rates_vjp(state[:, -size:], grad)
        return pulled

    def _last_size(self, state: Floats) -> int:
        """Return the size of the last layer's state, which shapes alone tell."""
        last = self.cells[-1]
        shapes = {name: np.zeros(shape, state.dtype) for name, shape in last.parameter_shapes.items()}
        return int(last.initial_state(shapes, 1).shape[1])

    def _steppable(self) -> list[Cell]:
        cells = [cell for cell in self.cells if isinstance(cell, Cell)]
        if len(cells) < len(self.cells):
            raise InputError("cells", "layers that run forward in time only", "one that does not")
        return cells

    def step(self, params: Mapping[str, Floats], state: Floats, input: Floats) -> tuple[Floats, list[Any]]:  # noqa: A002
        """Return the next state, (batch, state), without dropout, and the caches."""
        following, caches, flowing = [], [], input
        for i, (cell, part) in enumerate(zip(self._steppable(), self._split(params, state), strict=True)):
            moved, cache = cell.step(part_of(params, str(i)), part, flowing)
            flowing = cell.rates(moved)
            following.append(moved)
            caches.append((cache, moved))
        return np.concatenate(following, axis=1), caches

    def step_vjp(
        self, params: Mapping[str, Floats], cache: list[Any], grad: Floats
    ) -> tuple[Floats, Floats, Parameters]:
        """Pull a gradient of the next state, (batch, state), back to state, input and parameters."""
        grads = self._split(params, grad)
        grad_states: list[Floats] = []
        gradients: dict[str, Parameters] = {}
        grad_rates: Floats | None = None
        for i, cell in reversed(list(enumerate(self._steppable()))):
            step_cache, moved = cache[i]
            arriving = grads[i] if grad_rates is None else grads[i] + cell.rates_vjp(moved, grad_rates)
            grad_state, grad_rates, gradients[str(i)] = cell.step_vjp(
                part_of(params, str(i)), step_cache, arriving
            )
            grad_states.append(grad_state)
        assert grad_rates is not None  # noqa: S101  there is at least one layer
        return np.concatenate(grad_states[::-1], axis=1), grad_rates, whole_of(gradients)

    def jacobian(self, params: Mapping[str, Floats], state: Floats, input: Floats) -> Floats:  # noqa: A002
        """Return d next state / d state, (batch, state, state), lower block triangular."""
        _, caches = self.step(params, state, input)
        batch, size = state.shape
        rows = []
        for index in range(size):
            grad = np.zeros((batch, size), state.dtype)
            grad[:, index] = 1.0
            rows.append(self.step_vjp(params, caches, grad)[0])
        return np.stack(rows, axis=1)

    def sequence(
        self,
        params: Mapping[str, Floats],
        initial_state: Floats,
        inputs: Floats,
        allocate: Allocator,
        *,
        draws: Draws | None = None,
    ) -> tuple[Floats, Floats, StackedTape]:
        """Run all layers over all times; see `motorsim.types.Recurrent`."""
        tapes, last, kept, flowing = [], [], [], inputs
        for i, (cell, state) in enumerate(zip(self.cells, self._split(params, initial_state), strict=True)):
            dropout = Dropout(self.dropout if i else self.input_dropout)
            mask = None
            below = None if draws is None else draws.of(i)
            if below is not None and dropout.rate > 0.0:
                mask = dropout.mask(flowing.shape[1:], below.for_sequence(), flowing.dtype)
                flowing = flowing * mask
            flowing, end, tape = as_recurrent(cell).sequence(
                part_of(params, str(i)),
                np.ascontiguousarray(state),
                flowing,
                allocate_for(str(i), allocate),
                draws=below,
            )
            tapes.append(tape)
            last.append(end)
            kept.append(mask)
        return flowing, np.concatenate(last, axis=1), StackedTape(tapes, kept)

    def sequence_vjp(
        self,
        params: Mapping[str, Floats],
        tape: StackedTape,
        grad_rates: Floats,
        allocate: Allocator,
        *,
        grad_last: Floats | None = None,
        want_inputs: bool = True,
    ) -> tuple[Floats, Floats | None, Parameters]:
        """Pull gradients of rates and last state back; see `motorsim.types.Recurrent`."""
        ends = [None] * len(self.cells) if grad_last is None else self._split(params, grad_last)
        grad_states: list[Floats] = []
        gradients: dict[str, Parameters] = {}
        flowing: Floats | None = grad_rates
        for i, cell in reversed(list(enumerate(self.cells))):
            assert flowing is not None  # noqa: S101  layers above the first always hand one down
            grad_state, flowing, gradients[str(i)] = as_recurrent(cell).sequence_vjp(
                part_of(params, str(i)),
                tape.tapes[i],
                flowing,
                allocate_for(str(i), allocate),
                grad_last=ends[i],
                want_inputs=want_inputs or i > 0,
            )
            mask = tape.kept[i]
            if mask is not None and flowing is not None:
                flowing *= mask
            grad_states.append(grad_state)
        return np.concatenate(grad_states[::-1], axis=1), flowing, whole_of(gradients)

    def states(self, tape: StackedTape) -> Floats:
        """Return the states of a run, (time + 1, batch, state)."""
        layers = zip(self.cells, tape.tapes, strict=True)
        return np.concatenate([as_recurrent(cell).states(part) for cell, part in layers], axis=2)
