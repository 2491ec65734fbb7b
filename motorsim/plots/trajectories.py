"""Trajectory panels: states of a population in two dimensions, from a dot to an arrow head."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from motorsim.checks import InputError, check_array, check_integer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes
    from matplotlib.lines import Line2D

    from motorsim.analysis import JPCA
    from motorsim.plots.conditions import Conditions
    from motorsim.types import FloatArray

# The arrow points along the last stretch of this share of the panel, not along the last, tiny, step.
_HEADING_STRETCH = 0.03


def trajectory_panel(
    ax: Axes,
    projections: FloatArray,
    conditions: Conditions,
    *,
    labels: tuple[str, str],
    title: str = "",
) -> list[Line2D]:
    """Draw one trajectory a condition, from a dot to an arrow head; return the trajectories.

    Parameters
    ----------
    ax
        Where to draw; both axes get one scale.
    projections
        States, (condition, time, 2).
    conditions
        Their looks.
    labels
        What the axes are, with their units.
    title
        The title.

    Raises
    ------
    InputError
        If the projections are not finite or do not fit the conditions.
    """
    axes = ("condition", "time", "dimension")
    shape = (conditions.n_conditions, None, 2)
    paths = check_array("projections", projections, axes, shape=shape, minimum_sizes=(1, 2, 2))
    stretch = _HEADING_STRETCH * float(np.ptp(paths, axis=(0, 1)).max())
    lines = []
    for condition, path in enumerate(paths):
        look = conditions.line(condition)
        lines += ax.plot(*path.T, **look)
        ax.plot(*path[0], "o", color=look["color"], markersize=2.8)
        marker = (3, 0, _heading_deg(path, stretch) - 90.0)
        ax.plot(*path[-1], marker=marker, color=look["color"], markersize=4.2)
    ax.set_aspect("equal", adjustable="box")
    ax.set(xlabel=labels[0], ylabel=labels[1], title=title)
    ax.locator_params(nbins=4)
    return lines


def jpca_panel(
    ax: Axes, result: JPCA, conditions: Conditions, *, plane: int = 0, unit: str, title: str = ""
) -> list[Line2D]:
    """Draw one jPCA plane, its frequency and share of the variance in the title; return the trajectories.

    Parameters
    ----------
    ax
        Where to draw.
    result
        From `motorsim.analysis.jpca`.
    conditions
        Looks of the conditions that it was fitted on.
    plane
        Which plane, 0 the fastest.
    unit
        Unit of the states.
    title
        Goes before frequency and variance.

    Raises
    ------
    InputError
        If there is no such plane or the conditions do not fit.
    """
    plane = check_integer("plane", plane, minimum=0, maximum=len(result.projections) - 1)
    frequency, share = result.frequencies_hz[plane], result.plane_variance_ratio[plane]
    facts = f"{frequency:.1f} Hz, {100.0 * share:.0f} % of variance"
    first = 2 * plane + 1
    return trajectory_panel(
        ax,
        result.projections[plane],
        conditions,
        labels=(f"jPC {first} ({unit})", f"jPC {first + 1} ({unit})"),
        title=f"{title}\n{facts}" if title else facts,
    )


def share_limits(panels: Sequence[Axes]) -> None:
    """Give panels of states in one unit the same square limits, so that sizes can be compared.

    Raises
    ------
    InputError
        If there is no panel.
    """
    if not panels:
        raise InputError("panels", "at least one panel", "none")
    limit = max(abs(edge) for ax in panels for edge in (*ax.get_xlim(), *ax.get_ylim()))
    for ax in panels:
        ax.set(xlim=(-limit, limit), ylim=(-limit, limit))


def _heading_deg(path: FloatArray, stretch: float) -> float:
    """Return the direction in degrees in which a path (time, 2) arrives."""
    ahead = path[-1] - path
    far = np.flatnonzero(np.linalg.norm(ahead, axis=1) >= stretch)
    x, y = ahead[far[-1]] if len(far) else (1.0, 0.0)
    return float(np.degrees(np.arctan2(y, x)))
