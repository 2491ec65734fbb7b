"""Style: one look for every figure, and how a figure is begun."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

from motorsim.checks import InputError, check_positive

if TYPE_CHECKING:
    from collections.abc import Iterator

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.text import Text

PAGE_WIDTH_MM = 180.0
"""Two columns of a journal; no figure is wider."""

COLUMN_WIDTH_MM = 88.0
"""One column."""

NULL_COLOUR = "#b8b8b8"
"""Nulls and guide lines, the same light grey everywhere."""

TEXT_COLOUR = "#1a1a1a"

STYLE: dict[str, Any] = {
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans"],  # ships with matplotlib: the same letters on every machine
    "font.size": 7.0,
    "axes.titlesize": 7.5,
    "axes.labelsize": 7.0,
    "axes.labelpad": 2.0,
    "axes.titlepad": 5.0,
    "axes.linewidth": 0.6,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.labelcolor": TEXT_COLOUR,
    "axes.edgecolor": TEXT_COLOUR,
    "text.color": TEXT_COLOUR,
    "xtick.labelsize": 7.0,
    "ytick.labelsize": 7.0,
    "xtick.major.size": 2.5,
    "ytick.major.size": 2.5,
    "xtick.minor.size": 1.5,
    "ytick.minor.size": 1.5,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "xtick.minor.width": 0.4,
    "ytick.minor.width": 0.4,
    "xtick.major.pad": 2.0,
    "ytick.major.pad": 2.0,
    "legend.frameon": False,
    "legend.fontsize": 7.0,
    "legend.handlelength": 2.2,
    "lines.linewidth": 0.9,
    "lines.markersize": 3.5,
    "figure.dpi": 150.0,
    "savefig.dpi": 300.0,
    "figure.constrained_layout.h_pad": 0.06,
    "figure.constrained_layout.w_pad": 0.04,
    "pdf.fonttype": 42,  # TrueType: text stays text in an editor
    "ps.fonttype": 42,
    "svg.hashsalt": "motorsim",
}


@contextlib.contextmanager
def styled() -> Iterator[None]:
    """Draw and save inside this context: matplotlib's defaults and `STYLE`, whatever the user has set."""
    import matplotlib as mpl  # noqa: PLC0415 - slow to import

    parameters: Any = mpl.rcParams
    with mpl.rc_context():
        mpl.rcdefaults()
        parameters.update(STYLE)
        yield


def new_figure(*, height_mm: float, width_mm: float = PAGE_WIDTH_MM) -> Figure:
    """Return an empty figure that belongs to no window, its layout constrained.

    Raises
    ------
    InputError
        If a size is not positive or the figure would be wider than `PAGE_WIDTH_MM`.
    """
    from matplotlib.figure import Figure  # noqa: PLC0415 - slow to import

    width_mm, height_mm = check_positive("width_mm", width_mm), check_positive("height_mm", height_mm)
    if width_mm > PAGE_WIDTH_MM:
        raise InputError("width_mm", f"at most {PAGE_WIDTH_MM:g} mm, two columns", f"{width_mm:g} mm")
    return Figure(figsize=(width_mm / 25.4, height_mm / 25.4), layout="constrained")


def panel_letter(ax: Axes, letter: str) -> Text:
    """Put a bold letter at the upper left corner, outside the axes."""
    return ax.annotate(
        letter,
        (0.0, 1.0),
        xycoords="axes fraction",
        xytext=(-26.0, 4.0),
        textcoords="offset points",
        fontsize=9.0,
        fontweight="bold",
        annotation_clip=False,
    )
