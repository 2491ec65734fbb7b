"""MATLAB files of version 4 to 7: their arrays of numbers, and nothing else of them.

The layouts are those of "MAT-File Format" (The MathWorks). SciPy's reader also knows structures and
cells, but a damaged file can crash the interpreter inside it; here every length is checked first.
"""

from __future__ import annotations

import math
import os
import struct
import zlib
from collections import Counter
from typing import IO, TYPE_CHECKING, NamedTuple

import numpy as np

from motorsim.checks import InputError
from motorsim.io.stored_array import LARGEST_ARRAY_BYTES, StoredArray, check_claim, damage_as_input_error

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_MATRIX, _COMPRESSED = 14, 15
_ITEM_TYPES = {1: "i1", 2: "u1", 3: "i2", 4: "u2", 5: "i4", 6: "u4", 7: "f4", 9: "f8", 12: "i8", 13: "u8"}
_CLASSES = {
    1: "cell", 2: "struct", 3: "object", 4: "char", 5: "sparse", 6: "double", 7: "single", 8: "int8",
    9: "uint8", 10: "int16", 11: "uint16", 12: "int32", 13: "uint32", 14: "int64", 15: "uint64",
    16: "function", 17: "opaque",
}  # fmt: skip
_NUMERIC_CLASSES = range(5, 16)
_LOGICAL_FLAG, _COMPLEX_FLAG = 0x02, 0x08
_V4_TYPES = {0: "f8", 1: "f4", 2: "i4", 3: "i2", 4: "u2", 5: "u1"}
_V4_KINDS = {"f8": "double", "f4": "single", "i4": "int32", "i2": "int16", "u2": "uint16", "u1": "uint8"}
_HEADER_BYTES = 4096  # flags, dimensions and name of a variable fit; its numbers need not
_DAMAGE = (OSError, EOFError, ValueError, LookupError, OverflowError, MemoryError, struct.error, zlib.error)


class _Variable(NamedTuple):
    """One variable: what it claims, and where its numbers begin."""

    stored: StoredArray
    endian: str
    start: int
    n_bytes: int
    compressed: bool
    item_type: str  # version 4; empty in later ones, which say it beside the numbers


def list_mat(path: Path) -> tuple[StoredArray, ...]:
    """Return the variables of a MATLAB file.

    Raises
    ------
    InputError
        If the file is of version 7.3, truncated or damaged, or holds a name twice.
    """
    with damage_as_input_error(path, _DAMAGE), path.open("rb") as file:
        stored = tuple(variable.stored for variable in _variables(path, file))
    twice = [name for name, count in Counter(one.name for one in stored).items() if count > 1]
    if twice:
        raise InputError("path", f"each variable once, {path}", f"{', '.join(twice)} more than once")
    return stored


def read_mat(path: Path, stored: StoredArray) -> np.ndarray:
    """Return one variable that `list_mat` found, sparse ones filled in; `InputError` if it is damaged."""
    check_claim(stored, 8)
    with damage_as_input_error(path, _DAMAGE), path.open("rb") as file:
        variable = next(one for one in _variables(path, file) if one.stored == stored)
        file.seek(variable.start)
        if variable.item_type:
            item = np.dtype(variable.endian + variable.item_type)
            content = _take(file, math.prod(stored.shape) * item.itemsize)
            return np.frombuffer(content, item).reshape(stored.shape, order="F")
        content = _take(file, variable.n_bytes)
        if variable.compressed:
            content = _inflate(content, LARGEST_ARRAY_BYTES + _HEADER_BYTES)[8:]
        return _numbers(content, stored, variable.endian)


def _variables(path: Path, file: IO[bytes]) -> Iterator[_Variable]:
    start = file.read(128)
    if start.startswith((b"MATLAB 7.3", b"\x89HDF")):
        raise InputError(
            "path", "a MATLAB file of version 4 to 7", f"version 7.3, {path}", "resave it with -v7"
        )
    if 0 in start[:4]:
        file.seek(0)
        return _variables_v4(file)
    if len(start) < 128 or start[126:] not in (b"IM", b"MI"):
        raise InputError("path", f"a MATLAB file, {path}", "a file that does not begin like one")
    return _variables_v5(file, "<" if start[126:] == b"IM" else ">")


def _variables_v5(file: IO[bytes], endian: str) -> Iterator[_Variable]:
    end = os.fstat(file.fileno()).st_size
    position = 128
    while position < end:
        file.seek(position)
        kind, n_bytes = struct.unpack(endian + "II", _take(file, 8))
        if kind not in (_MATRIX, _COMPRESSED) or position + 8 + n_bytes > end:
            raise ValueError(f"an element of type {kind} and {n_bytes} bytes at byte {position}")
        head = _take(file, min(n_bytes, _HEADER_BYTES))
        if kind == _COMPRESSED:
            head = zlib.decompressobj().decompress(head, _HEADER_BYTES)
            inner, n_inner = struct.unpack_from(endian + "II", head)
            if inner != _MATRIX or n_inner > LARGEST_ARRAY_BYTES + _HEADER_BYTES:
                raise ValueError(f"a compressed element of type {inner} and {n_inner} bytes")
            head = head[8:]
        stored = _header(head, endian)
        if stored.name:  # MATLAB keeps its own bookkeeping in a variable without a name
            yield _Variable(stored, endian, position + 8, n_bytes, kind == _COMPRESSED, "")
        position += 8 + n_bytes


def _variables_v4(file: IO[bytes]) -> Iterator[_Variable]:
    end = os.fstat(file.fileno()).st_size
    position = 0
    while position < end:
        file.seek(position)
        head = _take(file, 20)
        endian = "<" if 0 <= struct.unpack("<i", head[:4])[0] < 5000 else ">"
        code, n_rows, n_columns, is_complex, n_name = struct.unpack(endian + "5i", head)
        machine, rest = divmod(code, 1000)
        if machine not in (0, 1) or n_rows < 0 or n_columns < 0 or not 1 <= n_name <= _HEADER_BYTES:
            raise ValueError(f"no variable at byte {position}")
        item_type = _V4_TYPES[rest % 100 // 10]
        name = _take(file, n_name).rstrip(b"\0").decode("ascii")
        kind = (
            ("" if rest % 10 == 0 else "text or sparse ")
            + ("complex " if is_complex else "")
            + _V4_KINDS[item_type]
        )
        stored = StoredArray(name, (n_rows, n_columns), kind, rest % 10 == 0 and not is_complex)
        n_bytes = n_rows * n_columns * np.dtype(item_type).itemsize * (2 if is_complex else 1)
        if file.tell() + n_bytes > end:
            raise ValueError(f"{stored} needs {n_bytes} bytes and {end - file.tell()} are left")
        yield _Variable(stored, endian, file.tell(), n_bytes, compressed=False, item_type=item_type)
        position = file.tell() + n_bytes


def _header(head: bytes, endian: str) -> StoredArray:
    flags, position = _element(head, 0, endian)
    flag_word = struct.unpack_from(endian + "I", flags)[0]
    dimensions, position = _element(head, position, endian)
    name, _ = _element(head, position, endian)
    shape = tuple(int(size) for size in np.frombuffer(dimensions, endian + "i4"))
    code, bits = flag_word & 0xFF, flag_word >> 8
    kind = "logical" if bits & _LOGICAL_FLAG else _CLASSES[code]
    is_complex = bool(bits & _COMPLEX_FLAG)
    numeric = code in _NUMERIC_CLASSES and not is_complex
    return StoredArray(name.decode("ascii"), shape, ("complex " if is_complex else "") + kind, numeric)


def _numbers(content: bytes, stored: StoredArray, endian: str) -> np.ndarray:
    flags, position = _element(content, 0, endian)
    for _ in ("dimensions", "name"):
        _, position = _element(content, position, endian)
    if struct.unpack_from(endian + "I", flags)[0] & 0xFF != 5:  # the class `sparse`
        values, _ = _values(content, position, endian)
        return values.reshape(stored.shape, order="F")
    rows, position = _values(content, position, endian)
    column_starts, position = _values(content, position, endian)
    values, _ = _values(content, position, endian)
    counts = np.diff(column_starts.astype(np.int64))
    filled = np.zeros(stored.shape)
    if filled.ndim != 2 or len(counts) != stored.shape[1] or (counts < 0).any() or (rows < 0).any():
        raise ValueError("a sparse matrix whose indices do not fit")
    n_values = int(counts.sum())
    filled[rows[:n_values], np.repeat(np.arange(len(counts)), counts)] = values[:n_values]
    return filled


def _values(content: bytes, position: int, endian: str) -> tuple[np.ndarray, int]:
    item_type = _ITEM_TYPES[_tag(content, position, endian)[0]]
    data, position = _element(content, position, endian)
    return np.frombuffer(data, endian + item_type), position


def _element(content: bytes, position: int, endian: str) -> tuple[bytes, int]:
    """Return the bytes of the element at ``position`` and where the next one begins."""
    _, start, n_bytes = _tag(content, position, endian)
    if start + n_bytes > len(content):
        raise EOFError("the file ends within a variable")
    small = start == position + 4
    return content[start : start + n_bytes], position + 8 if small else start + n_bytes + -n_bytes % 8


def _tag(content: bytes, position: int, endian: str) -> tuple[int, int, int]:
    """Return type, first byte and number of bytes of the element at ``position``."""
    first, n_bytes = struct.unpack_from(endian + "II", content, position)
    if first >> 16:  # four bytes or fewer are packed into the tag itself
        return first & 0xFFFF, position + 4, min(first >> 16, 4)
    return first, position + 8, n_bytes


def _take(file: IO[bytes], n_bytes: int) -> bytes:
    content = file.read(n_bytes)
    if len(content) < n_bytes:
        raise EOFError("the file ends within a variable")
    return content


def _inflate(content: bytes, most_bytes: int) -> bytes:
    inflater = zlib.decompressobj()
    inflated = inflater.decompress(content, most_bytes)
    if not inflater.eof:  # also where the checksum was not reached
        raise EOFError("a compressed variable that does not end")
    return inflated
