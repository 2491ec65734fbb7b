"""Rows of the table: a metric or a description with its interval, null and ceiling."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from motorsim.checks import InputError
from motorsim.compare.contrast import Activity, Contrast
from motorsim.compare.resampling import (
    half_ceiling,
    shuffle_null,
    subsample_description,
    subsample_metrics,
)
from motorsim.compare.subsampling import delete_half_interval, draw_halves

if TYPE_CHECKING:
    from collections.abc import Sequence

    from motorsim.compare.metric import Description, HeldOutMetric
    from motorsim.compare.pair import Pair
    from motorsim.population import Population
    from motorsim.streams import Seed
    from motorsim.types import FloatArray, IntArray

_NULL_PERCENTS = (50.0, 95.0)


def held_out_rows(
    pair: Pair, metrics: Sequence[HeldOutMetric], draws: tuple[int, int, int], *, rng: Seed
) -> list[dict[str, Any]]:
    """Return one row a metric; ``draws`` are the numbers of subsamples, shuffles and halvings."""
    if not metrics:
        return []
    n_subsamples, n_shuffles, n_halvings = draws
    reference, candidate = (
        Activity(population.rates, pair.fit_on, pair.test_on)
        for population in (pair.reference, pair.candidate)
    )
    contrast = Contrast(reference, candidate)
    settled = [contrast.settled(metric) for metric in metrics]
    values = [contrast.score(metric) for metric in settled]
    n_units = pair.reference.n_units
    subsampled = subsample_metrics(
        contrast, settled, draw_halves("reference", n_units, n_subsamples, rng=rng)
    )
    null = shuffle_null(contrast, settled, n_shuffles, rng=rng)
    ceiling = half_ceiling(reference, metrics, n_halvings, rng=rng)
    rows = []
    for index, metric in enumerate(settled):
        low, high = delete_half_interval(values[index], subsampled[:, index], n_units, metric.bounds)
        median, null_high = _percentiles(null[:, index], _NULL_PERCENTS)
        remarks = (
            _remark(subsampled[:, index], "draws of units"),
            _remark(null[:, index], "shuffles"),
            "" if np.isfinite(ceiling[index]) else "; no ceiling: half of the units are too few",
        )
        rows.append(
            {
                "metric": metric.name,
                "value": values[index],
                "low": low,
                "high": high,
                "null": median,
                "null_high": null_high,
                "ceiling": ceiling[index],
                "higher_is_more_alike": bool(metric.higher_is_more_alike),
                "conditions": "test",
                "note": metric.note + "".join(remarks),
            }
        )
    return rows


def description_rows(pair: Pair, description: Description, units: IntArray) -> list[dict[str, Any]]:
    """Return one row a name; ``units``, (draw, unit), are halves of the candidate's."""
    values = _described("candidate", pair.candidate, description)
    reference_values = _described("reference", pair.reference, description)
    subsampled = subsample_description(pair.candidate, description, units)
    said = f"candidate: {description.note(pair.candidate)}; reference: {description.note(pair.reference)}"
    rows = []
    for index, name in enumerate(description.names):
        bounds = description.bounds[index]
        low, high = delete_half_interval(values[index], subsampled[:, index], pair.candidate.n_units, bounds)
        rows.append(
            {
                "metric": name,
                "value": values[index],
                "low": low,
                "high": high,
                "reference_value": reference_values[index],
                "conditions": "all",
                "note": said + _remark(subsampled[:, index], "draws of units"),
            }
        )
    return rows


def _described(name: str, population: Population, description: Description) -> FloatArray:
    try:
        return description.describe(population)
    except InputError as error:
        if error.name != "rates":
            raise
        raise InputError(name, error.expected, error.got, error.mend) from error


def _remark(scores: FloatArray, what: str) -> str:
    left_out = int(np.isnan(scores).sum())
    return f"; {left_out} of {len(scores)} {what} left out: rank too low" if left_out else ""


def _percentiles(scores: FloatArray, percents: tuple[float, float]) -> tuple[float, float]:
    finite = scores[np.isfinite(scores)]
    if not finite.size:
        return float("nan"), float("nan")
    first, second = np.percentile(finite, percents)
    return float(first), float(second)
