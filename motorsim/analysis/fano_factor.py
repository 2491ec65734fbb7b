"""Fano factor of spike counts, plain and mean-matched (Churchland et al. 2010, Nat. Neurosci. 13:369).

Variances are unbiased (over trials - 1). The Fano factor of a window is the slope of the regression, through
zero, of variance on mean over all units and conditions. The variance of a variance grows with the square of
the mean and falls with the number of trials, so a point has the weight
trials / (mean + 1 spike/s x window)^2.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from motorsim.analysis.trials import TrialMoments, check_counts, number_conditions, trial_moments
from motorsim.checks import InputError, check_integer, check_positive
from motorsim.streams import stream

if TYPE_CHECKING:
    from motorsim.streams import Seed
    from motorsim.types import FloatArray, IntArray

_FEWEST_POINTS = 5
_INTERVAL_PERCENT = (2.5, 97.5)


@dataclass(frozen=True, eq=False)
class FanoFactor:
    """Variability of counts over the trials of one condition.

    Attributes
    ----------
    mean, variance
        Of the counts, (condition, window, unit).
    ratio
        Variance over mean, (condition, window, unit); NaN where no spike came.
    slope
        Weighted regression slope of variance on mean over conditions and units, (window,); NaN where no
        spike came.
    """

    mean: FloatArray
    variance: FloatArray
    ratio: FloatArray
    slope: FloatArray


@dataclass(frozen=True, eq=False)
class MeanMatchedFanoFactor:
    """Fano factor over time with the distribution of mean counts kept the same in every window.

    Attributes
    ----------
    slope
        Mean over the matchings, (window,).
    low, high
        95 % interval over resamples of the units, (window,).
    resampled
        The slope of each resample, (resample, window), for intervals of differences between windows.
    unmatched
        Slope over all points, (window,).
    matched_mean
        Mean count of the matched points, (window,): what is left of its change is within bins.
    n_points
        Points, pairs of unit and condition, in each window after matching.
    kept_share
        The same over all points.
    """

    slope: FloatArray
    low: FloatArray
    high: FloatArray
    resampled: FloatArray
    unmatched: FloatArray
    matched_mean: FloatArray
    n_points: int
    kept_share: float


@dataclass(frozen=True, eq=False)
class _Points:
    """Mean, variance and weight of each point, (window, point)."""

    mean: FloatArray
    variance: FloatArray
    weight: FloatArray

    @classmethod
    def of(cls, moments: TrialMoments, window_s: float, units: IntArray | None = None) -> _Points:
        mean, variance = (
            array if units is None else array[:, :, units] for array in (moments.mean, moments.variance)
        )
        weight = moments.n_trials[:, None, None] / (mean + window_s) ** 2
        n_windows = mean.shape[1]
        return cls(*(np.moveaxis(each, 1, 0).reshape(n_windows, -1) for each in (mean, variance, weight)))

    def slope(self, kept: FloatArray) -> FloatArray:
        """Return the weighted slope of variance on mean, (window,), over the points kept (1 or 0)."""
        weight = self.weight * kept
        above, below = (weight * self.mean * self.variance).sum(1), (weight * self.mean**2).sum(1)
        slope: FloatArray = np.divide(above, below, out=np.full_like(above, np.nan), where=below > 0)
        return slope


def fano_factor(counts: Any, conditions: Any, *, window_s: float) -> FanoFactor:
    """Return variance over mean of spike counts across the trials of each condition.

    Parameters
    ----------
    counts
        Spikes in each window, (trial, window, unit).
    conditions
        Condition of each trial, (trial,): numbers or texts; at least 2 trials each.
    window_s
        Length of the windows in seconds, for the weights.

    Returns
    -------
    FanoFactor
        Moments, ratios and the slope of each window.

    Raises
    ------
    InputError
        If shapes do not fit, a count is negative or not finite, or a condition has a single trial.
    """
    moments = _moments(counts, conditions)
    window_s = check_positive("window_s", window_s)
    points = _Points.of(moments, window_s)
    empty = np.full_like(moments.mean, np.nan)
    return FanoFactor(
        mean=moments.mean,
        variance=moments.variance,
        ratio=np.divide(moments.variance, moments.mean, out=empty, where=moments.mean > 0),
        slope=points.slope(np.ones_like(points.mean)),
    )


def mean_matched_fano_factor(
    counts: Any,
    conditions: Any,
    *,
    window_s: float,
    rng: Seed,
    bin_width: float = 0.25,
    n_matchings: int = 10,
    n_resamples: int = 200,
) -> MeanMatchedFanoFactor:
    """Return the Fano factor over time, freed of what changing mean rates do to it.

    In every window the points (unit, condition) are binned by their mean count. The smallest number over
    windows that a bin holds is the greatest common distribution; points beyond it are left out at random.

    Parameters
    ----------
    counts, conditions, window_s
        As for `fano_factor`; windows may overlap. The more windows, the fewer points are common to all.
    rng
        Seed or generator.
    bin_width
        Width of the bins of the mean count, in spikes.
    n_matchings
        Random choices of the points kept, averaged over.
    n_resamples
        Resamples of the units, with replacement, one matching each, for the interval.

    Returns
    -------
    MeanMatchedFanoFactor
        Slope of each window with its interval.

    Raises
    ------
    InputError
        As `fano_factor`, or if fewer than 5 points are common to all windows.
    """
    moments = _moments(counts, conditions)
    window_s, width = check_positive("window_s", window_s), check_positive("bin_width", bin_width)
    check_integer("n_matchings", n_matchings)
    check_integer("n_resamples", n_resamples)
    points = _Points.of(moments, window_s)
    generator = stream(rng, "mean matching")
    matched = [_matched(points.mean, width, generator) for _ in range(n_matchings)]
    n_points = int(matched[0][0].sum())
    if n_points < _FEWEST_POINTS:
        expected = f"at least {_FEWEST_POINTS} pairs of unit and condition with mean counts common to all"
        mend = "give fewer or longer windows, more units, or wider bins"
        raise InputError("counts", f"{expected} windows", f"{n_points}", mend)
    resampled = np.stack([_resampled_slope(moments, window_s, width, generator) for _ in range(n_resamples)])
    low, high = np.nanpercentile(resampled, _INTERVAL_PERCENT, axis=0)
    return MeanMatchedFanoFactor(
        slope=np.mean([points.slope(kept) for kept in matched], axis=0),
        low=low,
        high=high,
        resampled=resampled,
        unmatched=points.slope(np.ones_like(points.mean)),
        matched_mean=np.mean([(points.mean * kept).sum(axis=1) / n_points for kept in matched], axis=0),
        n_points=n_points,
        kept_share=n_points / points.mean.shape[1],
    )


def _moments(counts: Any, conditions: Any) -> TrialMoments:
    checked = check_counts("counts", counts)
    return trial_moments(checked, number_conditions("conditions", conditions, len(checked)))


def _resampled_slope(
    moments: TrialMoments, window_s: float, bin_width: float, generator: np.random.Generator
) -> FloatArray:
    n_units = moments.mean.shape[2]
    units = generator.integers(n_units, size=(n_units,))
    drawn = _Points.of(moments, window_s, units)
    return drawn.slope(_matched(drawn.mean, bin_width, generator))


def _matched(means: FloatArray, bin_width: float, generator: np.random.Generator) -> FloatArray:
    """Return 1 for the points kept and 0 for the others, (window, point): equally many a bin everywhere."""
    # Means are fractions of whole counts: a mean on an edge must not fall to either side by rounding.
    bins = np.floor(means / bin_width + 1e-9).astype(np.int64)
    n_windows, n_bins = len(means), int(bins.max()) + 1
    flat = bins + n_bins * np.arange(n_windows)[:, None]
    numbers = np.bincount(flat.ravel(), minlength=n_windows * n_bins).reshape(n_windows, n_bins)
    common = numbers.min(axis=0)
    # Sorted by bin in random order within it, the rank in the bin says who stays.
    order = np.argsort(bins + generator.random(bins.shape), axis=1)
    starts = np.cumsum(numbers, axis=1) - numbers
    ordered = np.take_along_axis(bins, order, axis=1)
    rank = np.arange(bins.shape[1]) - np.take_along_axis(starts, ordered, axis=1)
    kept = np.empty_like(means)
    np.put_along_axis(kept, order, (rank < common[ordered]).astype(np.float64), axis=1)
    return kept
