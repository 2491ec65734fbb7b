"""Fit: train a network by gradient descent, stop in time, keep the best."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from motorsim.checks import InputError, check_integer, check_positive
from motorsim.nn import Constant, Loss, Network, Optimiser, Penalty, Schedule, mse
from motorsim.streams import Seed, stream
from motorsim.train.batches import draw_batches
from motorsim.train.monitor import Monitor
from motorsim.train.training import Training

if TYPE_CHECKING:
    from motorsim.train.training import Batch
    from motorsim.types import BoolArray, FloatArray, Floats, IntArray

logger = logging.getLogger(__name__)

Progress: TypeAlias = Callable[[int, int, float, float | None], None]


@dataclass(frozen=True, eq=False)
class Fit:
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
    best_iteration
        Number of updates behind ``network``.
    stopped
        ``"iterations"`` (all were made), ``"patience"`` (validation ceased to improve) or ``"diverged"``.
    message
        The same in a sentence.
    """

    network: Network
    training_loss: FloatArray
    validation_loss: FloatArray
    evaluated_at: IntArray
    best_iteration: int
    stopped: str
    message: str


def fit(
    network: Network,
    inputs: Floats,
    targets: Floats,
    *,
    optimiser: Optimiser,
    rng: Seed,
    n_iterations: int,
    validation: Sequence[Any] | None = None,
    mask: BoolArray | None = None,
    loss: Loss = mse,
    batch_size: int | None = None,
    patience: int | None = None,
    evaluate_every: int = 10,
    clip_norm: float | None = 1.0,
    penalties: Iterable[Penalty] = (),
    schedule: Schedule | None = None,
    on_progress: Progress | None = None,
) -> Fit:
    """Train a network by back-propagation through time.

    Parameters
    ----------
    network
        Where to start; it is not changed.
    inputs
        (batch, time, feature).
    targets
        (batch, time, output).
    optimiser
        For instance `motorsim.nn.Adam`.
    rng
        Seed or generator of the order of the batches.
    n_iterations
        Largest number of updates.
    validation
        Inputs, targets and, if wanted, a mask; their loss decides which parameters are kept.
    mask
        What counts, (batch, time) or (batch, time, output); all of it by default.
    loss
        As in `motorsim.nn.Network.loss_and_gradients`.
    batch_size
        Number of sequences an iteration; all by default.
    patience
        Stop after this many evaluations in a row without a lower validation loss.
    evaluate_every
        Number of updates between evaluations.
    clip_norm
        Largest global norm of the gradient; ``None`` for no limit.
    penalties
        What is added to the loss in training.
    schedule
        Factor of the learning rate at each iteration, counted from 0; constant by default.
    on_progress
        Called after each update with the number of updates, ``n_iterations``, the training loss and the
        latest validation loss (``None`` without validation).

    Returns
    -------
    Fit
        The network and the course of training.

    Raises
    ------
    InputError
        If the arrays do not go with the network or a setting is out of its range.
    """
    batch = network.check_batch(inputs, targets, mask)
    check_integer("n_iterations", n_iterations)
    check_integer("evaluate_every", evaluate_every)
    _check_update(optimiser, batch_size, clip_norm, n_sequences=len(batch[0]))
    held_out = _check_validation(network, validation, patience)
    training = Training(
        network,
        loss,
        optimiser,
        tuple(penalties),
        clip_norm,
        schedule or Constant(),
        Monitor(network.parameters, patience),
    )
    batches = _batches(batch, batch_size, stream(rng, "training batches"))
    stopped = _run(
        training,
        batches,
        held_out,
        n_iterations=n_iterations,
        evaluate_every=evaluate_every,
        on_progress=on_progress,
    )
    if stopped == "iterations" and held_out is None and not training.loss_on(batch) <= training.limit:
        stopped = "diverged"
    return _finish(training, stopped, keep_best=held_out is not None or stopped == "diverged")


def _run(
    training: Training,
    batches: Iterator[Batch],
    held_out: Batch | None,
    *,
    n_iterations: int,
    evaluate_every: int,
    on_progress: Progress | None,
) -> str:
    """Update and evaluate until something ends it; return what."""
    while True:
        done = training.n_updates == n_iterations
        if held_out is not None and (done or training.n_updates % evaluate_every == 0):
            if not training.evaluate(held_out):
                return "diverged"
            if training.monitor.exhausted:
                return "patience"
        if done:
            return "iterations"
        if not training.update(next(batches)):
            return "diverged"
        if on_progress is not None:
            validation_loss = training.validation_loss[-1] if training.validation_loss else None
            on_progress(training.n_updates, n_iterations, training.training_loss[-1], validation_loss)


def _finish(training: Training, stopped: str, *, keep_best: bool) -> Fit:
    monitor = training.monitor
    parameters, best = (
        (monitor.parameters, monitor.iteration) if keep_best else (training.parameters, training.n_updates)
    )
    reason = {
        "iterations": "all iterations were made",
        "patience": "the validation loss ceased to improve",
        "diverged": "training diverged",
    }[stopped]
    message = f"{reason}; {training.n_updates} updates, the parameters after {best} are kept"
    if stopped == "diverged":
        logger.warning(
            "%s; try a lower learning rate, a smaller clip_norm or a smaller initial gain", message
        )
    return Fit(
        training.network.with_parameters(parameters),
        np.array(training.training_loss, dtype=np.float64),
        np.array(training.validation_loss, dtype=np.float64),
        np.array(training.evaluated_at, dtype=np.int64),
        best,
        stopped,
        message,
    )


def _batches(batch: Batch, batch_size: int | None, rng: np.random.Generator) -> Iterator[Batch]:
    inputs, targets, mask = batch
    for rows in draw_batches(len(inputs), batch_size, rng):
        yield inputs[rows], targets[rows], None if mask is None else mask[rows]


def _check_update(
    optimiser: Optimiser, batch_size: int | None, clip_norm: float | None, *, n_sequences: int
) -> None:
    if isinstance(optimiser, type) or not isinstance(optimiser, Optimiser):
        raise InputError("optimiser", "an optimiser such as Adam(learning_rate=1e-3)", repr(optimiser))
    if batch_size is not None:
        check_integer("batch_size", batch_size, maximum=n_sequences)
    if clip_norm is not None:
        check_positive("clip_norm", clip_norm)


def _check_validation(
    network: Network, validation: Sequence[Any] | None, patience: int | None
) -> Batch | None:
    if patience is not None:
        check_integer("patience", patience)
        if validation is None:
            raise InputError("validation", "inputs and targets, since patience is set", "None")
    if validation is None:
        return None
    if not isinstance(validation, tuple | list) or len(validation) not in (2, 3):
        raise InputError(
            "validation", "(inputs, targets) or (inputs, targets, mask)", type(validation).__name__
        )
    try:
        return network.check_batch(*validation)
    except InputError as error:
        raise InputError(f"validation {error.name}", error.expected, error.got, error.mend) from None
