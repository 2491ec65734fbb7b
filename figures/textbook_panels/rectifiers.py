"""Rectifiers: the loss of system D on its three problems, and the directions that it sees on a screen."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from motorsim.plots.style import TEXT_COLOUR
from textbook_panels.marks import COLOURS, GREY, RIGHT, Row, course, dot_rows, heading

if TYPE_CHECKING:
    from collections.abc import Mapping

    from matplotlib.axes import Axes
    from matplotlib.figure import FigureBase

    from motorsim.types import FloatArray

FORMS = {
    "": (RIGHT, TEXT_COLOUR),
    ", no error for the first layer": ("no error for layer 1", COLOURS[0]),
    ", 1 - relu for its derivative": ("1 - relu as slope", COLOURS[1]),
    ", ascent": ("ascent", COLOURS[2]),
    ", directions shuffled": ("directions shuffled", COLOURS[4]),
}
SCREEN = "screen"


def courses_panel(ax: Axes, found: Mapping[str, Any], problem: str) -> None:
    """Draw the loss of one problem, rightly learned and with each error."""
    for ending, (_, colour) in FORMS.items():
        if problem + ending in found:
            course(ax, found[problem + ending]["loss"], colour)
    ax.set(yscale="log", xlim=(0, found[problem]["loss"].shape[1]), xlabel="epochs", title=problem)


def screen_panel(ax: Axes, found: Mapping[str, Any], chance: float) -> None:
    """Draw the share of new images whose direction is right, without networks that diverged; and chance."""
    rows = []
    for ending, (name, colour) in FORMS.items():
        kept = np.isfinite(found[SCREEN + ending]["loss"][:, -1])
        rows.append(Row(name, colour, 100 * found[SCREEN + ending]["right"][kept]))
    dot_rows(ax, rows, middle=np.mean)
    ax.axvline(100 * chance, color=GREY, linewidth=0.8, linestyle=":", zorder=0)
    ax.set(xlim=(0, 104), xlabel="new images right (%)")


def image_panel(ax: Axes, image: FloatArray, title: str = "") -> None:
    """Draw an image (row, column) in grey; without noise the screen is at 0 and the target at 1."""
    ax.imshow(image, cmap="gray", interpolation="nearest", vmin=-0.5, vmax=1.5)
    ax.set(xticks=[], yticks=[])
    ax.set_title(title, pad=2.0)
    for spine in ax.spines.values():
        spine.set_visible(True)


def draw(part: FigureBase, found: Mapping[str, Any], settings: Mapping[str, Any]) -> list[Axes]:
    """Compose the row of system D; return its panels."""
    heading(part, "D  Rectified networks: four patterns, and the direction of a target on a screen")
    axes = list(part.subplots(1, 4))
    n_hidden, n_inputs = settings["patterns"]["n_hidden"], len(settings["patterns"]["inputs"][0])
    n_classes = max(settings["patterns"]["classes"]) + 1
    for ax, n_outputs in zip(axes, (1, n_classes), strict=False):
        courses_panel(ax, found, f"{n_inputs}-{n_hidden}-{n_outputs}")
    courses_panel(axes[2], found, SCREEN)
    axes[0].set(ylabel="mean squared error", ylim=(1e-12, 1e3))
    for ax in axes[1:3]:
        ax.set(ylabel="cross-entropy", ylim=(1e-3, 1e2))
    image_panel(axes[2].inset_axes((0.66, 0.68, 0.34, 0.36)), found["example_image"])
    screen_panel(axes[3], found, 1 / settings["screen"]["n_directions"])
    return axes
