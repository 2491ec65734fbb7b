"""Comparison panel: one metric, every candidate, with interval, null and ceiling."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from motorsim.checks import InputError
from motorsim.plots.candidates import candidate_look
from motorsim.plots.style import NULL_COLOUR, TEXT_COLOUR

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.lines import Line2D

COLUMNS = ("metric", "candidate", "value", "low", "high", "null", "ceiling", "higher_is_more_alike")


def comparison_panel(
    ax: Axes, table: pd.DataFrame, metric: str, *, label: str = "", named: bool = True
) -> list[Line2D]:
    """Draw one metric of a comparison, a row a candidate, the first candidate on top; return the dots.

    Where a value, an interval, a null or a ceiling is NaN it does not exist: a missing value is said in
    words, with nothing beside it; the others are left out.

    Parameters
    ----------
    ax
        Where to draw.
    table
        Long form with the columns of `COLUMNS`, one row a metric and candidate.
    metric
        Which metric.
    label
        Title, with the unit where there is one; the metric's name where none is given.
    named
        Name the candidates on the axis.

    Raises
    ------
    InputError
        If a column is missing, the metric is not in the table, or a candidate occurs twice.
    """
    rows = metric_rows(table, metric)
    names = [str(name) for name in rows["candidate"]]
    dots: list[Line2D] = []
    for height, (name, value, low, high, null, ceiling) in enumerate(
        zip(names, *(rows[column].astype(float) for column in COLUMNS[2:7]), strict=True)
    ):
        look = candidate_look(name)
        dots += ax.plot([value], [height], look.marker, color=look.colour, markersize=4.2, zorder=3)
        if math.isnan(value):
            ax.text(
                0.03, height, "not defined", transform=ax.get_yaxis_transform(), va="center", fontsize=6.5
            )
            continue
        ax.plot([null], [height], "|", color=NULL_COLOUR, markersize=9.0, markeredgewidth=2.4, zorder=1)
        ax.plot([ceiling], [height], "|", color=TEXT_COLOUR, markersize=9.0, markeredgewidth=0.8, zorder=1)
        ax.plot([low, high], [height, height], color=look.colour, linewidth=1.1, zorder=2)
    candidate_rows(ax, names, named=named)
    ax.set_title(label or metric)
    ax.set_xlabel(_direction(rows["higher_is_more_alike"].iloc[0]))
    return dots


def metric_rows(table: pd.DataFrame, metric: str) -> pd.DataFrame:
    """Return the rows of one metric, or raise `InputError` if the table cannot give them."""
    missing = [column for column in COLUMNS if column not in table.columns]
    if missing:
        raise InputError("table", f"the columns {', '.join(COLUMNS)}", f"none called {', '.join(missing)}")
    rows = table[table["metric"] == metric]
    if rows.empty:
        known = ", ".join(str(name) for name in table["metric"].unique())
        raise InputError("metric", f"one of {known}", repr(metric))
    if rows["candidate"].duplicated().any():
        twice = rows["candidate"][rows["candidate"].duplicated()].iloc[0]
        raise InputError("table", "one row a metric and candidate", f"{twice!r} twice for {metric!r}")
    return rows


def candidate_rows(ax: Axes, names: Sequence[str], *, named: bool) -> None:
    """Make the vertical axis a list of candidates, the first on top."""
    ax.set_ylim(len(names) - 0.4, -0.6)
    ax.set_yticks(range(len(names)), names if named else [""] * len(names))
    ax.tick_params(axis="y", length=0.0)
    ax.locator_params(axis="x", nbins=4)
    ax.margins(x=0.12)
    ax.spines["left"].set_visible(False)


def comparison_key() -> list[Line2D]:
    """Return the entries of a legend that says what the marks mean."""
    from matplotlib.lines import Line2D  # noqa: PLC0415 - slow to import

    tick = {"linestyle": "none", "marker": "|", "markersize": 9.0}
    return [
        Line2D(
            [], [], color=TEXT_COLOUR, marker="o", markersize=4.2, linewidth=1.1, label="value and interval"
        ),
        Line2D([], [], color=NULL_COLOUR, markeredgewidth=2.4, label="null", **tick),  # type: ignore[arg-type]
        Line2D([], [], color=TEXT_COLOUR, markeredgewidth=0.8, label="ceiling", **tick),  # type: ignore[arg-type]
    ]


def _direction(higher_is_more_alike: object) -> str:
    """Say which way is better; nothing where the metric has no such way (NaN, None)."""
    if higher_is_more_alike in (True, False):
        return "more alike \N{RIGHTWARDS ARROW}" if higher_is_more_alike else "\N{LEFTWARDS ARROW} more alike"
    return ""
