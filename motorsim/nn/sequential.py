"""Sequential: layers one after the other, themselves a layer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from motorsim.checks import InputError
from motorsim.nn.dense import Dense
from motorsim.nn.parts import part_of, whole_of
from motorsim.streams import stream
from motorsim.types import Layer

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np

    from motorsim.streams import Seed
    from motorsim.types import Floats, Parameters


@dataclass(frozen=True)
class Sequential:
    """Layers of which each takes what the one before gives.

    Parameter arrays are those of the layers, named by their places: ``0.weights``, ``1.bias``, ...

    Parameters
    ----------
    layers
        At least one, for instance ``(Flatten(), Dense(256, 32, "relu"))``.

    Raises
    ------
    InputError
        If there is none, one is no `motorsim.types.Layer`, or a layer cannot take what the one before gives,
        as far as that is known without the shape of the inputs.
    """

    layers: tuple[Layer, ...]

    def __post_init__(self) -> None:
        """Refuse what is no chain of layers."""
        if not isinstance(self.layers, tuple) or not self.layers:
            raise InputError("layers", "a tuple of at least one layer", repr(self.layers))
        shape: tuple[int, ...] | None = None
        for place, layer in enumerate(self.layers):
            if isinstance(layer, type) or not isinstance(layer, Layer):
                raise InputError(f"layers[{place}]", "a layer such as Dense(2, 4)", repr(layer))
            if shape is None and isinstance(layer, Dense):
                shape = (layer.n_inputs,)
            if shape is not None:
                shape = _output_shape(place, layer, shape)

    @property
    def parameter_shapes(self) -> dict[str, tuple[int, ...]]:
        """Name and shape of every parameter array."""
        return whole_of({str(place): layer.parameter_shapes for place, layer in enumerate(self.layers)})

    def initial_parameters(self, *, rng: Seed) -> Parameters:
        """Draw the parameters of every layer, each from a stream of its own."""
        generator = stream(rng, "sequential layers")
        return whole_of(
            {str(place): layer.initial_parameters(rng=generator) for place, layer in enumerate(self.layers)}
        )

    def output_shape(self, input_shape: tuple[int, ...]) -> tuple[int, ...]:
        """Return the shape that the last layer gives; an `InputError` names the layer that does not fit."""
        for place, layer in enumerate(self.layers):
            input_shape = _output_shape(place, layer, input_shape)
        return input_shape

    def forward(
        self, params: Mapping[str, Floats], inputs: Floats, *, rng: np.random.Generator | None = None
    ) -> tuple[Floats, tuple[Any, ...]]:
        """Return the outputs of the last layer, (sample, ...), and the caches of all."""
        caches = []
        for place, layer in enumerate(self.layers):
            inputs, cache = layer.forward(part_of(params, str(place)), inputs, rng=rng)
            caches.append(cache)
        return inputs, tuple(caches)

    def vjp(
        self, params: Mapping[str, Floats], cache: tuple[Any, ...], grad: Floats
    ) -> tuple[Floats, Parameters]:
        """Pull a gradient of the outputs, (sample, ...), back to inputs and parameters."""
        gradients: dict[str, Parameters] = {}
        for place in range(len(self.layers) - 1, -1, -1):
            own = part_of(params, str(place))
            grad, gradients[str(place)] = self.layers[place].vjp(own, cache[place], grad)
        return grad, whole_of(gradients)


def _output_shape(place: int, layer: Layer, input_shape: tuple[int, ...]) -> tuple[int, ...]:
    try:
        return layer.output_shape(input_shape)
    except InputError as error:
        expected = f"{type(layer).__name__} to follow inputs of shape {error.expected}"
        raise InputError(f"layers[{place}]", expected, error.got, error.mend) from None
