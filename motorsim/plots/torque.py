"""Torque panel: what a joint was given in every condition."""

from __future__ import annotations

from typing import TYPE_CHECKING

from motorsim.checks import check_array
from motorsim.plots.conditions import Conditions, condition_lines

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.lines import Line2D

    from motorsim.plots.time_axis import TimeAxis
    from motorsim.types import FloatArray


def torque_panel(
    ax: Axes, clock: TimeAxis, torque_nm: FloatArray, conditions: Conditions, *, joint: str
) -> list[Line2D]:
    """Draw the torque of one joint; return one line a condition.

    Parameters
    ----------
    ax
        Where to draw.
    clock
        Times and events.
    torque_nm
        Torque of the joint in N m, (condition, time).
    conditions
        Their looks.
    joint
        Name of the joint, for the label.

    Raises
    ------
    InputError
        If the torque is not finite or does not fit conditions and times.
    """
    shape = (conditions.n_conditions, clock.n_times)
    torque = check_array("torque_nm", torque_nm, ("condition", "time"), shape=shape)
    lines = condition_lines(ax, clock.times_s, torque, conditions)
    ax.set_ylabel(f"{joint} torque (N m)")
    clock.draw(ax)
    return lines
