"""Irregularity of spike trains: CV, CV2 and LV of inter-spike intervals, one value a unit.

All three are 1 for a Poisson process. CV also counts changes of the rate, so it is pooled only within a
condition, and should be given an epoch in which the rate stands still; CV2 and LV compare neighbours only.
Intervals must lie inside the epoch, which favours short ones: where the epoch holds a = rate x duration
intervals in the mean, a Poisson process has CV^2 = m0 m2 / m1^2 - 1, m_k = int_0^a u^k (a - u) exp(-u) du,
thus CV 0.90 at a = 3, 0.95 at 6 and 0.98 at 12 (Nawrot et al. 2008, J. Neurosci. Methods 169:374).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from motorsim.analysis.trials import number_conditions
from motorsim.checks import InputError, check_array, check_integer

if TYPE_CHECKING:
    from motorsim.types import FloatArray, IntArray


@dataclass(frozen=True, eq=False)
class IntervalStatistic:
    """One measure of irregularity for each unit.

    Attributes
    ----------
    value
        The measure, (unit,); NaN where a unit has too little to tell.
    n_used
        Intervals (for `interval_cv`) or pairs of neighbours (for `cv2` and `lv`) that it rests on, (unit,);
        0 where there were fewer than the least number.
    """

    value: FloatArray
    n_used: IntArray


class _Intervals(NamedTuple):
    interval_s: FloatArray
    trial: IntArray
    unit: IntArray


class _Pairs(NamedTuple):
    difference_s: FloatArray
    sum_s: FloatArray
    unit: IntArray


def interval_cv(
    interval_s: Any, trial: Any, unit: Any, *, n_units: int, conditions: Any, minimum: int = 10
) -> IntervalStatistic:
    """Return the coefficient of variation of each unit's intervals, pooled over trials of one condition.

    CV^2 = sum_c (n_c - 1) (s_c / m_c)^2 / sum_c (n_c - 1) over the conditions c in which the unit has at
    least ``minimum`` intervals, of mean m_c and unbiased variance s_c^2. For a Poisson process the expected
    CV^2 of n intervals is n / (n + 1).

    Parameters
    ----------
    interval_s
        Inter-spike intervals in seconds, (interval,).
    trial, unit
        Trial and unit of each, (interval,), train after train.
    n_units
        Number of units, silent ones included.
    conditions
        Condition of each trial, (trial,): numbers or texts. All alike pools over all trials.
    minimum
        Least number of intervals of a unit in a condition, at least 2.

    Returns
    -------
    IntervalStatistic
        CV and the number of intervals used.

    Raises
    ------
    InputError
        If the arrays differ in length, an interval is negative, or an index is out of range.
    """
    minimum = check_integer("minimum", minimum, minimum=2)
    labels = np.asarray(conditions)
    condition = number_conditions("conditions", conditions, len(labels) if labels.ndim else 0, least_trials=1)
    intervals = check_intervals(interval_s, trial, unit, n_units, n_trials=len(condition))
    n_conditions = int(condition.max()) + 1
    group = condition[intervals.trial] * n_units + intervals.unit

    def total(values: FloatArray | None = None) -> FloatArray:
        return np.bincount(group, values, minlength=n_conditions * n_units).astype(np.float64)

    n = total()
    mean_s = total(intervals.interval_s) / np.maximum(n, 1)
    squares = total((intervals.interval_s - mean_s[group]) ** 2)
    kept = (n >= minimum) & (mean_s > 0)
    ratio = np.divide(squares, mean_s**2, out=np.zeros_like(squares), where=kept)
    by_unit = (n_conditions, n_units)
    n_used = np.where(kept, n, 0.0).reshape(by_unit).sum(axis=0)
    freedom = np.where(kept, n - 1, 0.0).reshape(by_unit).sum(axis=0)
    squared = _divide(ratio.reshape(by_unit).sum(axis=0), freedom)
    return IntervalStatistic(np.sqrt(squared), n_used.astype(np.int64))


def cv2(interval_s: Any, trial: Any, unit: Any, *, n_units: int, minimum: int = 10) -> IntervalStatistic:
    """Return CV2, the mean of 2 |I_(i+1) - I_i| / (I_(i+1) + I_i) over neighbours in the same train.

    Holt et al. 1996, J. Neurophysiol. 75:1806, eq. 1.

    Parameters
    ----------
    interval_s, trial, unit, n_units
        As for `interval_cv`; neighbours stand one after the other in order of time.
    minimum
        Least number of pairs of a unit.

    Returns
    -------
    IntervalStatistic
        CV2 and the number of pairs.

    Raises
    ------
    InputError
        As `interval_cv`.
    """
    pairs = _neighbours(interval_s, trial, unit, n_units)
    return _mean_over_pairs(2 * np.abs(_contrast(pairs)), pairs.unit, n_units, minimum)


def lv(interval_s: Any, trial: Any, unit: Any, *, n_units: int, minimum: int = 10) -> IntervalStatistic:
    """Return LV, the mean of 3 ((I_i - I_(i+1)) / (I_i + I_(i+1)))^2 over neighbours in the same train.

    Shinomoto, Shima & Tanji 2003, Neural Comput. 15:2823.

    Parameters
    ----------
    interval_s, trial, unit, n_units, minimum
        As for `cv2`.

    Returns
    -------
    IntervalStatistic
        LV and the number of pairs.

    Raises
    ------
    InputError
        As `interval_cv`.
    """
    pairs = _neighbours(interval_s, trial, unit, n_units)
    return _mean_over_pairs(3 * _contrast(pairs) ** 2, pairs.unit, n_units, minimum)


def check_intervals(
    interval_s: Any, trial: Any, unit: Any, n_units: int, n_trials: int | None = None
) -> _Intervals:
    """Return intervals with trial and unit of each as integers, or raise `InputError`; see `interval_cv`."""
    intervals = check_array("interval_s", interval_s, ("interval",))
    if (intervals < 0).any():
        raise InputError("interval_s", "intervals of at least 0 s", f"{intervals.min():g} s")
    check_integer("n_units", n_units)
    units = _index("unit", unit, intervals.size, n_units)
    trials = _index("trial", trial, intervals.size, n_trials)
    return _Intervals(intervals, trials, units)


def _index(name: str, values: Any, size: int, below: int | None) -> IntArray:
    given = check_array(name, values, ("interval",), shape=(size,))
    index = given.astype(np.int64)
    wrong = (index != given) | (index < 0) | (index >= (np.inf if below is None else below))
    if wrong.any():
        expected = "integers from 0" + ("" if below is None else f" to {below - 1}")
        raise InputError(name, expected, f"{given[wrong][0]:g}")
    return index


def _neighbours(interval_s: Any, trial: Any, unit: Any, n_units: int) -> _Pairs:
    intervals = check_intervals(interval_s, trial, unit, n_units)
    train = intervals.trial * n_units + intervals.unit
    if (np.diff(train) < 0).any():
        expected = "intervals train after train: by trial, then unit, then time"
        raise InputError("trial, unit", expected, "another order")
    first, second = intervals.interval_s[:-1], intervals.interval_s[1:]
    same = train[1:] == train[:-1]
    return _Pairs((second - first)[same], (second + first)[same], intervals.unit[1:][same])


def _contrast(pairs: _Pairs) -> FloatArray:
    """Return difference over sum; 0 where both intervals are 0, which do not differ."""
    return np.divide(pairs.difference_s, pairs.sum_s, out=np.zeros_like(pairs.sum_s), where=pairs.sum_s > 0)


def _mean_over_pairs(terms: FloatArray, unit: IntArray, n_units: int, minimum: int) -> IntervalStatistic:
    minimum = check_integer("minimum", minimum)
    n = np.bincount(unit, minlength=n_units)
    enough = np.where(n >= minimum, n, 0).astype(np.float64)
    total: FloatArray = np.bincount(unit, terms, minlength=n_units).astype(np.float64)
    return IntervalStatistic(_divide(total, enough), enough.astype(np.int64))


def _divide(numerator: FloatArray, denominator: FloatArray) -> FloatArray:
    """Return the quotient, NaN where the denominator is 0."""
    quotient: FloatArray = np.divide(
        numerator, denominator, out=np.full(numerator.shape, np.nan), where=denominator > 0
    )
    return quotient
