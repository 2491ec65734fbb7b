"""Example units: the firing rate of one unit in every condition."""

from __future__ import annotations

from typing import TYPE_CHECKING

from motorsim.checks import check_array
from motorsim.plots.conditions import Conditions, condition_lines

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.lines import Line2D

    from motorsim.plots.time_axis import TimeAxis
    from motorsim.types import FloatArray


def example_unit_panel(
    ax: Axes, clock: TimeAxis, rate_hz: FloatArray, conditions: Conditions, *, name: str
) -> list[Line2D]:
    """Draw the rate of one unit; return one line a condition.

    Parameters
    ----------
    ax
        Where to draw.
    clock
        Times, and events such as target onset, go cue and movement onset.
    rate_hz
        Rate of the unit in Hz, (condition, time).
    conditions
        Their looks.
    name
        The unit's name, the title.

    Raises
    ------
    InputError
        If the rate is not finite or does not fit conditions and times.
    """
    shape = (conditions.n_conditions, clock.n_times)
    rate = check_array("rate_hz", rate_hz, ("condition", "time"), shape=shape)
    lines = condition_lines(ax, clock.times_s, rate, conditions)
    ax.set_ylabel("firing rate (Hz)")
    ax.set_ylim(bottom=min(0.0, float(rate.min())))
    # Above the names of the events.
    ax.set_title(name, pad=12.0)
    clock.draw(ax)
    return lines
