"""Schedules: the factor of the learning rate at each iteration."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

import numpy as np

from motorsim.checks import InputError, check_integer, check_positive

if TYPE_CHECKING:
    from collections.abc import Sequence


class Schedule(Protocol):
    """The factor of the learning rate as a function of the iteration and of the course of training.

    A pure function that remembers nothing, so that an interrupted training goes on as it would have.
    """

    def __call__(self, iteration: int, losses: Sequence[float]) -> float:
        """Return the factor.

        Parameters
        ----------
        iteration
            Number of updates made.
        losses
            The loss at each evaluation so far: on the validation set or, without one, the mean training
            loss since the evaluation before.
        """
        ...


@dataclass(frozen=True)
class Constant:
    """A learning rate that stays."""

    def __call__(self, iteration: int, losses: Sequence[float]) -> float:  # noqa: ARG002
        """Return 1."""
        return 1.0


@dataclass(frozen=True)
class Step:
    """A factor that falls at once every so many iterations.

    Parameters
    ----------
    every
        Number of iterations between falls.
    factor
        What is left at each, above 0 and at most 1.

    Raises
    ------
    InputError
        If a value is out of its range.
    """

    every: int
    factor: float = 0.1

    def __post_init__(self) -> None:
        """Refuse values out of their range."""
        check_integer("every", self.every)
        _check_share("factor", self.factor)

    def __call__(self, iteration: int, losses: Sequence[float]) -> float:  # noqa: ARG002
        """Return factor^(number of falls)."""
        return float(self.factor ** (iteration // self.every))


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
        _check_share("final_factor", self.final_factor, allow_zero=True)

    def __call__(self, iteration: int, losses: Sequence[float]) -> float:  # noqa: ARG002
        """Return the factor at ``iteration``, counted from 0."""
        if iteration < self.n_warm_up:
            return _rise(iteration, self.n_warm_up)
        progress = min((iteration - self.n_warm_up) / (self.n_iterations - self.n_warm_up), 1.0)
        return self.final_factor + (1.0 - self.final_factor) * 0.5 * (1.0 + math.cos(math.pi * progress))


@dataclass(frozen=True)
class WarmUp:
    """A linear rise to 1, then another schedule from its own beginning (Goyal et al. 2017, section 2.2).

    Parameters
    ----------
    n_iterations
        Length of the rise.
    then
        What follows; it counts iterations from the end of the rise, and is told all losses.

    Raises
    ------
    InputError
        If ``n_iterations`` is not a positive integer or ``then`` is no schedule.
    """

    n_iterations: int
    then: Schedule = field(default_factory=Constant)

    def __post_init__(self) -> None:
        """Refuse values out of their range."""
        check_integer("n_iterations", self.n_iterations)
        check_schedule("then", self.then)

    def __call__(self, iteration: int, losses: Sequence[float]) -> float:
        """Return the factor at ``iteration``, counted from 0."""
        if iteration < self.n_iterations:
            return _rise(iteration, self.n_iterations)
        return self.then(iteration - self.n_iterations, losses)


@dataclass(frozen=True)
class Plateau:
    """A factor that falls whenever the loss has reached no new low for a while.

    Parameters
    ----------
    patience
        Number of evaluations in a row without a new low that make it fall; they are counted afresh after
        each fall and each new low.
    factor
        What is left at each fall, above 0 and at most 1.
    final_factor
        It never falls below this, from 0 to 1.

    Raises
    ------
    InputError
        If a value is out of its range.
    """

    patience: int
    factor: float = 0.5
    final_factor: float = 0.0

    def __post_init__(self) -> None:
        """Refuse values out of their range."""
        check_integer("patience", self.patience)
        _check_share("factor", self.factor)
        _check_share("final_factor", self.final_factor, allow_zero=True)

    def __call__(self, iteration: int, losses: Sequence[float]) -> float:  # noqa: ARG002
        """Return factor^(number of falls), at least ``final_factor``."""
        history = np.asarray(losses, dtype=np.float64)
        lowest = np.minimum.accumulate(history)
        new_low = np.flatnonzero(np.concatenate(([True], lowest[1:] < lowest[:-1]))[: len(history)])
        since = np.diff(np.append(new_low, len(history))) - 1
        falls = int((since // self.patience).sum())
        return max(float(self.factor**falls), self.final_factor)


def check_schedule(name: str, value: Schedule) -> None:
    """Refuse what is no schedule: a class in place of an instance, or what cannot be called."""
    if isinstance(value, type) or not callable(value):
        raise InputError(name, "a schedule such as Cosine(n_iterations=1000)", repr(value))


def _check_share(name: str, value: float, *, allow_zero: bool = False) -> None:
    if check_positive(name, value, allow_zero=allow_zero) > 1.0:
        raise InputError(
            name, "a number from 0 to 1" if allow_zero else "a number above 0, at most 1", repr(value)
        )


def _rise(iteration: int, n_iterations: int) -> float:
    return (iteration + 1) / n_iterations
