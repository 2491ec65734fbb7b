from __future__ import annotations

import base64
import re
from html.parser import HTMLParser

import numpy as np
import pandas as pd
import pytest

from motorsim.checks import InputError
from motorsim.report import Figure, Section, Table, write_report

# One black pixel.
PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
SVG = b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"/>'
HOSTILE = "<script>alert(1)</script>\" onload='x' & <b>"
VOID = {"meta", "img", "br", "link", "input"}


class Page(HTMLParser):
    """Elements, attributes and text of a page; fails where tags are not closed in order."""

    def __init__(self, text):
        super().__init__()
        self.open, self.elements, self.text = [], [], ""
        self.cells = []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)
        if tag in {"td", "th"}:
            self.cells.append("")

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open and self.open[-1] != "style":
            self.text += data
        if self.open and self.open[-1] in {"td", "th"}:
            self.cells[-1] += data

    def attributes(self, tag, name):
        return [attrs[name] for found, attrs in self.elements if found == tag and name in attrs]


def write(path, **changes):
    given = {
        "title": "A run",
        "summary": [("hand error (mm)", 2.3456789)],
        "sections": [
            Section("Task", "First.\n\nSecond.", figures=[Figure(PNG, "the task")]),
            Section(
                "Numbers", tables=[Table(["name", "value"], [["cca", 0.5], ["r2", np.nan]], "all of them")]
            ),
        ],
        "provenance": {"seed": 7, "versions": {"numpy": "2.3.1"}},
    } | changes
    write_report(path, **given)
    return path.read_text(encoding="utf-8")


@pytest.fixture
def path(tmp_path):
    return tmp_path / "report.html"


def test_the_page_holds_title_summary_sections_and_provenance(path):
    page = Page(write(path))
    for words in (
        "A run",
        "hand error (mm)",
        "2.346",
        "First.",
        "Second.",
        "all of them",
        "versions.numpy",
        "2.3.1",
    ):
        assert words in page.text
    assert [tag for tag, _ in page.elements].count("p") == 2
    assert [tag for tag, _ in page.elements].count("table") == 3


def test_the_contents_lead_to_every_section_and_the_provenance(path):
    page = Page(write(path))
    links = page.attributes("a", "href")
    assert links == [f"#{name}" for name in page.attributes("section", "id")]
    assert len(set(links)) == 3


def test_figures_are_inside_the_page_byte_for_byte(path):
    page = Page(write(path, sections=[Section("Both", figures=[Figure(PNG, "one"), Figure(SVG, "two")])]))
    kinds, contents = zip(
        *(source.split(";base64,") for source in page.attributes("img", "src")), strict=True
    )
    assert kinds == ("data:image/png", "data:image/svg+xml")
    assert [base64.b64decode(content) for content in contents] == [PNG, SVG]
    assert page.attributes("img", "alt") == ["one", "two"]


def test_nothing_is_asked_of_the_network_and_nothing_runs(path):
    text = write(path)
    page = Page(text)
    assert {tag for tag, _ in page.elements}.isdisjoint({"script", "link", "iframe", "object", "base"})
    assert not re.search(r"https?:|//[a-z]|@import|url\(", re.sub(r"base64,[A-Za-z0-9+/=]+", "", text))
    assert all(link.startswith("#") for link in page.attributes("a", "href"))


def test_hostile_texts_are_shown_and_do_nothing(path):
    page = Page(
        write(
            path,
            title=HOSTILE,
            summary=[(HOSTILE, HOSTILE)],
            sections=[
                Section(HOSTILE, HOSTILE, [Figure(PNG, HOSTILE)], [Table([HOSTILE], [[HOSTILE]], HOSTILE)])
            ],
            provenance={HOSTILE: HOSTILE},
        )
    )
    tags = {tag for tag, _ in page.elements}
    assert tags.isdisjoint({"script", "b"})
    assert not any("onload" in attrs for _, attrs in page.elements)
    assert page.attributes("img", "alt") == [HOSTILE]
    # title, heading, contents, section, text, captions of figure and table, 2 x 2 cells and 2 of the table
    assert page.text.count(HOSTILE) == 13


def test_equal_reports_are_equal_files(tmp_path):
    assert write(tmp_path / "one.html") == write(tmp_path / "two.html")


def test_columns_of_numbers_stand_right_and_missing_numbers_are_a_dash(path):
    rows = [["cca", 0.123456, True, 3], ["r2", np.nan, False, None]]
    table = Table(["metric", "value", "higher", "n"], rows)
    page = Page(write(path, summary=[], provenance={}, sections=[Section("s", tables=[table])]))
    assert page.cells == [
        *("metric", "value", "higher", "n"),
        *("cca", "0.1235", "yes", "3"),
        *("r2", "–", "no", "–"),
    ]
    right = [attrs.get("class") == "number" for tag, attrs in page.elements if tag in {"td", "th"}]
    assert right == [False, True, False, True] * 3


def test_a_data_frame_becomes_a_table(path):
    frame = pd.DataFrame({"metric": ["cca"], "value": np.array([0.25], dtype=np.float32), "n": np.array([4])})
    page = Page(
        write(path, summary=[], provenance={}, sections=[Section("s", tables=[Table.of(frame, caption="c")])])
    )
    assert page.cells == ["metric", "value", "n", "cca", "0.25", "4"]


def test_a_figure_is_read_from_its_file(tmp_path):
    file = tmp_path / "figure.png"
    file.write_bytes(PNG)
    assert Figure.read(file, caption="c") == Figure(PNG, "c")
    with pytest.raises(InputError, match="a picture that can be read"):
        Figure.read(tmp_path / "missing.png", caption="c")


def test_what_is_no_picture_and_rows_that_do_not_fit_are_refused():
    with pytest.raises(InputError, match="a PNG or SVG picture"):
        Figure(b"%PDF-1.4", "a page")
    with pytest.raises(InputError, match=r"rows\[1\]: expected 2 cells"):
        Table(["a", "b"], [[1, 2], [1]])


def test_a_report_that_cannot_be_written_leaves_the_old_one(tmp_path):
    before = write(tmp_path / "report.html")
    with pytest.raises(InputError, match="a file to write"):
        write(tmp_path)
    assert (tmp_path / "report.html").read_text(encoding="utf-8") == before
