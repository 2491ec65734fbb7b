"""What a report holds: sections of text, figures and tables."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from motorsim.checks import InputError

if TYPE_CHECKING:
    import os
    from collections.abc import Sequence

    import pandas as pd

_PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_SVG_OPENING = 1000


@dataclass(frozen=True)
class Figure:
    """A picture that the page carries inside.

    Parameters
    ----------
    data
        Bytes of a PNG or SVG.
    caption
        What the picture shows; also read out to those who cannot see it.

    Raises
    ------
    InputError
        If the bytes are neither PNG nor SVG.
    """

    data: bytes
    caption: str

    def __post_init__(self) -> None:
        """Look what kind of picture it is."""
        if not self.media_type:
            raise InputError("data", "a PNG or SVG picture", f"{len(self.data)} bytes that are neither")

    @classmethod
    def read(cls, path: str | os.PathLike[str], *, caption: str) -> Figure:
        """Return the picture of a file; `InputError` if it cannot be read or is neither PNG nor SVG."""
        try:
            return cls(Path(path).read_bytes(), caption)
        except OSError as error:
            expected = f"a picture that can be read, {path}"
            raise InputError("path", expected, error.strerror or str(error)) from error

    @property
    def media_type(self) -> str:
        """``"image/png"`` or ``"image/svg+xml"``; empty for anything else."""
        if self.data.startswith(_PNG_SIGNATURE):
            return "image/png"
        return "image/svg+xml" if b"<svg" in self.data[:_SVG_OPENING] else ""


@dataclass(frozen=True)
class Table:
    """A table: the names of the columns, the rows, and what they show.

    Cells are texts, numbers, booleans or None; floats are shown to four significant digits, NaN and None
    as a dash.

    Raises
    ------
    InputError
        If a row has another number of cells than there are columns.
    """

    columns: Sequence[str]
    rows: Sequence[Sequence[Any]]
    caption: str = ""

    def __post_init__(self) -> None:
        """Check the rows against the columns."""
        for number, row in enumerate(self.rows):
            if len(row) != len(self.columns):
                expected = f"{len(self.columns)} cells, one a column"
                raise InputError(f"rows[{number}]", expected, f"{len(row)} cells")

    @classmethod
    def of(cls, frame: pd.DataFrame, *, caption: str = "") -> Table:
        """Return the columns of a data frame, without its index."""
        rows = list(frame.astype(object).itertuples(index=False, name=None))
        return cls([str(column) for column in frame.columns], rows, caption)


@dataclass(frozen=True)
class Section:
    """A heading and what stands under it; blank lines in the text part its paragraphs."""

    heading: str
    text: str = ""
    figures: Sequence[Figure] = ()
    tables: Sequence[Table] = ()
