"""Visual reach: what system E sees, and how well rates and hand follow, by visual front end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from motorsim.plots import direction_colours
from motorsim.plots.style import NULL_COLOUR, TEXT_COLOUR
from textbook_panels.intervals import student
from textbook_panels.marks import COLOURS, GREY, Row, dot_rows, heading
from textbook_panels.rectifiers import image_panel

if TYPE_CHECKING:
    from collections.abc import Mapping

    from matplotlib.axes import Axes
    from matplotlib.figure import FigureBase

    from motorsim.types import FloatArray

FRONT_ENDS = {
    "coordinates": ("coordinates, no image", GREY),
    "max pooling": ("max pooling", COLOURS[1]),
    "average pooling": ("average pooling", COLOURS[3]),
    "strided convolution": ("strided convolution", COLOURS[4]),
    "max pooling, stride 1": ("max pooling, stride 1", COLOURS[6]),
    "random encoder": ("random encoder", COLOURS[0]),
}
SHOWN = "max pooling"
CORTEX = "the cortex itself"


def scores_panel(ax: Axes, scores: Mapping[str, FloatArray]) -> None:
    """Draw a score by front end, a dot a network, the mean as a bar with its interval."""
    rows = [Row(name, colour, scores[kind]) for kind, (name, colour) in FRONT_ENDS.items()]
    dot_rows(ax, rows, middle=np.mean)
    for place, row in enumerate(rows):
        _, low, high = student(row.values)
        ax.plot([low, high], [place, place], color=TEXT_COLOUR, linewidth=0.7)


def reaches_panel(ax: Axes, found: Mapping[str, Any]) -> None:
    """Draw a network's hand paths to held-out targets, those of the cortex broad and pale."""
    session = found["session"]
    held_out = session["held_out"].astype(bool)
    by_cortex = 100 * found["references"][CORTEX]["hand_position_m"][0, held_out]
    by_network = 100 * found["networks"][SHOWN]["hand_position_m"][0, held_out]
    start = by_cortex[0, 0]
    x, y = (100 * session["target_m"][held_out] - start).T
    ax.scatter(x, y, s=16, facecolor="none", edgecolor=GREY, linewidth=0.6)
    colours = direction_colours(np.arctan2(y, x))
    for wanted, path, colour in zip(by_cortex - start, by_network - start, colours, strict=True):
        ax.plot(*wanted.T, color=NULL_COLOUR, linewidth=2.2, solid_capstyle="round")
        ax.plot(*path.T, color=colour, linewidth=0.9)
    ax.set_aspect("equal")
    ax.set(xlabel="x (cm)", ylabel="y (cm)")


def draw(part: FigureBase, found: Mapping[str, Any]) -> list[Axes]:
    """Compose the second row of system E; return its panels."""
    heading(part, "E  From images through convolution and a recurrent network to the rates of a motor cortex")
    networks, session = found["networks"], found["session"]
    held_out, images = session["held_out"].astype(bool), session["example_images"]
    grid = part.add_gridspec(2, 4, width_ratios=(0.55, 1.0, 1.0, 0.95))
    go = int(np.argmax(session["times_from_go_s"] >= 0))
    pictures = [part.add_subplot(grid[row, 0]) for row in range(2)]
    for ax, title, index in zip(pictures, ("target", "go cue"), (go - 2, go + 2), strict=True):
        image_panel(ax, images[index], title)
    scores, errors, paths = (part.add_subplot(grid[:, column]) for column in (1, 2, 3))
    scores_panel(scores, {kind: got["r2_held_out"] for kind, got in networks.items()})
    scores.set_xlabel("R² of rates, held-out targets")
    error_mm = {kind: 1e3 * got["error_m"][:, held_out].mean(axis=1) for kind, got in networks.items()}
    scores_panel(errors, error_mm)
    own_mm = 1e3 * found["references"][CORTEX]["error_m"][0, held_out].mean()
    errors.axvline(own_mm, color=GREY, linewidth=0.8, linestyle=":", zorder=0)
    errors.set_yticklabels([])
    errors.set(xlabel="hand error, held-out targets (mm)", xlim=(0, None))
    reaches_panel(paths, found)
    return [pictures[0], scores, errors, paths]
