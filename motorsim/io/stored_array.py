"""Stored array: what a file claims about an array, and how far to believe it."""

from __future__ import annotations

import contextlib
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from motorsim.checks import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

LARGEST_ARRAY_BYTES = 2**30
DEFLATE_RATIO = 1100  # zlib cannot do better than 1032 to 1


@dataclass(frozen=True)
class StoredArray:
    """What a file says about one of its arrays, before anything is read.

    Parameters
    ----------
    name
        Its name in the file; empty for a ``.npy`` file.
    shape
        Its sizes.
    kind
        Its type in the file's own words (``"double"``, ``"float64"``, ``"struct"``, ``"sparse"``).
    numeric
        Whether it holds real numbers or booleans.
    """

    name: str
    shape: tuple[int, ...]
    kind: str
    numeric: bool

    def __str__(self) -> str:
        """Name, shape and type, for messages."""
        return f"{self.name or 'array'} ({' x '.join(str(size) for size in self.shape)} {self.kind})"


def check_claim(stored: StoredArray, item_bytes: int, most_bytes: int = LARGEST_ARRAY_BYTES) -> None:
    """Refuse an array of more than ``most_bytes`` or 1 GiB, or with a negative size, with `InputError`."""
    claimed = math.prod(stored.shape) * item_bytes
    if min(stored.shape, default=0) < 0 or claimed > min(most_bytes, LARGEST_ARRAY_BYTES):
        raise InputError(
            stored.name or "array",
            f"at most {min(most_bytes, LARGEST_ARRAY_BYTES)} bytes, which is what the file can hold or 1 GiB",
            f"a claim of {claimed} bytes, {stored}",
        )


@contextlib.contextmanager
def damage_as_input_error(path: Path, damage: tuple[type[Exception], ...]) -> Iterator[None]:
    """Turn the errors ``damage`` of a reader into one `InputError` that names the file."""
    try:
        yield
    except InputError:
        raise
    except damage as error:
        reason = str(error).splitlines()[0][:200] if str(error) else type(error).__name__
        raise InputError(
            "path",
            f"a whole {path.suffix} file, {path}",
            f"a truncated or damaged one ({reason})",
            "copy it again",
        ) from error
