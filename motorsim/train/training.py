"""Training: parameters on their way, one update or evaluation at a time."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from motorsim.nn import (
    Loss,
    Network,
    Optimiser,
    OptimiserState,
    Penalty,
    Schedule,
    Workspace,
    clip_by_global_norm,
    compute_loss,
    compute_loss_and_gradients,
    global_norm,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from motorsim.train.monitor import Monitor
    from motorsim.types import BoolArray, Floats

Batch: TypeAlias = "tuple[Floats, Floats, BoolArray | None]"

DIVERGED = 1e3
"""Training has diverged when the loss is this many times what it was at first."""


@dataclass
class Training:
    """The state of a fit: what changes with every update.

    Parameters
    ----------
    network
        Where to start.
    loss, optimiser, penalties, clip_norm, schedule
        As in `motorsim.train.fit`.
    monitor
        Takes note of every validation loss or, without validation, of every training loss.
    """

    network: Network
    loss: Loss
    optimiser: Optimiser
    penalties: tuple[Penalty, ...]
    clip_norm: float | None
    schedule: Schedule
    monitor: Monitor
    parameters: Mapping[str, Floats] = field(init=False)
    state: OptimiserState = field(init=False)
    training_loss: list[float] = field(init=False, default_factory=list)
    validation_loss: list[float] = field(init=False, default_factory=list)
    evaluated_at: list[int] = field(init=False, default_factory=list)
    n_updates: int = field(init=False, default=0)
    limit: float = field(init=False, default=math.inf)
    workspace: Workspace = field(init=False, default_factory=Workspace)

    def __post_init__(self) -> None:
        """Start from the network's parameters."""
        self.parameters = self.network.parameters
        self.state = self.optimiser.init(self.parameters)

    # Overflow is looked for in what comes out, so NumPy need not warn of it as well.
    @np.errstate(over="ignore", invalid="ignore")
    def update(self, batch: Batch) -> bool:
        """Make one update, and return True; if training has diverged make none, and return False."""
        value, gradients = compute_loss_and_gradients(
            self.network.cell,
            self.network.readout,
            self.parameters,
            *batch[:2],
            loss=self.loss,
            mask=batch[2],
            penalties=self.penalties,
            workspace=self.workspace,
        )
        if not self.training_loss:
            self.limit = DIVERGED * max(float(value), self._loss_of_silence(batch))
        self.training_loss.append(float(value))
        norm = global_norm(gradients)
        if not (math.isfinite(value) and value <= self.limit and math.isfinite(norm)):
            return False
        if not self.evaluated_at:  # without validation the training loss has to do
            self.monitor.record(self.n_updates, float(value), self.parameters)
        if self.clip_norm is not None:
            gradients = clip_by_global_norm(gradients, self.clip_norm)
        self.parameters, self.state = self.optimiser.update(
            gradients, self.state, self.parameters, rate_factor=self.schedule(self.n_updates)
        )
        self.n_updates += 1
        return True

    def evaluate(self, held_out: Batch) -> bool:
        """Record the loss on held-out data; return whether it is finite."""
        value = self.loss_on(held_out)
        self.validation_loss.append(value)
        self.evaluated_at.append(self.n_updates)
        self.monitor.record(self.n_updates, value, self.parameters)
        return math.isfinite(value)

    @np.errstate(over="ignore", invalid="ignore")
    def loss_on(self, batch: Batch) -> float:
        """Return the loss, without penalties, of the present parameters."""
        cell, readout = self.network.cell, self.network.readout
        value = compute_loss(
            cell,
            readout,
            self.parameters,
            *batch[:2],
            loss=self.loss,
            mask=batch[2],
            workspace=self.workspace,
        )
        return float(value)

    def _loss_of_silence(self, batch: Batch) -> float:
        """Return the loss of outputs that are all zero.

        A network that starts almost perfect is not lost when its loss grows a thousandfold.
        """
        _, targets, mask = batch
        return float(self.loss(np.zeros_like(targets), targets, mask)[0])
