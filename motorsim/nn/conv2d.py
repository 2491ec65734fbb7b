"""Conv2D: the same small filters at every place of an image."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from motorsim.checks import check_choice, check_integer, check_positive
from motorsim.nn.activations import activation_named
from motorsim.nn.glorot import draw_weights
from motorsim.nn.windows import Pair, Size, Windows, check_image, check_pair
from motorsim.streams import stream

if TYPE_CHECKING:
    from collections.abc import Mapping

    from motorsim.streams import Seed
    from motorsim.types import Floats, Parameters


class Conv2DCache(NamedTuple):
    """What a pass leaves for its pull-back.

    ``patches`` are (sample height width, kernel kernel channel), one row a place of the output.
    """

    patches: Floats
    outputs: Floats
    input_shape: tuple[int, ...]


@dataclass(frozen=True)
class Conv2D:
    """Filters over images: y[n, i, j, f] = a(b[f] + sum_klc W[f, k, l, c] x[n, s i + k, s j + l, c]).

    This is a cross-correlation, the kernel not flipped, as in all deep-learning libraries. Images are
    (sample, height, width, channel). Parameter arrays: ``weights`` W (filter, kernel_height, kernel_width,
    channel); ``bias`` b (filter,).

    Parameters
    ----------
    n_channels
        Number of channels of the images that come in.
    n_filters
        Number of filters, the channels of what goes out.
    kernel_size
        Pixels of a filter, one number for a square or (height, width).
    stride
        s, pixels from one place of the filter to the next, one number or (down, across).
    padding
        ``"same"``: zeros around the image, so that ceil(size / stride) places fit along a side, the odd one
        at the lower and right edge. ``"valid"``: none, so floor((size - kernel_size) / stride) + 1 places.
    activation
        a, as in `motorsim.nn.activations.ACTIVATIONS`.
    gain
        Initial weights are N(0, gain^2 2 / (n_from + n_to)), for ``"relu"`` N(0, gain^2 2 / n_from), with
        n_from and n_to the pixels of a filter times channels and times filters; the bias is zero.

    Raises
    ------
    InputError
        If a size is not a positive integer, padding or activation unknown, or the gain negative.
    """

    n_channels: int
    n_filters: int
    kernel_size: Size
    stride: Size = 1
    padding: str = "same"
    activation: str = "linear"
    gain: float = 1.0

    def __post_init__(self) -> None:
        """Refuse sizes and names that make no layer."""
        check_integer("n_channels", self.n_channels)
        check_integer("n_filters", self.n_filters)
        check_pair("kernel_size", self.kernel_size)
        check_pair("stride", self.stride)
        check_choice("padding", self.padding, ("same", "valid"))
        activation_named(self.activation)
        check_positive("gain", self.gain, allow_zero=True)

    @property
    def parameter_shapes(self) -> dict[str, tuple[int, ...]]:
        """Name and shape of every parameter array."""
        return {
            "weights": (self.n_filters, *self._windows.size, self.n_channels),
            "bias": (self.n_filters,),
        }

    def initial_parameters(self, *, rng: Seed) -> Parameters:
        """Draw the weights (Glorot & Bengio 2010; He et al. 2015 for the rectifier); the bias is zero."""
        area = math.prod(self._windows.size)
        weights = draw_weights(
            self.parameter_shapes["weights"],
            n_from=area * self.n_channels,
            n_to=area * self.n_filters,
            activation=self.activation,
            gain=self.gain,
            generator=stream(rng, "convolutional layer"),
        )
        return {"weights": weights, "bias": np.zeros(self.n_filters)}

    def output_shape(self, input_shape: tuple[int, ...]) -> tuple[int, ...]:
        """Return (height, width, filter) for (height, width, channel), or raise `InputError`."""
        windows = self._windows
        check_image(
            input_shape, (1, 1) if self.padding == "same" else windows.size, n_channels=self.n_channels
        )
        height, width = (
            length + sum(zeros)
            for length, zeros in zip(input_shape[:2], self._padding(input_shape), strict=True)
        )
        return *windows.count(height, width), self.n_filters

    def forward(
        self,
        params: Mapping[str, Floats],
        inputs: Floats,
        *,
        rng: np.random.Generator | None = None,  # noqa: ARG002
    ) -> tuple[Floats, Conv2DCache]:
        """Return the outputs, (sample, height, width, filter), and the cache.

        All patches of all images are one matrix, and all filters one product with it.
        """
        n_rows, n_columns, _ = self.output_shape(inputs.shape[1:])
        patches = self._patches(inputs)
        drive = patches @ params["weights"].reshape(self.n_filters, -1).T
        drive += params["bias"]
        outputs = activation_named(self.activation).apply(drive, drive)
        shape = (len(inputs), n_rows, n_columns, self.n_filters)
        return outputs.reshape(shape), Conv2DCache(patches, outputs, inputs.shape)

    def vjp(
        self, params: Mapping[str, Floats], cache: Conv2DCache, grad: Floats
    ) -> tuple[Floats, Parameters]:
        """Pull a gradient of the outputs, (sample, height, width, filter), back to inputs and parameters."""
        weights = params["weights"]
        grad_drive = activation_named(self.activation).slope(cache.outputs, None)
        grad_drive *= grad.reshape(grad_drive.shape)
        gradients: Parameters = {
            "weights": (grad_drive.T @ cache.patches).reshape(weights.shape),
            "bias": grad_drive.sum(axis=0),
        }
        grad_patches = grad_drive @ weights.reshape(self.n_filters, -1)
        return self._add_patches(grad_patches, cache.input_shape, (grad.shape[1], grad.shape[2])), gradients

    @property
    def _windows(self) -> Windows:
        return Windows(check_pair("kernel_size", self.kernel_size), check_pair("stride", self.stride))

    def _padding(self, input_shape: tuple[int, ...]) -> tuple[Pair, Pair]:
        """Return the zeros before and after each side of an image (height, width, channel)."""
        if self.padding == "valid":
            return (0, 0), (0, 0)
        windows = self._windows
        before_after = []
        for length, size, stride in zip(input_shape[:2], windows.size, windows.stride, strict=True):
            reach = (-(-length // stride) - 1) * stride + size
            total = max(reach - length, 0)
            before_after.append((total // 2, total - total // 2))
        return before_after[0], before_after[1]

    def _patches(self, inputs: Floats) -> Floats:
        """Return what the filter sees at each of its places, a row a place, kernel and channel along it."""
        windows = self._windows
        padded = np.pad(inputs, ((0, 0), *self._padding(inputs.shape[1:]), (0, 0)))
        # NumPy's annotation knows no tuple of axes.
        view: Any = sliding_window_view
        patches: Floats = view(padded, windows.size, axis=(1, 2))
        patches = patches[:, :: windows.stride[0], :: windows.stride[1]].transpose(0, 1, 2, 4, 5, 3)
        return patches.reshape(math.prod(patches.shape[:3]), -1)

    def _add_patches(self, patches: Floats, input_shape: tuple[int, ...], n_windows: Pair) -> Floats:
        """Add every patch to the pixels it came from: the transpose of `_patches`."""
        n_samples, height, width, n_channels = input_shape
        rows, columns = self._padding(input_shape[1:])
        windows = self._windows
        shape = (n_samples, height + sum(rows), width + sum(columns), n_channels)
        padded = np.zeros(shape, dtype=patches.dtype)
        by_place = patches.reshape(n_samples, *n_windows, *windows.size, n_channels)
        for place in windows.places(*n_windows):
            padded[place.pixels] += by_place[:, :, :, place.row, place.column]
        return padded[:, rows[0] : rows[0] + height, columns[0] : columns[0] + width]
