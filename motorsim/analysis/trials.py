"""How the methods of single trials take spike counts and the condition of each trial."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from motorsim.checks import InputError, check_array

if TYPE_CHECKING:
    from motorsim.types import FloatArray, IntArray


class TrialMoments(NamedTuple):
    """Mean and unbiased variance over the trials of each condition.

    ``mean`` and ``variance`` are (condition, window, unit), ``n_trials`` is (condition,).
    """

    mean: FloatArray
    variance: FloatArray
    n_trials: IntArray


def check_counts(name: str, value: Any) -> FloatArray:
    """Return spike counts as float64 (trial, window, unit), or say what is wrong with them."""
    counts = check_array(name, value, ("trial", "window", "unit"), minimum_sizes=(2, 1, 1))
    if (counts < 0).any():
        raise InputError(name, "counts of at least 0", f"{counts.min():g}")
    return counts


def number_conditions(name: str, labels: Any, n_trials: int, *, least_trials: int = 2) -> IntArray:
    """Return the number of the condition of each trial, (trial,), from labels of any kind.

    Raises
    ------
    InputError
        If there is not one label a trial, or a condition has fewer than ``least_trials`` trials.
    """
    given = np.asarray(labels)
    if given.shape != (n_trials,):
        raise InputError(name, f"one label a trial, {n_trials}", f"shape {given.shape}")
    if given.dtype.kind not in "buifU":
        raise InputError(name, "numbers or texts", f"labels of type {given.dtype}")
    if given.dtype.kind == "f" and not np.isfinite(given).all():
        raise InputError(name, "a label for every trial", "NaN or infinite values")
    conditions, index, n = np.unique(given, return_inverse=True, return_counts=True)
    if n.min() < least_trials:
        few = conditions[n.argmin()]
        raise InputError(
            name,
            f"at least {least_trials} trials a condition",
            f"{n.min()} of condition {few!s}",
            "leave out conditions with fewer trials",
        )
    return index.astype(np.int64)


def trial_moments(values: FloatArray, condition: IntArray) -> TrialMoments:
    """Return the moments of values (trial, window, unit) over the trials of each condition."""
    n_trials = np.bincount(condition)
    groups = [values[condition == number] for number in range(len(n_trials))]
    mean = np.stack([group.mean(axis=0) for group in groups])
    return TrialMoments(mean, np.stack([group.var(axis=0, ddof=1) for group in groups]), n_trials)
