"""Sequences: checks of the inputs, targets and masks that a user hands to a network."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from motorsim.checks import InputError, check_array

if TYPE_CHECKING:
    from collections.abc import Sequence

    from motorsim.types import BoolArray, Floats


def check_floats(
    name: str,
    value: Any,
    dtype: np.dtype[Any],
    axes: Sequence[str],
    *,
    shape: Sequence[int | None],
    finite: bool = True,
) -> Floats:
    """Return ``value`` as an array of ``dtype`` if it is a non-empty array of floating-point numbers.

    Raises
    ------
    InputError
        If it holds integers, is masked, has another shape, an empty axis, or numbers that are not finite or
        beyond the range of ``dtype``.
    """
    array = np.asarray(value)
    if array.dtype.kind in "biu":
        mend = f"write {name}.astype(float) if they are quantities"
        raise InputError(name, "floating-point numbers", f"{array.dtype} numbers", mend)
    # The value as it came: a masked array must not lose its mask unsaid.
    check_array(name, value, axes, shape=shape, finite=finite, minimum_sizes=[1] * len(axes))
    if array.dtype == dtype:
        return array
    with np.errstate(over="ignore"):
        typed = array.astype(dtype)
    if finite and not np.isfinite(typed).all():
        largest = f"a magnitude of {np.abs(array).max():.3g}"
        raise InputError(name, f"numbers within the range of {dtype}", largest, "scale them, or use float64")
    return typed


def check_inputs(value: Any, shape: tuple[int, ...], dtype: np.dtype[Any]) -> Floats:
    """Return inputs, (batch, time, ...) with ``shape`` for the rest, as ``dtype``, or raise `InputError`."""
    features = ("feature",) if len(shape) == 1 else tuple(f"axis {axis}" for axis in range(2, 2 + len(shape)))
    return check_floats("inputs", value, dtype, ("batch", "time", *features), shape=(None, None, *shape))


def check_targets(
    value: Any,
    shape: tuple[int, ...],
    dtype: np.dtype[Any],
    mask: BoolArray | None,
    axes: tuple[str, ...] = ("batch", "time", "output"),
) -> Floats:
    """Return targets of ``shape`` as ``dtype``; what the mask leaves out may be NaN and becomes 0.

    Raises
    ------
    InputError
        If they have another shape, or are not finite where they count.
    """
    targets = check_floats("targets", value, dtype, axes, shape=shape, finite=mask is None)
    if mask is None:
        return targets
    counts = mask if mask.ndim == targets.ndim else mask[..., None]
    return check_floats("targets", np.where(counts, targets, 0.0), dtype, axes, shape=shape)


def check_mask(
    value: Any, shape: tuple[int, ...], axes: tuple[str, ...] = ("batch", "time", "output")
) -> BoolArray | None:
    """Return a mask of ``shape``, or of it without the last axis, or raise `InputError`."""
    if value is None:
        return None
    if isinstance(value, np.ma.MaskedArray):
        raise InputError("mask", "True and False", "a masked array", "fill the masked entries first")
    mask = np.asarray(value)
    if mask.dtype.kind != "b":
        raise InputError("mask", "True and False", f"{mask.dtype} numbers", "write mask.astype(bool)")
    if mask.shape not in (shape[:-1], shape):
        names = f"({', '.join(axes[:-1])}{',' if len(axes) == 2 else ''}) or ({', '.join(axes)})"
        raise InputError("mask", f"shape {shape[:-1]} or {shape}: {names}", f"shape {mask.shape}")
    if not mask.any():
        raise InputError("mask", "at least one True", "a mask that leaves nothing")
    return mask
