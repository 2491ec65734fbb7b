"""Network: a cell, a readout and their parameters, which never change."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np

from motorsim.checks import InputError, check_array, check_choice
from motorsim.nn.backpropagation import (
    Loss,
    compute_loss,
    compute_loss_and_gradients,
    run_forward,
    swap_batch_and_time,
)
from motorsim.nn.configuration import Configuration, describe, rebuild
from motorsim.nn.mse import mse
from motorsim.nn.parameters import CELL, READOUT, part_of, whole_of
from motorsim.nn.sequences import check_floats, check_inputs, check_mask, check_targets
from motorsim.nn.workspace import Workspace

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from numpy.typing import DTypeLike

    from motorsim.nn.penalties import Penalty
    from motorsim.streams import Seed
    from motorsim.types import BoolArray, Cell, Floats, Parameters, Readout


@dataclass(frozen=True, eq=False)
class Trajectory:
    """What a network did.

    Parameters
    ----------
    states
        The cell's states after each step, (batch, time, state).
    hidden
        Hidden rates, (batch, time, unit).
    outputs
        (batch, time, output).
    """

    states: Floats
    hidden: Floats
    outputs: Floats


@dataclass(frozen=True, eq=False)
class Network:
    """A recurrent network: a cell unrolled over time and a readout of its hidden rates.

    Parameters
    ----------
    cell, readout
        What is computed (for instance `Leaky` and `Linear`).
    parameters
        With which numbers: arrays named ``cell.*`` and ``readout.*``, float32 or float64 alike. They are
        copied and become read-only; all that the network computes has their type.

    Raises
    ------
    InputError
        If the readout does not fit the cell, or an array is missing, unknown, of another shape or type,
        or not finite.
    """

    cell: Cell
    readout: Readout
    parameters: Mapping[str, Floats]

    def __post_init__(self) -> None:
        """Refuse parameters that do not fit; keep read-only copies."""
        if self.cell.n_units != self.readout.n_units:
            expected = f"a readout of {self.cell.n_units} units, those of the cell"
            raise InputError("readout", expected, f"{self.readout.n_units}")
        arrays = _read_only(self.cell, self.readout, self.parameters)
        object.__setattr__(self, "parameters", MappingProxyType(arrays))

    def __reduce__(self) -> tuple[type[Network], tuple[Cell, Readout, Parameters]]:
        """Rebuild from plain arrays: a read-only mapping cannot go to a worker."""
        return Network, (self.cell, self.readout, dict(self.parameters))

    @classmethod
    def initialise(cls, cell: Cell, readout: Readout, *, rng: Seed, dtype: DTypeLike = np.float64) -> Network:
        """Draw a network; the same seed gives the same numbers in float32 and float64, rounded.

        Raises
        ------
        InputError
            If ``dtype`` is neither float32 nor float64.
        """
        kind = np.dtype(check_choice("dtype", np.dtype(dtype).name, ("float32", "float64")))
        drawn = whole_of(cell.initial_parameters(rng=rng), readout.initial_parameters(rng=rng))
        return cls(cell, readout, {name: array.astype(kind) for name, array in drawn.items()})

    @classmethod
    def from_configuration(
        cls, configuration: Mapping[str, Any], parameters: Mapping[str, Floats]
    ) -> Network:
        """Rebuild a network from its `configuration` and `to_arrays`.

        Raises
        ------
        InputError
            If the configuration names an unknown cell or readout, or fields that it does not have.
        """
        return cls(*rebuild(configuration), parameters)

    @property
    def configuration(self) -> Configuration:
        """What rebuilds the network with `from_configuration`: text, numbers and switches only."""
        return describe(self.cell, self.readout)

    @property
    def dtype(self) -> np.dtype[Any]:
        """Floating-point type of parameters and results."""
        return next(iter(self.parameters.values())).dtype

    @property
    def n_parameters(self) -> int:
        """Number of learned numbers."""
        return sum(array.size for array in self.parameters.values())

    def to_arrays(self) -> Parameters:
        """Return a writable copy of every parameter array, by name."""
        return {name: array.copy() for name, array in self.parameters.items()}

    def with_parameters(self, parameters: Mapping[str, Floats]) -> Network:
        """Return the same network with other numbers."""
        return Network(self.cell, self.readout, parameters)

    def forward(self, inputs: Floats, *, initial_state: Floats | None = None) -> Trajectory:
        """Run the network.

        Parameters
        ----------
        inputs
            (batch, time, feature). The input at a time acts on the state and output at that time.
        initial_state
            States before the first step, (batch, state); the cell's own by default.

        Returns
        -------
        Trajectory
            States, hidden rates and outputs.

        Raises
        ------
        InputError
            If an array has another shape, is empty, holds integers or is not finite.
        """
        inputs = check_inputs(inputs, self.cell.n_inputs, self.dtype)
        cell_params = part_of(self.parameters, CELL)
        if initial_state is not None:
            shape = (len(inputs), self.cell.initial_state(cell_params, 1).shape[1])
            initial_state = check_floats(
                "initial_state", initial_state, self.dtype, ("batch", "state"), shape=shape
            )
        workspace = Workspace()
        unrolled = run_forward(self.cell, cell_params, inputs, workspace, initial_state=initial_state)
        outputs, _ = self.readout.read(part_of(self.parameters, READOUT), unrolled.rates, workspace.empty)
        return Trajectory(*map(swap_batch_and_time, (unrolled.states[1:], unrolled.rates, outputs)))

    def loss(
        self, inputs: Floats, targets: Floats, *, loss: Loss = mse, mask: BoolArray | None = None
    ) -> float:
        """Return the loss without gradients or penalties; arguments as in `loss_and_gradients`."""
        arrays = self.check_batch(inputs, targets, mask)
        return float(
            compute_loss(self.cell, self.readout, self.parameters, *arrays[:2], loss=loss, mask=arrays[2])
        )

    def loss_and_gradients(
        self,
        inputs: Floats,
        targets: Floats,
        *,
        loss: Loss = mse,
        mask: BoolArray | None = None,
        penalties: Iterable[Penalty] = (),
    ) -> tuple[float, Parameters]:
        """Return loss plus penalties, and its gradient with respect to every parameter array.

        Parameters
        ----------
        inputs
            (batch, time, feature).
        targets
            (batch, time, output); where the mask is False they may be NaN.
        loss
            ``loss(outputs, targets, mask)`` returns a number and its gradient, (batch, time, output).
        mask
            What counts, (batch, time) or (batch, time, output); all of it by default.
        penalties
            What is added to the loss, for instance `RatePenalty`.

        Raises
        ------
        InputError
            If an array has another shape, is empty, holds integers or is not finite, or the mask
            leaves nothing.
        """
        inputs, targets, mask = self.check_batch(inputs, targets, mask)
        value, gradients = compute_loss_and_gradients(
            self.cell,
            self.readout,
            self.parameters,
            inputs,
            targets,
            loss=loss,
            mask=mask,
            penalties=penalties,
        )
        return float(value), gradients

    def check_batch(
        self, inputs: Floats, targets: Floats, mask: BoolArray | None = None
    ) -> tuple[Floats, Floats, BoolArray | None]:
        """Return inputs, targets and mask as this network takes them, or raise `InputError`."""
        inputs = check_inputs(inputs, self.cell.n_inputs, self.dtype)
        mask = check_mask(mask, inputs, self.readout.n_outputs)
        return inputs, check_targets(targets, inputs, self.readout.n_outputs, self.dtype, mask), mask


def _read_only(cell: Cell, readout: Readout, parameters: Mapping[str, Floats]) -> Parameters:
    """Return read-only copies in the order of the cell's and readout's own lists."""
    shapes = {CELL + name: shape for name, shape in cell.parameter_shapes.items()}
    shapes |= {READOUT + name: shape for name, shape in readout.parameter_shapes.items()}
    if set(parameters) != set(shapes):
        raise InputError("parameters", ", ".join(shapes), ", ".join(parameters) or "none")
    kinds = {np.asarray(array).dtype.name for array in parameters.values()}
    if kinds not in ({"float32"}, {"float64"}):
        raise InputError("parameters", "arrays that are all float32 or all float64", ", ".join(sorted(kinds)))
    copies: Parameters = {}
    for name, shape in shapes.items():
        check_array(f"parameters[{name!r}]", parameters[name], shape=shape)
        copies[name] = np.array(parameters[name])
        copies[name].setflags(write=False)
    return copies
