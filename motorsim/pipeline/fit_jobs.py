"""Fit jobs: which networks the configuration asks for, and what each is fitted to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from motorsim.io import load_recording
from motorsim.pipeline.common import released_task
from motorsim.pipeline.fitted import DATA_DRIVEN, GOAL_DRIVEN, MIXED
from motorsim.pipeline.simulated import SESSION_FILE, load_cortex
from motorsim.pipeline.spike_target import spikes_target
from motorsim.pipeline.targets import hand_target, mixed_target, rates_target, torque_target

if TYPE_CHECKING:
    from pathlib import Path

    from motorsim.config import NetworkConfig, RunConfig
    from motorsim.pipeline.simulated import SimulatedCortex
    from motorsim.pipeline.targets import FitTarget
    from motorsim.task import ConditionSplit, DelayedReach


@dataclass(frozen=True, eq=False)
class FitJob:
    """A network to fit: its name, its settings and its target."""

    name: str
    settings: NetworkConfig
    target: FitTarget


def fit_jobs(config: RunConfig, folder: Path, task: DelayedReach, split: ConditionSplit) -> list[FitJob]:
    """Return the networks to fit to the simulated cortex in a results folder, the data-driven one first."""
    cortex, settings = load_cortex(folder), config.fit
    jobs = [
        FitJob(DATA_DRIVEN, settings.data_driven, _data_target(config, folder, cortex, split)),
        FitJob(GOAL_DRIVEN, settings.goal_driven, _goal_target(config, cortex, task, split)),
    ]
    if settings.mixed.enabled:
        both = mixed_target(
            cortex.recording.population.rates,
            cortex.desired_torque_nm,
            split.train,
            rates_weight=settings.mixed.rates_weight,
            torque_weight=settings.mixed.torque_weight,
        )
        jobs.append(FitJob(MIXED, settings.mixed, both))
    return jobs


def _data_target(
    config: RunConfig, folder: Path, cortex: SimulatedCortex, split: ConditionSplit
) -> FitTarget:
    if config.fit.data_driven.target == "rates":
        return rates_target(cortex.recording.population.rates, split.train)
    return spikes_target(load_recording(folder / SESSION_FILE), split)


def _goal_target(
    config: RunConfig, cortex: SimulatedCortex, task: DelayedReach, split: ConditionSplit
) -> FitTarget:
    if config.fit.goal_driven.target == "torque":
        return torque_target(cortex.desired_torque_nm, split.train)
    return hand_target(
        released_task(task, cortex.recording).desired_position_m,
        cortex.desired_torque_nm,
        split.train,
        dt_s=task.dt_s,
        start_m=config.task.start_m,
    )
