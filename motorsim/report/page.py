"""Page: what a report holds, as one HTML file that needs nothing else."""

from __future__ import annotations

import base64
from html import escape
from importlib.resources import files
from typing import TYPE_CHECKING

from motorsim.files import atomic_write_text
from motorsim.report.content import Table
from motorsim.report.table import table_html

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping, Sequence
    from typing import Any

    from motorsim.report.content import Figure, Section


def write_report(
    path: str | os.PathLike[str],
    *,
    title: str,
    summary: Sequence[tuple[str, Any]],
    sections: Sequence[Section],
    provenance: Mapping[str, Any],
) -> None:
    """Write one HTML page with everything in it: style and pictures too, no scripts, nothing from elsewhere.

    Equal arguments give an equal file, written whole or not at all. Texts are shown as they are, markup and
    all.

    Parameters
    ----------
    path
        The file to write.
    title
        Heading of the page.
    summary
        Name and value of what matters most.
    sections
        In the order of the page.
    provenance
        What made the results: versions, seed, times; nested mappings become dotted names.

    Raises
    ------
    InputError
        If the file cannot be written.
    DiskFullError
        If the disk is full.
    """
    atomic_write_text(path, _page(title, summary, sections, provenance))


def _page(
    title: str, summary: Sequence[tuple[str, Any]], sections: Sequence[Section], provenance: Mapping[str, Any]
) -> str:
    headings = [section.heading for section in sections]
    if provenance:
        headings.append("Provenance")
    style = (files("motorsim.report") / "page.css").read_text(encoding="utf-8")
    parts = [
        "<!DOCTYPE html>",
        '<html lang="en">',
        "<head>",
        '<meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<title>{escape(title)}</title>",
        f"<style>\n{style}</style>",
        "</head>",
        "<body>",
        f"<h1>{escape(title)}</h1>",
        *_summary(summary),
        *_contents(headings),
        *(line for number, section in enumerate(sections, 1) for line in _section(number, section)),
    ]
    if provenance:
        table = Table(["what", "value"], list(_flat(provenance)))
        parts += [_opening(len(headings), "Provenance"), table_html(table), "</section>"]
    return "\n".join([*parts, "</body>", "</html>", ""])


def _summary(summary: Sequence[tuple[str, Any]]) -> list[str]:
    if not summary:
        return []
    return [table_html(Table(["summary", "value"], list(summary)))]


def _contents(headings: Sequence[str]) -> list[str]:
    entries = [
        f'<li><a href="#{_anchor(number)}">{escape(name)}</a></li>' for number, name in enumerate(headings, 1)
    ]
    return ['<nav aria-label="Contents">', "<h2>Contents</h2>", "<ol>", *entries, "</ol>", "</nav>"]


def _section(number: int, section: Section) -> list[str]:
    paragraphs = [block.strip() for block in section.text.split("\n\n") if block.strip()]
    return [
        _opening(number, section.heading),
        *(f"<p>{escape(paragraph)}</p>" for paragraph in paragraphs),
        *(_figure(figure) for figure in section.figures),
        *(table_html(table) for table in section.tables),
        "</section>",
    ]


def _opening(number: int, heading: str) -> str:
    return f'<section id="{_anchor(number)}">\n<h2>{escape(heading)}</h2>'


def _anchor(number: int) -> str:
    return f"section-{number}"


def _figure(figure: Figure) -> str:
    source = f"data:{figure.media_type};base64,{base64.b64encode(figure.data).decode('ascii')}"
    caption = escape(figure.caption)
    picture = f'<div class="wide"><img src="{source}" alt="{caption}"></div>'
    return f"<figure>\n{picture}\n<figcaption>{caption}</figcaption>\n</figure>"


def _flat(mapping: Mapping[str, Any], prefix: str = "") -> list[tuple[str, Any]]:
    """Return name and value of every leaf of nested mappings, names joined by dots."""
    leaves: list[tuple[str, Any]] = []
    for name, value in mapping.items():
        if hasattr(value, "items"):
            leaves += _flat(value, f"{prefix}{name}.")
        else:
            leaves.append((f"{prefix}{name}", value))
    return leaves
