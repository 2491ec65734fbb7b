"""Prediction: how well a model's rates stand for the reference's, unit by unit, without any refit."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from motorsim.checks import InputError, check_integer
from motorsim.compare.comparison import COLUMNS, Comparison
from motorsim.compare.pair import Pair
from motorsim.compare.subsampling import delete_half_interval, draw_halves
from motorsim.streams import Seed, stream

if TYPE_CHECKING:
    from motorsim.population import Population
    from motorsim.types import BoolArray, FloatArray

_BOUNDS = (-np.inf, 1.0)
_TOTAL = "total about each unit's mean over the fit conditions"
_TOTAL_TUNED = f"{_TOTAL} at each time"


def score_prediction(
    reference: Population,
    prediction: Population,
    *,
    rng: Seed,
    fit_on: BoolArray,
    test_on: BoolArray,
    n_subsamples: int = 100,
    n_shuffles: int = 50,
    ceiling: float = float("nan"),
    note: str = "no refit",
    reference_name: str = "cortex",
    candidate_name: str = "candidate",
) -> Comparison:
    """Score predicted rates on test conditions: R^2 pooled over units, of all and of the tuned part.

    Rows ``rates_r2_test`` (total about each unit's mean over fit conditions and times) and
    ``rates_r2_test_tuned`` (about its mean over fit conditions at each time, so that a time course that all
    conditions share counts for nothing). ``low`` and ``high`` come from halves of the units, as in `compare`
    (NaN for one unit). The null scores the prediction for another condition: nothing is refitted or chosen,
    so unlike the null of `compare` it can lie far below 0.

    Parameters
    ----------
    reference, prediction
        Rates of the same units over the same conditions and times, (condition, time, unit).
    rng
        Seed or generator.
    fit_on, test_on
        Conditions that the prediction was fitted on and those that score it, masks (condition,).
    n_subsamples, n_shuffles
        Draws of half of the units and shuffles of conditions.
    ceiling
        The score of a perfect model; 1 where the reference has no noise, NaN where it is not known.
    note
        How the prediction was made, for the table.
    reference_name, candidate_name
        Names for the table.

    Raises
    ------
    InputError
        If the populations have other units, conditions or times, or the reference does not vary.
    """
    pair = Pair(reference, prediction, fit_on, test_on)
    if reference.unit_labels != prediction.unit_labels:
        raise InputError(
            "prediction", "the reference's units in the same order", f"{prediction.n_units} others"
        )
    check_integer("n_subsamples", n_subsamples, minimum=2)
    check_integer("n_shuffles", n_shuffles, minimum=2)
    truth, predicted = reference.rates[pair.test_on], prediction.rates
    fit_rates = reference.rates[pair.fit_on]
    units = draw_halves("reference", reference.n_units, n_subsamples, rng=rng)
    orders = stream(rng, "conditions")
    shuffles = [predicted[orders.permutation(len(predicted))][pair.test_on] for _ in range(n_shuffles)]
    rows = []
    for name, mean, said in (
        ("rates_r2_test", fit_rates.mean(axis=(0, 1)), _TOTAL),
        ("rates_r2_test_tuned", fit_rates.mean(axis=0), _TOTAL_TUNED),
    ):
        total = ((truth - mean) ** 2).sum(axis=(0, 1))
        if total.sum() <= 0:
            raise InputError(
                "test_on", "test conditions that depart from the fit mean", "that mean everywhere"
            )
        residual = _residual(truth, predicted[pair.test_on])
        value = _r2(residual, total)
        draws = np.array([_r2(residual[drawn], total[drawn]) for drawn in units])
        low, high = delete_half_interval(value, draws, reference.n_units, _BOUNDS)
        null = [_r2(_residual(truth, other), total) for other in shuffles]
        rows.append(
            {
                "metric": name,
                "candidate": candidate_name,
                "value": value,
                "low": low,
                "high": high,
                "null": float(np.median(null)),
                "null_high": float(np.percentile(null, 95)),
                "ceiling": ceiling,
                "reference_value": float("nan"),
                "higher_is_more_alike": True,
                "conditions": "test",
                "note": f"{note}; {said}",
            }
        )
    import pandas as pd  # noqa: PLC0415 - keeps the import of this module quick

    return Comparison(pd.DataFrame(rows, columns=list(COLUMNS)), reference_name, (candidate_name,))


def _residual(truth: FloatArray, predicted: FloatArray) -> FloatArray:
    """Return each unit's residual sum of squares, (unit,)."""
    residual: FloatArray = ((truth - predicted) ** 2).sum(axis=(0, 1))
    return residual


def _r2(residual: FloatArray, total: FloatArray) -> float:
    """Return R^2 pooled over units; NaN where none varies."""
    return float(1.0 - residual.sum() / total.sum()) if total.sum() > 0 else float("nan")
