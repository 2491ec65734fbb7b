"""Softmax gate: what stays of the loss of system A, over updates and of every network."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from motorsim.plots.style import TEXT_COLOUR
from textbook_panels.marks import COLOURS, GREY, RIGHT, SMALL, Row, course, dot_rows, heading

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from matplotlib.axes import Axes
    from matplotlib.figure import FigureBase


def courses_panel(ax: Axes, found: Mapping[str, Any]) -> None:
    """Draw the loss: rightly learned, and with each error as its own code reports it."""
    first = found["loss"][:, :1]
    for colour, loss in zip(COLOURS, found["mistake_loss"], strict=True):
        course(ax, 100 * loss / first, colour, band=False)
    course(ax, 100 * found["loss"] / first, TEXT_COLOUR, linewidth=1.4)
    ax.set(xscale="log", yscale="log", xlim=(1, found["loss"].shape[1] - 1), ylim=(3e-3, 2e3))
    ax.set(xlabel="updates", ylabel="loss (% of first)")


def random_targets_panel(ax: Axes, found: Mapping[str, Any]) -> None:
    """Draw the loss with random targets, on a linear axis, and the least that is possible."""
    course(ax, 100 * found["random_loss"] / found["random_loss"][:, :1], GREY)
    least = 100 * float(np.median(found["floor_share"]))
    ax.axhline(least, color=GREY, linewidth=0.9, linestyle=":")
    ax.annotate("least possible", (1.6, least - 1), va="top", fontsize=SMALL, color=GREY)
    ax.set(xscale="log", xlim=(1, found["random_loss"].shape[1] - 1), ylim=(42, 102))
    ax.set_xticks([1, found["random_loss"].shape[1] - 1], [])
    ax.minorticks_off()
    ax.tick_params(labelsize=SMALL)
    ax.set_title("random targets", fontsize=SMALL, color=GREY, pad=1.0)


def shares_panel(ax: Axes, found: Mapping[str, Any], mistakes: Sequence[str]) -> None:
    """Draw what stays of the loss: run rightly on new sequences; of random targets, on their own."""
    rows = [Row(RIGHT, TEXT_COLOUR, 100 * found["new_share"])]
    for name, colour, share in zip(mistakes, COLOURS, 100 * found["mistake_share"], strict=True):
        rows.append(Row(name, colour, share[np.isfinite(share)]))
    random_share = 100 * found["random_loss"][:, -1] / found["random_loss"][:, 0]
    dot_rows(ax, [*rows, Row("random targets", GREY, random_share)])
    ax.set(xscale="log", xlabel="loss that stays, new sequences (% of first)")


def draw(part: FigureBase, found: Mapping[str, Any], attributes: Mapping[str, Any]) -> list[Axes]:
    """Compose the row of system A; return its panels."""
    heading(part, "A  Softmax-gated tanh network and its teacher")
    left, right = part.subplots(1, 2)
    courses_panel(left, found)
    random_targets_panel(left.inset_axes((0.1, 0.12, 0.36, 0.4)), found)
    shares_panel(right, found, str(attributes["mistakes"]).split("; "))
    return [left, right]
