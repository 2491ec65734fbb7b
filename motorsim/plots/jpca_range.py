"""jPCA range panel: one property of simulated populations on the range that real cortex has."""

from __future__ import annotations

from typing import TYPE_CHECKING

from motorsim.checks import InputError, check_number
from motorsim.plots.candidates import candidate_look
from motorsim.plots.comparison import candidate_rows

if TYPE_CHECKING:
    from collections.abc import Mapping

    from matplotlib.axes import Axes
    from matplotlib.lines import Line2D

REAL_COLOUR = "#dfe7ef"
"""The range of real cortex, behind everything else."""


def jpca_range_panel(
    ax: Axes,
    values: Mapping[str, float],
    real_range: tuple[float, float],
    *,
    label: str,
    named: bool = True,
) -> list[Line2D]:
    """Draw a property, a row a population, on a bar for real cortex; return the dots.

    Parameters
    ----------
    ax
        Where to draw.
    values
        Value of each population by name, the first on top.
    real_range
        Least and greatest value of real cortex.
    label
        What the property is, with its unit.
    named
        Name the populations on the axis.

    Raises
    ------
    InputError
        If there is no value, one is not finite, or the range is empty.
    """
    low, high = (check_number("real_range", edge) for edge in real_range)
    if low > high:
        raise InputError("real_range", "the least value first", f"{low:g}, {high:g}")
    if not values:
        raise InputError("values", "at least one population", "none")
    ax.axvspan(low, high, color=REAL_COLOUR, linewidth=0.0, zorder=0)
    dots: list[Line2D] = []
    for height, (name, value) in enumerate(values.items()):
        look = candidate_look(name)
        number = check_number(f"values[{name!r}]", value)
        dots += ax.plot([number], [height], look.marker, color=look.colour, markersize=4.2)
    candidate_rows(ax, list(values), named=named)
    ax.set_xlabel(label)
    return dots
