"""Parts: arrays of several parts in one mapping, each under a prefix of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np

    from motorsim.types import Allocator, Floats

Value = TypeVar("Value")


def part_of(whole: Mapping[str, Value], prefix: str) -> dict[str, Value]:
    """Return what is named ``prefix.*``, under the rest of its name."""
    start = prefix + "."
    return {name.removeprefix(start): value for name, value in whole.items() if name.startswith(start)}


def whole_of(parts: Mapping[str, Mapping[str, Value]]) -> dict[str, Value]:
    """Return what all parts hold, named ``prefix.*``."""
    return {f"{prefix}.{name}": value for prefix, part in parts.items() for name, value in part.items()}


def allocate_for(prefix: str, allocate: Allocator) -> Allocator:
    """Return an allocator whose arrays are a part's own."""

    def allocate_part(name: str, shape: tuple[int, ...], dtype: np.dtype[Any]) -> Floats:
        return allocate(f"{prefix}.{name}", shape, dtype)

    return allocate_part


def is_weight(array: Floats) -> bool:
    """Tell weights, which have a to and a from axis, from biases and initial states."""
    return array.ndim >= 2
