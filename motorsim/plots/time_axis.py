"""Time axis: the samples, what zero means, and the events between them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from motorsim.checks import InputError, check_array, check_number
from motorsim.plots.style import NULL_COLOUR

if TYPE_CHECKING:
    from collections.abc import Mapping

    from matplotlib.axes import Axes
    from matplotlib.lines import Line2D

    from motorsim.types import FloatArray

# Labels of events closer than this share of the axis lean away from each other.
_CROWDED = 0.25


@dataclass(frozen=True, eq=False)
class TimeAxis:
    """The clock of a panel.

    Parameters
    ----------
    times_s
        Sample times, (time,), increasing.
    zero
        The event at which ``times_s`` is zero, for the label.
    events_s
        Short name and time of what happens, for instance ``{"target": -0.6, "go": 0.0, "move": 0.1}``;
        events outside the samples are left out.

    Raises
    ------
    InputError
        If times do not increase or an event has no finite time.
    """

    times_s: FloatArray
    zero: str = "trial start"
    events_s: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Check times and events."""
        times_s = check_array("times_s", self.times_s, ("time",), minimum_sizes=(2,))
        if (np.diff(times_s) <= 0).any():
            raise InputError("times_s", "increasing times", "times that stand still or fall")
        events_s = {name: check_number(f"events_s[{name!r}]", at) for name, at in self.events_s.items()}
        object.__setattr__(self, "times_s", times_s)
        object.__setattr__(self, "events_s", events_s)

    @property
    def n_times(self) -> int:
        """Number of samples."""
        return len(self.times_s)

    def draw(self, ax: Axes, *, labelled: bool = True, named_events: bool = True) -> list[Line2D]:
        """Set limits and label and mark the events, named above the axes; return the marks."""
        start, stop = float(self.times_s[0]), float(self.times_s[-1])
        ax.set_xlim(start, stop)
        if labelled:
            ax.set_xlabel(f"time from {self.zero} (s)")
        within = sorted((at, name) for name, at in self.events_s.items() if start <= at <= stop)
        times = [at for at, _ in within]
        marks = []
        for index, (at, name) in enumerate(within):
            marks.append(ax.axvline(at, color=NULL_COLOUR, linewidth=0.7, zorder=0))
            if named_events:
                side = _lean(times, index, _CROWDED * (stop - start))
                ax.annotate(
                    name,
                    (at, 1.0),
                    xycoords=("data", "axes fraction"),
                    xytext=({"right": 1.0, "center": 0.0, "left": -1.0}[side], 1.0),
                    textcoords="offset points",
                    ha=side,
                    va="bottom",
                    fontsize=6.5,
                    annotation_clip=False,
                )
        return marks


def _lean(times: list[float], index: int, crowded_s: float) -> str:
    if index + 1 < len(times) and times[index + 1] - times[index] < crowded_s:
        return "right"
    if index > 0 and times[index] - times[index - 1] < crowded_s:
        return "left"
    return "center"
