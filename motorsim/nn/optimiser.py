"""Optimiser: the contract of a pure parameter update, and the state it carries."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol, runtime_checkable

import numpy as np

from motorsim.checks import InputError, check_positive

if TYPE_CHECKING:
    from collections.abc import Mapping

    from motorsim.types import Floats, Parameters


@dataclass(frozen=True, eq=False)
class OptimiserState:
    """What an optimiser remembers between updates.

    Parameters
    ----------
    iteration
        Number of updates made.
    moments
        Running averages by name, each with one array a parameter.
    """

    iteration: int = 0
    moments: Mapping[str, Parameters] = field(default_factory=dict)


@runtime_checkable
class Optimiser(Protocol):
    """A rule that turns gradients into new parameters; nothing is changed in place."""

    def init(self, params: Mapping[str, Floats]) -> OptimiserState:
        """Return the state before the first update."""
        ...

    def update(
        self,
        grads: Mapping[str, Floats],
        state: OptimiserState,
        params: Mapping[str, Floats],
        *,
        rate_factor: float = 1.0,
    ) -> tuple[Parameters, OptimiserState]:
        """Return the new parameters and state; ``rate_factor`` multiplies the learning rate."""
        ...


def check_decay(name: str, value: float) -> None:
    """Refuse a decay that is not from 0 to below 1."""
    if check_positive(name, value, allow_zero=True) >= 1.0:
        raise InputError(name, "a number of at least 0 and below 1", repr(value))


def moving_average(running: Floats, new: Floats, decay: float) -> Floats:
    """Return decay x running + (1 - decay) x new, in a new array laid out as ``running``."""
    # As running + (1 - decay) (new - running), which takes one array and loses no digits near zero.
    average: Floats = np.subtract(new, running, out=np.empty_like(running))
    average *= 1.0 - decay
    return np.add(average, running, out=average)


def stepped(array: Floats, step: Floats, factor: float) -> Floats:
    """Return array - factor x step, in a new array laid out as ``array``."""
    moved: Floats = np.multiply(step, -factor, out=np.empty_like(array))
    return np.add(moved, array, out=moved)
