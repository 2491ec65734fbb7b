"""NWB tables as plain arrays: columns with one entry a row, and ragged columns."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from motorsim.checks import InputError

if TYPE_CHECKING:
    from motorsim.types import FloatArray, IntArray


def plain_columns(table: Any, leave_out: tuple[str, ...] = ()) -> dict[str, np.ndarray]:
    """Return the columns of numbers, booleans and texts with one entry a row.

    Parameters
    ----------
    table
        A ``DynamicTable`` as pynwb read it.
    leave_out
        Columns that are not wanted; ragged columns and references to other tables never come along.
    """
    columns = {}
    for name in table.colnames:
        column = table[name]
        # Ragged columns are seen through their index, references are a subclass.
        if name in leave_out or type(column).__name__ != "VectorData":
            continue
        values = _plain(np.asarray(column.data[:]))
        if values is not None:
            columns[str(name)] = values
    return columns


def _plain(values: np.ndarray) -> np.ndarray | None:
    if values.dtype.kind in "buif":
        return values
    if all(isinstance(value, str) for value in values.ravel()):
        return values.astype(np.str_)
    return None


def single_column(table: Any, name: str) -> np.ndarray:
    """Return one column; `InputError` that lists the others if it is missing or not plain."""
    columns = plain_columns(table)
    if name not in columns:
        held = ", ".join(sorted(columns)) or "none"
        raise InputError(f"{table.name}[{name!r}]", "a column of that name in the file", held)
    return columns[name]


def ragged_column(table: Any, name: str) -> tuple[FloatArray, IntArray]:
    """Return the values of all rows one after another, and where each row begins, (row + 1,).

    Raises
    ------
    InputError
        If there is no such ragged column, or its index does not divide the values.
    """
    what = f"{table.name}[{name!r}]"
    if name not in table.colnames or not hasattr(table[name], "target"):
        raise InputError(what, "a ragged column of that name", ", ".join(table.colnames))
    values = np.asarray(table[name].target.data[:], dtype=np.float64)
    ends = np.asarray(table[name].data[:]).astype(np.int64)
    boundaries = np.concatenate([[0], ends])
    if (np.diff(boundaries) < 0).any() or boundaries[-1] != len(values):
        raise InputError(what, f"an index that rises to {len(values)}, the number of values", f"{ends}")
    return values, boundaries
