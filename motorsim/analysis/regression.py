"""Linear regression of one population on another, scored on conditions it was not fitted to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from motorsim.analysis.ridge import check_ridge, fit_ridge
from motorsim.analysis.samples import check_mask, check_rates
from motorsim.checks import InputError

if TYPE_CHECKING:
    from motorsim.types import BoolArray, FloatArray


@dataclass(frozen=True, eq=False)
class Regression:
    """How much of the target a linear map of the source explains on the test conditions.

    Attributes
    ----------
    r2
        1 - SS_residual / SS_total, both summed over test conditions, times and units, the total about each
        unit's mean over the TRAINING conditions; 0 for predicting that mean, below 0 is worse.
    r2_per_unit
        The same for each unit of the target, (unit,); NaN where the unit equals its training mean throughout.
    weights
        (source unit, target unit).
    intercept
        (target unit,).
    ridge
        Strength used, in units of the largest squared singular value of the centred training source.
    """

    r2: float
    r2_per_unit: FloatArray
    weights: FloatArray
    intercept: FloatArray
    ridge: float

    def predict(self, source: FloatArray) -> FloatArray:
        """Predict the target (condition, time, target unit) from a source (condition, time, source unit)."""
        return check_rates("source", source, n_units=len(self.weights)) @ self.weights + self.intercept


def regression_r2(
    source: FloatArray,
    target: FloatArray,
    *,
    ridge: float | tuple[float, ...] | None = None,
    train: BoolArray | None = None,
    test: BoolArray | None = None,
) -> Regression:
    """Regress ``target`` on ``source`` with an intercept and a ridge penalty.

    Parameters
    ----------
    source, target
        The same conditions and times, (condition, time, unit); units may differ.
    ridge
        Penalty in units of the largest squared singular value of the centred training source: one strength,
        or several (by default 1e-8 ... 10) of which leave-one-condition-out within the training conditions
        takes one.
    train
        Conditions to fit, (condition,); all if not given.
    test
        Conditions to score, (condition,); if not given, those not in ``train``, or all (an in-sample score)
        if ``train`` is not given or is all.

    Returns
    -------
    Regression
        R^2 and the map.

    Raises
    ------
    InputError
        If the arrays do not pair up, a mask is empty or of another length, source or target do not vary in
        training, the target equals its training mean on test, or too few conditions are left to choose the
        ridge.
    """
    checked_source, checked_target = check_rates("source", source), check_rates("target", target)
    if checked_source.shape[:2] != checked_target.shape[:2]:
        expected = f"the conditions and times of source, {checked_source.shape[:2]}"
        raise InputError("target", expected, f"{checked_target.shape[:2]}", "bin both alike")
    n_conditions = len(checked_source)
    fitted = np.ones(n_conditions, bool) if train is None else check_mask("train", train, n_conditions)
    rest = np.ones(n_conditions, bool) if fitted.all() else ~fitted
    scored = rest if test is None else check_mask("test", test, n_conditions)
    for name, values in (("source", checked_source), ("target", checked_target)):
        if not np.ptp(values[fitted].reshape(-1, values.shape[2]), axis=0).any():
            raise InputError(name, "rates that vary over the training conditions", "constant units only")
    fit = fit_ridge(checked_source[fitted], checked_target[fitted], check_ridge(ridge))
    truth = checked_target[scored]
    total = np.sum((truth - checked_target[fitted].mean(axis=(0, 1))) ** 2, axis=(0, 1))
    residual = np.sum((truth - fit.predict(checked_source[scored])) ** 2, axis=(0, 1))
    if not total.any():
        raise InputError(
            "target", "test conditions that depart from the training mean", "that mean everywhere"
        )
    return Regression(
        r2=1.0 - float(residual.sum() / total.sum()),
        r2_per_unit=1.0 - np.divide(residual, total, out=np.full_like(total, np.nan), where=total > 0),
        weights=fit.weights,
        intercept=fit.intercept,
        ridge=fit.ridge,
    )
