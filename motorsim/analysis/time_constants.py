"""Intrinsic time constants: how fast the autocorrelation of a unit's spike counts decays.

What biases them. Correlating each pair of bins across trials removes the mean time course, and centring
within conditions removes tuning, so neither counts as slow fluctuation; centring each trial over its own time
instead would make long time constants short (Zeraati, Engel & Levina 2022, Nat. Comput. Sci. 2:193). Spiking
noise lowers the amplitude but not the decay, since the fit begins after lag 0; and counts in bins of any
width decay as the rate does. A decay much longer than the epoch cannot be told from the offset: use an epoch
several times as long as what is sought, and many trials (the estimate of one unit from 100 trials of 10 Hz is
rough; fit the mean over units as the paper does).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from motorsim.analysis.trials import check_counts, number_conditions
from motorsim.checks import InputError, check_integer, check_positive

if TYPE_CHECKING:
    from motorsim.types import BoolArray, FloatArray

_N_GRID = 200
_N_ZOOMS = 8
_BOUNDS = (0.1, 10.0)


@dataclass(frozen=True, eq=False)
class TimeConstants:
    """Fit of R(k dt) = A (exp(-k dt / tau) + B) to the autocorrelation of each unit and of their mean.

    NaN where a unit's counts do not vary, or where no decay is found: A not above 0, or tau at a bound of the
    search, a tenth of the bin or ten times the epoch.

    Attributes
    ----------
    tau_s
        (unit,).
    amplitude, offset
        A and B, (unit,).
    r2
        Share of the squared departure of the autocorrelation from its mean over lags that the fit explains,
        lags weighted by their number of pairs of bins, (unit,).
    lags_s
        (lag,), 0 not among them.
    autocorrelation
        (lag, unit).
    population_tau_s
        tau of the mean autocorrelation over the units that vary.
    """

    tau_s: FloatArray
    amplitude: FloatArray
    offset: FloatArray
    r2: FloatArray
    lags_s: FloatArray
    autocorrelation: FloatArray
    population_tau_s: float


class _Decay(NamedTuple):
    tau: FloatArray
    slope: FloatArray
    constant: FloatArray
    r2: FloatArray


def time_constants(counts: Any, conditions: Any, *, bin_s: float, first_lag: int = 1) -> TimeConstants:
    """Fit the decay of spike-count autocorrelation (Murray et al. 2014, Nat. Neurosci. 17:1661, eq. 1-2).

    R(i, j) is the correlation of the counts in bins i and j across trials, counts centred in each bin within
    conditions; bins in which a unit's counts do not vary are left out. R(k) is its mean over all pairs k bins
    apart, and lags are weighted by their number of pairs, so the fit is that to all pairs.

    Parameters
    ----------
    counts
        Spikes in adjacent bins of a stationary epoch such as fixation, (trial, bin, unit); at least 5 bins
        beyond ``first_lag``.
    conditions
        Condition of each trial, (trial,): numbers or texts; all alike pools over all trials.
    bin_s
        Width of a bin; 50 ms in the paper.
    first_lag
        First lag fitted, in bins, at least 1. The paper starts each unit after the largest drop, to leave out
        refractoriness and adaptation at short lags.

    Returns
    -------
    TimeConstants
        Time constants, fits and autocorrelations.

    Raises
    ------
    InputError
        If counts are negative or not finite, there are too few bins, or a condition has a single trial.
    """
    checked = check_counts("counts", counts)
    width_s = check_positive("bin_s", bin_s)
    first = check_integer("first_lag", first_lag)
    n_trials, n_bins, _ = checked.shape
    if n_bins < first + 5:
        mend = "take a longer epoch or finer bins"
        raise InputError("counts", f"at least {first + 5} bins a trial", f"{n_bins}", mend)
    condition = number_conditions("conditions", conditions, n_trials)
    correlation, n_pairs = _autocorrelation(_centre(checked, condition))
    lags = np.arange(1.0, n_bins)
    known = np.asarray((n_pairs[first - 1 :] > 0).all(axis=0))
    fit = _fit_decay(lags[first - 1 :], correlation[first - 1 :], n_pairs[first - 1 :], known)
    population_tau = np.nan
    if known.any():
        mean = correlation[first - 1 :, known].mean(axis=1)[:, None]
        weight = n_pairs[first - 1 :, known].sum(axis=1)[:, None]
        population_tau = float(_fit_decay(lags[first - 1 :], mean, weight, np.array([True])).tau[0])
    return TimeConstants(
        tau_s=fit.tau * width_s,
        amplitude=fit.slope,
        offset=fit.constant / fit.slope,
        r2=fit.r2,
        lags_s=np.asarray(lags * width_s, np.float64),
        autocorrelation=correlation,
        population_tau_s=population_tau * width_s,
    )


def _centre(counts: FloatArray, condition: Any) -> FloatArray:
    centred = counts.copy()
    for number in range(int(condition.max()) + 1):
        centred[condition == number] -= centred[condition == number].mean(axis=0)
    return centred


def _autocorrelation(centred: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return the mean correlation of bins k apart and the number of their pairs, (lag, unit), k from 1."""
    by_unit = np.ascontiguousarray(centred.transpose(2, 1, 0))
    norm = np.linalg.norm(by_unit, axis=2)
    varies = norm > 1e-9 * np.sqrt(centred.shape[0])
    standard = np.divide(by_unit, norm[..., None], out=np.zeros_like(by_unit), where=varies[..., None])
    correlation = standard @ standard.transpose(0, 2, 1)
    both = (varies[:, :, None] & varies[:, None, :]).astype(np.float64)
    lags = range(1, centred.shape[1])
    sums, n_pairs = (
        np.stack([np.trace(matrix, offset=lag, axis1=1, axis2=2) for lag in lags])
        for matrix in (correlation, both)
    )
    means: FloatArray = np.divide(sums, n_pairs, out=np.full_like(sums, np.nan), where=n_pairs > 0)
    return means, n_pairs


def _fit_decay(lags: Any, correlation: FloatArray, weights: FloatArray, known: BoolArray) -> _Decay:
    """Fit slope * exp(-lag / tau) + constant by weighted least squares, the two linear parts eliminated.

    ``correlation`` and ``weights`` are (lag, unit), lags in bins; NaN where not ``known`` or not resolved.
    """
    values = np.where(known, correlation, 0.0).T
    share = np.where(known, weights, 1.0).T
    share = share / share.sum(axis=1, keepdims=True)
    low, high = _BOUNDS[0], _BOUNDS[1] * (lags[-1] + 1)
    grid = np.tile(np.geomspace(low, high, _N_GRID), (len(values), 1))
    ends = grid[:, [0, -1]]
    for _ in range(_N_ZOOMS):
        r2 = _project(grid, lags, values, share).r2
        best = r2.argmax(axis=1)[:, None]
        left, right = (
            np.take_along_axis(grid, np.clip(best + side, 0, grid.shape[1] - 1), axis=1) for side in (-1, 1)
        )
        grid = np.geomspace(left[:, 0], right[:, 0], 21, axis=1)
    fit = _project(grid, lags, values, share)
    best = fit.r2.argmax(axis=1)[:, None]
    tau, slope, constant, r2 = (np.take_along_axis(part, best, axis=1)[:, 0] for part in fit)
    inside = (tau > 1.01 * ends[:, 0]) & (tau < 0.99 * ends[:, 1])
    resolved = known & (slope > 0) & inside
    return _Decay(*(np.where(resolved, part, np.nan) for part in (tau, slope, constant, r2)))


def _project(tau: FloatArray, lags: Any, values: FloatArray, share: FloatArray) -> _Decay:
    """Return the best linear parts for each tau, all (unit, tau)."""
    decay = np.exp(-lags / tau[..., None])
    weight = share[:, None, :]
    mean_decay = np.sum(weight * decay, axis=2)
    mean_value = np.sum(share * values, axis=1)[:, None]
    decay_part, value_part = decay - mean_decay[..., None], (values - mean_value)[:, None, :]
    square = np.sum(weight * decay_part**2, axis=2)
    product = np.sum(weight * decay_part * value_part, axis=2)
    total = np.sum(weight * value_part**2, axis=2)
    slope = product / np.maximum(square, np.finfo(float).tiny)
    r2 = np.divide(slope * product, total, out=np.zeros_like(slope), where=total > 0)
    return _Decay(tau, slope, mean_value - slope * mean_decay, r2)
