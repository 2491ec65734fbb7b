"""Naive Bayes classification of spike counts: independent Poisson units."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from motorsim.analysis.trials import check_counts, number_conditions
from motorsim.checks import InputError, check_array, check_positive

if TYPE_CHECKING:
    from motorsim.types import FloatArray


@dataclass(frozen=True, eq=False)
class PoissonNaiveBayes:
    """Mean counts of each class.

    Attributes
    ----------
    labels
        (class,), sorted.
    mean_counts
        (class, window, unit); 0 for units that never fired in training, which have no say.
    log_prior
        Log of each class's share of the training trials, or of 1 / classes, (class,).
    """

    labels: np.ndarray
    mean_counts: FloatArray
    log_prior: FloatArray

    def log_posterior(self, counts: Any) -> FloatArray:
        """Return the log probability of each class given counts (trial, window, unit), (trial, class).

        Raises
        ------
        InputError
            If a count is negative or not finite, or windows or units are others.
        """
        _, n_windows, n_units = self.mean_counts.shape
        checked = check_array("counts", counts, ("trial", "window", "unit"), shape=(None, n_windows, n_units))
        if (checked < 0).any():
            raise InputError("counts", "counts of at least 0", f"{checked.min():g}")
        flat = self.mean_counts.reshape(len(self.labels), -1)
        fired = flat[0] > 0
        log_mean = np.log(flat[:, fired])
        score = checked.reshape(len(checked), -1)[:, fired] @ log_mean.T - flat.sum(axis=1) + self.log_prior
        top = score.max(axis=1, keepdims=True)
        posterior: FloatArray = score - top - np.log(np.exp(score - top).sum(axis=1, keepdims=True))
        return posterior

    def predict(self, counts: Any) -> np.ndarray:
        """Return the likeliest label of each trial, (trial,)."""
        likeliest: np.ndarray = self.labels[self.log_posterior(counts).argmax(axis=1)]
        return likeliest


def fit_poisson_naive_bayes(
    counts: Any, labels: Any, *, pseudo_trials: float = 1.0, uniform_prior: bool = False
) -> PoissonNaiveBayes:
    """Estimate the mean counts of each class.

    mean = (sum of counts + pseudo_trials x overall mean) / (trials + pseudo_trials): the posterior mean under
    a gamma prior about the unit's mean over all trials, so that a spike never seen in a class does not rule
    it out.

    Parameters
    ----------
    counts
        Spikes in each window, (trial, window, unit).
    labels
        Class of each trial, (trial,): numbers or texts; at least 2 different.
    pseudo_trials
        Weight of the overall mean, in trials, above 0.
    uniform_prior
        Take all classes as equally likely, instead of by their share of the trials.

    Returns
    -------
    PoissonNaiveBayes
        The classifier.

    Raises
    ------
    InputError
        If shapes do not fit, a count is negative or not finite, or there is a single class.
    """
    checked = check_counts("counts", counts)
    number = number_conditions("labels", labels, len(checked), least_trials=1)
    names = np.unique(np.asarray(labels))
    if len(names) < 2:
        raise InputError("labels", "at least 2 different labels", "1")
    weight = check_positive("pseudo_trials", pseudo_trials)
    member = (number == np.arange(len(names))[:, None]).astype(np.float64)
    n = member.sum(axis=1)
    total = np.tensordot(member, checked, axes=1)
    means = (total + weight * checked.mean(axis=0)) / (n + weight)[:, None, None]
    prior = np.full(len(n), 1 / len(n)) if uniform_prior else n / n.sum()
    return PoissonNaiveBayes(names, means, np.log(prior))
