"""Pooling: the largest or the mean of the pixels in each window of an image."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from motorsim.nn.windows import Size, Windows, check_image, check_pair

if TYPE_CHECKING:
    from collections.abc import Mapping

    from motorsim.streams import Seed
    from motorsim.types import Floats, IntArray, Parameters


class MaxCache(NamedTuple):
    """What a pass leaves for its pull-back; ``winners`` number the places of a window row by row."""

    winners: IntArray
    input_shape: tuple[int, ...]


@dataclass(frozen=True)
class _Pooling:
    """What both have in common: windows over images, each channel alone; nothing is learned."""

    size: Size
    stride: Size | None = None

    def __post_init__(self) -> None:
        """Refuse sizes that make no window."""
        check_pair("size", self.size)
        if self.stride is not None:
            check_pair("stride", self.stride)

    @property
    def parameter_shapes(self) -> dict[str, tuple[int, ...]]:
        """Nothing is learned."""
        return {}

    def initial_parameters(self, *, rng: Seed) -> Parameters:  # noqa: ARG002
        """Draw nothing."""
        return {}

    def output_shape(self, input_shape: tuple[int, ...]) -> tuple[int, ...]:
        """Return (height, width, channel) for (height, width, channel), or raise `InputError`."""
        check_image(input_shape, self._windows.size)
        height, width, n_channels = input_shape
        return *self._windows.count(height, width), n_channels

    @property
    def _windows(self) -> Windows:
        size = check_pair("size", self.size)
        return Windows(size, size if self.stride is None else check_pair("stride", self.stride))


@dataclass(frozen=True)
class MaxPool2D(_Pooling):
    """The largest pixel of each window, of equal ones the first, row by row; NaN wins.

    Images are (sample, height, width, channel), each channel alone; nothing is learned.

    Parameters
    ----------
    size
        Pixels of a window, one number for a square or (height, width).
    stride
        Pixels from one window to the next, one number or (down, across); ``size`` by default, so that
        windows do not overlap. Rows and columns that no whole window reaches are dropped.

    Raises
    ------
    InputError
        If a size is not a positive integer.
    """

    def forward(
        self,
        params: Mapping[str, Floats],  # noqa: ARG002
        inputs: Floats,
        *,
        rng: np.random.Generator | None = None,  # noqa: ARG002
    ) -> tuple[Floats, MaxCache]:
        """Return the outputs, (sample, height, width, channel), and the cache."""
        n_rows, n_columns, n_channels = self.output_shape(inputs.shape[1:])
        shape = (len(inputs), n_rows, n_columns, n_channels)
        outputs, winners = np.empty(shape, dtype=inputs.dtype), np.zeros(shape, dtype=np.int64)
        for number, place in enumerate(self._windows.places(n_rows, n_columns)):
            pixels = inputs[place.pixels]
            if number == 0:
                outputs[...] = pixels
                continue
            # NaN must not vanish here, or a diverged network would look sound.
            better = (pixels.real > outputs.real) | np.isnan(pixels)
            np.copyto(outputs, pixels, where=better)
            winners[better] = number
        return outputs, MaxCache(winners, inputs.shape)

    def vjp(
        self,
        params: Mapping[str, Floats],  # noqa: ARG002
        cache: MaxCache,
        grad: Floats,
    ) -> tuple[Floats, Parameters]:
        """Pull a gradient of the outputs back to the pixels that were the largest."""
        grad_inputs = np.zeros(cache.input_shape, dtype=grad.dtype)
        for number, place in enumerate(self._windows.places(*grad.shape[1:3])):
            grad_inputs[place.pixels] += grad * (cache.winners == number)
        return grad_inputs, {}


@dataclass(frozen=True)
class AvgPool2D(_Pooling):
    """The mean of the pixels in each window.

    Images are (sample, height, width, channel), each channel alone; nothing is learned.

    Parameters
    ----------
    size
        Pixels of a window, one number for a square or (height, width).
    stride
        Pixels from one window to the next, one number or (down, across); ``size`` by default, so that
        windows do not overlap. Rows and columns that no whole window reaches are dropped.

    Raises
    ------
    InputError
        If a size is not a positive integer.
    """

    def forward(
        self,
        params: Mapping[str, Floats],  # noqa: ARG002
        inputs: Floats,
        *,
        rng: np.random.Generator | None = None,  # noqa: ARG002
    ) -> tuple[Floats, tuple[int, ...]]:
        """Return the outputs, (sample, height, width, channel), and the cache: the shape of the inputs."""
        n_rows, n_columns, n_channels = self.output_shape(inputs.shape[1:])
        outputs = np.zeros((len(inputs), n_rows, n_columns, n_channels), dtype=inputs.dtype)
        for place in self._windows.places(n_rows, n_columns):
            outputs += inputs[place.pixels]
        outputs /= math.prod(self._windows.size)
        return outputs, inputs.shape

    def vjp(
        self,
        params: Mapping[str, Floats],  # noqa: ARG002
        cache: tuple[int, ...],
        grad: Floats,
    ) -> tuple[Floats, Parameters]:
        """Share a gradient of the outputs out over the pixels of each window."""
        grad_inputs, share = np.zeros(cache, dtype=grad.dtype), grad / math.prod(self._windows.size)
        for place in self._windows.places(*grad.shape[1:3]):
            grad_inputs[place.pixels] += share
        return grad_inputs, {}
