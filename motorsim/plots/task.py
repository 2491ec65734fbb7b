"""Task panel: where the hand starts, where it is asked to go, and which targets are held out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from motorsim.plots.conditions import Conditions
from motorsim.plots.style import NULL_COLOUR, TEXT_COLOUR
from motorsim.plots.workspace_axes import workspace_axes

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.lines import Line2D

    from motorsim.task import Reaches
    from motorsim.types import BoolArray


def task_panel(ax: Axes, reaches: Reaches, *, held_out: BoolArray) -> list[Line2D]:
    """Draw start and targets, held-out ones as open circles; return the targets, one line a condition.

    Parameters
    ----------
    ax
        Where to draw, in cm from the shoulder.
    reaches
        The conditions, in m.
    held_out
        Conditions that no fit has seen, boolean (condition,).

    Raises
    ------
    InputError
        If the mask does not fit the reaches.
    """
    conditions = Conditions.of(reaches, held_out=held_out)
    along = (reaches.target_m - reaches.start_m) * 100.0
    for start, way in zip(reaches.start_m * 100.0, along, strict=True):
        ax.plot(*zip(start, start + way, strict=True), color=NULL_COLOUR, linewidth=0.4, zorder=0)
    targets = target_marks(ax, reaches, conditions)
    ax.plot(*(reaches.start_m.T * 100.0), "s", color=TEXT_COLOUR, markersize=4.0)
    workspace_axes(ax)
    return targets


def target_marks(ax: Axes, reaches: Reaches, conditions: Conditions) -> list[Line2D]:
    """Draw the targets in cm, filled where fitted and open where held out."""
    marks = []
    for condition, (target, colour) in enumerate(zip(reaches.target_m, conditions.colours, strict=True)):
        face = "white" if conditions.held_out[condition] else tuple(colour)
        marks += ax.plot(
            *(target[:, None] * 100.0),
            "o",
            markersize=4.5,
            markeredgecolor=tuple(colour),
            markerfacecolor=face,
            markeredgewidth=1.0,
        )
    return marks
