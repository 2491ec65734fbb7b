"""Spike count correlations: how much the counts of two units vary together from trial to trial."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from motorsim.analysis.trials import check_counts, number_conditions
from motorsim.checks import InputError, check_integer
from motorsim.streams import stream

if TYPE_CHECKING:
    from motorsim.streams import Seed
    from motorsim.types import BoolArray, FloatArray, IntArray

_INTERVAL_PERCENT = (2.5, 97.5)


@dataclass(frozen=True)
class MeanCorrelation:
    """Mean over pairs of units.

    Attributes
    ----------
    mean
        Mean correlation; NaN where there is no pair.
    low, high
        95 % interval over resamples of the units.
    n_pairs
        Pairs that have a correlation.
    """

    mean: float
    low: float
    high: float
    n_pairs: int


@dataclass(frozen=True, eq=False)
class CountCorrelations:
    """Correlations of the counts of all pairs of units.

    Attributes
    ----------
    matrix
        Correlations, (unit, unit); 1 on the diagonal, NaN where a pair never varies in the same condition.
    within, across
        Means over pairs of different units in the same group and in different groups.
    """

    matrix: FloatArray
    within: MeanCorrelation
    across: MeanCorrelation


def count_correlations(
    counts: Any, conditions: Any, *, groups: Any = None, rng: Seed, n_resamples: int = 1000
) -> CountCorrelations:
    """Correlate spike counts across the trials of the same condition.

    r_ij = sum_s sum_k z_ik z_jk / sum_s (n_s - 1), where a stratum s is a condition and window of n_s trials
    k and z are counts standardised within it (unbiased variance), so that neither tuning nor time courses
    shared by the units count (Cohen & Kohn 2011, Nat. Neurosci. 14:811). Strata in which either unit of a
    pair does not vary are left out for that pair.

    Parameters
    ----------
    counts
        Spikes in each window, (trial, window, unit); windows should not overlap.
    conditions
        Condition of each trial, (trial,): numbers or texts; at least 2 trials each.
    groups
        Group (pool, area) of each unit, (unit,): numbers or texts. All one group where not given.
    rng
        Seed or generator.
    n_resamples
        Resamples of the units, with replacement, for the intervals; pairs of a unit with itself are left
        out.

    Returns
    -------
    CountCorrelations
        The matrix and its means.

    Raises
    ------
    InputError
        If shapes do not fit, a count is negative or not finite, or a condition has a single trial.
    """
    checked = check_counts("counts", counts)
    condition = number_conditions("conditions", conditions, len(checked))
    check_integer("n_resamples", n_resamples)
    matrix = _correlate(checked, condition)
    n_units = len(matrix)
    group = np.zeros(n_units) if groups is None else np.asarray(groups)
    if group.shape != (n_units,):
        raise InputError("groups", f"one a unit, {n_units}", f"shape {group.shape}")
    pairs = np.isfinite(matrix) & ~np.eye(n_units, dtype=bool)
    same = group[:, None] == group
    generator = stream(rng, "resampled units")
    times_drawn = generator.multinomial(n_units, np.full(n_units, 1 / n_units), size=n_resamples)
    within, across = (
        mean_correlation(matrix, pairs & chosen, times_drawn.astype(np.float64)) for chosen in (same, ~same)
    )
    return CountCorrelations(matrix, within, across)


def _correlate(counts: FloatArray, condition: IntArray) -> FloatArray:
    n_units = counts.shape[2]
    products, freedom = np.zeros((n_units, n_units)), np.zeros((n_units, n_units))
    for number in range(int(condition.max()) + 1):
        group = counts[condition == number]
        deviation = group - group.mean(axis=0)
        spread = deviation.std(axis=0, ddof=1)
        varies = spread > 0
        standard = np.divide(deviation, spread, out=np.zeros_like(deviation), where=varies)
        flat = standard.reshape(-1, n_units)
        products += flat.T @ flat
        both = varies.astype(np.float64)
        freedom += (len(group) - 1) * both.T @ both
    return np.divide(products, freedom, out=np.full_like(products, np.nan), where=freedom > 0)


def mean_correlation(matrix: FloatArray, pairs: BoolArray, times_drawn: FloatArray) -> MeanCorrelation:
    """Return the mean over pairs, and its interval with units weighted by how often each was drawn."""
    n_pairs = int(pairs.sum()) // 2
    if not n_pairs:
        return MeanCorrelation(np.nan, np.nan, np.nan, 0)
    chosen = np.where(pairs, matrix, 0.0)
    total = np.sum((times_drawn @ chosen) * times_drawn, axis=1)
    weight = np.sum((times_drawn @ pairs) * times_drawn, axis=1)
    drawn = total[weight > 0] / weight[weight > 0]
    low, high = np.percentile(drawn, _INTERVAL_PERCENT) if drawn.size else (np.nan, np.nan)
    return MeanCorrelation(float(chosen.sum() / (2 * n_pairs)), float(low), float(high), n_pairs)
