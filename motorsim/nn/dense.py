"""Dense: every output sees every input."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from motorsim.checks import InputError, check_integer, check_positive
from motorsim.nn.activations import activation_named
from motorsim.nn.glorot import draw_weights
from motorsim.streams import stream

if TYPE_CHECKING:
    from collections.abc import Mapping

    from motorsim.streams import Seed
    from motorsim.types import Floats, Parameters


class DenseCache(NamedTuple):
    """What a pass leaves for its pull-back: (sample, feature) and (sample, output)."""

    inputs: Floats
    outputs: Floats


@dataclass(frozen=True)
class Dense:
    """The layer y = f(W x + b).

    Parameter arrays: ``weights`` W (output, feature), to by from; ``bias`` b (output,).

    Parameters
    ----------
    n_inputs
        Number of input features.
    n_outputs
        Number of outputs.
    activation
        f, as in `motorsim.nn.activations.ACTIVATIONS`.
    gain
        Initial weights are N(0, gain^2 2 / (feature + output)), for ``"relu"`` N(0, gain^2 2 / feature);
        the bias is zero.

    Raises
    ------
    InputError
        If a size is not a positive integer, the activation unknown or the gain negative.
    """

    n_inputs: int
    n_outputs: int
    activation: str = "linear"
    gain: float = 1.0

    def __post_init__(self) -> None:
        """Refuse sizes, activations and gains that make no layer."""
        check_integer("n_inputs", self.n_inputs)
        check_integer("n_outputs", self.n_outputs)
        activation_named(self.activation)
        check_positive("gain", self.gain, allow_zero=True)

    @property
    def parameter_shapes(self) -> dict[str, tuple[int, ...]]:
        """Name and shape of every parameter array."""
        return {"weights": (self.n_outputs, self.n_inputs), "bias": (self.n_outputs,)}

    def initial_parameters(self, *, rng: Seed) -> Parameters:
        """Draw the weights (Glorot & Bengio 2010; He et al. 2015 for the rectifier); the bias is zero."""
        weights = draw_weights(
            (self.n_outputs, self.n_inputs),
            n_from=self.n_inputs,
            n_to=self.n_outputs,
            activation=self.activation,
            gain=self.gain,
            generator=stream(rng, "dense layer"),
        )
        return {"weights": weights, "bias": np.zeros(self.n_outputs)}

    def output_shape(self, input_shape: tuple[int, ...]) -> tuple[int, ...]:
        """Return (output,) for (feature,), or raise `InputError`."""
        if tuple(input_shape) != (self.n_inputs,):
            mend = "put Flatten() before it" if len(input_shape) > 1 else ""
            raise InputError("input_shape", f"{(self.n_inputs,)}", f"{tuple(input_shape)}", mend)
        return (self.n_outputs,)

    def forward(
        self,
        params: Mapping[str, Floats],
        inputs: Floats,
        *,
        rng: np.random.Generator | None = None,  # noqa: ARG002
    ) -> tuple[Floats, DenseCache]:
        """Return the outputs (sample, output) of inputs (sample, feature), and the cache."""
        drive = inputs @ params["weights"].T
        drive += params["bias"]
        outputs = activation_named(self.activation).apply(drive, drive)
        return outputs, DenseCache(inputs, outputs)

    def vjp(self, params: Mapping[str, Floats], cache: DenseCache, grad: Floats) -> tuple[Floats, Parameters]:
        """Pull a gradient of the outputs, (sample, output), back to inputs and parameters."""
        grad_drive = activation_named(self.activation).slope(cache.outputs, None)
        grad_drive *= grad
        gradients: Parameters = {"weights": grad_drive.T @ cache.inputs, "bias": grad_drive.sum(axis=0)}
        return grad_drive @ params["weights"], gradients
