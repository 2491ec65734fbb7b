"""Rates overlay: a unit of the cortex and the same unit as a network reproduces it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from motorsim.checks import check_array

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.lines import Line2D

    from motorsim.plots.conditions import Conditions
    from motorsim.plots.time_axis import TimeAxis
    from motorsim.types import FloatArray

_CORTEX_WIDTH, _CORTEX_OPACITY = 2.4, 0.35


def rates_overlay_panel(
    ax: Axes,
    clock: TimeAxis,
    cortex_hz: FloatArray,
    network_hz: FloatArray,
    conditions: Conditions,
    *,
    name: str,
) -> tuple[list[Line2D], list[Line2D]]:
    """Draw the cortex broad and pale, the network thin over it; return both, one line a condition.

    Parameters
    ----------
    ax
        Where to draw.
    clock
        Times and events.
    cortex_hz, network_hz
        Rate of one unit in Hz, (condition, time).
    conditions
        Their looks; only the colour is used, since all that is drawn here is commonly held out.
    name
        The unit's name, the title.

    Raises
    ------
    InputError
        If an array is not finite or does not fit conditions and times.
    """
    shape = (conditions.n_conditions, clock.n_times)
    cortex = check_array("cortex_hz", cortex_hz, ("condition", "time"), shape=shape)
    network = check_array("network_hz", network_hz, ("condition", "time"), shape=shape)
    broad, thin = [], []
    for colour, real, fitted in zip(conditions.colours, cortex, network, strict=True):
        broad += ax.plot(
            clock.times_s, real, color=tuple(colour), linewidth=_CORTEX_WIDTH, alpha=_CORTEX_OPACITY
        )
        thin += ax.plot(clock.times_s, fitted, color=tuple(colour), linewidth=0.8)
    ax.set_ylabel("firing rate (Hz)")
    ax.set_title(name, pad=12.0)
    clock.draw(ax)
    return broad, thin


def overlay_key(reference: str = "cortex", model: str = "network") -> list[Line2D]:
    """Return the entries of a legend that says which line is which."""
    from matplotlib.lines import Line2D  # noqa: PLC0415 - slow to import

    return [
        Line2D([], [], color="black", linewidth=_CORTEX_WIDTH, alpha=_CORTEX_OPACITY, label=reference),
        Line2D([], [], color="black", linewidth=0.8, label=model),
    ]
