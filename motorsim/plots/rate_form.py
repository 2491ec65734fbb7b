"""Rate form panel: rates of the pools of a spiking circuit against the rates that its equations give."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from motorsim.checks import check_array, check_number
from motorsim.plots.style import NULL_COLOUR

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.lines import Line2D

    from motorsim.types import FloatArray


def rate_form_panel(ax: Axes, points_hz: FloatArray, *, correlation: float) -> Line2D:
    """Draw changes of rate in the spiking form against the rate form, and equality; return the points.

    Parameters
    ----------
    ax
        Where to draw, both axes on one scale.
    points_hz
        Changes of rate, rate form first, (2, point), in Hz.
    correlation
        How the two correlate, for the title.

    Raises
    ------
    InputError
        If a number is not finite or the shape is another.
    """
    points = check_array("points_hz", points_hz, ("form", "point"), shape=(2, None), minimum_sizes=(2, 1))
    edge = 1.05 * float(np.abs(points).max()) or 1.0
    ax.plot([-edge, edge], [-edge, edge], color=NULL_COLOUR, linewidth=0.7, zorder=0)
    (line,) = ax.plot(
        *points, ".", color="#0072b2", markersize=1.4, alpha=0.35, markeredgewidth=0.0, rasterized=True
    )
    ax.set(xlim=(-edge, edge), ylim=(-edge, edge), box_aspect=1)
    ax.set(xlabel="rate form, change (Hz)", ylabel="pools, change (Hz)")
    ax.set_title(f"after the go cue: r = {check_number('correlation', correlation):.2f}")
    ax.locator_params(nbins=4)
    return line
