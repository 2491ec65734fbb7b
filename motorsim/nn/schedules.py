"""Schedules: the factor of the learning rate at each iteration."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from motorsim.checks import InputError, check_integer, check_positive

Schedule: TypeAlias = Callable[[int], float]


@dataclass(frozen=True)
class Constant:
    """A learning rate that stays."""

    def __call__(self, iteration: int) -> float:  # noqa: ARG002
        """Return 1."""
        return 1.0


@dataclass(frozen=True)
class Cosine:
    """A linear rise to 1, then half a cosine down to ``final_factor`` (Loshchilov & Hutter 2017, equation 5).

    Parameters
    ----------
    n_iterations
        Length of the whole; the factor stays at ``final_factor`` afterwards.
    n_warm_up
        Length of the rise, below ``n_iterations``.
    final_factor
        From 0 to 1.

    Raises
    ------
    InputError
        If a value is out of its range.
    """

    n_iterations: int
    n_warm_up: int = 0
    final_factor: float = 0.0

    def __post_init__(self) -> None:
        """Refuse values out of their range."""
        check_integer("n_iterations", self.n_iterations)
        check_integer("n_warm_up", self.n_warm_up, minimum=0, maximum=self.n_iterations - 1)
        if check_positive("final_factor", self.final_factor, allow_zero=True) > 1.0:
            raise InputError("final_factor", "a number from 0 to 1", repr(self.final_factor))

    def __call__(self, iteration: int) -> float:
        """Return the factor at ``iteration``, counted from 0."""
        if iteration < self.n_warm_up:
            return (iteration + 1) / self.n_warm_up
        progress = min((iteration - self.n_warm_up) / (self.n_iterations - self.n_warm_up), 1.0)
        return self.final_factor + (1.0 - self.final_factor) * 0.5 * (1.0 + math.cos(math.pi * progress))
