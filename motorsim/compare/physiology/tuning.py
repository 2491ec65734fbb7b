"""Tuning of single neurons to the direction of reach, in preparation and in movement."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from motorsim.analysis import circular_spread, preferred_direction_change, tuning_curves
from motorsim.checks import InputError
from motorsim.compare.physiology.estimate import Estimate, Physiology
from motorsim.compare.physiology.variability import epoch_counts

if TYPE_CHECKING:
    from motorsim.analysis import TuningCurves
    from motorsim.compare.physiology.settings import Epochs, PhysiologySettings
    from motorsim.recording import Recording
    from motorsim.spikes import SpikeTrains
    from motorsim.types import BoolArray, FloatArray

EPOCHS = ("preparation", "movement")
_FEWEST_UNITS = 2


def measure_tuning(
    recording: Recording, spikes: SpikeTrains, epochs: Epochs, settings: PhysiologySettings
) -> Physiology:
    """Return how many units are tuned, how well a cosine describes them, and their preferred directions."""
    if "direction_rad" not in recording.trials:
        raise InputError("recording", "the column direction_rad of its trials", "none")
    directions = np.asarray(recording.trials["direction_rad"], dtype=np.float64)
    windows_s = (epochs.preparation_s, epochs.movement_s)
    duration_s = np.array([stop_s - start_s for start_s, stop_s in windows_s])
    rates_hz = epoch_counts(spikes, windows_s) / duration_s[:, None]
    single_trials = tuning_curves(rates_hz, directions)
    tuned = single_trials.p < settings.tuned_p
    angles, mean_hz = _by_direction(rates_hz, directions)
    averages = tuning_curves(mean_hz, angles)
    estimates: dict[str, Estimate] = {}
    for index, epoch in enumerate(EPOCHS):
        estimates |= _of_epoch(epoch, averages, tuned, index)
    estimates |= _change(single_trials.preferred_direction_rad, tuned)
    arrays = {
        "tuning_directions_rad": angles,
        "tuning_rates_hz": mean_hz,
        "tuning_baseline_hz": averages.baseline,
        "tuning_depth_hz": averages.modulation_depth,
        "preferred_direction_rad": averages.preferred_direction_rad,
        "tuned": tuned,
    }
    return Physiology(estimates, arrays)


def _by_direction(rates_hz: FloatArray, directions: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return the different directions, (direction,), and mean rates, (direction, window, unit)."""
    turns = np.round(np.mod(directions, 2 * np.pi), 9)
    angles, index = np.unique(turns, return_inverse=True)
    return angles, np.stack([rates_hz[index == number].mean(axis=0) for number in range(len(angles))])


def _of_epoch(epoch: str, averages: TuningCurves, tuned: BoolArray, index: int) -> dict[str, Estimate]:
    chosen = tuned[index]
    estimates = {f"tuned_fraction_{epoch}": Estimate(float(chosen.mean()))}
    if chosen.sum() >= _FEWEST_UNITS:
        spread = circular_spread(averages.preferred_direction_rad[index, chosen])
        estimates[f"cosine_r2_{epoch}"] = Estimate(float(np.median(averages.r2[index, chosen])))
        estimates[f"modulation_depth_{epoch}_hz"] = Estimate(
            float(np.median(averages.modulation_depth[index, chosen]))
        )
        estimates[f"preferred_direction_resultant_{epoch}"] = Estimate(spread.resultant_length)
    return estimates


def _change(preferred_rad: FloatArray, tuned: BoolArray) -> dict[str, Estimate]:
    both = tuned.all(axis=0)
    if both.sum() < _FEWEST_UNITS:
        return {}
    change = preferred_direction_change(*preferred_rad[:, both])
    return {
        "preferred_direction_change_deg": Estimate(float(np.degrees(change.median_absolute_rad))),
        "preferred_direction_correlation": Estimate(change.correlation),
    }
