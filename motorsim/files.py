"""Files: written whole or not at all, and known by what they hold."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import re
import secrets
from pathlib import Path
from typing import TYPE_CHECKING

from motorsim.checks import DiskFullError, InputError

if TYPE_CHECKING:
    from collections.abc import Iterator

_PARTIAL_NAME = re.compile(r"\..+\.[0-9a-f]{12}\.partial(\..*)?", re.DOTALL)
_FULL = (errno.ENOSPC, errno.EDQUOT)
_UNWRITABLE = (
    errno.EACCES,
    errno.EPERM,
    errno.EROFS,
    errno.ENOTDIR,
    errno.EISDIR,
    errno.EEXIST,
    errno.ENAMETOOLONG,
)


@contextlib.contextmanager
def atomic_path(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Yield a temporary path beside ``path``; on success sync it and rename it into place.

    The temporary path keeps the suffix, for writers that choose a format by it. If the body raises,
    the temporary file is removed and whatever stood at ``path`` before is untouched.

    Raises
    ------
    InputError
        If ``path`` cannot be written: its folder is read-only, or it is a folder itself.
    DiskFullError
        If the disk is full.
    """
    path = Path(path)
    if path.is_dir():
        raise InputError("path", "a file to write", f"the folder {path}")
    temporary = path.with_name(f".{path.stem}.{secrets.token_hex(6)}.partial{path.suffix}")
    with readable_write_errors(path.parent):
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            yield temporary
            sync(temporary)
            temporary.replace(path)
        except BaseException:
            with contextlib.suppress(OSError):
                temporary.unlink(missing_ok=True)
            raise
        sync(path.parent)


@contextlib.contextmanager
def readable_write_errors(folder: str | os.PathLike[str]) -> Iterator[None]:
    """Turn the system's refusals to write below ``folder`` into errors that say what to do.

    Raises
    ------
    DiskFullError
        If the disk (or the user's quota) is full, wherever the body met it.
    InputError
        If something in ``folder`` cannot be written.
    """
    try:
        yield
    except OSError as error:
        if error.errno in _FULL:
            message = (
                f"the disk that holds {folder} is full: nothing half written was kept, finished stages are "
                "untouched; make room and run again"
            )
            raise DiskFullError(message) from error
        if error.errno in _UNWRITABLE and _concerns(error, Path(folder)):
            raise InputError(
                "folder", f"a place that can be written, {folder}", f"{error.strerror or error}"
            ) from error
        raise


def _concerns(error: OSError, folder: Path) -> bool:
    """Whether ``error`` is about ``folder``, something in it or a folder above it."""
    if not isinstance(error.filename, str):
        return False
    named, folder = Path(error.filename).absolute(), folder.absolute()
    return named.is_relative_to(folder) or folder.is_relative_to(named)


def atomic_write_bytes(path: str | os.PathLike[str], content: bytes) -> None:
    """Write ``content``, whole or not at all."""
    with atomic_path(path) as temporary:
        temporary.write_bytes(content)


def atomic_write_text(path: str | os.PathLike[str], text: str) -> None:
    """Write ``text`` as UTF-8, whole or not at all."""
    atomic_write_bytes(path, text.encode("utf-8"))


def remove_partial_files(folder: str | os.PathLike[str]) -> int:
    """Remove what a killed run left half written in ``folder``; return the number of files removed.

    Only for a folder that no other run is writing to; folders inside it are left alone.
    """
    leftovers = [
        path for path in Path(folder).iterdir() if _PARTIAL_NAME.fullmatch(path.name) and path.is_file()
    ]
    for leftover in leftovers:
        leftover.unlink(missing_ok=True)
    return len(leftovers)


def file_digest(path: str | os.PathLike[str]) -> str:
    """Return the SHA-256 of a file's bytes in hexadecimal; `InputError` if it cannot be read."""
    try:
        with Path(path).open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise InputError("path", f"a file that can be read, {path}", error.strerror or str(error)) from error


def sync(path: Path) -> None:
    """Ask the disk to keep a file or folder through a loss of power."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
