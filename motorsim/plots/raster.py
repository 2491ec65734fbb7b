"""Raster panel: the spikes of one trial, a row a unit."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from motorsim.checks import InputError, check_array
from motorsim.plots.style import NULL_COLOUR

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.lines import Line2D

    from motorsim.plots.time_axis import TimeAxis
    from motorsim.types import BoolArray, FloatArray, IntArray

EXCITATORY_COLOUR, INHIBITORY_COLOUR = "#0072b2", "#d55e00"
"""Colours of Okabe & Ito (2008), told apart with any common colour vision."""


def raster_panel(
    ax: Axes,
    clock: TimeAxis,
    spike_unit: IntArray,
    spike_time_s: FloatArray,
    *,
    excitatory: BoolArray,
    preferred_rad: FloatArray,
) -> list[Line2D]:
    """Draw the spikes, E units below I units, each sorted by preferred direction; return both sets of marks.

    Parameters
    ----------
    ax
        Where to draw.
    clock
        Times and events.
    spike_unit, spike_time_s
        Unit and time of each spike, (spike,).
    excitatory
        Sign of each unit, boolean (unit,).
    preferred_rad
        Direction that each unit prefers, (unit,).

    Raises
    ------
    InputError
        If arrays do not fit together or a spike is of a unit that does not exist.
    """
    signs = np.asarray(excitatory)
    if signs.dtype != np.bool_ or signs.ndim != 1 or not len(signs):
        raise InputError("excitatory", "booleans (unit,)", f"{signs.dtype} of shape {signs.shape}")
    preferred = check_array("preferred_rad", preferred_rad, ("unit",), shape=signs.shape)
    times_s = check_array("spike_time_s", spike_time_s, ("spike",))
    units = np.asarray(spike_unit)
    if (
        units.shape != times_s.shape
        or units.dtype.kind not in "iu"
        or not np.isin(units, range(len(signs))).all()
    ):
        raise InputError(
            "spike_unit", f"integers from 0 to {len(signs) - 1}, one a spike", f"shape {units.shape}"
        )
    row = np.empty(len(signs), np.int64)
    row[np.lexsort((np.mod(preferred, 2.0 * np.pi), ~signs))] = np.arange(len(signs))
    marks = []
    for sign, colour in ((True, EXCITATORY_COLOUR), (False, INHIBITORY_COLOUR)):
        here = signs[units] == sign
        marks += ax.plot(
            times_s[here],
            row[units[here]],
            "|",
            color=colour,
            markersize=1.6,
            markeredgewidth=0.45,
            rasterized=True,
        )
    n_excitatory = int(signs.sum())
    ax.axhline(n_excitatory - 0.5, color=NULL_COLOUR, linewidth=0.5)
    blocks = [("E", 0, n_excitatory), ("I", n_excitatory, len(signs))]
    shown = [(name, (start + stop - 1) / 2) for name, start, stop in blocks if stop > start]
    ax.set_yticks([at for _, at in shown], [name for name, _ in shown])
    ax.tick_params(axis="y", length=0.0, pad=4.0)
    ax.set(ylim=(-1, len(signs)), ylabel="neurons, by preferred direction")
    clock.draw(ax)
    return marks
