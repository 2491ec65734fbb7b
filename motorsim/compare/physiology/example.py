"""One reach to look at: its spikes, its rates and its hand."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from motorsim.compare.physiology.estimate import Physiology

if TYPE_CHECKING:
    from motorsim.population import Population
    from motorsim.recording import Recording
    from motorsim.spikes import SpikeTrains

_MOST_UNITS, _N_RATES = 80, 4


def example_reach(recording: Recording, spikes: SpikeTrains, rates: Population) -> Physiology:
    """Return the spikes of the first trial, of units spread over the table, and rates of its condition."""
    shown = np.unique(np.linspace(0, spikes.n_units - 1, min(_MOST_UNITS, spikes.n_units)).astype(np.int64))
    trains = [spikes.trial_unit(0, int(unit)) for unit in shown]
    excitatory = recording.units.get("excitatory", np.ones(spikes.n_units, bool)).astype(bool)
    ordered = np.argsort(~excitatory[shown], kind="stable")
    depth = np.argsort(np.ptp(rates.rates[0], axis=0))[::-1][:_N_RATES]
    arrays = {
        "raster_times_s": np.concatenate([trains[unit] for unit in ordered]),
        "raster_units": np.repeat(np.arange(len(shown)), [len(trains[unit]) for unit in ordered]),
        "raster_excitatory": excitatory[shown][ordered],
        "example_times_s": rates.times_s,
        "example_rates_hz": rates.rates[0][:, depth].T,
    }
    if recording.hand_velocity_m_s is not None:
        arrays["hand_times_s"] = recording.population.times_s
        arrays["hand_speed_m_s"] = np.linalg.norm(recording.hand_velocity_m_s[0], axis=-1)
    return Physiology(arrays=arrays)
