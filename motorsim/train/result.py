"""Fit: what training gave."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

from motorsim.nn.trainable import Trainable

if TYPE_CHECKING:
    from motorsim.types import FloatArray, IntArray

Model = TypeVar("Model", bound=Trainable)


@dataclass(frozen=True, eq=False)
class Fit(Generic[Model]):
    """What training gave.

    Parameters
    ----------
    network
        With validation the one of the lowest validation loss, without it the last; after divergence
        the one of the lowest loss before.
    training_loss
        Loss plus penalties on the batch of each iteration, before its update, (iteration,). After
        divergence the last entry is the loss that was refused, which need not be finite.
    validation_loss
        Loss without penalties on the validation set, (evaluation,); empty without one.
    evaluated_at
        Number of updates before each evaluation, (evaluation,).
    stage_starts
        Number of updates before each stage of the curriculum that was begun, (stage,).
    best_iteration
        Number of updates behind ``network``.
    stopped
        ``"iterations"`` (all were made), ``"patience"`` (validation ceased to improve), ``"curriculum"``
        (its last stage ended), ``"callback"`` (one asked for it), ``"converged"`` (the gradient vanished or
        the loss fell no more; `fit_lbfgs` alone) or ``"diverged"``.
    message
        The same in a sentence; after divergence with the numbers and what to try.
    """

    network: Model
    training_loss: FloatArray
    validation_loss: FloatArray
    evaluated_at: IntArray
    stage_starts: IntArray
    best_iteration: int
    stopped: str
    message: str


REASONS = {
    "iterations": "all iterations were made",
    "patience": "the validation loss ceased to improve",
    "curriculum": "the last stage of the curriculum ended",
    "callback": "a callback asked to stop",
    "converged": "the loss falls no more",
    "diverged": "training diverged",
}


def summarise(stopped: str, n_updates: int, best: int) -> str:
    """Return in a sentence why training stopped and which parameters are kept."""
    return f"{REASONS[stopped]}; {n_updates} updates, the parameters after {best} are kept"
