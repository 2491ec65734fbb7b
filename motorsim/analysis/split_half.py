"""Split-half reliability of trial averages, and the scores that noise leaves within a model's reach."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from motorsim.analysis.samples import check_rates, name_constant_units
from motorsim.analysis.trials import number_conditions
from motorsim.checks import InputError, check_integer
from motorsim.streams import stream

if TYPE_CHECKING:
    from collections.abc import Sequence

    from motorsim.streams import Seed
    from motorsim.types import FloatArray, Floats, IntArray


@dataclass(frozen=True, eq=False)
class SplitHalf:
    """How well averages over all trials would repeat.

    Attributes
    ----------
    half_correlations
        Pearson correlation between the averages of two halves over conditions and times, (split, unit).
    reliability
        Spearman-Brown, 2 r / (1 + r) of the mean r over splits, (unit,): the correlation that two averages
        over all trials would have; the share of their variance that is signal. May be below 0 by chance.
    pooled_half_correlations, pooled_reliability
        The same over all units together, each centred, so that strong units weigh more, (split,) and one
        number.
    """

    half_correlations: FloatArray
    reliability: FloatArray
    pooled_half_correlations: FloatArray
    pooled_reliability: float

    @property
    def r2_ceiling(self) -> FloatArray:
        """Return the R^2 expected of the true means for the averages over all trials, (unit,), at least 0."""
        return np.clip(self.reliability, 0.0, 1.0)

    @property
    def correlation_ceiling(self) -> FloatArray:
        """Return the correlation expected between the true means and those averages, (unit,): its root."""
        return np.sqrt(self.r2_ceiling)

    @property
    def pooled_r2_ceiling(self) -> float:
        """Return the ceiling of the R^2 pooled over units."""
        return float(np.clip(self.pooled_reliability, 0.0, 1.0))

    @property
    def pooled_correlation_ceiling(self) -> float:
        """Return the ceiling of the correlation pooled over units."""
        return float(np.sqrt(self.pooled_r2_ceiling))


def split_half(
    trials: FloatArray,
    conditions: Sequence[Any],
    *,
    rng: Seed,
    n_splits: int = 100,
    subtract_mean: bool = False,
) -> SplitHalf:
    """Split the trials of each condition at random and correlate the averages of the two halves.

    Of an odd number of trials one, another for each split, is left out, so the reliability is that of an even
    number: 2 floor(n / 2) a condition.

    Parameters
    ----------
    trials
        (trial, time, unit), any unit.
    conditions
        Condition of each trial, (trial,); at least 2 trials each.
    rng
        Seed or generator.
    n_splits
        Random splits.
    subtract_mean
        Subtract from either half its mean over conditions at each time: the reliability of the tuned part.

    Returns
    -------
    SplitHalf
        Reliabilities and ceilings. A unit whose average does not vary in a half counts as correlation 0.

    Raises
    ------
    InputError
        If trials are not finite, units are constant (named by index), conditions have one trial, or there is
        one condition whose mean is to be subtracted.
    """
    checked = check_rates("trials", trials)
    number = number_conditions("conditions", conditions, len(checked))
    name_constant_units("trials", np.ptp(checked, axis=(0, 1)) == 0, "leave these units out")
    n = check_integer("n_splits", n_splits)
    if subtract_mean and not number.any():
        raise InputError("conditions", "at least 2 conditions whose mean is subtracted", "1")
    generator = stream(rng, "split halves")
    by_unit, pooled = np.empty((n, checked.shape[2])), np.empty(n)
    for split in range(n):
        first, second = (
            _centre(np.tensordot(weights, checked, axes=1), subtract_mean=subtract_mean)
            for weights in _half_weights(number, generator)
        )
        moments = [np.sum(a * b, axis=(0, 1)) for a, b in ((first, second), (first, first), (second, second))]
        by_unit[split] = _correlation(*moments)
        pooled[split] = _correlation(*(np.atleast_1d(moment.sum()) for moment in moments))[0]
    return SplitHalf(by_unit, _spearman_brown(by_unit), pooled, float(_spearman_brown(pooled)))


def _half_weights(number: IntArray, generator: np.random.Generator) -> tuple[FloatArray, FloatArray]:
    """Return what averages each half of the trials of each condition, two arrays (condition, trial)."""
    order = generator.permutation(len(number))
    order = order[np.argsort(number[order], kind="stable")]
    n_trials = np.bincount(number)
    rank = np.arange(len(number)) - np.repeat(np.cumsum(n_trials) - n_trials, n_trials)
    half = (n_trials // 2)[number[order]]
    first, second = np.zeros((2, len(n_trials), len(number)))
    for weights, chosen in ((first, rank < half), (second, (rank >= half) & (rank < 2 * half))):
        weights[number[order][chosen], order[chosen]] = 1 / half[chosen]
    return first, second


def _centre(averages: Floats, *, subtract_mean: bool) -> FloatArray:
    mean = averages.mean(axis=0 if subtract_mean else (0, 1))
    return np.asarray(averages - mean, dtype=np.float64)


def _correlation(product: FloatArray, square_a: FloatArray, square_b: FloatArray) -> FloatArray:
    norm = np.sqrt(square_a * square_b)
    correlation: FloatArray = np.divide(product, norm, out=np.zeros_like(norm), where=norm > 0)
    return correlation


def _spearman_brown(half_correlations: FloatArray) -> FloatArray:
    mean = half_correlations.mean(axis=0)
    reliability: FloatArray = 2 * mean / (1 + mean)
    return reliability
