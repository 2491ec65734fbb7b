"""The decoders that `decode` knows by name, and estimator objects, all as one kind of function."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from motorsim.analysis.kalman import fit_kalman
from motorsim.analysis.poisson_naive_bayes import fit_poisson_naive_bayes
from motorsim.analysis.ridge import check_ridge, fit_ridge
from motorsim.checks import InputError, check_choice
from motorsim.types import FloatArray

NAMES = ("ridge", "kalman", "logistic", "naive_bayes")

Predict: TypeAlias = Callable[[FloatArray], np.ndarray]
Fit: TypeAlias = Callable[[FloatArray, np.ndarray], Predict]


@dataclass(frozen=True, eq=False)
class Decoder:
    """How to fit on training trials, and what kind of target it takes.

    Attributes
    ----------
    fit
        From rates (trial, time, unit) and targets (trial, ...) to a function from rates to targets.
    classifies
        Whether targets are labels.
    """

    fit: Fit
    classifies: bool


def make_decoder(decoder: Any, *, standardise: bool | None, ridge: Any, regularisation: float) -> Decoder:
    """Return the decoder of that name, or an estimator object (``fit`` and ``predict``) as one.

    Raises
    ------
    InputError
        If it is neither a known name nor an estimator, or rates that have to be counts are to be
        standardised.
    """
    if not isinstance(decoder, str):
        return _from_estimator(decoder, standardise is not False)
    check_choice("decoder", decoder, NAMES)
    if decoder == "naive_bayes":
        if standardise:
            raise InputError("standardise", "False for naive_bayes, which takes counts", "True")
        return Decoder(_fit_naive_bayes, classifies=True)
    if decoder == "kalman":
        if standardise:
            raise InputError("standardise", "False for kalman, which scales do not touch", "True")
        return Decoder(_fit_kalman, classifies=False)
    if decoder == "logistic":
        return Decoder(_scaled(_logistic(regularisation), standardise is not False), classifies=True)
    return Decoder(_scaled(_linear(check_ridge(ridge)), standardise is not False), classifies=False)


def _scaled(fit: Fit, wanted: bool) -> Fit:
    """Return a fit to units of mean 0 and standard deviation 1 over training trials and times."""
    if not wanted:
        return fit

    def fit_scaled(rates: FloatArray, targets: np.ndarray) -> Predict:
        centre, spread = rates.mean(axis=(0, 1)), rates.std(axis=(0, 1))
        scale = np.where(spread > 0, spread, 1.0)
        predict = fit((rates - centre) / scale, targets)
        return lambda new: predict((new - centre) / scale)

    return fit_scaled


def _linear(ridges: tuple[float, ...]) -> Fit:
    """Ridge regression: of targets with time on the rates of that time, of others on all times at once."""

    def fit_linear(rates: FloatArray, targets: np.ndarray) -> Predict:
        over_time = targets.ndim == 3
        columns = targets if over_time else targets.reshape(len(targets), 1, -1)

        def features(values: FloatArray) -> FloatArray:
            return values if over_time else values.reshape(len(values), 1, -1)

        fit = fit_ridge(features(rates), columns, ridges)
        return lambda new: fit.predict(features(new)).reshape(len(new), *targets.shape[1:])

    return fit_linear


def _fit_kalman(rates: FloatArray, targets: np.ndarray) -> Predict:
    if targets.ndim != 3:
        expected = "(trial, time, output) for a Kalman filter"
        raise InputError("targets", expected, f"shape {targets.shape}", "use ridge")
    model = fit_kalman(rates, targets)
    return lambda new: model.predict(new).states


def _fit_naive_bayes(rates: FloatArray, labels: np.ndarray) -> Predict:
    return fit_poisson_naive_bayes(rates, labels).predict


def _logistic(regularisation: float) -> Fit:
    """Multinomial logistic regression on all times at once."""

    def fit_logistic(rates: FloatArray, labels: np.ndarray) -> Predict:
        from sklearn.linear_model import LogisticRegression  # noqa: PLC0415 - slow to import

        model = LogisticRegression(C=1 / regularisation, max_iter=2000)
        model.fit(rates.reshape(len(rates), -1), labels)
        return lambda new: np.asarray(model.predict(new.reshape(len(new), -1)))

    return fit_logistic


def _from_estimator(estimator: Any, standardise: bool) -> Decoder:
    """Take scikit-learn's conventions; each fit is of a fresh copy."""
    from sklearn.base import clone, is_classifier  # noqa: PLC0415 - slow to import
    from sklearn.utils import get_tags  # noqa: PLC0415

    if isinstance(estimator, type) or not (hasattr(estimator, "fit") and hasattr(estimator, "predict")):
        expected = f"one of {', '.join(sorted(NAMES))}, or an estimator object with fit and predict"
        raise InputError("decoder", expected, repr(estimator))
    known = hasattr(estimator, "get_params") and hasattr(estimator, "__sklearn_tags__")
    sequences = known and get_tags(estimator).input_tags.three_d_array

    def fit_estimator(rates: FloatArray, targets: np.ndarray) -> Predict:
        fresh = clone(estimator) if known else copy.deepcopy(estimator)
        # An estimator of rows sees each time as a row where the target has time, else all times as one row.
        rows = targets.ndim == 3 and not sequences

        def shaped(values: FloatArray) -> FloatArray:
            if sequences:
                return values
            return values.reshape(-1, values.shape[2]) if rows else values.reshape(len(values), -1)

        fresh.fit(shaped(rates), targets.reshape(-1, targets.shape[2]) if rows else targets)

        def predict(new: FloatArray) -> np.ndarray:
            found = np.asarray(fresh.predict(shaped(new)))
            return found.reshape(*new.shape[:2], -1) if rows else found

        return predict

    classifies = is_classifier(estimator) if known else hasattr(estimator, "predict_proba")
    return Decoder(_scaled(fit_estimator, standardise), bool(classifies))
