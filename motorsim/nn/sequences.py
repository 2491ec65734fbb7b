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
        If it holds integers, has another shape, an empty axis, or numbers that are not finite.
    """
    array = np.asarray(value)
    if array.dtype.kind in "biu":
        mend = f"write {name}.astype(float) if they are quantities"
        raise InputError(name, "floating-point numbers", f"{array.dtype} numbers", mend)
    check_array(name, array, axes, shape=shape, finite=finite, minimum_sizes=[1] * len(axes))
    return array.astype(dtype, copy=False)


def check_inputs(value: Any, n_inputs: int, dtype: np.dtype[Any]) -> Floats:
    """Return inputs, (batch, time, feature), as ``dtype``, or raise `InputError`."""
    return check_floats("inputs", value, dtype, ("batch", "time", "feature"), shape=(None, None, n_inputs))


def check_targets(
    value: Any, inputs: Floats, n_outputs: int, dtype: np.dtype[Any], mask: BoolArray | None
) -> Floats:
    """Return targets, (batch, time, output), as ``dtype``; what the mask leaves out may be NaN and becomes 0.

    Raises
    ------
    InputError
        If they do not go with the inputs, or are not finite where they count.
    """
    shape = (*inputs.shape[:2], n_outputs)
    axes = ("batch", "time", "output")
    targets = check_floats("targets", value, dtype, axes, shape=shape, finite=mask is None)
    if mask is None:
        return targets
    counts = mask if mask.ndim == targets.ndim else mask[..., None]
    return check_floats("targets", np.where(counts, targets, 0.0), dtype, axes, shape=shape)


def check_mask(value: Any, inputs: Floats, n_outputs: int) -> BoolArray | None:
    """Return a mask, (batch, time) or (batch, time, output), or raise `InputError`."""
    if value is None:
        return None
    mask = np.asarray(value)
    if mask.dtype.kind != "b":
        raise InputError("mask", "True and False", f"{mask.dtype} numbers", "write mask.astype(bool)")
    shape = inputs.shape[:2]
    if mask.shape not in (shape, (*shape, n_outputs)):
        expected = f"shape {shape} or {(*shape, n_outputs)}: (batch, time) or (batch, time, output)"
        raise InputError("mask", expected, f"shape {mask.shape}")
    if not mask.any():
        raise InputError("mask", "at least one True", "a mask that leaves nothing")
    return mask
