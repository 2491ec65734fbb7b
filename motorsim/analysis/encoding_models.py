"""Encoding models: rates as linear functions of movement and force, with lags, cross-validated."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from motorsim.analysis.group_folds import group_folds
from motorsim.analysis.ridge import check_ridge, fit_ridge
from motorsim.analysis.samples import check_rates, name_constant_units
from motorsim.checks import InputError, check_array, check_positive
from motorsim.streams import stream

if TYPE_CHECKING:
    from motorsim.streams import Seed
    from motorsim.types import FloatArray, IntArray


@dataclass(frozen=True, eq=False)
class EncodingModel:
    """How well, and by what, the rates of each unit are explained on trials held out of the fit.

    Every R^2 is 1 - SS_residual / SS_total over held-out trials, the total about the unit's mean over the
    training trials of each fold: 0 for predicting that mean, below 0 is worse.

    Attributes
    ----------
    r2
        Of the full model, (unit,).
    alone
        For each covariate, R^2 of the model with it alone, (unit,).
    unique
        For each covariate, R^2 of the full model minus that of the one without it, (unit,): what no other
        covariate can stand in for.
    r2_by_lag
        R^2 of the full model at each lag by itself, (lag, unit); the lag of its peak, chosen by it, has an
        R^2 that is a little too large.
    lags_s
        (lag,); above 0 where rates lead the movement.
    predictions
        Held-out predictions of the full model, (trial, time, unit), at the times used.
    used
        The samples of each trial that have all lags.
    """

    r2: FloatArray
    alone: Mapping[str, FloatArray]
    unique: Mapping[str, FloatArray]
    r2_by_lag: FloatArray
    lags_s: FloatArray
    predictions: FloatArray
    used: slice


def kinematic_covariates(position_m: Any, *, dt_s: float) -> dict[str, FloatArray]:
    """Return position, velocity, speed and acceleration from the path of the hand.

    Derivatives are central differences (second order one-sided ones at the ends).

    Parameters
    ----------
    position_m
        (condition | trial, time, dimension), at least 3 times.
    dt_s
        Time between samples.

    Returns
    -------
    dict
        ``"position"`` (m), ``"velocity"`` (m/s), ``"speed"`` (m/s, one feature) and ``"acceleration"``
        (m/s^2), each (condition | trial, time, feature).

    Raises
    ------
    InputError
        If the path is not finite or shorter than 3 samples, or ``dt_s`` is not above 0.
    """
    position = check_rates("position_m", position_m, least_times=3)
    dt_s = check_positive("dt_s", dt_s)
    velocity = np.gradient(position, dt_s, axis=1, edge_order=2)
    speed = np.linalg.norm(velocity, axis=2, keepdims=True)
    acceleration = np.gradient(velocity, dt_s, axis=1, edge_order=2)
    return {"position": position, "velocity": velocity, "speed": speed, "acceleration": acceleration}


def encoding_model(
    rates: Any,
    covariates: Mapping[str, Any],
    *,
    dt_s: float,
    rng: Seed,
    lags_s: Any = (0.0,),
    groups: Any = None,
    n_folds: int = 5,
    ridge: float | tuple[float, ...] | None = None,
) -> EncodingModel:
    """Predict rates from covariates: rate(t) = b0 + sum over lags l of B_l x(t + l).

    Covariates are brought to a standard deviation of 1 by the training trials of each fold, which alone
    choose the strength of the ridge, too; the intercept is not penalised.

    Parameters
    ----------
    rates
        (condition | trial, time, unit).
    covariates
        By name, (condition | trial, time, feature) each: as from `kinematic_covariates`, forces, torques.
    dt_s
        Time between samples.
    rng
        Seed or generator of the folds.
    lags_s
        Multiples of ``dt_s``, (lag,); at a lag above 0 the rate leads. All enter the full model.
    groups
        Group of each trial, (trial,), held out as a whole: its condition, say. Each trial by itself where
        not given.
    n_folds
        Folds.
    ridge
        One strength, or several (by default 1e-8 ... 10) among which to choose (see `fit_ridge`).

    Returns
    -------
    EncodingModel
        Scores of the full model, of each covariate alone and without it.

    Raises
    ------
    InputError
        If shapes do not fit, a unit or a covariate is constant, or the lags are no multiples of ``dt_s`` or
        leave no samples.
    """
    checked = check_rates("rates", rates, least_conditions=2)
    name_constant_units("rates", np.ptp(checked, axis=(0, 1)) == 0, "leave them out")
    dt_s = check_positive("dt_s", dt_s)
    lags = _check_lags(lags_s, dt_s, checked.shape[1])
    used = slice(max(0, -int(lags.min())), checked.shape[1] - max(0, int(lags.max())))
    given = _check_covariates(covariates, checked.shape[:2])
    shifted = {name: _lagged(values, lags, used) for name, values in given.items()}
    fold = group_folds(groups, len(checked), n_folds=n_folds, rng=stream(rng, "folds"))
    target, strengths = checked[:, used], check_ridge(ridge)

    def score(features: list[FloatArray]) -> tuple[FloatArray, FloatArray]:
        return _cross_validate(np.concatenate(features, axis=2), target, fold, strengths)

    def flat(name: str) -> FloatArray:
        return shifted[name].reshape(*target.shape[:2], -1)

    r2, predictions = score([flat(name) for name in shifted])
    alone = {name: score([flat(name)])[0] for name in shifted}
    without = {
        name: score([flat(other) for other in shifted if other != name])[0] if len(shifted) > 1 else 0.0
        for name in shifted
    }
    by_lag = [score([values[:, :, i] for values in shifted.values()])[0] for i in range(len(lags))]
    return EncodingModel(
        r2=r2,
        alone=alone,
        unique={name: r2 - rest for name, rest in without.items()},
        r2_by_lag=np.stack(by_lag),
        lags_s=lags.astype(np.float64) * dt_s,
        predictions=predictions,
        used=used,
    )


def _check_lags(lags_s: Any, dt_s: float, n_times: int) -> IntArray:
    lags = check_array("lags_s", lags_s, ("lag",), minimum_sizes=(1,))
    steps = np.round(lags / dt_s)
    if np.abs(steps * dt_s - lags).max() > 1e-6 * dt_s or len(np.unique(steps)) < len(steps):
        raise InputError("lags_s", f"different multiples of dt_s, {dt_s:g} s", f"{lags}")
    if max(steps.max(), 0) - min(steps.min(), 0) >= n_times - 1:
        expected = f"lags that leave samples of {n_times * dt_s:g} s"
        raise InputError("lags_s", expected, f"{lags.min():g} to {lags.max():g} s", "use shorter lags")
    return steps.astype(np.int64)


def _check_covariates(covariates: Any, shape: tuple[int, ...]) -> dict[str, FloatArray]:
    if not isinstance(covariates, Mapping) or not covariates:
        raise InputError("covariates", "arrays by name, at least one", type(covariates).__name__)
    checked = {}
    for name, values in covariates.items():
        full = f"covariates[{name!r}]"
        axes = ("condition | trial", "time", "feature")
        array = check_array(full, values, axes, shape=(*shape, None), minimum_sizes=(1, 1, 1))
        if (np.ptp(array, axis=(0, 1)) == 0).any():
            raise InputError(full, "features that vary", "a constant one", "leave it out")
        checked[str(name)] = array
    return checked


def _lagged(values: FloatArray, lags: IntArray, used: slice) -> FloatArray:
    """Return values at t + lag for the samples t used, (trial, time, lag, feature)."""
    return np.stack([values[:, used.start + lag : used.stop + lag] for lag in lags], axis=2)


def _cross_validate(
    features: FloatArray, target: FloatArray, fold: IntArray, strengths: tuple[float, ...]
) -> tuple[FloatArray, FloatArray]:
    """Return R^2 (unit,) over held-out trials, and the predictions (trial, time, unit)."""
    predictions, baseline = np.empty_like(target), np.empty_like(target)
    for number in range(int(fold.max()) + 1):
        test = fold == number
        train = features[~test]
        spread = train.std(axis=(0, 1))
        scale = np.where(spread > 0, spread, 1.0)
        fit = fit_ridge(train / scale, target[~test], strengths)
        predictions[test] = fit.predict(features[test] / scale)
        baseline[test] = target[~test].mean(axis=(0, 1))
    residual = np.sum((target - predictions) ** 2, axis=(0, 1))
    return 1 - residual / np.sum((target - baseline) ** 2, axis=(0, 1)), predictions
