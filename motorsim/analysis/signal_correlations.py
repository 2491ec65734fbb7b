"""Signal correlations: how alike the tuning of two units is, freed of what trial noise adds to it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from motorsim.analysis.count_correlations import mean_correlation
from motorsim.analysis.trials import check_counts, number_conditions
from motorsim.checks import InputError, check_integer
from motorsim.streams import stream

if TYPE_CHECKING:
    from motorsim.analysis.count_correlations import MeanCorrelation
    from motorsim.streams import Seed
    from motorsim.types import FloatArray, IntArray


@dataclass(frozen=True, eq=False)
class SignalCorrelations:
    """Correlations of the mean responses of all pairs of units over conditions.

    Attributes
    ----------
    matrix
        Corrected for noise, (unit, unit): 1 on the diagonal, NaN where a unit's signal variance is not above
        0; estimates may lie beyond +-1 where signals are weak.
    raw
        Of the mean responses as they are, (unit, unit): smaller in size the fewer the trials, and moved
        towards the noise correlations.
    signal_variance
        Variance over conditions (conditions - 1) of the mean response without that of noise, averaged over
        windows, (unit,); below 0 by chance for untuned units.
    within, across
        Means of ``matrix`` over pairs of different units in the same group and in different groups.
    """

    matrix: FloatArray
    raw: FloatArray
    signal_variance: FloatArray
    within: MeanCorrelation
    across: MeanCorrelation


def signal_correlations(
    counts: Any, conditions: Any, *, groups: Any = None, rng: Seed, n_resamples: int = 1000
) -> SignalCorrelations:
    """Correlate the mean counts of units over conditions.

    The covariance of measured means is that of the signals plus that of the noise over the number of trials;
    the latter, sum_c N_c / n_c / conditions with N_c the unbiased covariance over the n_c trials, is taken
    away before variances and covariances are put in proportion. Each window's mean over conditions is
    subtracted, so that time courses shared by all conditions do not count; windows are then pooled.

    Parameters
    ----------
    counts
        Spikes in each window, (trial, window, unit).
    conditions
        Condition of each trial, (trial,): numbers or texts; at least 2 trials each, 3 conditions or more.
    groups
        Group (pool, area) of each unit, (unit,): numbers or texts. All one group where not given.
    rng
        Seed or generator.
    n_resamples
        Resamples of the units, with replacement, for the intervals of the means.

    Returns
    -------
    SignalCorrelations
        The matrices and their means.

    Raises
    ------
    InputError
        If shapes do not fit, a count is negative or not finite, a condition has a single trial, or there are
        fewer than 3 conditions.
    """
    checked = check_counts("counts", counts)
    condition = number_conditions("conditions", conditions, len(checked))
    n_conditions = int(condition.max()) + 1
    if n_conditions < 3:
        mend = "two conditions correlate by +-1 whatever the units do"
        raise InputError("conditions", "at least 3 conditions", f"{n_conditions}", mend)
    check_integer("n_resamples", n_resamples)
    n_units = checked.shape[2]
    group = np.zeros(n_units) if groups is None else np.asarray(groups)
    if group.shape != (n_units,):
        raise InputError("groups", f"one a unit, {n_units}", f"shape {group.shape}")
    of_means, of_noise = _covariances(checked, condition)
    matrix = _correlation(of_means - of_noise)
    pairs = np.isfinite(matrix) & ~np.eye(n_units, dtype=bool)
    same = group[:, None] == group
    generator = stream(rng, "resampled units")
    times_drawn = generator.multinomial(n_units, np.full(n_units, 1 / n_units), size=n_resamples)
    within, across = (
        mean_correlation(matrix, pairs & chosen, times_drawn.astype(np.float64)) for chosen in (same, ~same)
    )
    variance = np.diag(of_means - of_noise).copy()
    return SignalCorrelations(matrix, _correlation(of_means), variance, within, across)


def _covariances(counts: FloatArray, condition: IntArray) -> tuple[FloatArray, FloatArray]:
    """Return the covariance of mean responses and the part of it that noise makes, (unit, unit) each."""
    n_conditions, n_windows = int(condition.max()) + 1, counts.shape[1]
    means, noise = [], np.zeros((counts.shape[2],) * 2)
    for number in range(n_conditions):
        group = counts[condition == number]
        means.append(group.mean(axis=0))
        deviation = (group - means[-1]).reshape(-1, counts.shape[2])
        noise += deviation.T @ deviation / ((len(group) - 1) * len(group))
    tuned = (np.stack(means) - np.mean(means, axis=0)).reshape(-1, counts.shape[2])
    return tuned.T @ tuned / ((n_conditions - 1) * n_windows), noise / (n_conditions * n_windows)


def _correlation(covariance: FloatArray) -> FloatArray:
    variance = np.diag(covariance)
    # What is left of equal numbers after rounding is no variance.
    tuned = variance > 1e-12 * max(float(np.abs(variance).max()), np.finfo(float).tiny)
    spread = np.sqrt(np.where(tuned, variance, np.nan))
    correlation: FloatArray = covariance / (spread[:, None] * spread)
    np.fill_diagonal(correlation, np.where(tuned, 1.0, np.nan))
    return correlation
