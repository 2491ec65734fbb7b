"""Saving: a figure as PDF and PNG, the same bytes every time."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from motorsim.checks import InputError
from motorsim.files import atomic_path
from motorsim.plots.style import styled

if TYPE_CHECKING:
    import os
    from typing import Any

    from matplotlib.figure import Figure

# What would otherwise stamp the date or the version of matplotlib into the file.
_METADATA: dict[str, dict[str, Any]] = {
    "pdf": {"CreationDate": None, "Producer": None, "Creator": None},
    "png": {"Software": None},
}


def save_figure(fig: Figure, folder: str | os.PathLike[str], name: str) -> tuple[Path, Path]:
    """Write ``name``.pdf and ``name``.png (300 dpi) into ``folder``, each whole or not at all.

    Fonts are embedded as TrueType, and equal figures give equal bytes.

    Returns
    -------
    tuple
        The paths of the PDF and of the PNG.

    Raises
    ------
    InputError
        If the name holds a path, or the folder cannot be written.
    DiskFullError
        If the disk is full.
    """
    if not name or Path(name).name != name:
        raise InputError("name", "the name of a file without folder or suffix", repr(name))
    pdf, png = (Path(folder) / f"{name}.{suffix}" for suffix in _METADATA)
    for path in (pdf, png):
        suffix = path.suffix[1:]
        with styled(), atomic_path(path) as temporary:
            fig.savefig(temporary, format=suffix, metadata=_METADATA[suffix])
    return pdf, png
