"""Fit: train a network by gradient descent, stop in time, keep the best."""

from __future__ import annotations

import logging
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np

from motorsim.checks import InputError, check_integer, check_positive
from motorsim.nn.kinds import check_kind
from motorsim.nn.losses import check_loss
from motorsim.nn.mse import mse
from motorsim.nn.optimiser import Optimiser
from motorsim.nn.penalties import check_penalties
from motorsim.nn.schedules import Constant, check_schedule
from motorsim.nn.trainable import Trainable
from motorsim.streams import Seed, stream
from motorsim.train.batches import check_data
from motorsim.train.callbacks import TrainingProgress, check_callbacks
from motorsim.train.checkpoint import Checkpoint
from motorsim.train.curriculum import Curriculum, Stage
from motorsim.train.identity import identity_of
from motorsim.train.result import Fit, Model, summarise
from motorsim.train.training import Training, TrainingSettings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from motorsim.nn.bptt import BPTT
    from motorsim.nn.losses import Loss
    from motorsim.nn.penalties import Penalty
    from motorsim.nn.schedules import Schedule
    from motorsim.train.batches import Batch, Draw
    from motorsim.train.callbacks import Callback
    from motorsim.types import BoolArray, Floats

logger = logging.getLogger(__name__)


def fit(
    network: Model,
    inputs: Floats | None = None,
    targets: Floats | None = None,
    *,
    optimiser: Optimiser,
    rng: Seed,
    n_iterations: int,
    mask: BoolArray | None = None,
    batch_size: int | None = None,
    batches: Draw | None = None,
    curriculum: Curriculum | None = None,
    validation: Sequence[Any] | None = None,
    loss: Loss = mse,
    patience: int | None = None,
    evaluate_every: int = 10,
    clip_norm: float | None = 1.0,
    penalties: Iterable[Penalty] = (),
    schedule: Schedule | None = None,
    bptt: BPTT | None = None,
    checkpoint: Checkpoint | None = None,
    callbacks: Sequence[Callback] = (),
) -> Fit[Model]:
    """Train a network by back-propagation.

    What it learns from is one of three: a data set (``inputs``, ``targets``, ``mask``, ``batch_size``),
    ``batches`` drawn anew for each update, or a ``curriculum`` of several of these.

    Parameters
    ----------
    network
        Where to start; it is not changed. Recurrent or feed-forward, see `motorsim.nn.Trainable`.
    inputs, targets
        (batch, time, feature) and (batch, time, output) for a recurrent network.
    optimiser
        For instance `motorsim.nn.Adam`.
    rng
        Seed or generator of all that is random: the order of the batches, what is drawn, noise and dropout.
    n_iterations
        Largest number of updates.
    mask
        What counts, (batch, time) or (batch, time, output); all of it by default.
    batch_size
        Number of sequences an iteration; all by default.
    batches
        ``batches(rng)`` returns inputs, targets and, if wanted, a mask for one update.
    curriculum
        Stages, one after another.
    validation
        Inputs, targets and, if wanted, a mask; their loss decides which parameters are kept.
    loss
        As in `motorsim.nn.Network.loss_and_gradients`.
    patience
        Stop after this many evaluations in a row without a lower validation loss; in a curriculum those
        since its last stage began.
    evaluate_every
        Number of updates between evaluations.
    clip_norm
        Largest global norm of the gradient; ``None`` for no limit.
    penalties
        What is added to the loss in training.
    schedule
        Factor of the learning rate at each iteration, see `motorsim.nn.Schedule`; constant by default.
    bptt
        How far back gradients go and what is kept for it.
    checkpoint
        Where the state is kept, and taken from if it is there.
    callbacks
        Each is called after each update with a `TrainingProgress`, and may return True to end training.

    Returns
    -------
    Fit
        The network and the course of training.

    Raises
    ------
    InputError
        If the arrays do not go with the network, a setting is out of its range, or the checkpoint is of
        another training.
    """
    check_kind("network", network, Trainable, "a network such as Network.initialise(...)")
    check_loss("loss", loss)
    _check_settings(optimiser, n_iterations, evaluate_every, clip_norm, checkpoint)
    check_schedule("schedule", schedule := schedule or Constant())
    told = check_callbacks(callbacks)
    held_out = _check_validation(network, validation, patience)
    course = _curriculum(
        curriculum, inputs=inputs, targets=targets, mask=mask, batch_size=batch_size, batches=batches
    )
    settings = TrainingSettings(
        loss=loss,
        optimiser=optimiser,
        penalties=check_penalties(penalties),
        schedule=schedule,
        bptt=bptt,
        n_iterations=n_iterations,
        evaluate_every=evaluate_every,
        patience=patience,
        clip_norm=clip_norm,
        seed=int(stream(rng, "training").integers(2**63)),
    )
    training = Training(network, settings, course, held_out)
    keep = _keeper(training, checkpoint)
    try:
        stopped = _run(training, told, keep, every=None if checkpoint is None else checkpoint.every)
    except (KeyboardInterrupt, SystemExit):
        keep()
        raise
    return _finish(network, training, stopped)


def _run(
    training: Training, callbacks: tuple[Callback, ...], keep: Callable[[], None], *, every: int | None
) -> str:
    """Update and evaluate until something ends it; return what."""
    asked = False
    while True:
        ending = "callback" if asked else training.ending
        due = ending is not None or training.state.n_updates % training.settings.evaluate_every == 0
        if due and not training.evaluated and not training.evaluate():
            return "diverged"
        if training.exhausted:
            ending = "patience"
        if ending is not None:
            break
        if training.stage_ended:
            training.begin_next_stage()
        if not training.update():
            return "diverged"
        asked = _any_asks_to_stop(callbacks, training)
        # Before the evaluation that ends a training on request, which one that goes on would not have.
        if asked or (every is not None and training.state.n_updates % every == 0):
            keep()
    if not training.ended_well():
        return "diverged"
    if ending != "callback":
        keep()
    return ending


def _any_asks_to_stop(callbacks: tuple[Callback, ...], training: Training) -> bool:
    if not callbacks:
        return False
    progress = _progress(training)
    answers: list[Any] = [callback(progress) for callback in callbacks]
    for number, answer in enumerate(answers):
        # A number or text that a function happens to return would end training unasked.
        if answer is not None and not isinstance(answer, bool | np.bool_):
            expected = "a function that returns None, True or False"
            raise InputError(f"callbacks[{number}]", expected, f"one that returns {answer!r}")
    return any(answers)


def _progress(training: Training) -> TrainingProgress:
    state = training.state
    views = {name: array.view() for name, array in state.parameters.items()}
    for view in views.values():
        view.setflags(write=False)
    return TrainingProgress(
        iteration=state.n_updates,
        n_iterations=training.settings.n_iterations,
        stage=training.stage,
        training_loss=training.training_loss[-1],
        validation_loss=state.validation_loss[-1] if state.validation_loss else None,
        gradient_norm=training.gradient_norm,
        rate_factor=training.rate_factor,
        parameters=MappingProxyType(views),
    )


def _finish(network: Model, training: Training, stopped: str) -> Fit[Model]:
    state, best = training.state, training.state.monitor
    if training.held_out is not None or stopped == "diverged":
        parameters, iteration = best.parameters, best.iteration
    else:
        parameters, iteration = state.parameters, state.n_updates
    message = summarise(stopped, state.n_updates, iteration)
    if stopped == "diverged":
        message = f"{message}; {_advice(training)}"
        logger.warning("%s", message)
    return Fit(
        network=network.with_parameters(parameters),
        training_loss=np.array(training.training_loss, dtype=np.float64),
        validation_loss=np.array(state.validation_loss, dtype=np.float64),
        evaluated_at=np.array(state.evaluated_at, dtype=np.int64),
        stage_starts=np.array(state.stage_starts, dtype=np.int64),
        best_iteration=iteration,
        stopped=stopped,
        message=message,
    )


def _advice(training: Training) -> str:
    """Return what the loss did, and what to try."""
    settings, losses = training.settings, training.training_loss
    rate = getattr(settings.optimiser, "learning_rate", None)
    lower = "" if rate is None else f" than {rate:g}"
    clip = settings.clip_norm
    smaller = "clip_norm=1" if clip is None else f"a smaller clip_norm than {clip:g}"
    return (
        f"the loss went from {losses[0]:.3g} to {losses[-1]:.3g}, the gradient's norm was "
        f"{training.gradient_norm:.3g}; try a lower learning rate{lower}, {smaller} or a smaller initial gain"
    )


def _keeper(training: Training, checkpoint: Checkpoint | None) -> Callable[[], None]:
    """Return what writes the state of the training, after it was taken from the checkpoint if it is there."""
    if checkpoint is None:
        return lambda: None
    identity = identity_of(training.network, training.settings, training.curriculum, training.held_out)
    if checkpoint.resume(training, identity):
        logger.info("training goes on from %s after %d updates", checkpoint.path, training.state.n_updates)
    else:
        # A place that cannot be written shows now, and not after the first updates.
        checkpoint.save(training, identity)
    return lambda: checkpoint.save(training, identity)


def _curriculum(curriculum: Curriculum | None, **data: Any) -> Curriculum:
    """Return the curriculum, or one of a single stage that goes on."""
    if curriculum is None:
        return Curriculum((Stage(**data),))
    if not isinstance(curriculum, Curriculum):
        raise InputError("curriculum", "Curriculum((Stage(...), ...))", type(curriculum).__name__)
    for name, value in data.items():
        if value is not None:
            mend = "say it in the stages"
            raise InputError(name, "nothing beside a curriculum", type(value).__name__, mend)
    return curriculum


def _check_settings(
    optimiser: Optimiser,
    n_iterations: int,
    evaluate_every: int,
    clip_norm: float | None,
    checkpoint: Checkpoint | None,
) -> None:
    if isinstance(optimiser, type) or not isinstance(optimiser, Optimiser):
        raise InputError("optimiser", "an optimiser such as Adam(learning_rate=1e-3)", repr(optimiser))
    check_integer("n_iterations", n_iterations)
    check_integer("evaluate_every", evaluate_every)
    if clip_norm is not None:
        check_positive("clip_norm", clip_norm)
    if checkpoint is not None and not isinstance(checkpoint, Checkpoint):
        raise InputError("checkpoint", "a Checkpoint(path)", repr(checkpoint))


def _check_validation(
    network: Trainable, validation: Sequence[Any] | None, patience: int | None
) -> Batch | None:
    if patience is not None:
        check_integer("patience", patience)
        if validation is None:
            raise InputError("validation", "inputs and targets, since patience is set", "None")
    return None if validation is None else check_data("validation", validation, network)
