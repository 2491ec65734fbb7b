"""Readiness: how far the circuit is from the state that a reach starts from, and how long that takes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from motorsim.checks import InputError, check_array, check_positive

if TYPE_CHECKING:
    from motorsim.types import FloatArray


def preparatory_distance(
    rates_hz: FloatArray, prepared_hz: FloatArray, baseline_hz: float | FloatArray
) -> FloatArray:
    """Return the distance of rates from those prepared, relative to the way there from rest.

    |r(t) - r*| / |r* - r0|: 1 at rest, 0 when the state is reached.

    Parameters
    ----------
    rates_hz
        (condition | trial, time, unit).
    prepared_hz
        r* of each of them, (condition | trial, unit).
    baseline_hz
        r0, one rate or (unit,).

    Returns
    -------
    FloatArray
        (condition | trial, time).

    Raises
    ------
    InputError
        If shapes disagree, a number is not finite, or a prepared state is rest itself.
    """
    rates = check_array("rates_hz", rates_hz, ("trial", "time", "unit"))
    shape = (rates.shape[0], rates.shape[2])
    prepared = check_array("prepared_hz", prepared_hz, ("trial", "unit"), shape=shape)
    way_hz = np.linalg.norm(prepared - check_array("baseline_hz", baseline_hz), axis=1)
    if not way_hz.all():
        raise InputError("prepared_hz", "states other than rest", f"rest in trial {int(way_hz.argmin())}")
    distance: FloatArray = np.linalg.norm(rates - prepared[:, None], axis=2) / way_hz[:, None]
    return distance


def time_to_readiness_s(delays_s: FloatArray, error_m: FloatArray, *, criterion_m: float) -> float:
    """Return the shortest delay from which on the reach is right, NaN where none is.

    Parameters
    ----------
    delays_s
        Times of preparation that were tried, (delay,), increasing.
    error_m
        Error of the hand after each, (delay,).
    criterion_m
        The greatest error of a reach that counts as right.

    Raises
    ------
    InputError
        If shapes disagree, delays do not increase, or a number is out of range.
    """
    delays = check_array("delays_s", delays_s, ("delay",), minimum_sizes=(1,))
    if (np.diff(delays) <= 0).any():
        raise InputError("delays_s", "increasing delays", f"{delays.tolist()}")
    error = check_array("error_m", error_m, ("delay",), shape=delays.shape)
    wrong = np.flatnonzero(error > check_positive("criterion_m", criterion_m))
    first = wrong[-1] + 1 if len(wrong) else 0
    return float(delays[first]) if first < len(delays) else float("nan")
