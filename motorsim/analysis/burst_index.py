"""Burst index: how much more often spikes follow each other closely than in a Poisson train."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from motorsim.analysis.interval_statistics import check_intervals
from motorsim.checks import InputError, check_integer, check_positive

if TYPE_CHECKING:
    from motorsim.types import FloatArray, IntArray


@dataclass(frozen=True, eq=False)
class BurstIndex:
    """Bursts of each unit; all (unit,), NaN where it has too few intervals.

    Attributes
    ----------
    short_share
        Share of intervals no longer than the threshold.
    poisson_share
        The same of a Poisson process of the same mean interval, 1 - exp(-threshold / mean).
    index
        (short - poisson) / (short + poisson), from -1, no short interval, by 0, as Poisson, towards 1.
    burst_spike_share
        Share of spikes, of trains with an interval at least, that lie in bursts: runs of short intervals.
    spikes_per_burst
        Mean number, at least 2; NaN where there is no burst.
    n_bursts, n_intervals
        Bursts and intervals of each unit.
    """

    short_share: FloatArray
    poisson_share: FloatArray
    index: FloatArray
    burst_spike_share: FloatArray
    spikes_per_burst: FloatArray
    n_bursts: IntArray
    n_intervals: IntArray


def burst_index(
    interval_s: Any, trial: Any, unit: Any, *, n_units: int, threshold_s: float = 0.01, minimum: int = 10
) -> BurstIndex:
    """Return how much units burst, from their inter-spike intervals.

    A burst is a run of successive intervals of at most ``threshold_s``. A refractory period of r seconds
    makes the intervals below r missing, and lowers the index.

    Parameters
    ----------
    interval_s
        Inter-spike intervals in seconds, (interval,).
    trial, unit
        Trial and unit of each, (interval,), train after train, in order of time within a train.
    n_units
        Number of units, silent ones included.
    threshold_s
        Longest interval within a burst.
    minimum
        Least number of intervals of a unit.

    Returns
    -------
    BurstIndex
        Shares, index and bursts.

    Raises
    ------
    InputError
        If the arrays differ in length or are not train after train, an interval is negative, or an index is
        out of range.
    """
    intervals = check_intervals(interval_s, trial, unit, n_units)
    threshold_s, minimum = check_positive("threshold_s", threshold_s), check_integer("minimum", minimum)
    train = intervals.trial * n_units + intervals.unit
    if (np.diff(train) < 0).any():
        expected = "intervals train after train: by trial, then unit, then time"
        raise InputError("trial, unit", expected, "another order")
    short = intervals.interval_s <= threshold_s
    follows = np.append(False, train[1:] == train[:-1])[: len(train)]
    begins = short & ~(follows & np.append(False, short[:-1])[: len(train)])

    def count(chosen: Any = None) -> FloatArray:
        return np.bincount(intervals.unit, chosen, minlength=n_units).astype(np.float64)

    n, n_short, n_bursts, n_trains = count(), count(short), count(begins), count(~follows)
    enough = n >= minimum
    mean_s = _divide(count(intervals.interval_s), n, enough)
    share = _divide(n_short, n, enough)
    poisson = 1 - np.exp(-_divide(np.full(n_units, threshold_s), mean_s, enough & (mean_s > 0)))
    return BurstIndex(
        short_share=share,
        poisson_share=poisson,
        index=_divide(share - poisson, share + poisson, enough & np.isfinite(poisson)),
        burst_spike_share=_divide(n_short + n_bursts, n + n_trains, enough),
        spikes_per_burst=_divide(n_short + n_bursts, n_bursts, enough & (n_bursts > 0)),
        n_bursts=n_bursts.astype(np.int64),
        n_intervals=n.astype(np.int64),
    )


def _divide(above: FloatArray, below: FloatArray, where: np.ndarray) -> FloatArray:
    quotient: FloatArray = np.divide(above, below, out=np.full(len(above), np.nan), where=where)
    return quotient
