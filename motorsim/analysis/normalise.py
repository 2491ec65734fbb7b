"""Normalisation of rates before the methods that look at populations."""

from __future__ import annotations

from typing import TYPE_CHECKING

from motorsim.analysis.samples import check_rates, name_constant_units
from motorsim.checks import check_positive

if TYPE_CHECKING:
    from motorsim.types import FloatArray


def soft_normalise(rates: FloatArray, soft_norm_hz: float = 5.0) -> FloatArray:
    """Divide each unit's rate by its range plus a constant.

    Strong units come to a range near 1, and weak ones stay below it (Churchland et al. 2012, Nature 487,
    Methods: constant 5 spikes/s).

    Parameters
    ----------
    rates
        Firing rates in Hz, (condition, time, unit).
    soft_norm_hz
        The constant in Hz, at least 0.

    Returns
    -------
    FloatArray
        Rates without units, (condition, time, unit).

    Raises
    ------
    InputError
        If the rates are not finite, or ``soft_norm_hz`` is 0 and units are constant (named by index).
    """
    checked = check_rates("rates", rates)
    return checked / soft_norm_divisors(checked, soft_norm_hz)


def soft_norm_divisors(rates: FloatArray, soft_norm_hz: float) -> FloatArray:
    """Return what `soft_normalise` divides by: range over conditions and times plus constant, Hz, (unit,)."""
    constant_hz = check_positive("soft_norm_hz", soft_norm_hz, allow_zero=True)
    flat = rates.reshape(-1, rates.shape[-1])
    range_hz = flat.max(axis=0) - flat.min(axis=0)
    if constant_hz == 0:
        name_constant_units("rates", range_hz == 0, "leave them out, or use soft_norm_hz above 0")
    divisors: FloatArray = range_hz + constant_hz
    return divisors


def subtract_condition_mean(rates: FloatArray) -> FloatArray:
    """Subtract from each unit its mean over conditions at each time.

    What is left is the tuned part of the response; the part common to all conditions, often the largest
    (Kaufman et al. 2016, eNeuro), is gone.

    Parameters
    ----------
    rates
        Any unit, (condition, time, unit), at least 2 conditions.

    Returns
    -------
    FloatArray
        The same shape and unit; the mean over conditions is zero at each time.

    Raises
    ------
    InputError
        If the rates are not finite or there is one condition only (nothing would be left).
    """
    checked = check_rates("rates", rates, least_conditions=2)
    tuned: FloatArray = checked - checked.mean(axis=0)
    return tuned
