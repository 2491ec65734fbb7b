"""Averages over the trials of each condition, whatever their number and length."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from motorsim.analysis.trials import number_conditions
from motorsim.checks import InputError, check_array, check_integer, check_positive

if TYPE_CHECKING:
    from motorsim.types import BoolArray, FloatArray, IntArray


@dataclass(frozen=True, eq=False)
class TrialAverage:
    """Mean over the trials of each condition.

    Attributes
    ----------
    mean
        (condition, time, unit), in the unit of the rates.
    standard_error
        Standard deviation over trials (trials - 1) over the root of their number, (condition, time, unit);
        NaN where there is a single trial.
    n_trials
        Trials observed, (condition, time).
    labels
        Label of each condition, (condition,), sorted.
    """

    mean: FloatArray
    standard_error: FloatArray
    n_trials: IntArray
    labels: np.ndarray


def trial_average(
    rates: Any, conditions: Any, *, observed: Any = None, minimum_trials: int = 1
) -> TrialAverage:
    """Average rates over the trials of each condition; conditions may differ in their number of trials.

    Parameters
    ----------
    rates
        (trial, time, unit), any unit.
    conditions
        Condition of each trial, (trial,): numbers or texts.
    observed
        Whether a trial was recorded at a time, (trial, time), for trials of different lengths: what the
        rates hold where it was not (NaN, say) is left alone. All, where not given.
    minimum_trials
        Least number of trials observed in each condition at each time.

    Returns
    -------
    TrialAverage
        Mean, standard error and number of trials.

    Raises
    ------
    InputError
        If shapes do not fit, an observed rate is not finite, or a condition has too few trials at a time.
    """
    values = check_array("rates", rates, ("trial", "time", "unit"), finite=False, minimum_sizes=(1, 1, 1))
    seen = _check_observed(observed, values)
    minimum = check_integer("minimum_trials", minimum_trials)
    condition = number_conditions("conditions", conditions, len(values), least_trials=1)
    labels = np.unique(np.asarray(conditions))
    member = (condition == np.arange(len(labels))[:, None]).astype(np.float64)
    weight = seen.astype(np.float64)
    n = member @ weight
    if n.min() < minimum:
        number, time = (int(i) for i in np.unravel_index(n.argmin(), n.shape))
        expected = f"at least {minimum} trials of each condition at each time"
        got = f"{int(n[number, time])} of condition {labels[number]!s} at time {time}"
        mend = "cut the window, or leave the condition out"
        raise InputError("observed" if observed is not None else "conditions", expected, got, mend)
    filled = np.where(seen[:, :, None], values, 0.0)
    mean = np.einsum("ck,ktu->ctu", member, filled) / n[:, :, None]
    deviation = (filled - mean[condition]) * weight[:, :, None]
    squares = np.einsum("ck,ktu->ctu", member, deviation**2)
    freedom = np.broadcast_to((n * (n - 1))[:, :, None], squares.shape)
    error = np.divide(squares, freedom, out=np.full_like(squares, np.nan), where=freedom > 0)
    return TrialAverage(mean, np.sqrt(error), n.astype(np.int64), labels)


def psth(counts: Any, conditions: Any, *, dt_s: float, observed: Any = None) -> TrialAverage:
    """Return peri-stimulus time histograms: firing rates in Hz averaged over the trials of each condition.

    Parameters
    ----------
    counts
        Spikes in consecutive bins, (trial, bin, unit).
    conditions, observed
        As for `trial_average`.
    dt_s
        Width of the bins.

    Returns
    -------
    TrialAverage
        Mean rate and its standard error, in Hz.

    Raises
    ------
    InputError
        As `trial_average`, or if a count is negative or the width is not above 0.
    """
    checked = check_array("counts", counts, ("trial", "bin", "unit"), finite=False, minimum_sizes=(1, 1, 1))
    if (checked < 0).any():
        raise InputError("counts", "counts of at least 0", f"{np.nanmin(checked):g}", "average rates instead")
    return trial_average(checked / check_positive("dt_s", dt_s), conditions, observed=observed)


def _check_observed(observed: Any, values: FloatArray) -> BoolArray:
    shape = values.shape[:2]
    seen = np.ones(shape, dtype=bool) if observed is None else np.asarray(observed)
    if seen.dtype != np.bool_ or seen.shape != shape:
        got = f"dtype {seen.dtype}, shape {seen.shape}"
        raise InputError("observed", f"booleans of shape {shape}", got)
    bad = ~np.isfinite(values) & seen[:, :, None]
    if bad.any():
        first = tuple(int(i) for i in np.argwhere(bad)[0])
        got = f"{bad.sum()} NaN or infinite, the first at {first}"
        mend = "tell with observed= where trials were recorded"
        raise InputError("rates", "finite rates where trials were observed", got, mend)
    checked: BoolArray = seen
    return checked
