"""Spikes as a target: counts of single trials, by Poisson likelihood."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from motorsim.analysis import variance_explained
from motorsim.checks import InputError
from motorsim.nn import PoissonRate, poisson_nll
from motorsim.pipeline.fitted import SPIKES
from motorsim.pipeline.targets import FitTarget

if TYPE_CHECKING:
    from collections.abc import Mapping

    from motorsim.recording import Recording
    from motorsim.task import ConditionSplit
    from motorsim.types import BoolArray, FloatArray, Floats, IntArray


def spikes_target(session: Recording, split: ConditionSplit) -> FitTarget:
    """Return the spikes of every trial, counted from each sample to the next, by Poisson likelihood.

    The network makes the expected counts of the neurons recorded one by one. They are scored by bits a spike,
    log2 of the likelihood over that of constant rates, each neuron's mean over the training trials, per spike
    (Pei et al. 2021), and by the variance of the averages over trials that they explain.

    Raises
    ------
    InputError
        If no spike was recorded in training or test conditions.
    """
    counts, condition = _counts(session), session.trials["condition"].astype(np.int64)
    dt_s, trained = session.population.dt_s, split.train[condition]
    for part in (split.train, split.test):
        if not counts[part[condition]].any():
            raise InputError("fit.data_driven.target", "rates where neurons are silent", "spikes")
    # A neuron that is silent in training gets half a spike, since no likelihood allows for a rate of zero.
    expected = np.maximum(counts[trained].sum(axis=(0, 1)), 0.5) / counts[trained][..., 0].size
    total = np.stack([counts[condition == c].sum(axis=0) for c in range(len(split.train))])
    n_trials = np.bincount(condition, minlength=len(total))
    average_hz = total / n_trials[:, None, None] / dt_s

    def restore(outputs: Floats) -> dict[str, FloatArray]:
        return {"outputs": outputs.astype(np.float64) / dt_s}

    def score(stored: Mapping[str, FloatArray], part: BoolArray) -> dict[str, float]:
        rates_hz = stored["outputs"][part]
        n = n_trials[part][:, None, None]
        likelihood = _log_likelihood(total[part], n * rates_hz * dt_s)
        constant = _log_likelihood(total[part], np.broadcast_to(n * expected, rates_hz.shape))
        return {
            "bits_per_spike": (likelihood - constant) / (float(np.log(2)) * float(total[part].sum())),
            "variance_explained": variance_explained(average_hz[part], rates_hz).pooled,
        }

    return FitTarget(
        SPIKES,
        counts.astype(np.float32),
        condition,
        readout=lambda n_units: PoissonRate(n_units, counts.shape[2]),
        loss=poisson_nll,
        restore=restore,
        score=score,
        output_mean=np.zeros(counts.shape[2]),
        output_scale=1.0 / dt_s,
        learned={"bits_per_spike": 0.0},
        initial_bias=np.log(expected),
    )


def _counts(session: Recording) -> IntArray:
    """Return the spikes from each sample to the next, (trial, time, unit)."""
    assert session.spikes is not None  # noqa: S101 - a spiking session has spikes
    times_s = session.population.times_s
    end_s = min(times_s[-1] + session.population.dt_s, session.spikes.stop_s)
    return session.spikes.counts(np.append(times_s, end_s))


def _log_likelihood(counts: IntArray, expected: FloatArray) -> float:
    """Return the Poisson log-likelihood in nats, less what does not depend on what is expected."""
    tiny = np.finfo(np.float64).tiny
    return float(np.sum(counts * np.log(np.maximum(expected, tiny)) - expected))
