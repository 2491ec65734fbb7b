"""HDF5: nested arrays in one self-describing file, written whole, read without trust."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import h5py
import numpy as np

from motorsim import __version__
from motorsim.checks import InputError, check_integer
from motorsim.files import atomic_write_bytes

if TYPE_CHECKING:
    import os

Content: TypeAlias = "np.ndarray | str | float | int | bool | Mapping[str, Content]"
Attribute: TypeAlias = "str | float | int | bool"

LARGEST_ARRAY_BYTES = 2**33
_LARGEST_ATTRIBUTE_BYTES = 60_000  # HDF5 keeps attributes in a 64 kB header
_COMPRESSED_FROM_BYTES = 64_000
_DEFLATE_RATIO = 1100  # zlib cannot do better than 1032 to 1
_DEEPEST = 8
_RESERVED = ("kind", "schema_version", "motorsim_version")
_NUMBERS = "buifc"


def write_arrays(
    path: str | os.PathLike[str],
    kind: str,
    arrays: Mapping[str, Content],
    attributes: Mapping[str, Attribute] | None = None,
    *,
    schema_version: int,
) -> None:
    """Write nested arrays as one HDF5 file, whole or not at all; the same content gives the same bytes.

    Parameters
    ----------
    path
        The file; what stood there is replaced.
    kind
        What the file holds, for instance ``"population"``; asked for again on reading.
    arrays
        Name to array, text, number, boolean, or a mapping of the same. Any shape; numbers are kept
        bit for bit, texts as UTF-8.
    attributes
        Short texts and numbers about the whole.
    schema_version
        Version of the layout under ``kind``.

    Raises
    ------
    InputError
        If a value is an object, a name holds a slash, or the file cannot be written.
    DiskFullError
        If the disk is full.
    """
    check_integer("schema_version", schema_version)
    root: dict[str, Attribute] = {
        "kind": kind,
        "schema_version": schema_version,
        "motorsim_version": __version__,
    }
    taken = set(root) & set(attributes or {})
    if taken:
        raise InputError("attributes", f"other names than {', '.join(_RESERVED)}", ", ".join(sorted(taken)))
    # In memory first: a full disk then meets plain writes, not the HDF5 library in mid-close.
    with h5py.File(secrets.token_hex(8), "w", driver="core", backing_store=False) as file:
        for name, value in (root | dict(attributes or {})).items():
            _write_attribute(file, name, value)
        _write_group(file, arrays, "")
        file.flush()
        image = file.id.get_file_image()
    atomic_write_bytes(path, image)


def _write_attribute(file: h5py.File, name: str, value: Attribute) -> None:
    _check_name(name, f"attributes[{name!r}]")
    if not isinstance(value, str | float | int | np.number | np.bool_):
        raise InputError(f"attributes[{name!r}]", "a text or a number", type(value).__name__)
    stored = _storable(f"attributes[{name!r}]", value)
    if stored.nbytes > _LARGEST_ATTRIBUTE_BYTES:
        raise InputError(
            f"attributes[{name!r}]", "a short text", f"{stored.nbytes} bytes", "store it under `arrays`"
        )
    file.attrs.create(name, stored)


def _write_group(group: h5py.Group, arrays: Mapping[str, Content], where: str) -> None:
    for name, value in arrays.items():
        _check_name(name, f"arrays[{where + str(name)!r}]")
        if isinstance(value, Mapping):
            if where.count("/") >= _DEEPEST - 1:
                raise InputError("arrays", f"at most {_DEEPEST} mappings inside each other", where + name)
            _write_group(group.create_group(name), value, f"{where}{name}/")
            continue
        stored = _storable(where + name, value)
        large = stored.ndim > 0 and stored.nbytes > _COMPRESSED_FROM_BYTES
        options: dict[str, Any] = (
            {"compression": "gzip", "compression_opts": 1, "shuffle": True} if large else {}
        )
        group.create_dataset(name, data=stored, track_times=False, **options)


def _check_name(name: str, what: str) -> None:
    if not isinstance(name, str) or name in {"", "."} or "/" in name or "\0" in name:
        raise InputError(what, "a name that is a text without a slash", repr(name))


def _storable(name: str, value: Any) -> np.ndarray:
    """Return an array of numbers, booleans or UTF-8 bytes; no objects."""
    array = np.asarray(value)
    if array.dtype.kind not in _NUMBERS + "U" or (array.dtype.kind == "f" and array.dtype.itemsize > 8):
        raise InputError(
            name,
            "numbers, booleans, texts or a mapping of them",
            f"{type(value).__name__} of type {array.dtype}",
        )
    if array.dtype.kind != "U":
        return array
    if isinstance(value, str) and "\0" in value:
        raise InputError(name, "a text without null characters", repr(value))
    try:
        encoded = np.char.encode(array, "utf-8")
    except UnicodeEncodeError as error:
        raise InputError(name, "a text that can be written as UTF-8", str(error)) from None
    return encoded.astype(h5py.string_dtype("utf-8", max(encoded.dtype.itemsize, 1)))


def read_arrays(
    path: str | os.PathLike[str], kind: str, *, schema_version: int
) -> tuple[dict[str, Any], dict[str, Attribute]]:
    """Read what `write_arrays` wrote.

    Parameters
    ----------
    path
        The file.
    kind
        What it must hold.
    schema_version
        The newest layout that the caller understands; files of older layouts are returned as they are,
        with their version among the attributes.

    Returns
    -------
    arrays
        Nested dictionaries of arrays, texts and Python numbers.
    attributes
        The root attributes, ``schema_version`` and ``motorsim_version`` among them.

    Raises
    ------
    InputError
        If the file is missing, is not HDF5, is truncated or damaged, holds another kind or a newer
        layout, or holds objects, links or arrays larger than it can.
    """
    path = Path(path)
    check_hdf5(path)
    try:
        with h5py.File(path, "r") as file:
            attributes = {name: _plain(name, value) for name, value in file.attrs.items()}
            _check_root(path, attributes, kind, schema_version)
            del attributes["kind"]
            return _read_group(file, ""), attributes
    except InputError:
        raise
    except (OSError, RuntimeError, LookupError, ValueError, TypeError, MemoryError, SystemError) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise InputError(
            "path",
            f"a whole HDF5 file, {path}",
            f"a truncated or damaged one ({reason})",
            "make or copy it again",
        ) from error


def check_hdf5(path: Path) -> None:
    """Raise `InputError` unless there is a file at ``path`` that begins like HDF5."""
    if not path.is_file():
        raise InputError("path", f"the file {path}", "a folder" if path.is_dir() else "no such file")
    if not h5py.is_hdf5(path):
        raise InputError("path", f"an HDF5 file, {path}", "a file that does not begin like one")


def _check_root(path: Path, attributes: Mapping[str, Any], kind: str, schema_version: int) -> None:
    held, version = attributes.get("kind"), attributes.get("schema_version")
    if not isinstance(held, str) or type(version) is not int:
        raise InputError("path", f"a file that motorsim wrote, {path}", "an HDF5 file of other origin")
    if held != kind:
        raise InputError("path", f"a file that holds a {kind}, {path}", f"one that holds a {held}")
    if version > schema_version:
        raise InputError(
            "path",
            f"layout {schema_version} of a {kind} or an older one, {path}",
            f"layout {version}, written by motorsim {attributes.get('motorsim_version', '(unknown)')}",
            "upgrade motorsim to read it",
        )


def _read_group(group: h5py.Group, where: str) -> dict[str, Any]:
    if where.count("/") > _DEEPEST:
        raise InputError(where, f"at most {_DEEPEST} groups inside each other", "more")
    content: dict[str, Any] = {}
    for name in group:
        if not isinstance(group.get(name, getlink=True), h5py.HardLink):
            raise InputError(where + name, "a dataset or group of the file itself", "a link")
        item = group[name]
        if isinstance(item, h5py.Group):
            content[name] = _read_group(item, f"{where}{name}/")
        else:
            content[name] = _read_dataset(item, where + name)
    return content


def _read_dataset(item: Any, name: str) -> Any:
    if not isinstance(item, h5py.Dataset) or item.shape is None or item.dtype.kind not in _NUMBERS + "S":
        raise InputError(name, "a dataset of numbers, booleans or texts", f"{getattr(item, 'dtype', item)}")
    if item.is_virtual or item.external:
        raise InputError(name, "a dataset of the file itself", "one stored elsewhere")
    stored = item.id.get_storage_size()
    if item.nbytes > min(LARGEST_ARRAY_BYTES, stored * (_DEFLATE_RATIO if item.chunks else 1)):
        raise InputError(name, "no more than the file can hold", f"shape {item.shape} in {stored} bytes")
    return _plain(name, item[()])


def _plain(name: str, value: Any) -> Any:
    """Return texts as str and scalars as Python numbers; arrays stay arrays."""
    array = np.asarray(value)
    if array.dtype.kind not in _NUMBERS + "S":
        raise InputError(name, "numbers, booleans or texts", str(array.dtype))
    if array.dtype.kind == "S":
        array = np.char.decode(array, "utf-8")
    return array.item() if array.ndim == 0 else array


def required(arrays: Mapping[str, Any], name: str) -> Any:
    """Return ``arrays[name]``, or an `InputError` that lists what there is."""
    if name not in arrays:
        raise InputError(
            name, "a dataset of that name in the file", ", ".join(sorted(arrays)) or "an empty group"
        )
    return arrays[name]
