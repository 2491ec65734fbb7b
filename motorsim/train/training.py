"""Training: parameters on their way, one update or evaluation at a time."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from motorsim.nn.clipping import clip_by_global_norm, global_norm
from motorsim.nn.workspace import Workspace
from motorsim.streams import stream
from motorsim.train.monitor import Monitor

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from motorsim.nn.bptt import BPTT
    from motorsim.nn.losses import Loss
    from motorsim.nn.optimiser import Optimiser, OptimiserState
    from motorsim.nn.penalties import Penalty
    from motorsim.nn.schedules import Schedule
    from motorsim.nn.trainable import Trainable
    from motorsim.train.batches import Batch, Batches
    from motorsim.train.curriculum import Curriculum
    from motorsim.types import Floats, Parameters

DIVERGED = 1e3
"""Training has diverged when the loss has grown by this many times what it was at first."""


@dataclass(frozen=True, eq=False)
class TrainingState:
    """All that an update or an evaluation changes but the list of training losses.

    It is replaced as a whole, so that an interruption at any moment finds it consistent.

    Parameters
    ----------
    parameters, optimiser
        The present parameters and what the optimiser remembers.
    monitor
        The lowest validation loss or, without validation, the lowest training loss.
    n_updates
        Number of updates made.
    limit
        A loss above it is divergence.
    stage_starts
        Number of updates before each stage begun; the last one is the present one.
    evaluated_at, validation_loss
        Number of updates before each evaluation, and what it gave.
    """

    parameters: Mapping[str, Floats]
    optimiser: OptimiserState
    monitor: Monitor
    n_updates: int = 0
    limit: float = math.inf
    stage_starts: tuple[int, ...] = (0,)
    evaluated_at: tuple[int, ...] = ()
    validation_loss: tuple[float, ...] = ()


@dataclass(frozen=True, eq=False)
class TrainingSettings:
    """What a training does, checked, as in `motorsim.train.fit`; ``seed`` is drawn from its ``rng``."""

    loss: Loss
    optimiser: Optimiser
    penalties: tuple[Penalty, ...]
    schedule: Schedule
    bptt: BPTT | None
    n_iterations: int
    evaluate_every: int
    patience: int | None
    clip_norm: float | None
    seed: int


@dataclass
class Training:
    """A training under way.

    Parameters
    ----------
    network
        Where to start.
    settings, curriculum
        What to do, and on what.
    held_out
        The validation set.
    """

    network: Trainable
    settings: TrainingSettings
    curriculum: Curriculum
    held_out: Batch | None
    state: TrainingState = field(init=False)
    training_loss: list[float] = field(init=False, default_factory=list)
    gradient_norm: float = field(init=False, default=math.nan)
    rate_factor: float = field(init=False, default=1.0)
    batches: tuple[Batches, ...] = field(init=False)
    workspace: Workspace = field(init=False, default_factory=Workspace)
    _mean_losses: list[float] = field(init=False, default_factory=list)

    def __post_init__(self) -> None:
        """Start from the network's parameters."""
        self.batches = self.curriculum.prepare(self.network, seed=self.settings.seed)
        parameters = _in_rows(self.network.parameters)
        self.state = TrainingState(parameters, self.settings.optimiser.init(parameters), Monitor(parameters))

    @property
    def stage(self) -> int:
        """Which stage of the curriculum is under way."""
        return len(self.state.stage_starts) - 1

    @property
    def n_in_stage(self) -> int:
        """Number of updates made in it."""
        return self.state.n_updates - self.state.stage_starts[-1]

    @property
    def in_last_stage(self) -> bool:
        """Whether no other stage follows."""
        return self.stage == len(self.batches) - 1

    @property
    def stage_ended(self) -> bool:
        """Whether the present stage has lasted its time or reached its loss."""
        rule, n, every = self.curriculum.stages[self.stage], self.n_in_stage, self.settings.evaluate_every
        if rule.at_most is not None and n >= rule.at_most:
            return True
        if rule.until_loss is None or n == 0 or n % every:
            return False
        return float(np.mean(self.training_loss[-every:])) <= rule.until_loss

    @property
    def ending(self) -> str | None:
        """What ends training here, if anything does; patience apart."""
        if self.state.n_updates == self.settings.n_iterations:
            return "iterations"
        return "curriculum" if self.in_last_stage and self.stage_ended else None

    @property
    def evaluated(self) -> bool:
        """Whether the present parameters have been evaluated."""
        return self.state.evaluated_at[-1:] == (self.state.n_updates,)

    @property
    def exhausted(self) -> bool:
        """Whether patience has run out; earlier stages than the last have their own ends."""
        patience = self.settings.patience
        return patience is not None and self.in_last_stage and self.state.monitor.n_since >= patience

    def begin_next_stage(self) -> None:
        """Go on to the next stage; patience counts afresh."""
        self.state = replace(
            self.state,
            stage_starts=(*self.state.stage_starts, self.state.n_updates),
            monitor=replace(self.state.monitor, n_since=0),
        )

    # Overflow is looked for in what comes out, so NumPy need not warn of it as well.
    @np.errstate(over="ignore", invalid="ignore")
    def update(self) -> bool:
        """Make one update, and return True; if training has diverged make none, and return False."""
        settings, state = self.settings, self.state
        batch = self.batches[self.stage].at(self.n_in_stage)
        cost, gradients = self.network.compute_loss_and_gradients(
            state.parameters,
            *batch[:2],
            loss=settings.loss,
            mask=batch[2],
            penalties=settings.penalties,
            bptt=settings.bptt,
            workspace=self.workspace,
            rng=stream(settings.seed, f"noise of update {state.n_updates}"),
        )
        value = float(cost)
        self.training_loss.append(value)
        self.gradient_norm = global_norm(gradients)
        unknown = self.n_in_stage == 0 or math.isinf(state.limit)
        limit = self._limit(value, batch) if unknown else state.limit
        if not (math.isfinite(value) and value <= limit and math.isfinite(self.gradient_norm)):
            return False
        self.state = self._updated(value, gradients, limit)
        return True

    def _updated(self, value: float, gradients: Parameters, limit: float) -> TrainingState:
        settings, state = self.settings, self.state
        if settings.clip_norm is not None:
            gradients = clip_by_global_norm(gradients, settings.clip_norm)
        self.rate_factor = settings.schedule(state.n_updates, self._evaluations())
        parameters, optimiser = settings.optimiser.update(
            gradients, state.optimiser, state.parameters, rate_factor=self.rate_factor
        )
        monitor = state.monitor
        if self.held_out is None:  # the training loss has to do
            monitor = monitor.record(state.n_updates, value, state.parameters)
        return replace(
            state,
            parameters=_in_rows(parameters),
            optimiser=optimiser,
            monitor=monitor,
            n_updates=state.n_updates + 1,
            limit=limit,
        )

    def evaluate(self) -> bool:
        """Record the loss on the validation set; return whether it is finite."""
        if self.held_out is None:
            return True
        value, state = self.loss_on(self.held_out), self.state
        self.state = replace(
            state,
            evaluated_at=(*state.evaluated_at, state.n_updates),
            validation_loss=(*state.validation_loss, value),
            monitor=state.monitor.record(state.n_updates, value, state.parameters),
        )
        return math.isfinite(value)

    def ended_well(self) -> bool:
        """Return whether the last update kept the loss in bounds; a validation loss has judged already."""
        if self.held_out is not None or self.n_in_stage == 0:
            return True
        return self.loss_on(self.batches[self.stage].at(self.n_in_stage - 1)) <= self.state.limit

    def loss_on(self, batch: Batch, parameters: Mapping[str, Floats] | None = None) -> float:
        """Return the loss, without penalties, of parameters; the present ones by default."""
        with np.errstate(over="ignore", invalid="ignore"):
            value = self.network.compute_loss(
                self.state.parameters if parameters is None else parameters,
                *batch[:2],
                loss=self.settings.loss,
                mask=batch[2],
                workspace=self.workspace,
            )
        return float(value)

    def _limit(self, first: float, batch: Batch) -> float:
        """Return the loss above which a stage whose loss is ``first`` has diverged.

        It is infinite, and asked for again, while there is nothing but zero to measure it by.
        A network that starts almost perfect is not lost when its loss grows a thousandfold, so the loss of a
        network whose parameters are all zero is a scale as well.
        """
        zeros = {name: np.zeros_like(array) for name, array in self.state.parameters.items()}
        with np.errstate(divide="ignore"):
            silent = self.loss_on(batch, zeros)
        scale = max(abs(first), abs(silent)) if math.isfinite(silent) else abs(first)
        return first + DIVERGED * scale if scale > 0.0 else math.inf

    def _evaluations(self) -> Sequence[float]:
        """Return what a schedule is told: validation losses or mean training losses."""
        if self.held_out is not None:
            return self.state.validation_loss
        every, means = self.settings.evaluate_every, self._mean_losses
        while (len(means) + 1) * every <= self.state.n_updates:
            start = len(means) * every
            means.append(float(np.mean(self.training_loss[start : start + every])))
        return means


def _in_rows(parameters: Mapping[str, Floats]) -> Parameters:
    """Return the arrays in C order, as files keep them: products depend on the order to the last digit."""
    return {name: np.asarray(array, order="C") for name, array in parameters.items()}
