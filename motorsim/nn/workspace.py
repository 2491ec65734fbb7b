"""Workspace: large scratch arrays that live from one training step to the next."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from motorsim.types import Floats


class Workspace:
    """Arrays handed out again whenever the same name, shape and type are asked for.

    Fresh pages from the operating system cost a third of a training step. What a computation returns in
    such an array holds until the next computation with the same workspace.
    """

    def __init__(self) -> None:
        self._arrays: dict[tuple[Any, ...], Floats] = {}

    def empty(self, name: str, shape: tuple[int, ...], dtype: np.dtype[Any]) -> Floats:
        """Return an array of that shape and type, with whatever it held before."""
        key = (name, shape, np.dtype(dtype))
        if key not in self._arrays:
            self._arrays[key] = np.empty(shape, dtype)
        return self._arrays[key]

    @property
    def size(self) -> int:
        """Number of floats that are held."""
        return sum(array.size for array in self._arrays.values())
