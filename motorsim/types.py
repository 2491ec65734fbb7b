"""The contracts between the rooms: arrays, cells, plants, cortices, metrics and tasks.

A user extends motorsim by writing a class with these methods; nothing has to be inherited.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias, runtime_checkable

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


FloatArray: TypeAlias = NDArray[np.float64]
BoolArray: TypeAlias = NDArray[np.bool_]
IntArray: TypeAlias = NDArray[np.int64]
Floats: TypeAlias = NDArray[np.floating[Any]]
Seed: TypeAlias = "int | np.integer[Any] | np.random.Generator"
Parameters: TypeAlias = "dict[str, Floats]"
Allocator: TypeAlias = "Callable[[str, tuple[int, ...], np.dtype[Any]], Floats]"


@runtime_checkable
class Cell(Protocol):
    """One step of a recurrent network and its vector-Jacobian product.

    States are (batch, state), inputs (batch, feature), rates (batch, unit). State and unit are the same
    axis but in cells that hold a memory beside their output. ``cache`` is whatever ``step_vjp`` needs.
    """

    @property
    def n_inputs(self) -> int:
        """Size of the feature axis."""
        ...

    @property
    def n_units(self) -> int:
        """Size of the unit axis."""
        ...

    @property
    def parameter_shapes(self) -> Mapping[str, tuple[int, ...]]:
        """Name and shape of every parameter array."""
        ...

    def initial_parameters(self, *, rng: Seed) -> Parameters:
        """Draw the parameter arrays."""
        ...

    def initial_state(self, params: Mapping[str, Floats], batch: int) -> Floats:
        """Return the state before the first step, (batch, state)."""
        ...

    def initial_state_vjp(self, params: Mapping[str, Floats], grad: Floats) -> Parameters:
        """Pull a gradient of the state before the first step back to the parameters that set it."""
        ...

    def rates(self, state: Floats) -> Floats:
        """Return what a readout sees of the state, (batch, unit)."""
        ...

    def rates_vjp(self, state: Floats, grad: Floats) -> Floats:
        """Pull a gradient of the rates back to the state."""
        ...

    def step(self, params: Mapping[str, Floats], state: Floats, input: Floats) -> tuple[Floats, Any]:  # noqa: A002
        """Return the next state and the cache."""
        ...

    def step_vjp(
        self, params: Mapping[str, Floats], cache: Any, grad: Floats
    ) -> tuple[Floats, Floats, Parameters]:
        """Pull a gradient of the next state back to state, input and parameters."""
        ...

    def jacobian(self, params: Mapping[str, Floats], state: Floats, input: Floats) -> Floats:  # noqa: A002
        """Return d next state / d state, (batch, state, state)."""
        ...


@dataclass(frozen=True, eq=False)
class Draws:
    """What one run of a network takes from chance; each part of the network has numbers of its own.

    Parameters
    ----------
    key
        Seed of the run, and the way to the part.
    generators
        Where fresh numbers come from, by key: shared by all parts of a run and moving on with it.
    """

    key: tuple[int, ...]
    generators: dict[tuple[int, ...], np.random.Generator] = field(default_factory=dict)

    @classmethod
    def begin(cls, rng: np.random.Generator) -> Draws:
        """Return the draws of a run that begins now, seeded by ``rng``, which moves on."""
        return cls((int(rng.integers(2**63)),))

    def of(self, part: int) -> Draws:
        """Return the draws of a part of the network."""
        return Draws((*self.key, part), self.generators)

    @property
    def steps(self) -> np.random.Generator:
        """Fresh numbers, step by step: a run in stretches goes on where the last one ended."""
        if self.key not in self.generators:
            self.generators[self.key] = self._seeded(0)
        return self.generators[self.key]

    def for_sequence(self) -> np.random.Generator:
        """Return a generator that gives the same numbers each time, for what holds for a whole sequence."""
        return self._seeded(1)

    def _seeded(self, use: int) -> np.random.Generator:
        # The length keeps apart keys that differ by zeros at the end, with which NumPy pads its seeds.
        return np.random.default_rng((use, len(self.key), *self.key))

    def copy(self) -> Draws:
        """Return draws that will give what these will give."""
        return Draws(self.key, copy.deepcopy(self.generators))


@runtime_checkable
class Recurrent(Protocol):
    """What turns a sequence of inputs into a sequence of rates at once, and its vector-Jacobian product.

    Sequences are time-major: inputs (time, batch, feature), rates (time, batch, unit). Large arrays come
    from ``allocate(name, shape, dtype)``, which may hand the same memory to the next sequence.
    """

    @property
    def n_inputs(self) -> int:
        """Size of the feature axis."""
        ...

    @property
    def n_units(self) -> int:
        """Size of the unit axis."""
        ...

    @property
    def parameter_shapes(self) -> Mapping[str, tuple[int, ...]]:
        """Name and shape of every parameter array."""
        ...

    def initial_parameters(self, *, rng: Seed) -> Parameters:
        """Draw the parameter arrays."""
        ...

    def initial_state(self, params: Mapping[str, Floats], batch: int) -> Floats:
        """Return the state before the first step, (batch, state)."""
        ...

    def initial_state_vjp(self, params: Mapping[str, Floats], grad: Floats) -> Parameters:
        """Pull a gradient of the state before the first step back to the parameters that set it."""
        ...

    def sequence(
        self,
        params: Mapping[str, Floats],
        initial_state: Floats,
        inputs: Floats,
        allocate: Allocator,
        *,
        draws: Draws | None = None,
    ) -> tuple[Floats, Floats, Any]:
        """Return the rates, the last state (batch, state) and the tape, which is all the way back needs.

        With ``draws`` what is random is drawn from them; without, nothing is random.
        """
        ...

    def sequence_vjp(
        self,
        params: Mapping[str, Floats],
        tape: Any,
        grad_rates: Floats,
        allocate: Allocator,
        *,
        grad_last: Floats | None = None,
        want_inputs: bool = True,
    ) -> tuple[Floats, Floats | None, Parameters]:
        """Pull gradients of the rates and of the last state back to initial state, inputs and parameters.

        ``grad_rates`` may be overwritten. Without ``want_inputs`` the gradient of the inputs may be left out
        (``None``).
        """
        ...

    def states(self, tape: Any) -> Floats:
        """Return the states of a run, (time + 1, batch, state), the initial one first."""
        ...


@runtime_checkable
class SequenceCell(Cell, Recurrent, Protocol):
    """A cell that also runs a whole sequence at once, equal to its steps but faster."""


@runtime_checkable
class Layer(Protocol):
    """An operation on samples, (sample, ...) to (sample, ...), and its vector-Jacobian product."""

    @property
    def parameter_shapes(self) -> Mapping[str, tuple[int, ...]]:
        """Name and shape of every parameter array; empty where nothing is learned."""
        ...

    def initial_parameters(self, *, rng: Seed) -> Parameters:
        """Draw the parameter arrays."""
        ...

    def output_shape(self, input_shape: tuple[int, ...]) -> tuple[int, ...]:
        """Return the shape of one output for one input, both without the sample axis.

        Raises
        ------
        InputError
            If the layer does not take inputs of that shape.
        """
        ...

    def forward(
        self, params: Mapping[str, Floats], inputs: Floats, *, rng: np.random.Generator | None = None
    ) -> tuple[Floats, Any]:
        """Return the outputs and the cache; with ``rng`` what is random is drawn, without nothing is."""
        ...

    def vjp(self, params: Mapping[str, Floats], cache: Any, grad: Floats) -> tuple[Floats, Parameters]:
        """Pull a gradient of the outputs back to inputs and parameters."""
        ...


@runtime_checkable
class Readout(Protocol):
    """What turns rates (..., unit) into outputs (..., output), and its vector-Jacobian product.

    Large arrays come from ``allocate``, as in `SequenceCell`.
    """

    @property
    def n_units(self) -> int:
        """Size of the unit axis."""
        ...

    @property
    def n_outputs(self) -> int:
        """Size of the output axis."""
        ...

    @property
    def parameter_shapes(self) -> Mapping[str, tuple[int, ...]]:
        """Name and shape of every parameter array."""
        ...

    def initial_parameters(self, *, rng: Seed) -> Parameters:
        """Draw the parameter arrays."""
        ...

    def read(self, params: Mapping[str, Floats], rates: Floats, allocate: Allocator) -> tuple[Floats, Any]:
        """Return the outputs and the cache."""
        ...

    def read_vjp(
        self, params: Mapping[str, Floats], cache: Any, grad: Floats, allocate: Allocator
    ) -> tuple[Floats, Parameters]:
        """Pull a gradient of the outputs back to rates and parameters."""
        ...


@runtime_checkable
class Plant(Protocol):
    """A body: one step of its dynamics and the vector-Jacobian product, so that BPTT runs through it.

    States are (batch, state), commands (batch, command).
    """

    def step(self, state: FloatArray, command: FloatArray, dt_s: float) -> tuple[FloatArray, Any]:
        """Return the state ``dt_s`` later and the cache."""
        ...

    def step_vjp(self, cache: Any, grad: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Pull a gradient of the next state back to state and command."""
        ...


@runtime_checkable
class Cortex(Protocol):
    """A circuit that prepares and makes reaches."""

    def prepare(self, reaches: Any) -> Any:
        """Choose preparatory states and fit the readout for these reaches."""
        ...

    def simulate(self, task: Any, *, rng: Seed) -> Any:
        """Run every trial of the task and return a `motorsim.recording.Recording`."""
        ...


@runtime_checkable
class RateDynamics(Protocol):
    """The rate form: the same equations that Brian2 integrates, as plain functions."""

    def derivative(self, state: FloatArray, input: FloatArray) -> FloatArray:  # noqa: A002
        """Return dx/dt (per second) for states (..., unit) and inputs (..., unit)."""
        ...

    def jacobian(self, state: FloatArray) -> FloatArray:
        """Return d(dx/dt)/dx (per second), (..., unit, unit)."""
        ...


@runtime_checkable
class Metric(Protocol):
    """A comparison of two arrays that gives one number with a stated direction."""

    name: str
    higher_is_more_alike: bool

    def __call__(self, reference: FloatArray, candidate: FloatArray) -> float:
        """Compare two arrays (condition, time, unit)."""
        ...


@runtime_checkable
class Task(Protocol):
    """What is asked: conditions, cues and the desired movement."""

    @property
    def times_s(self) -> FloatArray:
        """Sample times from the start of the trial, (time,)."""
        ...

    @property
    def inputs(self) -> FloatArray:
        """Cues as a network receives them, (condition, time, feature)."""
        ...

    @property
    def desired_position_m(self) -> FloatArray:
        """Desired hand path, (condition, time, 2)."""
        ...
