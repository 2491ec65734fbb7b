"""Conditions: how each is drawn wherever it appears."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from motorsim.checks import InputError, check_array
from motorsim.plots.direction_colours import direction_colours
from motorsim.plots.style import TEXT_COLOUR

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.lines import Line2D

    from motorsim.task import Reaches
    from motorsim.types import BoolArray, FloatArray

FITTED: Final = "-"
HELD_OUT: Final = (0.0, (3.0, 1.2))
"""Line styles of the conditions that were fitted and of those held out."""

_NEAR_WIDTH, _FAR_WIDTH = 0.6, 1.0


@dataclass(frozen=True, eq=False)
class Conditions:
    """The conditions of an experiment as a figure shows them.

    Colour is the direction; dashes say that a condition was held out; thinner lines are nearer targets.

    Parameters
    ----------
    direction_rad
        Direction of each reach, (condition,).
    distance_m
        Distance of each target, (condition,); only which is the farthest matters.
    held_out
        Conditions that no fit has seen, boolean (condition,).

    Raises
    ------
    InputError
        If the arrays do not fit together or are not finite.
    """

    direction_rad: FloatArray
    distance_m: FloatArray
    held_out: BoolArray

    def __post_init__(self) -> None:
        """Check the arrays against each other."""
        direction = check_array("direction_rad", self.direction_rad, ("condition",), minimum_sizes=(1,))
        n = len(direction)
        distance = check_array("distance_m", self.distance_m, ("condition",), shape=(n,))
        held_out = np.asarray(self.held_out)
        if held_out.dtype != np.bool_ or held_out.shape != (n,):
            got = f"{held_out.dtype} of shape {held_out.shape}"
            raise InputError("held_out", f"a boolean mask of length {n}", got)
        object.__setattr__(self, "direction_rad", direction)
        object.__setattr__(self, "distance_m", distance)
        object.__setattr__(self, "held_out", held_out)

    @classmethod
    def of(cls, reaches: Reaches, *, held_out: BoolArray) -> Conditions:
        """Return the looks of reaches, some of them held out."""
        return cls(reaches.direction_rad, reaches.distance_m, held_out)

    @property
    def n_conditions(self) -> int:
        """Number of conditions."""
        return len(self.direction_rad)

    @property
    def colours(self) -> FloatArray:
        """Colours, sRGB from 0 to 1, (condition, 3)."""
        return direction_colours(self.direction_rad)

    def line(self, condition: int) -> dict[str, Any]:
        """Return the line properties of one condition."""
        far = self.distance_m[condition] >= self.distance_m.max() * (1.0 - 1e-9)
        return {
            "color": tuple(self.colours[condition]),
            "linestyle": HELD_OUT if self.held_out[condition] else FITTED,
            "linewidth": _FAR_WIDTH if far else _NEAR_WIDTH,
        }

    def select(self, chosen: BoolArray) -> Conditions:
        """Return the conditions of a boolean mask (condition,); their looks stay what they were."""
        return Conditions(self.direction_rad[chosen], self.distance_m[chosen], self.held_out[chosen])


def condition_lines(
    ax: Axes, times_s: FloatArray, values: FloatArray, conditions: Conditions
) -> list[Line2D]:
    """Draw values (condition, time) against times (time,), one line a condition in the condition's looks."""
    return [
        line
        for condition, trace in enumerate(values)
        for line in ax.plot(times_s, trace, **conditions.line(condition))
    ]


def condition_key(conditions: Conditions) -> list[Line2D]:
    """Return the entries of a legend that says what the line styles mean; empty if they are all alike."""
    from matplotlib.lines import Line2D  # noqa: PLC0415 - slow to import

    entries = []
    if conditions.held_out.any():
        entries += [
            Line2D([], [], color=TEXT_COLOUR, linestyle=FITTED, label="fitted condition"),
            Line2D([], [], color=TEXT_COLOUR, linestyle=HELD_OUT, label="held-out condition"),
        ]
    if np.ptp(conditions.distance_m) > 1e-9:
        entries += [
            Line2D([], [], color=TEXT_COLOUR, linewidth=_FAR_WIDTH + 0.4, label="far target"),
            Line2D([], [], color=TEXT_COLOUR, linewidth=_NEAR_WIDTH, label="near target"),
        ]
    return entries


def direction_key(ax: Axes, conditions: Conditions, *, title: str = "reach\ndirection") -> list[Line2D]:
    """Draw a compass of the directions in their colours; the axes hold nothing else."""
    directions = np.unique(np.mod(conditions.direction_rad, 2.0 * np.pi).round(9))
    points = []
    for direction, colour in zip(directions, direction_colours(directions), strict=True):
        x, y = np.cos(direction), np.sin(direction)
        points += ax.plot([0.45 * x, x], [0.45 * y, y], color=tuple(colour), linewidth=2.0)
    ax.text(0.0, -1.25, title, ha="center", va="top")
    ax.set(xlim=(-1.6, 1.6), ylim=(-1.9, 1.1), aspect="equal")
    ax.set_axis_off()
    return points
