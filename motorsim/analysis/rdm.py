"""Representational dissimilarity matrices: how far apart a population holds the conditions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import linalg

from motorsim.analysis.samples import check_rates, check_remains
from motorsim.analysis.trials import number_conditions
from motorsim.checks import InputError, check_array, check_choice

if TYPE_CHECKING:
    from motorsim.types import FloatArray, IntArray

MEASURES = ("euclidean", "correlation")
NOISES = ("residuals", "identity")


@dataclass(frozen=True, eq=False)
class RDM:
    """Dissimilarities of all pairs of conditions.

    Attributes
    ----------
    dissimilarities
        (pair,): conditions 0 and 1, 0 and 2, ..., 1 and 2, ...; distances, 0 the same, crossnobis ones about
        0.
    n_conditions
        Number of conditions.
    """

    dissimilarities: FloatArray
    n_conditions: int

    @property
    def matrix(self) -> FloatArray:
        """Return the symmetric matrix (condition, condition), zeros on the diagonal."""
        square = np.zeros((self.n_conditions, self.n_conditions))
        square[np.triu_indices(self.n_conditions, 1)] = self.dissimilarities
        return square + square.T


def rdm(rates: FloatArray, measure: str = "euclidean", *, name: str = "rates") -> RDM:
    """Return how unlike the responses to the conditions are, each response being all times and units.

    Parameters
    ----------
    rates
        Mean over trials, (condition, time, unit). Noise in the means makes every distance too large;
        `crossnobis` does not have that bias.
    measure
        ``"euclidean"``: squared Euclidean distance over the number of times x units, in the squared unit of
        the rates. ``"correlation"``: 1 - Pearson correlation over times and units, 0 to 2.
    name
        What to call the rates in errors.

    Returns
    -------
    RDM
        The dissimilarities.

    Raises
    ------
    InputError
        For one condition, rates that are not finite (units named) or do not vary, or, for the correlation, a
        condition whose rates are the same at all times in all units.
    """
    check_choice("measure", measure, MEASURES)
    checked = check_rates(name, rates, least_conditions=2)
    patterns = checked.reshape(len(checked), -1)
    if measure == "correlation":
        patterns = patterns - patterns.mean(axis=1, keepdims=True)
        norms = np.linalg.norm(patterns, axis=1, keepdims=True)
        flat = np.flatnonzero(norms[:, 0] <= 1e-12 * np.abs(checked).max())
        if len(flat):
            mend = "leave it out or take measure='euclidean'"
            raise InputError(name, "conditions that vary", f"condition {flat[0]} constant", mend)
        # Half the squared distance of unit vectors is 1 - their cosine.
        patterns, divisor = patterns / norms, 2.0
    else:
        divisor = float(patterns.shape[1])
    centred = patterns - patterns.mean(axis=0)
    mend = "keep the conditions apart instead of averaging over them"
    check_remains(name, centred, patterns, "conditions that differ", mend)
    distances = _from_products(centred, centred, divisor)
    return RDM(np.maximum(distances, 0.0), len(checked))


def crossnobis(
    trials: FloatArray, conditions: Any, folds: Any, *, noise: str | FloatArray = "residuals"
) -> RDM:
    """Return cross-validated Mahalanobis distances between conditions, which noise does not bias.

    Walther et al. (2016, NeuroImage 137:188). For each fold k, with d the difference between two conditions'
    means, d_k' S^-1 d_-k over the trials in and not in the fold, averaged over times and folds and divided by
    the number of units; noise that is independent between folds averages out, so that some estimates of
    small distances are negative.

    Parameters
    ----------
    trials
        Rates or counts of single trials, (trial, time, unit).
    conditions
        Label of each trial, (trial,).
    folds
        Fold of each trial, (trial,), such as its block: each holds every condition, two folds or more.
    noise
        S, covariance of the units over trials: ``"residuals"`` of the trials about their condition's mean,
        pooled over times and conditions, shrunk to a multiple of the identity (Ledoit & Wolf 2004) with the
        degrees of freedom trials - conditions; ``"identity"`` for cross-validated squared Euclidean
        distances; or a matrix (unit, unit).

    Returns
    -------
    RDM
        The distances between the conditions, in the order of their sorted labels.

    Raises
    ------
    InputError
        For one condition or one fold, a condition that is missing from a fold, trials that are not finite
        (units named), labels that do not fit, residuals that are all 0, or a covariance that is not symmetric
        and positive definite.
    """
    if np.ndim(trials) == 3 and len(trials) < 4:
        raise InputError("trials", "4 trials or more: 2 conditions in 2 folds", f"{len(trials)}")
    checked = check_rates("trials", trials)
    n_trials, n_times, n_units = checked.shape
    condition = number_conditions("conditions", conditions, n_trials, least_trials=1)
    fold = number_conditions("folds", folds, n_trials, least_trials=1)
    counts = _count(condition, fold)
    means = np.zeros((*counts.shape, n_times, n_units))
    np.add.at(means, (fold, condition), checked)
    n_others = counts.sum(axis=0) - counts
    others = (means.sum(axis=0) - means) / n_others[:, :, None, None]
    means /= counts[:, :, None, None]
    whitener = _whitener(noise, checked, condition)
    n_features = n_times * n_units
    estimates = [
        _from_products(
            (own @ whitener).reshape(len(own), -1), (rest @ whitener).reshape(len(own), -1), n_features
        )
        for own, rest in zip(means, others, strict=True)
    ]
    return RDM(np.mean(estimates, axis=0), counts.shape[1])


def _from_products(a: FloatArray, b: FloatArray, divisor: float) -> FloatArray:
    """Return (a_i - a_j)' (b_i - b_j) / divisor, (pair,), for all pairs of rows of (condition, feature)."""
    kernel = a @ b.T
    own = np.diag(kernel)
    matrix = own + own[:, None] - kernel - kernel.T
    distances: FloatArray = matrix[np.triu_indices(len(a), 1)] / divisor
    return distances


def _count(condition: IntArray, fold: IntArray) -> IntArray:
    """Return the number of trials, (fold, condition), or say which is missing."""
    counts = np.zeros((fold.max() + 1, condition.max() + 1), dtype=np.int64)
    np.add.at(counts, (fold, condition), 1)
    for name, number in (("folds", counts.shape[0]), ("conditions", counts.shape[1])):
        if number < 2:
            raise InputError(name, f"2 {name} or more", f"{number}")
    missing = np.argwhere(counts == 0)
    if len(missing):
        where = f"none of condition number {missing[0, 1]} in fold number {missing[0, 0]}"
        raise InputError("folds", "every condition in every fold", where, "merge folds or drop the condition")
    return counts


def _whitener(noise: str | FloatArray, trials: FloatArray, condition: IntArray) -> FloatArray:
    """Return W, (unit, unit), with W W' the inverse of the covariance."""
    n_units = trials.shape[2]
    if isinstance(noise, str):
        check_choice("noise", noise, NOISES)
        if noise == "identity":
            return np.eye(n_units)
        covariance = _residual_covariance(trials, condition)
    else:
        covariance = check_array("noise", noise, ("unit", "unit"), shape=(n_units, n_units))
    values, vectors = linalg.eigh(covariance)
    if not np.allclose(covariance, covariance.T) or values[0] <= 1e-12 * values[-1]:
        mend = "shrink it towards its diagonal"
        raise InputError("noise", "a symmetric, positive definite covariance", "another matrix", mend)
    whitener: FloatArray = vectors / np.sqrt(values)
    return whitener


def _residual_covariance(trials: FloatArray, condition: IntArray) -> FloatArray:
    from sklearn.covariance import ledoit_wolf  # noqa: PLC0415  slow to import

    counts = np.bincount(condition)
    means = np.zeros((len(counts), *trials.shape[1:]))
    np.add.at(means, condition, trials)
    means /= counts[:, None, None]
    residuals = (trials - means[condition]).reshape(-1, trials.shape[2])
    mend = "give single trials, or noise='identity'"
    check_remains("trials", residuals, trials, "trials that differ within a condition", mend)
    covariance: FloatArray = ledoit_wolf(residuals, assume_centered=True)[0]
    return covariance * len(trials) / (len(trials) - len(counts))
