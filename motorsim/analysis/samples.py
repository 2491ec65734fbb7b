"""How the methods take their arrays: (condition, time, unit) checked, samples flattened, units centred."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from motorsim.checks import InputError, check_array

if TYPE_CHECKING:
    from motorsim.types import BoolArray, FloatArray

# A squared singular value below this share of the largest is rounding error of a covariance in float64.
RANK_TOLERANCE = 1e-12


def check_rates(
    name: str, value: Any, *, least_conditions: int = 1, least_times: int = 1, n_units: int | None = None
) -> FloatArray:
    """Return ``value`` as finite float64 of shape (condition, time, unit), or say what is wrong with it.

    Raises
    ------
    InputError
        If the array has other axes, too few conditions or times, no or another number of units, or if it is
        not finite; units that hold NaN or infinity are named by index.
    """
    rates = check_array(name, value, ("condition", "time", "unit"), finite=False)
    n_conditions, n_times, units = rates.shape
    if n_conditions < least_conditions:
        mend = "" if n_conditions else "the array is empty"
        mend = mend or "the method compares conditions: keep them apart instead of averaging over them"
        raise InputError(name, f"at least {least_conditions} conditions", f"{n_conditions}", mend)
    if n_times < least_times:
        raise InputError(
            name,
            f"at least {least_times} times a condition",
            f"{n_times}",
            "take a longer window or finer bins",
        )
    if units == 0 or (n_units is not None and units != n_units):
        raise InputError(name, f"{n_units or 'at least 1'} units", f"{units}")
    bad = np.logical_not(np.isfinite(rates).all(axis=(0, 1)))
    if bad.any():
        raise InputError(
            name,
            "finite rates",
            f"NaN or infinity in {_name_units(bad)}",
            "leave these units out or fill the gaps",
        )
    return rates


def check_samples(name: str, value: Any) -> FloatArray:
    """Return a finite array (condition, time, unit) or (sample, unit) as (sample, unit)."""
    array = check_array(name, value)
    if array.ndim not in {2, 3} or 0 in array.shape:
        raise InputError(name, "an array (condition, time, unit) or (sample, unit)", f"shape {array.shape}")
    return array.reshape(-1, array.shape[-1])


def check_paired(name_a: str, a: Any, name_b: str, b: Any) -> tuple[FloatArray, FloatArray]:
    """Return two arrays as (sample, unit) whose samples stand for the same conditions and times."""
    samples_a, samples_b = check_samples(name_a, a), check_samples(name_b, b)
    shape_a, shape_b = np.shape(a), np.shape(b)
    if shape_a[:-1] != shape_b[:-1]:
        raise InputError(
            name_b,
            f"the conditions and times of {name_a}, {shape_a[:-1]}",
            f"{shape_b[:-1]}",
            "bin both alike and keep the same conditions in the same order",
        )
    return samples_a, samples_b


def check_varies(name: str, samples: FloatArray) -> None:
    """Raise `InputError` if nothing varies over the samples (sample, unit)."""
    spread = np.ptp(samples, axis=0).max()
    if spread <= np.finfo(float).eps * np.abs(samples).max():
        raise InputError(name, "rates that vary", f"all {samples.shape[1]} units constant")


def check_remains(name: str, rest: FloatArray, whole: FloatArray, expected: str, mend: str = "") -> None:
    """Raise `InputError` if ``rest``, what a mean left of ``whole``, is rounding error."""
    if np.abs(rest).max() <= 100 * np.finfo(float).eps * np.abs(whole).max():
        raise InputError(name, expected, "the same rates in all", mend)


def check_mask(name: str, value: Any, n_conditions: int) -> BoolArray:
    """Return a mask over conditions, (condition,), with at least one condition chosen."""
    mask = np.asarray(value)
    if mask.dtype != np.bool_ or mask.shape != (n_conditions,):
        raise InputError(
            name, f"a boolean mask of shape ({n_conditions},)", f"dtype {mask.dtype}, shape {mask.shape}"
        )
    if not mask.any():
        raise InputError(name, "at least one condition", "an empty mask")
    return mask


def name_constant_units(name: str, constant: BoolArray, mend: str) -> None:
    """Raise `InputError` that names the units for which ``constant`` (unit,) holds, if there are any."""
    if constant.any():
        raise InputError(name, "units that vary", f"constant {_name_units(constant)}", mend)


def _name_units(chosen: BoolArray, at_most: int = 8) -> str:
    indices = np.flatnonzero(chosen)
    listed = ", ".join(str(int(unit)) for unit in indices[:at_most])
    return f"units {listed}" + (f" and {len(indices) - at_most} more" if len(indices) > at_most else "")
