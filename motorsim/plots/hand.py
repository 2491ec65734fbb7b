"""Hand panels: the way the hand took beside the way it was asked to take, and its speed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from motorsim.checks import InputError, check_array
from motorsim.plots.conditions import Conditions, condition_lines
from motorsim.plots.style import NULL_COLOUR
from motorsim.plots.task import target_marks
from motorsim.plots.workspace_axes import workspace_axes

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.lines import Line2D

    from motorsim.plots.time_axis import TimeAxis
    from motorsim.task import Reaches
    from motorsim.types import BoolArray, FloatArray, IntArray

_AXES = ("condition", "time", "dimension")


def hand_paths_panel(
    ax: Axes,
    hand_position_m: FloatArray,
    desired_position_m: FloatArray,
    *,
    reaches: Reaches,
    held_out: BoolArray,
) -> list[Line2D]:
    """Draw the paths made over the desired ones (grey) and the targets; return the paths made.

    Parameters
    ----------
    ax
        Where to draw, in cm from the shoulder.
    hand_position_m, desired_position_m
        Hand and desired hand in m, (condition, time, 2); their times may differ.
    reaches
        The conditions.
    held_out
        Conditions that no fit has seen, boolean (condition,).

    Raises
    ------
    InputError
        If an array is not finite or does not fit the reaches.
    """
    conditions = Conditions.of(reaches, held_out=held_out)
    shape = (conditions.n_conditions, None, 2)
    made = check_array("hand_position_m", hand_position_m, _AXES, shape=shape)
    desired = check_array("desired_position_m", desired_position_m, _AXES, shape=shape)
    for path in desired:
        ax.plot(*(path.T * 100.0), color=NULL_COLOUR, linewidth=1.6, zorder=0, solid_capstyle="round")
    target_marks(ax, reaches, conditions)
    lines = [
        line
        for condition, path in enumerate(made)
        for line in ax.plot(*(path.T * 100.0), **conditions.line(condition))
    ]
    workspace_axes(ax)
    return lines


def hand_speed_panel(
    ax: Axes,
    clock: TimeAxis,
    hand_velocity_m_s: FloatArray,
    conditions: Conditions,
    *,
    desired_velocity_m_s: FloatArray | None = None,
) -> list[Line2D]:
    """Draw the speed of the hand in cm/s over the desired speed (grey); return one line a condition.

    Parameters
    ----------
    ax
        Where to draw.
    clock
        Times and events.
    hand_velocity_m_s, desired_velocity_m_s
        Velocities in m/s, (condition, time, 2).
    conditions
        Their looks.

    Raises
    ------
    InputError
        If an array is not finite or does not fit conditions and times.
    """
    shape = (conditions.n_conditions, clock.n_times, 2)
    velocity = check_array("hand_velocity_m_s", hand_velocity_m_s, _AXES, shape=shape)
    if desired_velocity_m_s is not None:
        desired = check_array("desired_velocity_m_s", desired_velocity_m_s, _AXES, shape=shape)
        for speed in np.unique(_speed_cm_s(desired).round(6), axis=0):  # alike in all directions
            ax.plot(clock.times_s, speed, color=NULL_COLOUR, linewidth=1.6, zorder=0)
    lines = condition_lines(ax, clock.times_s, _speed_cm_s(velocity), conditions)
    ax.set_ylabel("hand speed (cm/s)")
    ax.set_ylim(bottom=0.0)
    clock.draw(ax)
    return lines


def _speed_cm_s(velocity_m_s: FloatArray) -> FloatArray:
    speed: FloatArray = np.linalg.norm(velocity_m_s, axis=-1) * 100.0
    return speed


def single_trials_panel(
    ax: Axes,
    hand_position_m: FloatArray,
    condition: IntArray,
    *,
    reaches: Reaches,
    held_out: BoolArray,
    radius_m: float = 0.02,
) -> list[Line2D]:
    """Draw the paths of single trials in the looks of their conditions, and a circle about each target.

    Parameters
    ----------
    ax
        Where to draw, in cm from the shoulder.
    hand_position_m
        Hand in m, (trial, time, 2).
    condition
        Condition of each trial, (trial,).
    reaches
        The conditions.
    held_out
        Conditions that no fit has seen, boolean (condition,).
    radius_m
        Radius of the circles: where a reach counts as a success.

    Raises
    ------
    InputError
        If an array is not finite or does not fit the reaches.
    """
    from matplotlib.patches import Circle  # noqa: PLC0415 - slow to import

    made = check_array(
        "hand_position_m", hand_position_m, ("trial", "time", "dimension"), shape=(None, None, 2)
    )
    which = np.asarray(condition)
    if which.shape != (len(made),) or not np.isin(which, range(reaches.n_conditions)).all():
        expected = f"one of the {reaches.n_conditions} conditions for each of {len(made)} trials"
        raise InputError("condition", expected, f"shape {which.shape}")
    conditions = Conditions.of(reaches, held_out=held_out)
    for target, colour in zip(reaches.target_m, conditions.colours, strict=True):
        circle = Circle(
            tuple(100.0 * target), 100.0 * radius_m, facecolor="none", edgecolor=tuple(colour), linewidth=0.5
        )
        ax.add_patch(circle)
    looks = [
        conditions.line(number) | {"linewidth": 0.45, "alpha": 0.7} for number in range(reaches.n_conditions)
    ]
    lines = [
        line
        for path, number in zip(made, which, strict=True)
        for line in ax.plot(*(path.T * 100.0), **looks[number])
    ]
    target_marks(ax, reaches, conditions)
    workspace_axes(ax)
    return lines
