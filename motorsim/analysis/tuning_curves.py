"""Cosine tuning to the direction of reach, and what becomes of preferred directions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from motorsim.checks import InputError, check_array

if TYPE_CHECKING:
    from motorsim.types import FloatArray


@dataclass(frozen=True, eq=False)
class TuningCurves:
    """Cosine tuning of every unit in every window; all (window, unit).

    Attributes
    ----------
    baseline
        Mean over directions as fitted, in the unit of the rates.
    modulation_depth
        Amplitude of the cosine, half of peak to trough, in the unit of the rates.
    preferred_direction_rad
        Direction of the peak, in (-pi, pi]; NaN for units that do not vary.
    r2
        Share of the variance over samples that the cosine explains; NaN for units that do not vary.
    p
        Probability of so large an r2 if the rate did not depend on direction (F test, 2 and n - 3 degrees
        of freedom; for single trials, since trial averages have no noise of their own to test against).
    """

    baseline: FloatArray
    modulation_depth: FloatArray
    preferred_direction_rad: FloatArray
    r2: FloatArray
    p: FloatArray


@dataclass(frozen=True)
class CircularSpread:
    """How evenly directions lie on the circle.

    Attributes
    ----------
    resultant_length
        Length of the mean unit vector: 0 spread evenly, 1 all alike.
    axial_resultant_length
        The same of doubled angles: large where directions gather at two opposite ones.
    p_rayleigh, p_rayleigh_axial
        Probability of so large a length if directions were uniform (Rayleigh test).
    n_directions
        How many there were.
    """

    resultant_length: float
    axial_resultant_length: float
    p_rayleigh: float
    p_rayleigh_axial: float
    n_directions: int


@dataclass(frozen=True, eq=False)
class DirectionChange:
    """How preferred directions differ between two epochs.

    Attributes
    ----------
    change_rad
        Second minus first, in (-pi, pi], (unit,).
    median_absolute_rad
        Median size of the change; pi / 2 for unrelated directions.
    correlation
        Circular correlation of Fisher & Lee: 1 if all turn by the same angle, -1 for a mirror image, 0 for
        unrelated directions.
    """

    change_rad: FloatArray
    median_absolute_rad: float
    correlation: float


def tuning_curves(rates: Any, directions_rad: Any) -> TuningCurves:
    """Fit rate = b0 + b1 cos(direction) + b2 sin(direction) to each unit in each window.

    Georgopoulos et al. 1982, J. Neurosci. 2:1527, eq. 1.

    Parameters
    ----------
    rates
        Rates or counts, (condition | trial, window, unit).
    directions_rad
        Direction of the reach of each sample, (condition | trial,); at least 3 different ones.

    Returns
    -------
    TuningCurves
        The fits.

    Raises
    ------
    InputError
        If shapes do not fit, a value is not finite, there are fewer than 4 samples, or the directions do not
        determine a cosine.
    """
    from scipy.special import fdtrc  # noqa: PLC0415 - keeps the import of this module quick

    axes = ("condition | trial", "window", "unit")
    samples = check_array("rates", rates, axes, minimum_sizes=(4, 1, 1))
    directions = check_array("directions_rad", directions_rad, axes[:1], shape=(len(samples),))
    features = np.stack([np.ones(len(samples)), np.cos(directions), np.sin(directions)], axis=1)
    if np.linalg.matrix_rank(features, tol=1e-9 * len(samples)) < 3:
        expected = "at least 3 different directions, not all on two"
        raise InputError("directions_rad", expected, "directions that do not determine a cosine")
    flat = samples.reshape(len(samples), -1)
    coefficients, *_ = np.linalg.lstsq(features, flat, rcond=None)
    total = np.sum((flat - flat.mean(axis=0)) ** 2, axis=0)
    residual = np.sum((flat - features @ coefficients) ** 2, axis=0)
    varies = total > 100 * np.finfo(float).eps ** 2 * np.sum(flat**2, axis=0)
    r2 = 1 - np.divide(residual, total, out=np.full_like(total, np.nan), where=varies)
    freedom = len(samples) - 3
    odds = np.divide(r2, 1 - r2, out=np.full_like(r2, np.inf), where=~(r2 >= 1))
    preferred = np.where(varies, np.arctan2(coefficients[2], coefficients[1]), np.nan)
    found = (coefficients[0], np.hypot(coefficients[1], coefficients[2]), preferred, r2)
    p = fdtrc(2, freedom, odds * freedom / 2)
    return TuningCurves(*(values.reshape(samples.shape[1:]) for values in (*found, p)))


def circular_spread(directions_rad: Any) -> CircularSpread:
    """Tell whether directions, (unit,), gather at one angle or at two opposite ones.

    The probability is exp(sqrt(1 + 4 n + 4 (n^2 - R^2)) - (1 + 2 n)), R the resultant length times n (Zar
    2010, Biostatistical Analysis, eq. 27.4).

    Raises
    ------
    InputError
        If there is no direction or one is not finite.
    """
    angles = check_array("directions_rad", directions_rad, ("unit",), minimum_sizes=(1,))
    length, axial = (float(np.abs(np.exp(1j * fold * angles).mean())) for fold in (1, 2))
    n = len(angles)
    return CircularSpread(length, axial, _rayleigh(length, n), _rayleigh(axial, n), n)


def preferred_direction_change(first_rad: Any, second_rad: Any) -> DirectionChange:
    """Compare the preferred directions of the same units in two epochs.

    The correlation is sum_(i<j) sin(a_i - a_j) sin(b_i - b_j) over the root of the product of the two sums of
    squared sines (Fisher & Lee 1983, Biometrika 70:327), which needs no mean direction.

    Parameters
    ----------
    first_rad, second_rad
        Preferred directions, (unit,); leave out units that are not tuned in both.

    Returns
    -------
    DirectionChange
        Changes, their median size and the correlation; NaN where one epoch has a single direction or axis.

    Raises
    ------
    InputError
        If the two differ in length, hold fewer than 2 units, or are not finite.
    """
    first = check_array("first_rad", first_rad, ("unit",), minimum_sizes=(2,))
    second = check_array("second_rad", second_rad, ("unit",), shape=(len(first),))
    turned = second - first
    change = np.arctan2(np.sin(turned), np.cos(turned))
    return DirectionChange(change, float(np.median(np.abs(change))), _fisher_lee(first, second))


def _fisher_lee(first: FloatArray, second: FloatArray) -> float:
    """Sum over all pairs through sums over units: sin a sin b = (cos(a - b) - cos(a + b)) / 2."""
    together, mirrored = (np.abs(np.exp(1j * (first - sign * second)).sum()) ** 2 for sign in (1, -1))
    spreads = [len(first) ** 2 - np.abs(np.exp(2j * each).sum()) ** 2 for each in (first, second)]
    if min(spreads) <= 1e-9 * len(first) ** 2:
        return float("nan")
    return float((together - mirrored) / np.sqrt(spreads[0] * spreads[1]))


def _rayleigh(length: float, n: int) -> float:
    resultant = length * n
    return float(np.exp(np.sqrt(1 + 4 * n + 4 * (n**2 - resultant**2)) - (1 + 2 * n)))
