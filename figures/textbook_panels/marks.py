"""Marks: what panels have in common; dots are networks, black bars middles, black lines the right code."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from motorsim.plots.style import NULL_COLOUR, TEXT_COLOUR

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from matplotlib.axes import Axes
    from matplotlib.figure import FigureBase

    from motorsim.types import FloatArray

COLOURS = ("#d55e00", "#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#8a6d00")
"""Of Okabe & Ito (2008), without black and with an ochre for the yellow, which is too pale for lines."""

GREY = "#7a7a7a"
RIGHT = "as it should be"
SMALL = 6.0
"""Points of the smallest letters."""

_DIVERGED = 1e30


class Row(NamedTuple):
    """A row of dots: its name, its colour and a value (network,), empty where all diverged."""

    name: str
    colour: str
    values: FloatArray


def heading(part: FigureBase, text: str) -> None:
    """Head a row of panels."""
    part.suptitle(text, x=0.01, ha="left", fontsize=7.5, fontweight="bold")


def name_rows(ax: Axes, names: Sequence[str], colours: Sequence[str]) -> None:
    """Name rows from the top down in their colours, each on a pale line."""
    ax.set_yticks(range(len(names)), names)
    ax.set_ylim(len(names) - 0.4, -0.6)
    ax.tick_params(axis="y", length=0.0)
    ax.spines["left"].set_visible(False)
    for place, (label, colour) in enumerate(zip(ax.get_yticklabels(), colours, strict=True)):
        label.set_color(colour)
        ax.axhline(place, color=NULL_COLOUR, linewidth=0.3, zorder=0)


def dot_rows(ax: Axes, rows: Sequence[Row], *, middle: Callable[..., Any] = np.median) -> None:
    """Draw every value as a dot and their middle as a bar, a row each."""
    name_rows(ax, [row.name for row in rows], [row.colour for row in rows])
    for place, (_, colour, values) in enumerate(rows):
        spread = 0.22 * np.linspace(-1.0, 1.0, len(values)) if len(values) > 1 else np.zeros(len(values))
        ax.plot(values, place + spread, "o", color=colour, markersize=2.0, markeredgewidth=0.0)
        if len(values):
            ax.plot(2 * [middle(values)], [place - 0.36, place + 0.36], color=TEXT_COLOUR, linewidth=1.2)
        else:
            ax.annotate(
                "all diverged",
                (0.5, place),
                xycoords=("axes fraction", "data"),
                ha="center",
                va="center",
                fontsize=SMALL,
                color=colour,
                backgroundcolor="white",
            )


def course(ax: Axes, loss: FloatArray, colour: str, *, band: bool = True, **line: Any) -> None:
    """Draw the median loss over networks (network, update), and the range of the middle 90 %.

    The line ends where half of the networks have diverged.
    """
    filled = np.where(np.isfinite(loss), loss, _DIVERGED)
    low, median, high = np.percentile(filled, [5, 50, 95], axis=0, method="nearest")
    n_shown = int(np.sum(median < _DIVERGED))
    updates = np.arange(n_shown)
    if band:
        ax.fill_between(updates, low[:n_shown], high[:n_shown], color=colour, alpha=0.18, linewidth=0.0)
    ax.plot(updates, median[:n_shown], color=colour, **line)
