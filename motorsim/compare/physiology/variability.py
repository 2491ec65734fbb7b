"""Variability of single neurons and of pairs: rates, intervals, Fano factor, correlations, spectrum."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from motorsim.analysis import (
    count_correlations,
    cv2,
    interval_cv,
    lv,
    mean_matched_fano_factor,
    power_spectrum,
)
from motorsim.checks import InputError
from motorsim.compare.physiology.estimate import Estimate, Physiology
from motorsim.streams import stream

if TYPE_CHECKING:
    from motorsim.analysis import CountCorrelations
    from motorsim.compare.physiology.settings import Epochs, PhysiologySettings, Window
    from motorsim.recording import Recording
    from motorsim.spikes import SpikeTrains
    from motorsim.streams import Seed
    from motorsim.types import FloatArray

_INTERVAL_PERCENT = (2.5, 97.5)


def firing_rates(recording: Recording, spikes: SpikeTrains) -> Physiology:
    """Return mean rates over all trials: of all units, and of E and I where the unit table tells them."""
    edges_s = [spikes.start_s, spikes.stop_s]
    rate_hz = spikes.counts(edges_s).mean(axis=(0, 1)) / (spikes.stop_s - spikes.start_s)
    estimates = {
        "mean_rate_hz": Estimate(float(rate_hz.mean())),
        "silent_fraction": Estimate(float(np.mean(rate_hz == 0))),
    }
    excitatory = recording.units.get("excitatory")
    if excitatory is not None:
        for name, chosen in (
            ("excitatory", excitatory.astype(bool)),
            ("inhibitory", ~excitatory.astype(bool)),
        ):
            if chosen.any():
                estimates[f"mean_{name}_rate_hz"] = Estimate(float(rate_hz[chosen].mean()))
    return Physiology(estimates, {"unit_rate_hz": rate_hz})


def irregularity(recording: Recording, spikes: SpikeTrains, epochs: Epochs) -> Physiology:
    """Return CV within condition over the delay, where rates change least, and CV2 and LV over all times."""
    delay = spikes_between(spikes, (epochs.target_onset_s, epochs.go_cue_s)).intervals()
    whole = spikes.intervals()
    n_units = spikes.n_units
    found = {
        "interval_cv": interval_cv(*delay, n_units=n_units, conditions=recording.population.condition_labels),
        "cv2": cv2(*whole, n_units=n_units),
        "lv": lv(*whole, n_units=n_units),
    }
    estimates = {
        name: Estimate(float(np.nanmedian(each.value)))
        for name, each in found.items()
        if np.isfinite(each.value).any()
    }
    return Physiology(estimates, {f"unit_{name}": each.value for name, each in found.items()})


def fano_over_time(
    recording: Recording, spikes: SpikeTrains, epochs: Epochs, settings: PhysiologySettings, *, rng: Seed
) -> Physiology:
    """Return the mean-matched Fano factor before the target and in preparation, and its change."""
    counts, centres_s = sliding_counts(spikes, epochs.movement_s[1], settings)
    half_s = settings.count_window_s / 2
    before = centres_s + half_s <= epochs.target_onset_s + 1e-9
    start_s, stop_s = epochs.preparation_s
    after = (centres_s - half_s >= start_s - 1e-9) & (centres_s + half_s <= stop_s + 1e-9)
    for name, chosen in (("before the target", before), ("in preparation", after)):
        if not chosen.any():
            expected = f"windows of {settings.count_window_s:g} s {name}"
            raise InputError("count_window_s", expected, "none", "take shorter windows")
    fano = mean_matched_fano_factor(
        counts,
        recording.population.condition_labels,
        window_s=settings.count_window_s,
        rng=rng,
        n_resamples=settings.n_resamples,
    )
    drawn = {"before": fano.resampled[:, before].mean(1), "preparation": fano.resampled[:, after].mean(1)}
    drawn["change"] = drawn["preparation"] - drawn["before"]
    values = {"before": fano.slope[before].mean(), "preparation": fano.slope[after].mean()}
    values["change"] = values["preparation"] - values["before"]
    estimates = {
        f"fano_{name}": Estimate(float(value), *np.nanpercentile(drawn[name], _INTERVAL_PERCENT).tolist())
        for name, value in values.items()
    }
    estimates["fano_matched_share"] = Estimate(fano.kept_share)
    arrays = {
        "fano_times_s": centres_s,
        "fano": fano.slope,
        "fano_low": fano.low,
        "fano_high": fano.high,
        "fano_unmatched": fano.unmatched,
    }
    return Physiology(estimates, arrays)


def correlations(
    recording: Recording, spikes: SpikeTrains, epochs: Epochs, settings: PhysiologySettings, *, rng: Seed
) -> Physiology:
    """Return spike count correlations within and across pools, of counts in preparation and in movement."""
    counts = epoch_counts(spikes, (epochs.preparation_s, epochs.movement_s))
    pools = recording.units.get("pool")
    found = count_correlations(
        counts,
        recording.population.condition_labels,
        groups=pools,
        rng=rng,
        n_resamples=settings.n_resamples,
    )
    parts = {"within_pool": found.within, "across_pools": found.across}
    if pools is None:
        parts = {"all": found.within}
    estimates = {
        f"count_correlation_{name}": Estimate(part.mean, part.low, part.high)
        for name, part in parts.items()
        if part.n_pairs
    }
    return Physiology(estimates, _pairs(found, pools))


def spectrum(recording: Recording, spikes: SpikeTrains, settings: PhysiologySettings) -> Physiology:
    """Return power over the Poisson level in the chosen band, of all neurons summed and of single pools."""
    width_s = settings.spectrum_bin_s
    n_bins = int((spikes.stop_s - spikes.start_s) / width_s + 1e-9)
    counts = spikes.counts(spikes.start_s + width_s * np.arange(n_bins + 1))
    pools = recording.units.get("pool")
    chosen = {"population": None} | ({} if pools is None else {"pool": pools})
    estimates, arrays = {}, {}
    for name, labels in chosen.items():
        found = power_spectrum(
            counts,
            recording.population.condition_labels,
            dt_s=width_s,
            segment_s=settings.spectrum_segment_s,
            pools=labels,
        )
        power = float(np.nanmean(found.band(*settings.spectrum_band_hz)))
        estimates[f"{name}_slow_power"] = Estimate(power)
        # Neither end: a one-sided density is half as large there.
        arrays["spectrum_frequencies_hz"] = found.frequencies_hz[1:-1]
        arrays[f"{name}_spectrum"] = np.nanmean(found.relative_power[1:-1], axis=1)
    return Physiology(estimates, arrays)


def spikes_between(spikes: SpikeTrains, window_s: Window) -> SpikeTrains:
    """Return the spikes of a window inside the observed one, as if no others had been observed."""
    start_s, stop_s = max(window_s[0], spikes.start_s), min(window_s[1], spikes.stop_s)
    kept = (spikes.times_s >= start_s) & (spikes.times_s < stop_s)
    boundaries = np.concatenate([[0], np.cumsum(kept)])[spikes.boundaries]
    return replace(
        spikes, times_s=spikes.times_s[kept], boundaries=boundaries, start_s=start_s, stop_s=stop_s
    )


def epoch_counts(spikes: SpikeTrains, windows_s: tuple[Window, ...]) -> FloatArray:
    """Return the spikes in each window, (trial, window, unit)."""
    counts = [spikes.counts(list(window_s)) for window_s in windows_s]
    return np.concatenate(counts, axis=1).astype(np.float64)


def sliding_counts(
    spikes: SpikeTrains, stop_s: float, settings: PhysiologySettings
) -> tuple[FloatArray, FloatArray]:
    """Return counts in sliding windows up to ``stop_s``, (trial, window, unit), and their centres."""
    step_s = settings.count_step_s
    per_window = round(settings.count_window_s / step_s)
    n_steps = int((min(stop_s, spikes.stop_s) - spikes.start_s) / step_s + 1e-6)
    if n_steps < per_window:
        expected = f"at most {n_steps * step_s:g} s, the time observed"
        raise InputError("count_window_s", expected, f"{settings.count_window_s:g} s")
    fine = spikes.counts(spikes.start_s + step_s * np.arange(n_steps + 1))
    total = np.concatenate([np.zeros_like(fine[:, :1]), np.cumsum(fine, axis=1)], axis=1)
    counts = (total[:, per_window:] - total[:, :-per_window]).astype(np.float64)
    centres_s = spikes.start_s + step_s * np.arange(counts.shape[1]) + settings.count_window_s / 2
    return counts, centres_s


def _pairs(found: CountCorrelations, pools: np.ndarray | None) -> dict[str, FloatArray]:
    """Return the correlations of all pairs, by kind, each (pair,)."""
    first, second = np.triu_indices(len(found.matrix), 1)
    values = found.matrix[first, second]
    same = np.ones(len(values), bool) if pools is None else pools[first] == pools[second]
    known = np.isfinite(values)
    return {
        "correlations_within": values[known & same],
        "correlations_across": values[known & ~same],
    }


def measure_variability(
    recording: Recording, spikes: SpikeTrains, epochs: Epochs, settings: PhysiologySettings, *, rng: Seed
) -> Physiology:
    """Return everything of this module."""
    generator = stream(rng, "variability")
    return (
        firing_rates(recording, spikes)
        | irregularity(recording, spikes, epochs)
        | fano_over_time(recording, spikes, epochs, settings, rng=generator)
        | correlations(recording, spikes, epochs, settings, rng=generator)
        | spectrum(recording, spikes, settings)
    )
