"""Decoder: how often system C and logistic regression name the direction of a single trial."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from motorsim.plots.style import TEXT_COLOUR
from textbook_panels.intervals import resampled
from textbook_panels.marks import COLOURS, GREY, SMALL

if TYPE_CHECKING:
    from collections.abc import Mapping

    from matplotlib.axes import Axes

LOOKS = {
    "lstm": ("LSTM", COLOURS[1], "o"),
    "logistic_regression": ("logistic regression", COLOURS[0], "s"),
}
WINDOWS = ("preparation", "movement")


def accuracy_panel(ax: Axes, found: Mapping[str, Any]) -> None:
    """Draw the accuracy before and after the go cue: a dot a fold, the mean with its interval, chance."""
    for number, (name, (label, colour, marker)) in enumerate(LOOKS.items()):
        for place, window in enumerate(WINDOWS):
            accuracies, x = 100 * found[window][name], place + 0.44 * (number - 0.5)
            mean, low, high = resampled(accuracies, np.mean, "folds drawn again")
            spread = np.linspace(-0.15, 0.15, len(accuracies))
            ax.plot(x + spread, accuracies, "o", color=colour, markersize=1.5, markeredgewidth=0.0, alpha=0.7)
            ax.plot([x, x], [low, high], color=TEXT_COLOUR, linewidth=1.0, zorder=4)
            ax.plot(x, mean, marker, color=colour, markersize=4.0, label="" if place else label)
    chance = 100 * found["chance"]
    ax.axhline(chance, color=GREY, linewidth=0.8, linestyle=":")
    ax.annotate("chance", (1.48, chance + 1), ha="right", va="bottom", fontsize=SMALL, color=GREY)
    ax.set(xlim=(-0.5, 1.5), ylim=(0, 104), ylabel="directions right (%)")
    ax.set_xticks(range(len(WINDOWS)), WINDOWS)
    ax.legend(loc="lower left", bbox_to_anchor=(0.0, 0.2), fontsize=SMALL, handlelength=1.0)
