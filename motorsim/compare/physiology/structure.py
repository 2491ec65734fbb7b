"""Structure of the population's response: rotations, subspaces, condition-invariant signal, tangling."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from motorsim.analysis import (
    alignment_index,
    condition_invariant,
    pca,
    soft_normalise,
    subtract_condition_mean,
    tangling,
)
from motorsim.checks import InputError
from motorsim.compare.physiology.estimate import Estimate, Physiology
from motorsim.compare.rotations import Rotations

if TYPE_CHECKING:
    from motorsim.compare.physiology.settings import Epochs, PhysiologySettings, Window
    from motorsim.population import Population
    from motorsim.recording import Recording
    from motorsim.streams import Seed
    from motorsim.types import FloatArray, IntArray

_BIN_S = 0.01
_TANGLING_COMPONENTS = 8
_RANK_TOLERANCE = 1e-9


def condition_rates(recording: Recording, settings: PhysiologySettings) -> Population:
    """Return trial averages of the population, 10 ms apart where they were finer, smoothed."""
    population = recording.population
    if population.sample_axis == "trial":
        population = population.psth()
    if population.dt_s > _BIN_S * (1 + 1e-6):
        expected = f"samples at most {_BIN_S:g} s apart, as in the recordings it is held against"
        raise InputError("recording", expected, f"{population.dt_s:g} s")
    if population.dt_s < _BIN_S * (1 - 1e-6):
        population = population.binned(_BIN_S)
    return population.smoothed(settings.smoothing_sd_s)


def measure_structure(
    recording: Recording, epochs: Epochs, settings: PhysiologySettings, *, rng: Seed
) -> Physiology:
    """Return everything of this module."""
    rates = condition_rates(recording, settings)
    return (
        _rotations(rates, epochs, settings)
        | _subspaces(rates, epochs, settings, rng=rng)
        | _condition_invariant(rates, epochs, settings)
        | _tangling(recording, rates, epochs)
    )


def _rotations(rates: Population, epochs: Epochs, settings: PhysiologySettings) -> Physiology:
    rotations = Rotations(epochs.rotation_s, settings.n_components)
    values = rotations.describe(rates)
    named = zip(rotations.names, values.tolist(), strict=True)
    return Physiology({name: Estimate(value) for name, value in named})


def _subspaces(rates: Population, epochs: Epochs, settings: PhysiologySettings, *, rng: Seed) -> Physiology:
    # The random subspaces follow the noise of both epochs, those of preparation only its own: noise left in
    # the averages lowers the index below random, so alignment_p means something only where little is left.
    normalised = subtract_condition_mean(soft_normalise(rates.rates))
    preparation, movement = (
        normalised[:, _inside(rates.times_s, window_s)]
        for window_s in (epochs.preparation_s, epochs.movement_s)
    )
    n_components = min(settings.n_alignment, _rank(preparation), _rank(movement))
    found = alignment_index(preparation, movement, n_components, rng=rng, n_random=settings.n_random)
    return Physiology(
        {
            "alignment_index": Estimate(found.index),
            "alignment_index_random": Estimate(float(np.median(found.random))),
            "alignment_p": Estimate(found.p_below),
            "alignment_dimensions": Estimate(float(n_components)),
        }
    )


def measure_noise_free_alignment(
    rate_form: Recording, epochs: Epochs, settings: PhysiologySettings, *, rng: Seed
) -> Physiology:
    """Return the p-value of the alignment index in rates that hold no noise."""
    found = _subspaces(condition_rates(rate_form, settings), epochs, settings, rng=rng)
    return Physiology({"rate_form_alignment_p": found.estimates["alignment_p"]})


def _condition_invariant(rates: Population, epochs: Epochs, settings: PhysiologySettings) -> Physiology:
    times = _inside(rates.times_s, (epochs.go_cue_s, epochs.movement_s[1]))
    window = soft_normalise(rates.rates)[:, times]
    found = condition_invariant(
        window, n_tuned=min(settings.n_components, _rank(subtract_condition_mean(window)))
    )
    return Physiology(
        {
            "condition_invariant_share": Estimate(found.variance_ratio),
            "condition_invariant_over_tuned": Estimate(
                found.component_ratio / float(found.tuned_component_ratios[0])
            ),
            "condition_invariant_angle_deg": Estimate(float(np.degrees(found.angle_rad))),
            "condition_invariant_random_angle_deg": Estimate(float(np.degrees(found.random_angle_rad))),
        },
        {
            "invariant_times_s": rates.times_s[times],
            "invariant_component": found.time_course,
            "tuned_component": (window - window.mean(axis=0)) @ found.tuned_components[0],
        },
    )


def _tangling(recording: Recording, rates: Population, epochs: Epochs) -> Physiology:
    """Hold the population against the torque, each of its signals scaled by its range."""
    if recording.torque_nm is None:
        return Physiology()
    window = soft_normalise(rates.rates)[:, _inside(rates.times_s, epochs.movement_s)]
    states = pca(window, min(_TANGLING_COMPONENTS, _rank(window))).scores
    cortex = tangling(states, dt_s=rates.dt_s)
    torque = _mean_torque(recording)[:, _inside(recording.population.times_s, epochs.movement_s)]
    span = np.ptp(torque, axis=(0, 1))
    if not span.all():
        raise InputError("recording", "torques that change in movement", "a joint whose torque stands still")
    body = tangling(torque / span, dt_s=recording.population.dt_s)
    values = {"tangling_cortex_per_s2": cortex.percentile(), "tangling_torque_per_s2": body.percentile()}
    values["tangling_cortex_over_torque"] = cortex.percentile() / body.percentile()
    return Physiology({name: Estimate(value) for name, value in values.items()})


def _mean_torque(recording: Recording) -> FloatArray:
    """Return the torque (condition, time, joint), the mean over trials of each condition."""
    torque = recording.torque_nm
    assert torque is not None  # noqa: S101 - the caller has looked
    labels = np.asarray(recording.population.condition_labels)
    return np.stack([torque[labels == label].mean(axis=0) for label in dict.fromkeys(labels)])


def _inside(times_s: FloatArray, window_s: Window) -> IntArray:
    inside = np.flatnonzero((times_s >= window_s[0] - 1e-9) & (times_s < window_s[1] - 1e-9))
    if len(inside) < 3:
        span = f"{times_s[0]:g} to {times_s[-1]:g} s"
        got = f"{window_s[0]:g} to {window_s[1]:g} s on its clock"
        raise InputError("recording", f"at least 3 samples in every window, within {span}", got)
    return inside


def _rank(rates: FloatArray) -> int:
    samples = rates.reshape(-1, rates.shape[2])
    values = np.linalg.svd(samples - samples.mean(axis=0), compute_uv=False)
    return max(1, int(np.sum(values**2 > _RANK_TOLERANCE * values[0] ** 2)))
