"""Draws behind interval, null and ceiling: halves of the units, shuffled conditions, halves apart."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from motorsim.analysis import shuffle_conditions
from motorsim.checks import InputError
from motorsim.compare.contrast import Activity, Contrast, Subsample
from motorsim.streams import stream

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from motorsim.compare.metric import Description, HeldOutMetric
    from motorsim.population import Population
    from motorsim.streams import Seed
    from motorsim.types import FloatArray, IntArray


def subsample_metrics(contrast: Contrast, metrics: Sequence[HeldOutMetric], units: IntArray) -> FloatArray:
    """Return each metric with those units of the reference that each row of ``units`` names: (draw, metric).

    NaN where a draw holds too few units for the metric.
    """
    if not units.shape[1]:
        return np.full((len(units), len(metrics)), np.nan)
    scores = [_scores(Subsample(contrast, drawn).score, metrics) for drawn in units]
    return np.reshape(scores, (len(units), len(metrics)))


def subsample_description(population: Population, description: Description, units: IntArray) -> FloatArray:
    """Return a description of those units that each row of ``units`` names: (draw, name).

    NaN where a draw holds too few units.
    """
    rows = np.full((len(units), len(description.names)), np.nan)
    if not units.shape[1]:
        return rows
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

    Fit and test conditions are shuffled together. What a metric chooses by itself is chosen for each shuffle
    to suit its scored conditions best, which only raises the null: the choice made for the true pairing would
    let shuffled ones overfit, and then anything beats them.
    """
    generator = stream(rng, "condition shuffles")
    reference, candidate = contrast.reference, contrast.candidate
    scores = []
    for _ in range(n_shuffles):
        shuffled = shuffle_conditions(candidate.rates, rng=generator)
        trial = Contrast(reference, Activity(shuffled, candidate.fit_on, candidate.test_on))
        scores.append(_scores(trial.most_favourable, metrics))
    return np.reshape(scores, (n_shuffles, len(metrics)))


def half_ceiling(
    reference: Activity, metrics: Sequence[HeldOutMetric], n_halvings: int, *, rng: Seed
) -> FloatArray:
    """Return each metric between two random halves of the reference's units, mean over halvings: (metric,).

    Settings are chosen anew, on the first halving. NaN where half of the units are too few for the metric.
    """
    generator = stream(rng, "halves of the reference")
    whole = Contrast(reference, reference)
    n_units = reference.rates.shape[2]
    half = n_units // 2
    if not half:
        return np.full(len(metrics), np.nan)
    total = np.zeros(len(metrics))
    for halving in range(n_halvings):
        order = generator.permutation(n_units)
        halves = Subsample(whole, order[:half], order[half : 2 * half])
        if halving == 0:
            first = halves.whole()
            metrics = [first.settled(metric) for metric in metrics]
        total += _scores(halves.score, metrics)
    return total / n_halvings


def _scores(score: Callable[[HeldOutMetric], float], metrics: Sequence[HeldOutMetric]) -> FloatArray:
    scores = np.full(len(metrics), np.nan)
    for index, metric in enumerate(metrics):
        try:
            scores[index] = score(metric)
        except InputError:
            continue
    return scores
