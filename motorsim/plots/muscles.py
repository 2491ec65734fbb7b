"""Muscles panel: recorded activity and what a network made of it, a row a muscle, a column a condition."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from motorsim.checks import InputError, check_array
from motorsim.plots.candidates import candidate_look

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from matplotlib.axes import Axes
    from matplotlib.lines import Line2D

    from motorsim.plots.time_axis import TimeAxis
    from motorsim.types import BoolArray, FloatArray

_RECORDED_COLOUR = "#9a9a9a"
_HELD_OUT_COLOUR = "#f2ecdc"
_GAP = 0.15


def muscles_panel(
    ax: Axes,
    clock: TimeAxis,
    recorded: FloatArray,
    fitted: FloatArray,
    *,
    labels: Sequence[str],
    condition_labels: Sequence[str],
    held_out: BoolArray,
    scale_bar: tuple[float, str] | None = None,
) -> tuple[list[Line2D], list[Line2D]]:
    """Draw recorded (broad, grey) and fitted (thin) activity, held-out conditions on a tinted ground.

    Every muscle is scaled by the range of its recorded activity, fitted traces by the same.

    Parameters
    ----------
    ax
        Where to draw.
    clock
        Times; its events are marked in every column.
    recorded, fitted
        Activity, (condition, time, muscle).
    labels
        Names of the muscles, (muscle,).
    condition_labels
        Names of the conditions, (condition,).
    held_out
        Conditions that the fit has not seen, boolean (condition,).
    scale_bar
        Length on the clock and label, for times that are not in seconds; a round time by default.

    Returns
    -------
    tuple
        Recorded and fitted lines, muscle by muscle, each condition by condition.

    Raises
    ------
    InputError
        If arrays, labels and mask do not fit together, are not finite, or a muscle was always alike.
    """
    names = ("condition", "time", "muscle")
    shape = (len(condition_labels), clock.n_times, len(labels))
    real = check_array("recorded", recorded, names, shape=shape)
    model = check_array("fitted", fitted, names, shape=shape)
    mask = np.asarray(held_out)
    if mask.dtype != np.bool_ or mask.shape != shape[:1]:
        raise InputError("held_out", f"{shape[0]} booleans", f"{mask.dtype} of shape {mask.shape}")
    least, spread = real.min(axis=(0, 1)), np.ptp(real, axis=(0, 1))
    if (spread == 0).any():
        still = ", ".join(label for label, flat in zip(labels, spread == 0, strict=True) if flat)
        raise InputError("recorded", "activity that changes in every muscle", f"the same always in {still}")
    phase = (clock.times_s - clock.times_s[0]) / (clock.times_s[-1] - clock.times_s[0]) * (1.0 - _GAP)
    lines: tuple[list[Line2D], list[Line2D]] = ([], [])
    looks: tuple[dict[str, Any], ...] = (
        {"color": _RECORDED_COLOUR, "linewidth": 2.2},
        {"color": candidate_look("data-driven").colour, "linewidth": 0.7},
    )
    for muscle in range(shape[2]):
        for traces, activity, look in zip(lines, (real, model), looks, strict=True):
            heights = (activity[:, :, muscle] - least[muscle]) / spread[muscle] * (1.0 - _GAP)
            for condition, height in enumerate(heights):
                traces.extend(ax.plot(phase + condition, height - muscle, **look))
    _name_grid(ax, labels, condition_labels, mask)
    _mark_time(ax, clock, shape[0], scale_bar)
    return lines


def _name_grid(ax: Axes, labels: Sequence[str], condition_labels: Sequence[str], held_out: BoolArray) -> None:
    middle = (1.0 - _GAP) / 2.0
    ax.set_xlim(-_GAP / 2.0, len(condition_labels) - _GAP / 2.0)
    ax.set_ylim(-len(labels) + 0.75, 1.1)
    ax.set_yticks(middle - np.arange(len(labels)), labels)
    ax.set_xticks(middle + np.arange(len(condition_labels)), condition_labels)
    ax.xaxis.tick_top()
    ax.tick_params(length=0.0)
    ax.spines[["left", "bottom"]].set_visible(False)
    for condition in np.flatnonzero(held_out):
        ax.axvspan(
            condition - _GAP / 2.0,
            condition + 1.0 - _GAP / 2.0,
            color=_HELD_OUT_COLOUR,
            linewidth=0.0,
            zorder=0,
        )


def _mark_time(ax: Axes, clock: TimeAxis, n_conditions: int, scale_bar: tuple[float, str] | None) -> None:
    """Mark the events in every column and draw a scale bar, since the columns share no axis."""
    start, stop = clock.times_s[0], clock.times_s[-1]
    per_second = (1.0 - _GAP) / (stop - start)
    for at in clock.events_s.values():
        if start <= at <= stop:
            for condition in range(n_conditions):
                place = condition + (at - start) * per_second
                ax.axvline(place, color="#c8c8c8", linewidth=0.5, linestyle=":", zorder=0.5)
    length, label = scale_bar or _round_time(stop - start)
    foot = ax.get_ylim()[0]
    ax.plot([0.0, length * per_second], [foot, foot], color="black", linewidth=1.4, clip_on=False)
    ax.annotate(
        label,
        (length * per_second / 2.0, foot),
        xytext=(0.0, -2.0),
        textcoords="offset points",
        ha="center",
        va="top",
        annotation_clip=False,
    )


def _round_time(trial_s: float) -> tuple[float, str]:
    """Return a round time that is a good part of a trial, 0.7 of it at most, and its label."""
    bar_s = float(10.0 ** np.floor(np.log10(trial_s)))
    if bar_s * (1.0 - _GAP) > 0.6 * trial_s:
        bar_s /= 2.0
    return bar_s, f"{bar_s:g} s" if bar_s >= 1.0 else f"{1000.0 * bar_s:g} ms"


def muscles_key() -> list[Line2D]:
    """Return the entries of a legend that says what lines and ground mean."""
    from matplotlib.lines import Line2D  # noqa: PLC0415 - slow to import

    return [
        Line2D([], [], color=_RECORDED_COLOUR, linewidth=2.2, label="recorded"),
        Line2D([], [], color=candidate_look("data-driven").colour, linewidth=0.7, label="network"),
        Line2D([], [], color=_HELD_OUT_COLOUR, linewidth=7.0, label="held-out condition"),
    ]
