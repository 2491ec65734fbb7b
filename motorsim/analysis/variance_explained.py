"""Share of the variance of rates that a prediction explains."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from motorsim.analysis.normalise import subtract_condition_mean
from motorsim.analysis.samples import check_rates, check_remains, check_varies
from motorsim.checks import InputError

if TYPE_CHECKING:
    from motorsim.types import FloatArray


@dataclass(frozen=True, eq=False)
class VarianceExplained:
    """Variance explained: 1 is perfect, 0 as good as the mean, below 0 worse.

    Attributes
    ----------
    pooled
        1 - SS_residual / SS_total, both summed over units: strong units weigh more.
    per_unit
        The same for each unit, (unit,); NaN for units that are constant in the truth.
    """

    pooled: float
    per_unit: FloatArray


def variance_explained(
    truth: FloatArray, prediction: FloatArray, *, tuned: bool = False
) -> VarianceExplained:
    """Compare predicted with true rates, sample by sample: no refit, no shift, no scale.

    Parameters
    ----------
    truth, prediction
        (condition, time, unit), in the same unit. The total is about each true unit's mean over conditions
        and times.
    tuned
        Score the tuned part only: each array's own mean over conditions is subtracted at each time first.

    Returns
    -------
    VarianceExplained
        Pooled and per unit.

    Raises
    ------
    InputError
        If the shapes differ, the truth does not vary, or ``tuned`` is asked of a single condition.
    """
    true = check_rates("truth", truth)
    predicted = check_rates("prediction", prediction)
    if true.shape != predicted.shape:
        raise InputError("prediction", f"the shape of truth, {true.shape}", f"{predicted.shape}")
    check_varies("truth", true.reshape(-1, true.shape[2]))
    if tuned:
        whole, true, predicted = true, subtract_condition_mean(true), subtract_condition_mean(predicted)
        check_remains("truth", true, whole, "rates that differ between conditions", "use tuned=False")
    residual = np.sum((true - predicted) ** 2, axis=(0, 1))
    total = np.sum((true - true.mean(axis=(0, 1))) ** 2, axis=(0, 1))
    varies = np.ptp(true, axis=(0, 1)) > 0
    per_unit = 1.0 - np.divide(residual, total, out=np.full_like(total, np.nan), where=varies)
    return VarianceExplained(pooled=1.0 - float(residual.sum() / total.sum()), per_unit=per_unit)
