"""Interval, null and ceiling of metrics: units drawn again, conditions shuffled, units halved."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from motorsim.analysis import shuffle_conditions
from motorsim.checks import InputError
from motorsim.compare.contrast import Activity, Contrast, Redrawn
from motorsim.streams import stream

if TYPE_CHECKING:
    from collections.abc import Sequence

    from motorsim.compare.metric import Description, HeldOutMetric
    from motorsim.population import Population
    from motorsim.streams import Seed
    from motorsim.types import FloatArray, IntArray


def draw_units(whose: str, n_units: int, n_draws: int, *, rng: Seed) -> IntArray:
    """Draw as many units as there are, with replacement, ``n_draws`` times: (draw, unit)."""
    return stream(rng, f"{whose} units").integers(n_units, size=(n_draws, n_units))


def bootstrap_metrics(contrast: Contrast, metrics: Sequence[HeldOutMetric], units: IntArray) -> FloatArray:
    """Return each metric with the reference's units drawn as each row of ``units``: (draw, metric).

    NaN where a draw holds too few distinct units for the metric.
    """
    scores = [_scores(Redrawn(contrast, drawn), metrics) for drawn in units]
    return np.reshape(scores, (len(units), len(metrics)))


def bootstrap_description(population: Population, description: Description, units: IntArray) -> FloatArray:
    """Return a description with the units drawn as each row of ``units``: (draw, name).

    NaN where a draw holds too few distinct units.
    """
    rows = np.full((len(units), len(description.names)), np.nan)
    for row, drawn in zip(rows, units, strict=True):
        try:
            row[:] = description.describe(population, drawn)
        except InputError:
            continue
    return rows


def shuffle_null(
    contrast: Contrast, metrics: Sequence[HeldOutMetric], n_shuffles: int, *, rng: Seed
) -> FloatArray:
    """Return each metric with the candidate's conditions shuffled: (shuffle, metric).

    Fit and test conditions are shuffled together; settings stay as they were chosen.
    """
    generator = stream(rng, "condition shuffles")
    reference, candidate = contrast.reference, contrast.candidate
    scores = []
    for _ in range(n_shuffles):
        shuffled = shuffle_conditions(candidate.rates, rng=generator)
        trial = Contrast(reference, Activity(shuffled, candidate.fit_on, candidate.test_on))
        scores.append(_scores(trial, metrics))
    return np.reshape(scores, (n_shuffles, len(metrics)))


def half_ceiling(
    reference: Activity, metrics: Sequence[HeldOutMetric], n_halvings: int, *, rng: Seed
) -> FloatArray:
    """Return each metric between two random halves of the reference's units, mean over halvings: (metric,).

    Settings are chosen anew, on the first halving. NaN where half of the units are too few for the metric.
    """
    generator = stream(rng, "unit halves")
    n_units = reference.rates.shape[2]
    total = np.zeros(len(metrics))
    if n_units < 2:
        return np.full(len(metrics), np.nan)
    for halving in range(n_halvings):
        order = generator.permutation(n_units)
        halves = (
            Activity(reference.rates[:, :, chosen], reference.fit_on, reference.test_on)
            for chosen in (order[: n_units // 2], order[n_units // 2 : 2 * (n_units // 2)])
        )
        contrast = Contrast(*halves)
        if halving == 0:
            metrics = [contrast.settled(metric) for metric in metrics]
        total += _scores(contrast, metrics)
    return total / n_halvings


def _scores(contrast: Contrast | Redrawn, metrics: Sequence[HeldOutMetric]) -> FloatArray:
    scores = np.full(len(metrics), np.nan)
    for index, metric in enumerate(metrics):
        try:
            scores[index] = contrast.score(metric)
        except InputError:
            continue
    return scores
