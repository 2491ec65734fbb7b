"""Measure every property of one recording."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from motorsim.checks import InputError
from motorsim.compare.physiology.estimate import Physiology
from motorsim.compare.physiology.example import example_reach
from motorsim.compare.physiology.rate_form import measure_rate_form
from motorsim.compare.physiology.settings import Epochs, PhysiologySettings
from motorsim.compare.physiology.structure import (
    condition_rates,
    measure_noise_free_alignment,
    measure_structure,
)
from motorsim.compare.physiology.tuning import measure_tuning
from motorsim.compare.physiology.variability import measure_variability
from motorsim.streams import stream

if TYPE_CHECKING:
    from motorsim.recording import Recording
    from motorsim.streams import Seed


def measure_physiology(
    recording: Recording,
    *,
    rng: Seed,
    rate_form: Recording | None = None,
    settings: PhysiologySettings | None = None,
) -> Physiology:
    """Measure what real motor cortex is known for.

    Single neurons (`Recording.spikes`) give rates, intervals, Fano factor, count correlations, spectrum and
    tuning; trial averages of the population give rotations, subspaces, the condition-invariant signal and
    tangling, the population's torque standing in for muscles. Of distributions over units the median is
    given, but for rates, of which it is the mean.

    Parameters
    ----------
    recording
        Trials with spikes and the events target_onset, go_cue and movement_onset; at least 2 trials of each
        condition; the column ``direction_rad`` of its trials; of its units, where known, ``pool`` and
        ``excitatory``.
    rng
        Seed or generator.
    rate_form
        The same conditions of the same circuit in rate form, whose units are the population's.
    settings
        Windows and numbers; the defaults if not given.

    Returns
    -------
    Physiology
        Estimates by name, and arrays to draw.

    Raises
    ------
    InputError
        If the recording lacks spikes, an event or a column, or a window leaves it.
    """
    settings = PhysiologySettings() if settings is None else settings
    if recording.spikes is None:
        raise InputError("recording", "spikes of single units", "rates only", "simulate the spiking cortex")
    epochs = Epochs.of(recording, settings)
    spikes = recording.spikes
    generator = stream(rng, "physiology")
    found = (
        example_reach(recording, spikes, condition_rates(recording, settings))
        | measure_variability(recording, spikes, epochs, settings, rng=generator)
        | measure_tuning(recording, spikes, epochs, settings)
        | measure_structure(recording, epochs, settings, rng=generator)
    )
    if rate_form is not None:
        found |= measure_rate_form(recording, rate_form, epochs, settings, rng=generator)
        found |= measure_noise_free_alignment(rate_form, epochs, settings, rng=generator)
    events_s = np.array([epochs.target_onset_s, epochs.go_cue_s, epochs.movement_onset_s])
    return found | Physiology(arrays={"events_s": events_s})
