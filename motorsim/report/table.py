"""Table: cells as HTML, numbers aligned right."""

from __future__ import annotations

import math
from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from motorsim.report.content import Table

_MISSING = "\N{EN DASH}"


def table_html(table: Table) -> str:
    """Return a table that scrolls sideways where the screen is too narrow; columns of numbers stand right."""
    numeric = [
        any(_is_number(row[column]) for row in table.rows)
        and all(_is_number(row[column]) or row[column] is None for row in table.rows)
        for column in range(len(table.columns))
    ]
    head = "".join(_cell("th", name, right) for name, right in zip(table.columns, numeric, strict=True))
    caption = [f"<caption>{escape(table.caption)}</caption>"] if table.caption else []
    body = [
        "<tr>"
        + "".join(_cell("td", _shown(value), right) for value, right in zip(row, numeric, strict=True))
        + "</tr>"
        for row in table.rows
    ]
    return "\n".join(
        [
            '<div class="wide">',
            "<table>",
            *caption,
            f"<thead><tr>{head}</tr></thead>",
            "<tbody>",
            *body,
            "</tbody>",
            "</table>",
            "</div>",
        ]
    )


def _cell(tag: str, text: str, number: bool) -> str:
    opening = f'{tag} class="number"' if number else tag
    return f"<{opening}>{escape(text)}</{tag}>"


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float | np.integer | np.floating) and not isinstance(value, bool)


def _shown(value: Any) -> str:
    if value is None or (isinstance(value, float | np.floating) and math.isnan(value)):
        return _MISSING
    if isinstance(value, bool | np.bool_):
        return "yes" if value else "no"
    if isinstance(value, float | np.floating):
        return f"{value:.4g}"
    return str(value)
