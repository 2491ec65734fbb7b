"""Truth table: the loss of every network of system B, and how many solve which table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from motorsim.plots.style import TEXT_COLOUR
from textbook_panels.intervals import proportion
from textbook_panels.marks import COLOURS, RIGHT, SMALL, name_rows

if TYPE_CHECKING:
    from collections.abc import Mapping

    from matplotlib.axes import Axes

TABLES = {"NOT x2": (COLOURS[1], "o"), "exclusive-or": (COLOURS[0], "s")}
SHORT = {"input and output share one matrix (V = W')": "one matrix (V = W')"}
LEGEND: dict[str, Any] = {
    "loc": "lower left",
    "bbox_to_anchor": (0.0, 1.0),
    "ncols": 2,
    "fontsize": SMALL,
    "handlelength": 1.4,
    "columnspacing": 0.8,
    "borderpad": 0.0,
}


def courses_panel(ax: Axes, found: Mapping[str, Any]) -> None:
    """Draw the loss of every network: the learned ones thin, thick and dashed those without recurrence."""
    for number, (table, (colour, _)) in enumerate(TABLES.items()):
        learned, cut = (found[table][form]["loss"] for form in ("learned", "without recurrence"))
        ax.plot(learned.T, color=colour, linewidth=0.4, alpha=0.7)
        ax.plot(np.median(cut, axis=0), color=colour, linestyle=(3 * number, (3, 3)), linewidth=1.4, zorder=3)
        ax.plot([], [], color=colour, label=table)
    ax.annotate(
        "R = 0",
        (0.98 * learned.shape[1], np.median(cut[:, -1])),
        xytext=(0, 3),
        textcoords="offset points",
        ha="right",
        va="bottom",
        fontsize=SMALL,
    )
    ax.set(yscale="log", ylim=(1e-12, 30.0), xlim=(0, learned.shape[1]))
    ax.set(xlabel="updates", ylabel="mean squared error")
    ax.legend(**LEGEND)


def solved_panel(ax: Axes, found: Mapping[str, Any]) -> None:
    """Draw the share of networks that get all four cases right, with intervals."""
    forms = [RIGHT, *next(iter(found.values()))["mistakes"]]
    name_rows(ax, [SHORT.get(form, form) for form in forms], [TEXT_COLOUR] * len(forms))
    for number, (table, (colour, marker)) in enumerate(TABLES.items()):
        of_table, targets = found[table], found[table]["targets"]
        outputs_of = of_table["mistakes"] | {RIGHT: of_table["learned"]}
        for row, form in enumerate(forms):
            outputs = outputs_of[form]["outputs"]
            right = (np.isfinite(outputs) & ((outputs > 0.5) == (targets > 0.5))).all(axis=1)
            share, low, high = proportion(int(right.sum()), len(right))
            place = row + 0.36 * (number - 0.5)
            ax.plot([100 * low, 100 * high], [place, place], color=colour, linewidth=0.9)
            ax.plot(100 * share, place, marker, color=colour, markersize=3.0, label="" if row else table)
    ax.set(xlim=(-4, 104), xticks=[0, 50, 100], xlabel="networks that solve it (%)")
    ax.legend(**LEGEND)
