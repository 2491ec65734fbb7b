"""Network: a cell, a readout and their parameters, which never change."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np

from motorsim.checks import InputError
from motorsim.nn.backpropagation import Architecture, compute_loss, compute_loss_and_gradients, run_forward
from motorsim.nn.configuration import describe, rebuild
from motorsim.nn.kinds import check_cell, check_dtype, check_generator, check_kind, check_readout
from motorsim.nn.losses import check_loss
from motorsim.nn.mse import mse
from motorsim.nn.parametrisation import (
    Parametrisation,
    raw_shapes,
    to_effective,
    to_effective_vjp,
    to_raw,
)
from motorsim.nn.parts import allocate_for, part_of, whole_of
from motorsim.nn.penalties import check_penalties
from motorsim.nn.read_only import read_only
from motorsim.nn.sequences import check_floats, check_inputs, check_mask, check_targets
from motorsim.nn.trajectory import Trajectory
from motorsim.nn.unroll import as_recurrent
from motorsim.nn.workspace import Workspace
from motorsim.types import Draws, Layer

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import DTypeLike

    from motorsim.nn.bptt import BPTT
    from motorsim.nn.configuration import Configuration
    from motorsim.nn.losses import Loss
    from motorsim.nn.penalties import Cost, Penalty
    from motorsim.streams import Seed
    from motorsim.types import BoolArray, Cell, Floats, Parameters, Readout, Recurrent


@dataclass(frozen=True, eq=False)
class Network:
    """A recurrent network: a cell unrolled over time and a readout of its hidden rates.

    Parameters
    ----------
    cell, readout
        What is computed (for instance `Leaky` and `Linear`).
    parameters
        With which numbers: arrays named ``cell.*``, ``readout.*`` and ``encoder.*``, float32 or float64
        alike. They are copied and become read-only; all that the network computes has their type.
    encoder
        A layer between the inputs of each time and the cell, for instance a `Sequential` of convolutions
        for a network that sees images; none by default.
    parametrisations
        Structure that arrays keep while they learn, by their names, for instance
        ``{"cell.recurrent_weights": Dale(...)}``. `parameters` then holds what is learned,
        `effective_parameters` what the network computes with.

    Raises
    ------
    InputError
        If the readout does not fit the cell, a structure not the array or the array is not there; or a
        parameter array is missing, unknown, of another shape or type, or not finite.
    """

    cell: Cell | Recurrent
    readout: Readout
    parameters: Mapping[str, Floats]
    encoder: Layer | None = None
    parametrisations: Mapping[str, Parametrisation] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Refuse parts and parameters that do not fit; keep read-only copies."""
        _check_architecture(self._architecture)
        if self.cell.n_units != self.readout.n_units:
            expected = f"a readout of {self.cell.n_units} units, those of the cell"
            raise InputError("readout", expected, f"{self.readout.n_units}")
        structures = MappingProxyType(dict(self.parametrisations))
        object.__setattr__(self, "parametrisations", structures)
        shapes = _raw_shapes(self._architecture, structures)
        object.__setattr__(self, "parameters", read_only(shapes, self.parameters))

    def __reduce__(self) -> tuple[type[Network], tuple[Any, ...]]:
        """Rebuild from plain arrays: a read-only mapping cannot go to a worker."""
        parts = (self.cell, self.readout, dict(self.parameters), self.encoder, dict(self.parametrisations))
        return Network, parts

    @classmethod
    def initialise(
        cls,
        cell: Cell | Recurrent,
        readout: Readout,
        *,
        rng: Seed,
        dtype: DTypeLike = np.float64,
        encoder: Layer | None = None,
        parametrisations: Mapping[str, Parametrisation] | None = None,
    ) -> Network:
        """Draw a network; the same seed gives the same numbers in float32 and float64, rounded.

        Raises
        ------
        InputError
            If ``dtype`` is neither float32 nor float64, or the parts do not fit.
        """
        kind, structures = check_dtype(dtype), parametrisations or {}
        _check_architecture(architecture := Architecture(encoder, cell, readout))
        _raw_shapes(architecture, structures)
        drawn = {} if encoder is None else {"encoder": encoder.initial_parameters(rng=rng)}
        drawn |= {
            "cell": cell.initial_parameters(rng=rng),
            "readout": readout.initial_parameters(rng=rng),
        }
        raw = to_raw(whole_of(drawn), structures)
        parameters = {name: array.astype(kind) for name, array in raw.items()}
        return cls(cell, readout, parameters, encoder, structures)

    @classmethod
    def from_configuration(
        cls, configuration: Mapping[str, Any], parameters: Mapping[str, Floats]
    ) -> Network:
        """Rebuild a network from its `configuration` and `to_arrays`.

        Raises
        ------
        InputError
            If the configuration names an unknown part, or fields that it does not have.
        """
        parts = rebuild(configuration, ("cell", "readout"))
        return cls(
            parts["cell"],
            parts["readout"],
            parameters,
            parts.get("encoder"),
            {name: parts[name] for name in parts if name not in ("cell", "readout", "encoder")},
        )

    @property
    def configuration(self) -> Configuration:
        """What rebuilds the network with `from_configuration`: text, numbers, switches and arrays only."""
        parts: dict[str, Any] = {"cell": self.cell, "readout": self.readout}
        if self.encoder is not None:
            parts["encoder"] = self.encoder
        return describe(parts | dict(self.parametrisations))

    @property
    def _architecture(self) -> Architecture:
        return Architecture(self.encoder, self.cell, self.readout)

    @property
    def dtype(self) -> np.dtype[Any]:
        """Floating-point type of parameters and results."""
        return next(iter(self.parameters.values())).dtype

    @property
    def n_parameters(self) -> int:
        """Number of learned numbers."""
        return sum(array.size for array in self.parameters.values())

    @property
    def effective_parameters(self) -> Parameters:
        """Every array that the network computes with, by name: its parameters, with their structure."""
        return self._effective(self.parameters)

    def _effective(self, parameters: Mapping[str, Floats]) -> Parameters:
        shapes = _effective_shapes(self._architecture)
        dtype = next(iter(parameters.values())).dtype
        return to_effective(parameters, shapes, self.parametrisations, dtype)

    def to_arrays(self) -> Parameters:
        """Return a writable copy of every parameter array, by name."""
        return {name: array.copy() for name, array in self.parameters.items()}

    def with_parameters(self, parameters: Mapping[str, Floats]) -> Network:
        """Return the same network with other numbers."""
        return Network(self.cell, self.readout, parameters, self.encoder, self.parametrisations)

    def forward(
        self,
        inputs: Floats,
        *,
        initial_state: Floats | None = None,
        rng: np.random.Generator | None = None,
    ) -> Trajectory:
        """Run the network.

        Parameters
        ----------
        inputs
            (batch, time, feature), or (batch, time, ...) as the encoder takes them. The input at a time acts
            on the state and output at that time.
        initial_state
            States before the first step, (batch, state); the cell's own by default.
        rng
            Where noise and dropout are drawn from; without, there are none.

        Returns
        -------
        Trajectory
            States, hidden rates and outputs.

        Raises
        ------
        InputError
            If an array has another shape, is empty, holds integers or is not finite.
        """
        check_generator(rng)
        inputs = self._check_inputs(inputs)
        parameters, allocate = self.effective_parameters, Workspace().empty
        if initial_state is not None:
            shape = (len(inputs), self.cell.initial_state(part_of(parameters, "cell"), 1).shape[1])
            axes = ("batch", "state")
            initial_state = check_floats("initial_state", initial_state, self.dtype, axes, shape=shape)
        run = run_forward(
            self._architecture,
            parameters,
            inputs,
            allocate,
            state=initial_state,
            draws=None if rng is None else Draws.begin(rng),
        )
        outputs, _ = self.readout.read(
            part_of(parameters, "readout"), run.rates, allocate_for("readout", allocate)
        )
        states = as_recurrent(self.cell).states(run.tape)[1:]
        # Copies in any case: for some cells the rates are the states, in the same memory.
        return Trajectory(*(array.swapaxes(0, 1).copy() for array in (states, run.rates, outputs)))

    def loss(
        self, inputs: Floats, targets: Floats, *, loss: Loss = mse, mask: BoolArray | None = None
    ) -> float:
        """Return the loss without gradients or penalties; arguments as in `loss_and_gradients`."""
        check_loss("loss", loss)
        inputs, targets, mask = self.check_batch(inputs, targets, mask)
        return float(self.compute_loss(self.parameters, inputs, targets, loss=loss, mask=mask))

    def loss_and_gradients(
        self,
        inputs: Floats,
        targets: Floats,
        *,
        loss: Loss = mse,
        mask: BoolArray | None = None,
        penalties: Iterable[Penalty] = (),
        bptt: BPTT | None = None,
        rng: np.random.Generator | None = None,
    ) -> tuple[float, Parameters]:
        """Return loss plus penalties, and its gradient with respect to every parameter array.

        Parameters
        ----------
        inputs
            (batch, time, feature), or (batch, time, ...) as the encoder takes them.
        targets
            (batch, time, output); where the mask is False they may be NaN.
        loss
            ``loss(outputs, targets, mask)`` returns a number and its gradient, (batch, time, output).
        mask
            What counts, (batch, time) or (batch, time, output); all of it by default.
        penalties
            What is added to the loss, for instance `RatePenalty`.
        bptt
            Truncation or recomputation; the whole way with everything kept by default.
        rng
            Where noise and dropout are drawn from; without, there are none.

        Raises
        ------
        InputError
            If an array has another shape, is empty, holds integers or is not finite, the mask leaves
            nothing, or ``bptt`` does not go with cell or loss.
        """
        check_loss("loss", loss)
        check_generator(rng)
        costs = check_penalties(penalties)
        inputs, targets, mask = self.check_batch(inputs, targets, mask)
        value, gradients = self.compute_loss_and_gradients(
            self.parameters, inputs, targets, loss=loss, mask=mask, penalties=costs, bptt=bptt, rng=rng
        )
        return float(value), gradients

    def check_batch(
        self, inputs: Floats, targets: Floats, mask: BoolArray | None = None
    ) -> tuple[Floats, Floats, BoolArray | None]:
        """Return inputs, targets and mask as this network takes them, or raise `InputError`."""
        inputs = self._check_inputs(inputs)
        shape = (*inputs.shape[:2], self.readout.n_outputs)
        mask = check_mask(mask, shape)
        return inputs, check_targets(targets, shape, self.dtype, mask), mask

    def _check_inputs(self, inputs: Floats) -> Floats:
        if self.encoder is None:
            return check_inputs(inputs, (self.cell.n_inputs,), self.dtype)
        seen = np.shape(inputs)[2:]
        features = self.encoder.output_shape(seen) if seen else ()
        if features != (self.cell.n_inputs,):
            expected = f"(batch, time, ...) that the encoder makes {self.cell.n_inputs} features of"
            raise InputError("inputs", expected, f"shape {np.shape(inputs)}")
        return check_inputs(inputs, seen, self.dtype)

    def compute_loss(
        self,
        parameters: Mapping[str, Floats],
        inputs: Floats,
        targets: Floats,
        *,
        loss: Loss,
        mask: BoolArray | None = None,
        workspace: Workspace | None = None,
    ) -> float:
        """Return the loss of other numbers, without penalties or noise; see `motorsim.nn.Trainable`."""
        return compute_loss(
            self._architecture,
            self._effective(parameters),
            inputs,
            targets,
            loss=loss,
            mask=mask,
            workspace=Workspace() if workspace is None else workspace,
        )

    def compute_loss_and_gradients(
        self,
        parameters: Mapping[str, Floats],
        inputs: Floats,
        targets: Floats,
        *,
        loss: Loss,
        mask: BoolArray | None = None,
        penalties: Iterable[Penalty] = (),
        bptt: BPTT | None = None,
        workspace: Workspace | None = None,
        rng: np.random.Generator | None = None,
    ) -> tuple[Cost, Parameters]:
        """Return loss plus penalties and all gradients for other numbers; see `motorsim.nn.Trainable`."""
        value, gradients = compute_loss_and_gradients(
            self._architecture,
            self._effective(parameters),
            inputs,
            targets,
            loss=loss,
            mask=mask,
            penalties=penalties,
            bptt=bptt,
            workspace=Workspace() if workspace is None else workspace,
            rng=rng,
        )
        return value, to_effective_vjp(parameters, gradients, self.parametrisations)


def _check_architecture(architecture: Architecture) -> None:
    check_cell("cell", architecture.cell)
    check_readout("readout", architecture.readout)
    if architecture.encoder is not None:
        check_kind("encoder", architecture.encoder, Layer, "a layer such as Dense(2, 4), or None")


def _effective_shapes(architecture: Architecture) -> dict[str, tuple[int, ...]]:
    parts = {} if architecture.encoder is None else {"encoder": architecture.encoder.parameter_shapes}
    parts |= {"cell": architecture.cell.parameter_shapes, "readout": architecture.readout.parameter_shapes}
    return whole_of(parts)


def _raw_shapes(
    architecture: Architecture, parametrisations: Mapping[str, Parametrisation]
) -> dict[str, tuple[int, ...]]:
    shapes = _effective_shapes(architecture)
    expected = 'a mapping such as {"cell.recurrent_weights": LowRank(2)}'
    check_kind("parametrisations", parametrisations, Mapping, expected)
    for name, structure in parametrisations.items():
        if name not in shapes:
            raise InputError("parametrisations", f"names among {', '.join(shapes)}", repr(name))
        expected = "a parametrisation such as LowRank(2)"
        check_kind(f"parametrisations[{name!r}]", structure, Parametrisation, expected)
    return raw_shapes(shapes, parametrisations)
