"""Coherence of spikes with a field, by multitaper estimates (Jarvis & Mitra 2001, Neural Comput. 13:717)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from motorsim.analysis.spectra import fluctuations, rising_frequencies_hz, slepian_tapers
from motorsim.analysis.trials import check_counts
from motorsim.checks import check_array, check_positive

if TYPE_CHECKING:
    from motorsim.types import FloatArray

_LEVEL = 0.05


@dataclass(frozen=True, eq=False)
class SpikeFieldCoherence:
    """Squared coherence of each unit's spikes with each channel of a field.

    Attributes
    ----------
    frequencies_hz
        Rising from 0, (frequency,).
    coherence
        |S_sf|^2 / (S_ss S_ff), from 0 to 1, (frequency, unit, channel); NaN where either has no power.
    low, high
        95 % interval by the jackknife over trials and tapers, of atanh of the root, (frequency, unit,
        channel).
    phase_rad
        Phase of the spikes relative to the field, above 0 where they lead, (frequency, unit, channel).
    chance
        What unrelated signals stay below at a frequency in 95 of 100 cases, 1 - 0.05^(1 / (n - 1)), n trials
        x tapers. Unrelated signals have 1 / n in the mean.
    n_tapers
        Tapers used.
    """

    frequencies_hz: FloatArray
    coherence: FloatArray
    low: FloatArray
    high: FloatArray
    phase_rad: FloatArray
    chance: float
    n_tapers: int


def spike_field_coherence(
    counts: Any,
    field: Any,
    *,
    dt_s: float,
    half_bandwidth_hz: float,
    n_tapers: int | None = None,
    conditions: Any = None,
) -> SpikeFieldCoherence:
    """Estimate the coherence of spikes with a field by Slepian tapers, over trials.

    Coherence of spikes grows with their rate: compare units or epochs at like rates (Lepage et al. 2011).

    Parameters
    ----------
    counts
        Spikes in bins, (trial, time, unit), at least 2 trials.
    field
        (trial, time, channel) at the same times.
    dt_s, half_bandwidth_hz, n_tapers, conditions
        As for `multitaper_spectrum`.

    Returns
    -------
    SpikeFieldCoherence
        Coherences with intervals and phases.

    Raises
    ------
    InputError
        As `multitaper_spectrum`, or if a count is negative.
    """
    from scipy.special import stdtrit  # noqa: PLC0415 - slow to import

    spikes = check_counts("counts", counts)
    axes = ("trial", "time", "channel")
    fields = check_array("field", field, axes, shape=(*spikes.shape[:2], None), minimum_sizes=(2, 4, 1))
    dt_s = check_positive("dt_s", dt_s)
    tapers = slepian_tapers(spikes.shape[1], dt_s, half_bandwidth_hz, n_tapers)
    first, second = (_transforms(fluctuations(each, conditions), tapers) for each in (spikes, fields))
    n = len(first)
    cross = np.einsum("nfu,nfc->fuc", first, second.conj())
    own = np.sum(np.abs(first) ** 2, axis=0), np.sum(np.abs(second) ** 2, axis=0)
    root = _root_coherence(cross, *own)
    z, spread = _jackknife(first, second, cross, own)
    reach = stdtrit(n - 1, 1 - _LEVEL / 2) * spread
    return SpikeFieldCoherence(
        frequencies_hz=rising_frequencies_hz(spikes.shape[1], dt_s),
        coherence=root**2,
        low=np.tanh(np.maximum(z - reach, 0.0)) ** 2,
        high=np.tanh(z + reach) ** 2,
        phase_rad=np.angle(cross),
        chance=float(1 - _LEVEL ** (1 / (n - 1))),
        n_tapers=len(tapers),
    )


def _transforms(signals: FloatArray, tapers: FloatArray) -> np.ndarray:
    """Return the tapered transforms, (trial x taper, frequency, channel)."""
    tapered = np.stack([np.fft.rfft(taper[:, None] * signals, axis=1) for taper in tapers], axis=1)
    return tapered.reshape(-1, *tapered.shape[2:])


def _root_coherence(cross: np.ndarray, first: FloatArray, second: FloatArray) -> FloatArray:
    """Return |S_12| / (S_11 S_22)^(1/2), (frequency, unit, channel)."""
    product = first[:, :, None] * second[:, None, :]
    silent = np.full(cross.shape, np.nan)
    squared = np.divide(np.abs(cross) ** 2, product, out=silent, where=product > 0)
    root: FloatArray = np.sqrt(np.clip(squared, 0.0, 1.0))
    return root


def _jackknife(
    first: np.ndarray, second: np.ndarray, cross: np.ndarray, own: tuple[FloatArray, FloatArray]
) -> tuple[FloatArray, FloatArray]:
    """Return atanh of the root coherence and its standard error, each transform left out in turn."""
    below_one = 1 - 1e-15
    z = np.arctanh(np.minimum(_root_coherence(cross, *own), below_one))
    total, squares = np.zeros_like(z), np.zeros_like(z)
    for a, b in zip(first, second, strict=True):
        rest = _root_coherence(
            cross - a[:, :, None] * b[:, None, :].conj(),
            np.maximum(own[0] - np.abs(a) ** 2, 0.0),
            np.maximum(own[1] - np.abs(b) ** 2, 0.0),
        )
        moved = np.arctanh(np.minimum(rest, below_one)) - z
        total += moved
        squares += moved**2
    n = len(first)
    spread: FloatArray = np.sqrt((n - 1) / n * np.maximum(squares - total**2 / n, 0.0))
    return z, spread
