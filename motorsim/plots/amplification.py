"""Amplification panel: how much each initial state of a circuit is amplified."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from motorsim.checks import InputError, check_array
from motorsim.plots.style import NULL_COLOUR

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.lines import Line2D

    from motorsim.types import FloatArray


def amplification_panel(ax: Axes, energies: FloatArray) -> Line2D:
    """Draw the energies of the Gramian's modes, the largest first, on a logarithmic axis; return their line.

    Parameters
    ----------
    ax
        Where to draw.
    energies
        Energy that each mode evokes, in units of tau / 2 (1 without recurrence), (mode,), in any order.

    Raises
    ------
    InputError
        If an energy is not finite and positive.
    """
    checked = check_array("energies", energies, ("mode",), minimum_sizes=(1,))
    if (checked <= 0).any():
        raise InputError("energies", "energies above 0", f"{checked.min():g}")
    falling = np.sort(checked)[::-1]
    mean = float(falling.mean())
    (line,) = ax.plot(
        np.arange(1, len(falling) + 1), falling, ".-", color="#0072b2", markersize=3.0, linewidth=0.6
    )
    for level, name in ((mean, f"mean {mean:.1f}"), (1.0, "no recurrence")):
        ax.axhline(level, color=NULL_COLOUR, linewidth=0.7, zorder=0)
        ax.annotate(
            name,
            (1.0, level),
            xycoords=("axes fraction", "data"),
            xytext=(0.0, 1.5),
            textcoords="offset points",
            ha="right",
            va="bottom",
            fontsize=6.5,
        )
    ax.set_yscale("log")
    ax.set_ylim(bottom=min(0.8, 0.8 * falling[-1]))
    ax.yaxis.set_major_formatter("{x:g}")
    ax.set(xlabel="mode, by energy", ylabel="evoked energy (units of $\\tau$ / 2)")
    return line
