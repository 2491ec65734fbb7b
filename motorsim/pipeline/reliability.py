"""How far the noise of single trials lets any model explain the averages over them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from motorsim.pipeline.simulated import SimulatedCortex
    from motorsim.task import ConditionSplit, DelayedReach
    from motorsim.types import FloatArray

CEILING_NOTE = (
    "ceiling: reliability of the average over trials, r of its halves by Spearman-Brown, "
    "k r / (1 + (k - 1) r), k trials in it to one in a half (Spearman 1910, Brown 1910, Br. J. Psychol. 3)"
)


def noise_ceilings(
    cortex: SimulatedCortex, released: DelayedReach, split: ConditionSplit
) -> dict[str, float]:
    """Return the R^2 that the rates without noise would have on the test conditions, by metric.

    Totals are taken as `motorsim.compare.score_prediction` takes them, about the mean over fit conditions,
    and units are pooled alike. Empty for a rate cortex, and where conditions have one trial.

    Parameters
    ----------
    cortex
        The cortex.
    released
        The task, its go cue when movement was released; rest is left out.
    split
        Which conditions test.
    """
    average = cortex.recording.population
    if cortex.trials is None or not len(cortex.trials.half_rates_hz):
        return {}
    rates, first, second = (
        replace(average, rates=each).between(released.target_onset_s, released.end_s).rates
        for each in (average.rates, *cortex.trials.half_rates_hz)
    )
    n_trials = len(cortex.trials.condition) // average.n_samples
    length_ratio = n_trials / (n_trials // 2)
    fitted = rates[~split.test]
    means = {"rates_r2_test": fitted.mean(axis=(0, 1)), "rates_r2_test_tuned": fitted.mean(axis=0)}
    found = {
        name: reliability(first[split.test] - mean, second[split.test] - mean, length_ratio)
        for name, mean in means.items()
    }
    return {name: ceiling for name, ceiling in found.items() if np.isfinite(ceiling)}


def reliability(first: FloatArray, second: FloatArray, length_ratio: float = 2.0) -> float:
    """Return the share of the variance of an average that is no noise, from two halves of it, any shape.

    r = 2 sum(a b) / (sum(a^2) + sum(b^2)) is the share in a half, and k r / (1 + (k - 1) r) that in an
    average over k times as many trials (Spearman 1910; Brown 1910, British J. of Psychology 3:271 and 296).

    Parameters
    ----------
    first, second
        Averages over different trials, about a mean that both share.
    length_ratio
        k.

    Returns
    -------
    float
        At most 1; 0 where the halves have nothing in common, NaN where they are 0 throughout.
    """
    total = (np.sum(first**2) + np.sum(second**2)) / 2.0
    if total == 0:
        return float("nan")
    half = float(np.sum(first * second) / total)
    return max(0.0, length_ratio * half / (1.0 + (length_ratio - 1.0) * half)) if half > 0 else 0.0
