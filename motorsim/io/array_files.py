"""Arrays in NumPy and MATLAB files that others made: what a file claims is checked before it is believed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from motorsim.checks import InputError
from motorsim.io.matlab import list_mat, read_mat
from motorsim.io.numpy_files import list_npy, list_npz, read_npy, read_npz

if TYPE_CHECKING:
    import os

    import numpy as np

    from motorsim.io.stored_array import StoredArray

_FORMATS = {".npy": (list_npy, read_npy), ".npz": (list_npz, read_npz), ".mat": (list_mat, read_mat)}


def list_arrays(path: str | os.PathLike[str]) -> tuple[StoredArray, ...]:
    """Return what ``path`` (``.npy``, ``.npz`` or MATLAB v4 to v7 ``.mat``) says that it holds.

    Raises
    ------
    InputError
        If the file is missing, has another suffix, is MATLAB v7.3, or is truncated or damaged.
    """
    path = Path(path)
    suffix = path.suffix.lower()
    if suffix not in _FORMATS:
        raise InputError("path", f"a file that ends in {', '.join(_FORMATS)}", str(path))
    if not path.is_file():
        raise InputError("path", f"the file {path}", "a folder" if path.is_dir() else "no such file")
    return _FORMATS[suffix][0](path)


def read_array(path: str | os.PathLike[str], stored: StoredArray) -> np.ndarray:
    """Return one array that `list_arrays` found, as its file holds it (sparse ones filled in).

    Raises
    ------
    InputError
        If it holds no real numbers, claims more than the file can hold or than 1 GiB, or is damaged.
    """
    path = Path(path)
    if not stored.numeric:
        raise InputError(
            stored.name or str(path), "an array of real numbers", f"a variable of type {stored.kind}"
        )
    return _FORMATS[path.suffix.lower()][1](path, stored)
