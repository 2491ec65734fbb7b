"""Distribution panel: how a property is distributed over excitatory and inhibitory units."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from motorsim.checks import InputError
from motorsim.plots.raster import EXCITATORY_COLOUR, INHIBITORY_COLOUR

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from motorsim.types import BoolArray, FloatArray


def distribution_panel(
    ax: Axes, values: FloatArray, *, excitatory: BoolArray, label: str
) -> list[FloatArray]:
    """Draw histograms over E and over I units with their medians as triangles; return the counts of both.

    Parameters
    ----------
    ax
        Where to draw.
    values
        The property, (unit,); NaN where it is not known, which is left out and said in the title.
    excitatory
        Sign of each unit, boolean (unit,).
    label
        What it is, with its unit.

    Raises
    ------
    InputError
        If the arrays do not fit, or there is an infinite value.
    """
    numbers, signs = np.asarray(values, dtype=np.float64), np.asarray(excitatory)
    if numbers.ndim != 1 or signs.dtype != np.bool_ or signs.shape != numbers.shape:
        got = f"shapes {numbers.shape} and {signs.shape}"
        raise InputError("values, excitatory", "numbers and booleans, (unit,) each", got)
    if np.isinf(numbers).any():
        raise InputError("values", "numbers that are finite, or NaN for unknown", "an infinite one")
    known = np.isfinite(numbers)
    ax.set(xlabel=label, ylabel="neurons")
    if not known.all():
        ax.set_title(f"{(~known).sum()} of {len(numbers)} not known")
    if not known.any():
        return []
    edges = np.histogram_bin_edges(numbers[known], bins=int(np.sqrt(known.sum())) + 4)
    counts = []
    for sign, colour in ((True, EXCITATORY_COLOUR), (False, INHIBITORY_COLOUR)):
        drawn = numbers[known & (signs == sign)]
        height, _, _ = ax.hist(drawn, bins=edges.tolist(), histtype="stepfilled", color=colour, alpha=0.45)
        counts.append(np.asarray(height, dtype=np.float64))
        if len(drawn):
            ax.plot(np.median(drawn), 0.0, "^", color=colour, clip_on=False, zorder=3)
    ax.set_ylim(bottom=0.0)
    ax.locator_params(axis="y", integer=True, nbins=5)
    return counts
