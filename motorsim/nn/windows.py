"""Windows: rectangles that step over an image, and the pixels under each of their places."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from motorsim.checks import InputError, check_integer

if TYPE_CHECKING:
    from collections.abc import Iterator

Pair: TypeAlias = "tuple[int, int]"
Size: TypeAlias = "int | tuple[int, int]"


class Place(NamedTuple):
    """One place within a window, and an index of what lies there in (sample, height, width, channel)."""

    row: int
    column: int
    pixels: tuple[slice, slice, slice]


@dataclass(frozen=True)
class Windows:
    """All windows of a size, a stride apart; (height, width) each, in pixels."""

    size: Pair
    stride: Pair

    def count(self, height: int, width: int) -> Pair:
        """Return how many windows lie wholly within an image, down and across; the rest is dropped."""
        rows, columns = (
            (length - size) // stride + 1
            for length, size, stride in zip((height, width), self.size, self.stride, strict=True)
        )
        return rows, columns

    def places(self, n_rows: int, n_columns: int) -> Iterator[Place]:
        """Walk through the places of a window, row by row.

        The pixels at one place of ``n_rows`` by ``n_columns`` windows form a grid of the same shape as the
        windows.
        """
        down, across = self.stride
        for row in range(self.size[0]):
            rows = slice(row, row + down * (n_rows - 1) + 1, down)
            for column in range(self.size[1]):
                columns = slice(column, column + across * (n_columns - 1) + 1, across)
                yield Place(row, column, (slice(None), rows, columns))


def check_pair(name: str, value: Any) -> Pair:
    """Return (height, width) of a positive integer or of two, or raise `InputError`."""
    if not isinstance(value, tuple):
        size = check_integer(name, value)
        return size, size
    if len(value) != 2:
        raise InputError(name, "an integer or (height, width)", repr(value))
    return check_integer(name, value[0]), check_integer(name, value[1])


def check_image(input_shape: tuple[int, ...], least: Pair, *, n_channels: int | None = None) -> None:
    """Refuse shapes other than (height, width, channel), smaller than ``least`` or of other channels.

    Raises
    ------
    InputError
        If the shape does not fit.
    """
    channels = "channel" if n_channels is None else str(n_channels)
    fits = len(input_shape) == 3 and input_shape[0] >= least[0] and input_shape[1] >= least[1]
    if not fits or (n_channels is not None and input_shape[2] != n_channels):
        expected = f"(height, width, {channels}), at least {least[0]} x {least[1]} pixels"
        raise InputError("input_shape", expected, f"{tuple(input_shape)}")
