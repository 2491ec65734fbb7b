"""NumPy files: arrays of ``.npy`` and ``.npz``, without pickled objects."""

from __future__ import annotations

import struct
import tokenize
import zipfile
import zlib
from typing import IO, TYPE_CHECKING, Any

import numpy as np

from motorsim.checks import InputError
from motorsim.io.stored_array import DEFLATE_RATIO, StoredArray, check_claim, damage_as_input_error

if TYPE_CHECKING:
    from pathlib import Path

_SUFFIX = ".npy"
# `numpy.lib.format` carries no type hints.
_FORMAT: Any = np.lib.format
_DAMAGE = (
    *(OSError, EOFError, ValueError, TypeError, LookupError, MemoryError, RuntimeError, SyntaxError),
    *(struct.error, tokenize.TokenError, zlib.error, zipfile.BadZipFile),
)


def list_npy(path: Path) -> tuple[StoredArray, ...]:
    """Return what the header of a ``.npy`` file says; `InputError` if it is damaged."""
    with damage_as_input_error(path, _DAMAGE), path.open("rb") as file:
        return (_header(file, ""),)


def read_npy(path: Path, stored: StoredArray) -> np.ndarray:
    """Return the array of a ``.npy`` file; `InputError` if it is damaged or claims more than it holds."""
    check_claim(stored, np.dtype(stored.kind).itemsize, path.stat().st_size)
    with damage_as_input_error(path, _DAMAGE), path.open("rb") as file:
        return _whole_array(file, stored)


def list_npz(path: Path) -> tuple[StoredArray, ...]:
    """Return what the headers of a ``.npz`` file's arrays say; `InputError` if it is damaged."""
    found = []
    with damage_as_input_error(path, _DAMAGE), zipfile.ZipFile(path) as archive:
        for member in archive.namelist():
            if member.endswith(_SUFFIX):
                with archive.open(member) as file:
                    found.append(_header(file, member.removesuffix(_SUFFIX)))
    return tuple(found)


def read_npz(path: Path, stored: StoredArray) -> np.ndarray:
    """Return one array of a ``.npz`` file; `InputError` if it is damaged or claims more than it holds."""
    with damage_as_input_error(path, _DAMAGE), zipfile.ZipFile(path) as archive:
        member = archive.getinfo(stored.name + _SUFFIX)
        most_bytes = min(member.file_size, DEFLATE_RATIO * min(member.compress_size, path.stat().st_size))
        check_claim(stored, np.dtype(stored.kind).itemsize, most_bytes)
        with archive.open(member) as file:
            return _whole_array(file, stored)


def _header(file: IO[bytes], name: str) -> StoredArray:
    readers = {(1, 0): _FORMAT.read_array_header_1_0, (2, 0): _FORMAT.read_array_header_2_0}
    version = _FORMAT.read_magic(file)
    if version not in readers:
        raise InputError(
            name or "array", "NumPy file format 1.0 or 2.0", ".".join(str(part) for part in version)
        )
    shape, _, dtype = readers[version](file)
    return StoredArray(name, tuple(int(size) for size in shape), str(dtype), dtype.kind in "buif")


def _whole_array(file: IO[bytes], stored: StoredArray) -> np.ndarray:
    array: np.ndarray = _FORMAT.read_array(file, allow_pickle=False)
    # Reading on to the end also makes a zip archive compare its checksum.
    if file.read(1):
        raise InputError(stored.name or "array", f"as many bytes as {stored} needs", "more")
    return array
