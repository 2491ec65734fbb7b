"""Drift of preferred directions over time, against trials whose windows are shuffled."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from motorsim.analysis.tuning_curves import tuning_curves
from motorsim.checks import InputError, check_array, check_integer
from motorsim.streams import stream

if TYPE_CHECKING:
    from motorsim.streams import Seed
    from motorsim.types import FloatArray


@dataclass(frozen=True, eq=False)
class PreferredDirectionDrift:
    """How preferred directions move from window to window.

    Attributes
    ----------
    preferred_direction_rad
        (window, unit), in (-pi, pi]; NaN where a unit does not vary.
    change_rad
        From the reference window, in (-pi, pi], (window, unit).
    median_absolute_change_rad
        Median over units of the size of the change, (window,); 0 in the reference window.
    spread
        Circular variance over windows, 1 - |mean exp(i direction)|, (unit,): 0 for one that stays.
    null_median_absolute_change_rad
        The median change of each shuffle, (shuffle, window).
    null_spread
        The spread of each shuffle, (shuffle, unit).
    p_units, p_windows
        (1 + number of shuffles at least as large) / (1 + shuffles), of each unit's spread, (unit,), and of
        each window's median change, (window,); 1 in the reference window, NaN where nothing varies.
    """

    preferred_direction_rad: FloatArray
    change_rad: FloatArray
    median_absolute_change_rad: FloatArray
    spread: FloatArray
    null_median_absolute_change_rad: FloatArray
    null_spread: FloatArray
    p_units: FloatArray
    p_windows: FloatArray


def preferred_direction_drift(
    rates: Any, directions_rad: Any, *, rng: Seed, reference: int = 0, n_shuffles: int = 1000
) -> PreferredDirectionDrift:
    """Follow preferred directions (cosine fits) over windows and tell drift from noise.

    The null is a preferred direction that stays, whatever baseline does: each window's mean over trials is
    subtracted, and within each trial the windows change places, alike for all units. Noise moves fitted
    directions too, so a change by itself shows nothing. Windows should not overlap; where noise or depth
    differ much between windows the shuffle mixes them, and the test is approximate.

    Parameters
    ----------
    rates
        Rates or counts of single trials, (trial, window, unit), at least 2 windows.
    directions_rad
        Direction of each trial, (trial,); at least 3 different ones.
    rng
        Seed or generator.
    reference
        Window from which changes are measured.
    n_shuffles
        Shuffles.

    Returns
    -------
    PreferredDirectionDrift
        Directions, changes, and both against the shuffles.

    Raises
    ------
    InputError
        As `tuning_curves`, or if there is a single window.
    """
    found = tuning_curves(rates, directions_rad).preferred_direction_rad
    if len(found) < 2:
        raise InputError("rates", "at least 2 windows", "1", "cut the trials into windows")
    reference = check_integer("reference", reference, minimum=0, maximum=len(found) - 1)
    n_shuffles = check_integer("n_shuffles", n_shuffles)
    samples = check_array("rates", rates)
    directions = check_array("directions_rad", directions_rad)
    tuned = samples - samples.mean(axis=0)
    features = np.stack([np.ones(len(directions)), np.cos(directions), np.sin(directions)], axis=1)
    vector = np.linalg.pinv(features)[1:]
    varies = np.isfinite(found).all(axis=0)
    generator = stream(rng, "shuffled windows")
    null_change, null_spread = np.empty((n_shuffles, len(found))), np.empty((n_shuffles, found.shape[1]))
    for shuffle in range(n_shuffles):
        order = generator.random(samples.shape[:2]).argsort(axis=1)
        shuffled = np.take_along_axis(tuned, order[:, :, None], axis=1)
        cosine, sine = np.tensordot(vector, shuffled, axes=1)
        angles = np.where(varies, np.arctan2(sine, cosine), np.nan)
        null_change[shuffle], null_spread[shuffle] = _median(_change(angles, reference)), _spread(angles)
    change, spread = _change(found, reference), _spread(found)
    median = _median(change)
    return PreferredDirectionDrift(
        preferred_direction_rad=found,
        change_rad=change,
        median_absolute_change_rad=median,
        spread=spread,
        null_median_absolute_change_rad=null_change,
        null_spread=null_spread,
        p_units=_p(spread, null_spread),
        p_windows=_p(median, null_change),
    )


def _change(angles: FloatArray, reference: int) -> FloatArray:
    turned = angles - angles[reference]
    change: FloatArray = np.arctan2(np.sin(turned), np.cos(turned))
    return change


def _median(change: FloatArray) -> FloatArray:
    """Return the median size over units that vary, (window,); NaN where none does."""
    kept = np.isfinite(change).all(axis=0)
    if not kept.any():
        return np.full(len(change), np.nan)
    median: FloatArray = np.median(np.abs(change[:, kept]), axis=1)
    return median


def _spread(angles: FloatArray) -> FloatArray:
    spread: FloatArray = 1 - np.abs(np.exp(1j * angles).mean(axis=0))
    return spread


def _p(value: FloatArray, null: FloatArray) -> FloatArray:
    p = (1 + np.sum(null >= value - 1e-12, axis=0)) / (1 + len(null))
    return np.where(np.isfinite(value), p, np.nan)
