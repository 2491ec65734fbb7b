"""Smoothness: the length scale at which rates change in time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from motorsim.analysis import subtract_condition_mean
from motorsim.checks import InputError

if TYPE_CHECKING:
    from motorsim.types import FloatArray


def tuned_rates(rates: FloatArray) -> FloatArray:
    """Return rates (condition, time, unit) minus their mean over conditions.

    Raises
    ------
    InputError
        If there are fewer than 2 times or the conditions do not differ.
    """
    if rates.shape[1] < 2:
        raise InputError("reference", "at least 2 times", f"{rates.shape[1]}")
    tuned = subtract_condition_mean(rates)
    if np.sum(tuned**2) <= 1e-20 * np.sum(rates**2):
        raise InputError("reference", "rates that differ between conditions", "the same rates in all")
    return tuned


def length_scale_of(tuned: FloatArray, dt_s: float) -> float:
    """Return the length scale, seconds, at which a Gaussian kernel falls over one sample as the data do.

    E[(x(t + dt) - x(t))^2] = 2 variance (1 - exp(-dt^2 / (2 length_scale^2))) for ``tuned`` (condition, time,
    unit).

    Raises
    ------
    InputError
        If the rates change from sample to sample as much as independent draws would, or not at all.
    """
    change = float(np.mean(np.diff(tuned, axis=1) ** 2))
    correlation = 1.0 - change / (2.0 * float(np.mean(tuned**2)))
    if not 0.0 < correlation < 1.0:
        raise InputError(
            "reference",
            "rates that change smoothly in time",
            f"a correlation of {correlation:.3g} from one sample to the next",
            "smooth them, or give length_scale_s",
        )
    return dt_s / float(np.sqrt(-2.0 * np.log(correlation)))
