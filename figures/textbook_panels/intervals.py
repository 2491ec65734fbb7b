"""Intervals: a middle with its 95 % interval, of the kind that the experiment's own table gives."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from motorsim.streams import stream

if TYPE_CHECKING:
    from collections.abc import Callable

    from motorsim.types import FloatArray

N_RESAMPLES = 2000


class Interval(NamedTuple):
    """A middle, and where its 95 % interval begins and ends, in the same unit."""

    middle: float
    low: float
    high: float


def resampled(values: FloatArray, statistic: Callable[..., Any], draws: str) -> Interval:
    """Return a statistic of values (sample,), with percentiles over samples drawn again from that stream."""
    picks = stream(0, draws).integers(len(values), size=(N_RESAMPLES, len(values)))
    low, high = np.percentile(statistic(values[picks], axis=1), [2.5, 97.5])
    return Interval(float(statistic(values)), float(low), float(high))


def proportion(n_right: int, n: int) -> Interval:
    """Return a share of n, with the interval of Wilson (1927)."""
    z_squared = 1.959964**2
    middle = (n_right + z_squared / 2) / (n + z_squared)
    half = np.sqrt(z_squared * (n_right * (n - n_right) / n + z_squared / 4)) / (n + z_squared)
    return Interval(n_right / n, max(float(middle - half), 0.0), min(float(middle + half), 1.0))


def student(values: FloatArray) -> Interval:
    """Return the mean of values (sample,), with the interval of Student's t; none about a single value."""
    from scipy.special import stdtrit  # noqa: PLC0415 - slow to import

    mean, n = float(values.mean()), len(values)
    half = float(stdtrit(n - 1, 0.975) * values.std(ddof=1) / np.sqrt(n)) if n > 1 else 0.0
    return Interval(mean, mean - half, mean + half)
