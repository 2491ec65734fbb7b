"""Callbacks: who is told of every update, and may end training."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from motorsim.checks import InputError, check_integer

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from motorsim.types import Floats

logger = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class TrainingProgress:
    """Where training is after an update.

    Parameters
    ----------
    iteration, n_iterations
        Number of updates made, and the largest number there will be.
    stage
        Which stage of the curriculum the update belongs to, counted from 0.
    training_loss
        Loss plus penalties on the batch of the update, before it.
    validation_loss
        The latest loss on the validation set; ``None`` without one.
    gradient_norm
        Global norm of the gradient before clipping.
    rate_factor
        What the schedule multiplied the learning rate by.
    parameters
        The parameters after the update, read-only.
    """

    iteration: int
    n_iterations: int
    stage: int
    training_loss: float
    validation_loss: float | None
    gradient_norm: float
    rate_factor: float
    parameters: Mapping[str, Floats]


Callback: TypeAlias = Callable[[TrainingProgress], "bool | None"]
"""Called after every update; returns True to end training, False or None to go on."""


@dataclass(frozen=True)
class LogProgress:
    """A callback that logs the loss every so many updates, and after the last.

    Raises
    ------
    InputError
        If ``every`` is not a positive integer.
    """

    every: int = 100

    def __post_init__(self) -> None:
        """Refuse an interval of nothing."""
        check_integer("every", self.every)

    def __call__(self, progress: TrainingProgress) -> None:
        """Log iteration, losses and gradient norm."""
        if progress.iteration % self.every and progress.iteration != progress.n_iterations:
            return
        held_out = "" if progress.validation_loss is None else f", validation {progress.validation_loss:.4g}"
        logger.info(
            "iteration %d of %d: loss %.4g%s, gradient norm %.3g",
            progress.iteration,
            progress.n_iterations,
            progress.training_loss,
            held_out,
            progress.gradient_norm,
        )


def check_callbacks(callbacks: Sequence[Callback]) -> tuple[Callback, ...]:
    """Return the callbacks, or refuse what is no sequence of functions."""
    if callable(callbacks) or not all(callable(callback) for callback in callbacks):
        raise InputError("callbacks", "a sequence of functions of TrainingProgress", repr(callbacks))
    return tuple(callbacks)
