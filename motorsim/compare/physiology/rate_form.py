"""The spiking form of a circuit against its rate form: do the pools fire as the equations say."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from motorsim.checks import InputError
from motorsim.compare.physiology.estimate import Estimate, Physiology
from motorsim.compare.physiology.structure import condition_rates
from motorsim.streams import stream

if TYPE_CHECKING:
    from motorsim.compare.physiology.settings import Epochs, PhysiologySettings, Window
    from motorsim.population import Population
    from motorsim.recording import Recording
    from motorsim.streams import Seed
    from motorsim.types import FloatArray

_MOST_POINTS, _N_TRACES = 3000, 3


def measure_rate_form(
    spiking: Recording, rate_form: Recording, epochs: Epochs, settings: PhysiologySettings, *, rng: Seed
) -> Physiology:
    """Correlate trial averages of the pools with the rate form, in preparation and after the go cue.

    Each unit's mean over conditions and times of the window is subtracted first, so that different baselines
    alone correlate nothing. In preparation the mean over the window's times is taken.

    Raises
    ------
    InputError
        If conditions, units or times of the two differ.
    """
    ours, theirs = (condition_rates(each, settings) for each in (spiking, rate_form))
    _check_paired(ours, theirs)
    estimates = {}
    pairs = {}
    for name, window_s in (("preparation", epochs.preparation_s), ("movement", epochs.after_go_s)):
        both = np.stack([_changes(each, window_s, average=name == "preparation") for each in (theirs, ours)])
        pairs[name] = both.reshape(2, -1)
        estimates[f"rate_form_correlation_{name}"] = Estimate(float(np.corrcoef(pairs[name])[0, 1]))
        slope = np.sum(pairs[name][0] * pairs[name][1]) / np.sum(pairs[name][0] ** 2)
        estimates[f"rate_form_slope_{name}"] = Estimate(float(slope))
    n_points = pairs["movement"].shape[1]
    drawn = stream(rng, "points of the scatter").permutation(n_points)[:_MOST_POINTS]
    shown = np.argsort(np.ptp(theirs.rates, axis=(0, 1)))[-_N_TRACES:]
    arrays = {
        "rate_form_points_hz": pairs["movement"][:, drawn],
        "rate_form_times_s": ours.times_s,
        "rate_form_traces_hz": np.stack([each.rates[0][:, shown].T for each in (theirs, ours)]),
    }
    return Physiology(estimates, arrays)


def _changes(population: Population, window_s: Window, *, average: bool) -> FloatArray:
    rates = population.between(*window_s).rates
    if average:
        rates = rates.mean(axis=1, keepdims=True)
    changes: FloatArray = rates - rates.mean(axis=(0, 1))
    return changes


def _check_paired(ours: Population, theirs: Population) -> None:
    if ours.condition_labels != theirs.condition_labels:
        expected = f"the {ours.n_samples} conditions of the recording, in its order"
        raise InputError("rate_form", expected, f"{theirs.n_samples}, some with other names")
    if ours.n_units != theirs.n_units:
        raise InputError("rate_form", f"{ours.n_units} units, one a pool", f"{theirs.n_units}")
    if ours.n_times != theirs.n_times or np.abs(ours.times_s - theirs.times_s).max() > 1e-6:
        expected = f"{ours.n_times} times from {ours.times_s[0]:g} s, every {ours.dt_s:g} s"
        got = f"{theirs.n_times} from {theirs.times_s[0]:g} s, every {theirs.dt_s:g} s"
        raise InputError("rate_form", expected, got)
