"""Results folder: where the scripts leave their files."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from motorsim.checks import InputError
from motorsim.files import readable_write_errors

if TYPE_CHECKING:
    import argparse

RESULTS = Path("results")


def add_results_option(parser: argparse.ArgumentParser) -> None:
    """Let the user say where results go."""
    parser.add_argument(
        "--results", type=Path, default=RESULTS, help="folder of results folders; default: %(default)s"
    )


def make_results_folder(results: Path) -> Path:
    """Make ``results``/textbook before time is spent on what could not be kept there, and return it.

    Raises
    ------
    InputError
        If it cannot be made or written.
    """
    folder = results / "textbook"
    with readable_write_errors(folder):
        folder.mkdir(parents=True, exist_ok=True)
    if not os.access(folder, os.W_OK):
        raise InputError("results", f"a place that can be written, {folder}", "a read-only folder")
    return folder
