"""Matrices and arrays that others made: a published circuit, recorded muscles."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from motorsim.checks import InputError, check_array
from motorsim.io.array_files import list_arrays, read_array

if TYPE_CHECKING:
    import os
    from collections.abc import Sequence

    from motorsim.io.stored_array import StoredArray
    from motorsim.types import FloatArray


def load_matrix(path: str | os.PathLike[str], name: str | None = None) -> tuple[FloatArray, str]:
    """Read a square matrix from a ``.npy``, ``.npz`` or MATLAB (v4 to v7) file.

    Parameters
    ----------
    path
        The file.
    name
        The variable; where it is not given, the file must hold exactly one square matrix of numbers.

    Returns
    -------
    matrix
        float64, (row, column), finite.
    description
        Which variable of which file it is, its shape and type.

    Raises
    ------
    InputError
        If there is no such matrix or more than one, it is not square, holds NaN or objects, or the
        file is missing, damaged, of another format, or claims absurd sizes.
    """
    path = Path(path)
    stored = list_arrays(path)
    chosen = _only_square(path, stored) if name is None else _named(path, stored, name)
    if len(chosen.shape) != 2 or chosen.shape[0] != chosen.shape[1] or not chosen.shape[0]:
        raise InputError(chosen.name or str(path), "a square matrix", f"{chosen}")
    matrix = check_array(
        chosen.name or str(path), read_array(path, chosen), ("row", "column"), shape=chosen.shape
    )
    return matrix, f"{chosen} of {path.name}"


def load_array(path: str | os.PathLike[str], name: str | None, axes: Sequence[str]) -> FloatArray:
    """Read one array of numbers from a ``.npy``, ``.npz`` or MATLAB (v4 to v7) file.

    Parameters
    ----------
    path
        The file.
    name
        The variable; None for a ``.npy`` file, which holds one array without a name.
    axes
        The names of the axes that it must have, for instance ``("unit", "time", "condition")``.

    Returns
    -------
    array
        float64, with those axes, finite.

    Raises
    ------
    InputError
        If there is no such array, it has other axes, holds NaN or objects, or the file is missing,
        damaged, of another format, or claims absurd sizes.
    """
    path = Path(path)
    chosen = _named(path, list_arrays(path), name or "")
    return check_array(chosen.name or str(path), read_array(path, chosen), axes)


def _named(path: Path, stored: Sequence[StoredArray], name: str) -> StoredArray:
    for candidate in stored:
        if candidate.name == name:
            return candidate
    if [candidate.name for candidate in stored] == [""]:
        raise InputError("name", "None, since a .npy file holds one array without a name", repr(name))
    held = ", ".join(str(candidate) for candidate in stored) or "nothing"
    raise InputError("name", f"a variable of {path.name}, which holds {held}", repr(name))


def _only_square(path: Path, stored: Sequence[StoredArray]) -> StoredArray:
    # MATLAB stores every scalar as 1 x 1, which nobody means by a matrix.
    square = [
        one for one in stored if one.numeric and len(one.shape) == 2 and one.shape[0] == one.shape[1] > 1
    ]
    if len(square) == 1:
        return square[0]
    if not square and len(stored) == 1:
        return stored[0]
    held = ", ".join(str(candidate) for candidate in (square or stored)) or "no arrays"
    raise InputError("path", f"a file with one square matrix, {path}", held, "name the one that is meant")
