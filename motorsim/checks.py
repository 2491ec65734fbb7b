"""Checks of what a user hands in: one error that names the argument, what was expected, what came."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from motorsim.types import FloatArray


class MotorsimError(Exception):
    """Base of every error that motorsim raises on purpose."""


class InputError(MotorsimError, ValueError):
    """An argument, a file or a setting that cannot be used.

    Parameters
    ----------
    name
        The argument as the user wrote it.
    expected
        What it should have been.
    got
        What it was.
    mend
        How to put it right, where that is not plain from ``expected``.
    """

    def __init__(self, name: str, expected: str, got: str, mend: str = "") -> None:
        self.name, self.expected, self.got, self.mend = name, expected, got, mend
        super().__init__(f"{name}: expected {expected}, got {got}" + (f"; {mend}" if mend else ""))

    def __reduce__(self) -> tuple[type[InputError], tuple[str, str, str, str]]:
        """Rebuild from the four parts, so that the error survives the way back from a worker."""
        return type(self), (self.name, self.expected, self.got, self.mend)


class DivergenceError(MotorsimError, ArithmeticError):
    """A simulation or an optimisation left the finite numbers."""


class DiskFullError(MotorsimError):
    """The disk, or the user's share of it, is full."""


def check_array(
    name: str,
    value: Any,
    axes: Sequence[str] | None = None,
    *,
    shape: Sequence[int | None] | None = None,
    finite: bool = True,
    minimum_sizes: Sequence[int] | None = None,
) -> FloatArray:
    """Return ``value`` as a float64 array, or say what is wrong with it.

    Parameters
    ----------
    name
        The argument's name.
    value
        Anything that NumPy can turn into an array of numbers; masked arrays are refused, since
        their mask would be lost.
    axes
        The names of the axes, for the number of dimensions and the message.
    shape
        The required sizes; ``None`` leaves one free.
    finite
        Refuse NaN and infinity.
    minimum_sizes
        The least size of each axis.

    Raises
    ------
    InputError
        If the array is not numeric, has another shape, or is not finite.
    """
    array = _as_numbers(name, value, f"an array of numbers {_describe(axes, shape)}".strip())
    n_axes = len(axes) if axes is not None else len(shape) if shape is not None else array.ndim
    fits = array.ndim == n_axes and (
        shape is None
        or all(want is None or want == have for want, have in zip(shape, array.shape, strict=True))
    )
    if not fits:
        raise InputError(name, f"an array {_describe(axes, shape)}", f"shape {array.shape}")
    for axis, least in enumerate(minimum_sizes or ()):
        if array.shape[axis] < least:
            label = axes[axis] if axes is not None else f"axis {axis}"
            raise InputError(name, f"at least {least} along {label}", f"shape {array.shape}")
    if finite and not np.isfinite(array).all():
        bad = np.argwhere(~np.isfinite(array))
        first = tuple(int(i) for i in bad[0])
        raise InputError(
            name, "finite numbers", f"{len(bad)} NaN or infinite values, the first at index {first}"
        )
    return array


def _as_numbers(name: str, value: Any, expected: str) -> FloatArray:
    if isinstance(value, np.ma.MaskedArray):
        raise InputError(name, expected, "a masked array", "fill or drop the masked entries first")
    try:
        array = np.asarray(value)
    except (TypeError, ValueError):
        raise InputError(name, expected, f"{type(value).__name__} that is no array") from None
    if array.dtype.kind not in "buif":
        raise InputError(name, expected, f"{type(value).__name__} of type {array.dtype}")
    return array.astype(np.float64, copy=False)


def _describe(axes: Sequence[str] | None, shape: Sequence[int | None] | None) -> str:
    parts = []
    if axes is not None:
        parts.append(f"({', '.join(axes)})")
    if shape is not None:
        parts.append("of shape (" + ", ".join("any" if n is None else str(n) for n in shape) + ")")
    return " ".join(parts)


def check_positive(name: str, value: Any, *, allow_zero: bool = False) -> float:
    """Return ``value`` as a float above zero (or not below it), or raise `InputError`."""
    expected = "a number of at least 0" if allow_zero else "a number above 0"
    number = check_number(name, value, expected=expected)
    if number < 0 or (number == 0 and not allow_zero):
        raise InputError(name, expected, repr(value))
    return number


def check_number(name: str, value: Any, *, expected: str = "a finite number") -> float:
    """Return ``value`` as a finite float, or raise `InputError`; texts and booleans are no numbers."""
    if not isinstance(value, int | float | np.integer | np.floating | np.ndarray):
        raise InputError(name, expected, repr(value))
    array = np.asarray(value)
    if array.ndim != 0 or array.dtype.kind not in "uif" or not np.isfinite(array):
        raise InputError(name, expected, repr(value))
    return float(array)


def check_integer(name: str, value: Any, *, minimum: int = 1, maximum: int | None = None) -> int:
    """Return ``value`` as an integer within the bounds, or raise `InputError`."""
    bounds = f"of at least {minimum}" if maximum is None else f"from {minimum} to {maximum}"
    whole = isinstance(value, int | np.integer) and not isinstance(value, bool)
    if not whole or value < minimum or (maximum is not None and value > maximum):
        raise InputError(name, f"an integer {bounds}", repr(value))
    return int(value)


def check_choice(name: str, value: Any, choices: Collection[str]) -> str:
    """Return ``value`` if it is one of ``choices``, or raise `InputError` that lists them."""
    if not isinstance(value, str) or value not in choices:
        raise InputError(name, "one of " + ", ".join(sorted(choices)), repr(value))
    return value
