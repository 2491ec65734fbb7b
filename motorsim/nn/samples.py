"""Samples: checks of the inputs, targets and masks that a user hands to a feed-forward network."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from motorsim.nn.sequences import check_floats, check_mask, check_targets

if TYPE_CHECKING:
    import numpy as np

    from motorsim.types import BoolArray, Floats

AXES = ("sample", "output")


def check_sample_inputs(value: Any, input_shape: tuple[int, ...], dtype: np.dtype[Any]) -> Floats:
    """Return inputs, (sample, ...) as ``input_shape`` says, as ``dtype``, or raise `InputError`."""
    axes = ("sample", *(f"axis {axis}" for axis in range(1, 1 + len(input_shape))))
    return check_floats("inputs", value, dtype, axes, shape=(None, *input_shape))


def check_sample_targets(
    value: Any, shape: tuple[int, int], dtype: np.dtype[Any], mask: BoolArray | None
) -> Floats:
    """Return targets, (sample, output), as ``dtype``, or raise `InputError`; as `check_targets`."""
    return check_targets(value, shape, dtype, mask, AXES)


def check_sample_mask(value: Any, shape: tuple[int, int]) -> BoolArray | None:
    """Return a mask, (sample,) or (sample, output), or raise `InputError`."""
    return check_mask(value, shape, AXES)
