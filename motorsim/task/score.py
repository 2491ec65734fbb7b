"""Score: whether the hand arrived, stayed there, and kept still before."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from motorsim.checks import InputError, check_array

if TYPE_CHECKING:
    from motorsim.task.delayed_reach import DelayedReach
    from motorsim.types import FloatArray

SCORE_START_S, SCORE_STOP_S = 0.5, 0.8


@dataclass(frozen=True, eq=False)
class ReachScore:
    """How well each reach was made.

    Parameters
    ----------
    end_point_m
        Mean hand position from 0.5 to 0.8 s after movement onset, (condition, 2). A hand that only passes
        through the target is not there on average.
    error_m
        Distance of the end point from the target, (condition,).
    speed_m_s, peak_end_speed_m_s
        Mean and greatest speed in the same window, (condition,).
    drift_m
        Greatest distance from the start up to the go cue, (condition,).
    """

    end_point_m: FloatArray
    error_m: FloatArray
    speed_m_s: FloatArray
    peak_end_speed_m_s: FloatArray
    drift_m: FloatArray


def check_scorable(task: DelayedReach) -> None:
    """Raise `InputError` if the trial ends before the end point of a reach can be scored."""
    if task.times_from_go_s[-1] - task.reaction_s < SCORE_STOP_S - task.dt_s - 1e-9:
        needed_s = task.reaction_s + SCORE_STOP_S
        raise InputError(
            "movement_s", f"at least {needed_s:g} s, to score the end point", f"{task.movement_s:g} s"
        )


def score_reaches(
    task: DelayedReach, hand_position_m: FloatArray, hand_velocity_m_s: FloatArray
) -> ReachScore:
    """Score hand movements against the task's targets.

    Parameters
    ----------
    task
        The reaches and their timing.
    hand_position_m, hand_velocity_m_s
        (condition, time, 2) on the task's clock.

    Raises
    ------
    InputError
        If shapes differ, or the trial ends before the scoring window does.
    """
    shape = (task.n_conditions, task.n_times, 2)
    axes = ("condition", "time", "dimension")
    position = check_array("hand_position_m", hand_position_m, axes, shape=shape)
    velocity = check_array("hand_velocity_m_s", hand_velocity_m_s, axes, shape=shape)
    check_scorable(task)
    from_onset_s = task.times_from_go_s - task.reaction_s
    window = (from_onset_s >= SCORE_START_S - 1e-9) & (from_onset_s <= SCORE_STOP_S + 1e-9)
    end_point = position[:, window].mean(axis=1)
    speed = np.linalg.norm(velocity[:, window], axis=2)
    before = position[:, ~task.epoch("movement")] - task.reaches.start_m[:, None]
    return ReachScore(
        end_point,
        np.linalg.norm(end_point - task.reaches.target_m, axis=1),
        speed.mean(axis=1),
        speed.max(axis=1),
        np.linalg.norm(before, axis=2).max(axis=1),
    )
