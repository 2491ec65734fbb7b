"""Pairs: arrays whose last axis holds x and y, or shoulder and elbow."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from motorsim.checks import InputError, check_array

if TYPE_CHECKING:
    from motorsim.types import FloatArray


def check_pairs(name: str, value: Any) -> FloatArray:
    """Return ``value`` as a finite float64 array of shape (..., 2), or raise `InputError`."""
    array = check_array(name, value)
    if array.ndim == 0 or array.shape[-1] != 2:
        raise InputError(name, "an array whose last axis has 2 entries", f"shape {array.shape}")
    return array


def check_alike(**pairs: Any) -> list[FloatArray]:
    """Return the arrays, each (..., 2) and all of the first one's shape, or raise `InputError`."""
    arrays = {name: check_pairs(name, value) for name, value in pairs.items()}
    (first_name, first), *others = arrays.items()
    for name, array in others:
        if array.shape != first.shape:
            raise InputError(name, f"the shape {first.shape} of {first_name}", f"shape {array.shape}")
    return list(arrays.values())


def apply_matrix(matrix: FloatArray, vector: FloatArray) -> FloatArray:
    """Return matrix (..., row, column) times vector (..., column), as (..., row)."""
    product: FloatArray = np.einsum("...ij,...j->...i", matrix, vector)
    return product
