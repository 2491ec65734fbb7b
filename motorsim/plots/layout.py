"""Layout: how panels share a page."""

from __future__ import annotations

import string
from typing import TYPE_CHECKING

from motorsim.plots.style import panel_letter

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure, FigureBase


def figure_rows(fig: Figure, heights: tuple[float, ...]) -> list[FigureBase]:
    """Part a figure into rows of these relative heights, each with a layout and a legend of its own."""
    return list(fig.subfigures(len(heights), 1, squeeze=False, height_ratios=heights).flat)


def panel_grid(part: FigureBase, n_rows: int, n_columns: int, n_panels: int) -> list[Axes]:
    """Return the first axes of a grid and take the others away."""
    axes = list(part.subplots(n_rows, n_columns, squeeze=False).flat)
    for ax in axes[n_panels:]:
        ax.remove()
    return axes[:n_panels]


def letter_panels(panels: Iterable[Axes]) -> None:
    """Letter panels a, b, c, ... in the order given."""
    for ax, letter in zip(panels, string.ascii_lowercase, strict=False):
        panel_letter(ax, letter)


def legend_below(part: FigureBase, entries: Sequence[Artist]) -> None:
    """Put the entries of a legend in one line below a part of a figure; nothing where there are none."""
    if entries:
        part.legend(handles=list(entries), loc="outside lower center", ncols=len(entries))
