"""Memory: exclusive-or learned by system E, and the longest delay that each recurrent network bridges."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from motorsim.plots.style import TEXT_COLOUR
from textbook_panels.intervals import resampled
from textbook_panels.marks import COLOURS, GREY, RIGHT, SMALL, course, heading

if TYPE_CHECKING:
    from collections.abc import Mapping

    from matplotlib.axes import Axes
    from matplotlib.figure import FigureBase

EXCLUSIVE_OR = {
    "2-4-1 tanh": (RIGHT, TEXT_COLOUR, "-"),
    "tanh' of a squashed value": ("tanh' of a squashed value", COLOURS[1], "-"),
    "hidden layer linear": ("hidden layer linear", COLOURS[4], "-"),
    "ascent": ("ascent", COLOURS[2], "-"),
    "no error term": ("no error term", COLOURS[3], (0, (2, 2))),
}
STARTS = {
    "gaussian": ("Gaussian start", COLOURS[1], "o"),
    "orthogonal": ("orthogonal start", COLOURS[0], "s"),
}
KINDS = ("vanilla", "GRU", "LSTM")


def exclusive_or_panel(ax: Axes, found: Mapping[str, Any]) -> None:
    """Draw the loss over epochs, median and middle 90 % of the networks."""
    for form, (name, colour, dashes) in EXCLUSIVE_OR.items():
        course(ax, found[form]["loss"], colour, linestyle=dashes, label=name)
    ax.set(yscale="log", ylim=(1e-7, 10.0), xlim=(0, found["2-4-1 tanh"]["loss"].shape[1]))
    ax.set(xlabel="epochs", ylabel="mean squared error")
    ax.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0), fontsize=SMALL, handlelength=1.4)


def delays_panel(ax: Axes, found: Mapping[str, Any]) -> None:
    """Draw the longest delay that each network bridged, the median as a bar with its interval."""
    from matplotlib.ticker import NullLocator  # noqa: PLC0415 - slow to import

    delays_s = found["delays_s"]
    # No delay has no place on a logarithmic axis: it gets that of one rung below the ladder.
    none_s = delays_s[0] ** 2 / delays_s[1]
    for number, (form, (label, colour, marker)) in enumerate(STARTS.items()):
        ax.plot([], [], marker, color=colour, markersize=3.0, label=label)
        for place, kind in enumerate(KINDS):
            bridged_s, x = found["networks"][kind][form]["bridged_s"], place + 0.46 * (number - 0.5)
            for delay_s, count in zip(*np.unique(bridged_s, return_counts=True), strict=True):
                spread = 0.04 * (np.arange(count) - (count - 1) / 2)
                height = np.full(count, max(delay_s, none_s))
                ax.plot(x + spread, height, marker, color=colour, markersize=2.2, markeredgewidth=0.0)
            middle, low, high = np.maximum(resampled(bridged_s, np.median, "seeds drawn again"), none_s)
            ax.plot([x - 0.2, x + 0.2], [middle, middle], color=TEXT_COLOUR, linewidth=1.3, zorder=1)
            ax.plot([x, x], [low, high], color=TEXT_COLOUR, linewidth=0.8, zorder=1)
    ax.axhline(delays_s[-1], color=GREY, linewidth=0.8, linestyle=":", zorder=0)
    ax.set(yscale="log", xlim=(-0.5, 2.5), ylim=(0.8 * none_s, 1.25 * delays_s[-1]))
    ax.yaxis.set_minor_locator(NullLocator())
    # Rungs are close: from the top down every second one is named.
    names = [f"{delay_s:g}" if number % 2 == 0 else "" for number, delay_s in enumerate(delays_s[::-1])]
    ax.set_yticks([none_s, *delays_s], ["none", *names[::-1]])
    ax.set_xticks(range(len(KINDS)), KINDS)
    ax.set_ylabel("longest delay (s)")
    ax.legend(loc="upper left", bbox_to_anchor=(0.0, 0.95), fontsize=SMALL, handlelength=1.0)


def draw(part: FigureBase, table: Mapping[str, Any], memory: Mapping[str, Any]) -> list[Axes]:
    """Compose the first row of system E; return its panels."""
    heading(part, "E  Tanh network on exclusive-or; recurrent networks as memory")
    left, right = part.subplots(1, 2, width_ratios=(0.8, 1.2))
    exclusive_or_panel(left, table)
    delays_panel(right, memory)
    return [left, right]
