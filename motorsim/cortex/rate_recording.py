"""What a simulation of the rate cortex leaves: a recording on the task's clock."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from motorsim.population import Population
from motorsim.recording import Recording

if TYPE_CHECKING:
    from collections.abc import Mapping

    from motorsim.task import DelayedReach, TargetSwitch
    from motorsim.types import FloatArray


def rate_recording(
    task: DelayedReach,
    released: DelayedReach,
    signals: Mapping[str, FloatArray],
    *,
    n_trials: int,
    switch: TargetSwitch | None,
    notes: Mapping[str, str],
) -> Recording:
    """Return the recording of a simulation.

    Parameters
    ----------
    task
        The task as it was given: clock, cues and the targets shown first.
    released
        Its reaches as they are to be made in the end, and the release of the movement as go cue.
    signals
        ``rates_hz`` and the signals of `Recording`, (trial * condition, time, ...), conditions fastest, on
        the task's clock.
    n_trials
        Trials of each condition.
    switch
        The target switch, or None.
    notes
        What made the recording.
    """
    reaches = released.reaches
    shown = np.arange(task.n_conditions)
    columns: dict[str, Any] = {
        "condition": shown if switch is None else switch.to,
        "target_m": reaches.target_m,
        "direction_rad": reaches.direction_rad,
        "distance_m": reaches.distance_m,
    }
    events_s = {
        "target_onset": task.target_onset_s,
        "go_cue": task.go_cue_s,
        "movement_onset": released.movement_onset_s,
    }
    labels = task.reaches.labels
    if switch is not None:
        columns["first_condition"] = shown
        events_s["target_switch"] = switch.time_s
        labels = tuple(f"{old} -> {new}" for old, new in zip(labels, reaches.labels, strict=True))
    if released.go_cue_s > task.go_cue_s + 1e-9:
        events_s["release"] = released.go_cue_s
    population = Population(
        signals["rates_hz"],
        task.times_s,
        labels * n_trials,
        sample_axis="condition" if n_trials == 1 else "trial",
    )
    return Recording(
        population,
        hand_position_m=signals["hand_position_m"],
        hand_velocity_m_s=signals["hand_velocity_m_s"],
        torque_nm=signals["torque_nm"],
        trials={
            name: np.tile(column, (n_trials,) + (1,) * (column.ndim - 1)) for name, column in columns.items()
        },
        events_s=events_s,
        notes=notes,
    )
