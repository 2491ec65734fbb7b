"""Reaction time: from the go cue to when the hand starts to move."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from motorsim.checks import check_array, check_positive

if TYPE_CHECKING:
    from motorsim.task.delayed_reach import DelayedReach
    from motorsim.types import FloatArray


def reaction_times_s(
    task: DelayedReach, hand_velocity_m_s: FloatArray, *, threshold_m_s: float = 0.05
) -> FloatArray:
    """Return when, after the go cue, the hand's speed first exceeds a threshold, (condition | trial,).

    Linear between samples. A hand that is faster than that at the go cue already has a reaction time of 0;
    one that never is has none, NaN.

    Parameters
    ----------
    task
        The timing.
    hand_velocity_m_s
        (condition | trial, time, 2) on the task's clock.
    threshold_m_s
        The speed.

    Raises
    ------
    InputError
        If the shape differs from the task's clock, a value is not finite, or the threshold not positive.
    """
    axes = ("trial", "time", "dimension")
    velocity = check_array("hand_velocity_m_s", hand_velocity_m_s, axes, shape=(None, task.n_times, 2))
    threshold_m_s = check_positive("threshold_m_s", threshold_m_s)
    after = task.epoch("movement")
    times_s = task.times_from_go_s[after]
    speed = np.linalg.norm(velocity[:, after], axis=2)
    above = speed > threshold_m_s
    last = above.argmax(axis=1)
    before = np.maximum(last - 1, 0)
    trial = np.arange(len(speed))
    slower = speed[trial, before]
    crosses = (last > 0) & above[trial, last]
    share = np.zeros(len(speed))
    np.divide(threshold_m_s - slower, speed[trial, last] - slower, out=share, where=crosses)
    onset_s = times_s[before] + share * (times_s[last] - times_s[before])
    return np.where(above.any(axis=1), onset_s, np.nan)
