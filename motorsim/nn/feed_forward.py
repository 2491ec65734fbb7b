"""FeedForward: layers, a readout and their parameters, which never change."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from motorsim.checks import InputError, check_integer
from motorsim.nn.configuration import describe, rebuild
from motorsim.nn.kinds import check_dtype, check_generator, check_readout
from motorsim.nn.layer_backpropagation import (
    LAYERS,
    READOUT,
    compute_layer_gradients,
    compute_layer_loss,
    run_layers,
)
from motorsim.nn.losses import check_loss
from motorsim.nn.mse import mse
from motorsim.nn.parts import whole_of
from motorsim.nn.penalties import check_penalties
from motorsim.nn.read_only import read_only
from motorsim.nn.samples import check_sample_inputs, check_sample_mask, check_sample_targets
from motorsim.nn.sequential import Sequential

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from numpy.typing import DTypeLike

    from motorsim.nn.bptt import BPTT
    from motorsim.nn.configuration import Configuration
    from motorsim.nn.losses import Loss
    from motorsim.nn.penalties import Cost, Penalty
    from motorsim.nn.workspace import Workspace
    from motorsim.streams import Seed
    from motorsim.types import BoolArray, Floats, Layer, Parameters, Readout


@dataclass(frozen=True, eq=False)
class FeedForward:
    """A feed-forward network: layers, and a readout of what the last of them gives.

    Parameters
    ----------
    layers
        What is computed (for instance ``(Flatten(), Dense(256, 32, "relu"))``).
    parameters
        With which numbers: arrays named ``layers.0.weights`` ..., ``readout.weights`` ..., float32 or float64
        alike. They are copied and become read-only; all that the network computes has their type.
    input_shape
        Shape of one input, without the sample axis: ``(4,)``, or ``(16, 16, 1)`` for an image.
    readout
        For instance `Softmax`; by default the outputs are what the last layer gives.

    Raises
    ------
    InputError
        If the layers do not take such inputs or what one gives, the last one gives more than one axis, the
        readout does not fit it, or an array is missing, unknown, of another shape or type, or not finite.
    """

    layers: tuple[Layer, ...]
    parameters: Mapping[str, Floats]
    input_shape: tuple[int, ...]
    readout: Readout | None = None

    def __post_init__(self) -> None:
        """Refuse layers and parameters that do not fit; keep read-only copies."""
        _check_input_shape(self.input_shape)
        shape = self._sequential.output_shape(self.input_shape)
        if len(shape) != 1:
            mend = "put Flatten() among the layers"
            raise InputError(
                "layers", "one axis of outputs, (sample, unit)", f"outputs of shape {shape}", mend
            )
        if self.readout is not None:
            check_readout("readout", self.readout)
        if self.readout is not None and self.readout.n_units != shape[0]:
            expected = f"a readout of {shape[0]} units, those of the last layer"
            raise InputError("readout", expected, f"{self.readout.n_units}")
        shapes = {LAYERS: self._sequential.parameter_shapes}
        if self.readout is not None:
            shapes[READOUT] = dict(self.readout.parameter_shapes)
        object.__setattr__(self, "parameters", read_only(whole_of(shapes), self.parameters))

    def __reduce__(self) -> tuple[type[FeedForward], tuple[Any, ...]]:
        """Rebuild from plain arrays: a read-only mapping cannot go to a worker."""
        return FeedForward, (self.layers, dict(self.parameters), self.input_shape, self.readout)

    @classmethod
    def initialise(
        cls,
        layers: tuple[Layer, ...],
        input_shape: tuple[int, ...],
        *,
        rng: Seed,
        readout: Readout | None = None,
        dtype: DTypeLike = np.float64,
    ) -> FeedForward:
        """Draw a network; the same seed gives the same numbers in float32 and float64, rounded.

        Raises
        ------
        InputError
            If ``dtype`` is neither float32 nor float64, or the parts do not fit together.
        """
        kind = check_dtype(dtype)
        drawn = {LAYERS: Sequential(layers).initial_parameters(rng=rng)}
        if readout is not None:
            check_readout("readout", readout)
            drawn[READOUT] = readout.initial_parameters(rng=rng)
        parameters = {name: array.astype(kind) for name, array in whole_of(drawn).items()}
        return cls(layers, parameters, input_shape, readout)

    @classmethod
    def from_configuration(
        cls, configuration: Mapping[str, Any], parameters: Mapping[str, Floats]
    ) -> FeedForward:
        """Rebuild a network from its `configuration` and `to_arrays`.

        Raises
        ------
        InputError
            If the configuration names an unknown part, or fields that it does not have.
        """
        parts = rebuild(configuration, ("layers", "input_shape"))
        shape = tuple(int(size) for size in np.atleast_1d(parts["input_shape"]))
        return cls(parts["layers"], parameters, shape, parts.get("readout"))

    @property
    def configuration(self) -> Configuration:
        """What rebuilds the network with `from_configuration`: text, numbers, switches and arrays only."""
        parts: dict[str, Any] = {"layers": self.layers, "input_shape": self.input_shape}
        return describe(parts if self.readout is None else parts | {"readout": self.readout})

    @property
    def dtype(self) -> np.dtype[Any]:
        """Floating-point type of parameters and results."""
        return next(iter(self.parameters.values())).dtype

    @property
    def n_parameters(self) -> int:
        """Number of learned numbers."""
        return sum(array.size for array in self.parameters.values())

    @property
    def n_outputs(self) -> int:
        """Size of the output axis."""
        if self.readout is not None:
            return self.readout.n_outputs
        return self._sequential.output_shape(self.input_shape)[0]

    def to_arrays(self) -> Parameters:
        """Return a writable copy of every parameter array, by name."""
        return {name: array.copy() for name, array in self.parameters.items()}

    def with_parameters(self, parameters: Mapping[str, Floats]) -> FeedForward:
        """Return the same network with other numbers."""
        return FeedForward(self.layers, parameters, self.input_shape, self.readout)

    def forward(self, inputs: Floats) -> Floats:
        """Return the outputs, (sample, output), of inputs (sample, ...).

        Raises
        ------
        InputError
            If the inputs have another shape, are empty, hold integers or are not finite.
        """
        inputs = check_sample_inputs(inputs, self.input_shape, self.dtype)
        return run_layers(self._sequential, self.readout, self.parameters, inputs)

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
        rng: np.random.Generator | None = None,
    ) -> tuple[float, Parameters]:
        """Return loss plus penalties, and its gradient with respect to every parameter array.

        Parameters
        ----------
        inputs
            (sample, ...), each of ``input_shape``.
        targets
            (sample, output); where the mask is False they may be NaN.
        loss
            ``loss(outputs, targets, mask)`` returns a number and its gradient, (sample, output).
        mask
            What counts, (sample,) or (sample, output); all of it by default.
        penalties
            What is added to the loss; they see what the last layer gives as rates (1, sample, unit).
        rng
            What dropout is drawn from; without, nothing is left out.

        Raises
        ------
        InputError
            If an array has another shape, is empty, holds integers or is not finite, or the mask leaves
            nothing.
        """
        check_loss("loss", loss)
        check_generator(rng)
        costs = check_penalties(penalties)
        inputs, targets, mask = self.check_batch(inputs, targets, mask)
        value, gradients = self.compute_loss_and_gradients(
            self.parameters, inputs, targets, loss=loss, mask=mask, penalties=costs, rng=rng
        )
        return float(value), gradients

    def check_batch(
        self, inputs: Floats, targets: Floats, mask: BoolArray | None = None
    ) -> tuple[Floats, Floats, BoolArray | None]:
        """Return inputs, targets and mask as this network takes them, or raise `InputError`."""
        inputs = check_sample_inputs(inputs, self.input_shape, self.dtype)
        shape = (len(inputs), self.n_outputs)
        mask = check_sample_mask(mask, shape)
        return inputs, check_sample_targets(targets, shape, self.dtype, mask), mask

    def compute_loss(
        self,
        parameters: Mapping[str, Floats],
        inputs: Floats,
        targets: Floats,
        *,
        loss: Loss,
        mask: BoolArray | None = None,
        workspace: Workspace | None = None,  # noqa: ARG002
    ) -> float:
        """Return the loss of other numbers, without penalties or dropout; see `motorsim.nn.Trainable`."""
        return compute_layer_loss(
            self._sequential, self.readout, parameters, inputs, targets, loss=loss, mask=mask
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
        workspace: Workspace | None = None,  # noqa: ARG002
        rng: np.random.Generator | None = None,
    ) -> tuple[Cost, Parameters]:
        """Return loss plus penalties and all gradients for other numbers; see `motorsim.nn.Trainable`.

        Raises
        ------
        InputError
            If ``bptt`` is given: there is no time to go back through.
        """
        if bptt is not None:
            raise InputError("bptt", "None for a feed-forward network, which has no time", repr(bptt))
        return compute_layer_gradients(
            self._sequential,
            self.readout,
            parameters,
            inputs,
            targets,
            loss=loss,
            mask=mask,
            penalties=penalties,
            rng=rng,
        )

    @cached_property
    def _sequential(self) -> Sequential:
        return Sequential(self.layers)


def _check_input_shape(value: Any) -> None:
    if not isinstance(value, tuple) or not value:
        raise InputError("input_shape", "a tuple of sizes such as (4,) or (16, 16, 1)", repr(value))
    for axis, size in enumerate(value):
        check_integer(f"input_shape[{axis}]", size)
