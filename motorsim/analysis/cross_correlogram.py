"""Cross-correlograms of spike trains, corrected for what is slower than a jitter window."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from motorsim.checks import InputError, check_array, check_integer, check_positive
from motorsim.streams import stream

if TYPE_CHECKING:
    from motorsim.streams import Seed
    from motorsim.types import FloatArray, IntArray

_INTERVAL_PERCENT = (2.5, 97.5)


@dataclass(frozen=True, eq=False)
class CrossCorrelogram:
    """Coincidences of pairs of units at each lag.

    Attributes
    ----------
    lags_s
        (lag,); above 0 where the second unit of a pair fires after the first.
    pairs
        Units of each pair, (pair, 2).
    counts
        Coincidences summed over trials, (lag, pair).
    expected
        What they are in the mean over all jitters of the second unit, exactly, (lag, pair).
    low, high
        95 % of the jittered surrogates lie between, at each lag by itself, (lag, pair).
    p
        (1 + number of surrogates whose largest standardised excess, over lags and either sign, is at least
        that of the data) / (1 + surrogates), (pair,): one test a pair, whatever the number of lags.
    coincidences_per_spike
        (counts - expected) / (geometric mean of the two units' spikes) x T / (T - |lag|), (lag, pair); T is
        the length of a trial. NaN for silent units.
    """

    lags_s: FloatArray
    pairs: IntArray
    counts: FloatArray
    expected: FloatArray
    low: FloatArray
    high: FloatArray
    p: FloatArray
    coincidences_per_spike: FloatArray


def cross_correlogram(
    counts: Any,
    *,
    dt_s: float,
    max_lag_s: float,
    rng: Seed,
    pairs: Any = None,
    jitter_s: float = 0.025,
    n_surrogates: int = 200,
) -> CrossCorrelogram:
    """Count coincidences, and those expected if spikes were free within windows of ``jitter_s``.

    sum over trials and bins of a(t) b(t + lag). Interval jitter (Amarasingham et al. 2012, J. Neurophysiol.
    107:517): each spike of the second unit is put anywhere in its own window, so that rates shared by both
    units, from trial to trial too, stay as they are when slower than the window. No wrapping around the ends.

    Parameters
    ----------
    counts
        Spikes in consecutive bins, (trial, bin, unit).
    dt_s
        Width of the bins.
    max_lag_s
        Largest lag, shorter than a trial.
    rng
        Seed or generator of the surrogates.
    pairs
        Units of each pair, (pair, 2); all i < j where not given.
    jitter_s
        Width of the windows, a multiple of the bins, at least 2 of them; they begin with the trial.
    n_surrogates
        Surrogates for interval and p.

    Returns
    -------
    CrossCorrelogram
        Coincidences, observed and expected.

    Raises
    ------
    InputError
        If shapes do not fit, counts are no whole numbers, a pair is not of two different units, or a lag or
        a jitter does not fit the bins.
    """
    spikes = check_array("counts", counts, ("trial", "bin", "unit"), minimum_sizes=(1, 2, 1))
    if (spikes < 0).any() or (spikes != np.round(spikes)).any():
        got = f"{spikes.min():g} to {spikes.max():g} with fractions or below 0"
        raise InputError("counts", "whole numbers of spikes, at least 0", got, "give counts, not rates")
    _, n_bins, n_units = spikes.shape
    dt_s = check_positive("dt_s", dt_s)
    n_lags = round(check_positive("max_lag_s", max_lag_s) / dt_s)
    if not 1 <= n_lags < n_bins:
        expected = f"{dt_s:g} to {(n_bins - 1) * dt_s:g} s, a bin to a trial"
        raise InputError("max_lag_s", expected, f"{max_lag_s:g} s")
    width = _check_jitter(jitter_s, dt_s, n_bins)
    chosen = _check_pairs(pairs, n_units)
    check_integer("n_surrogates", n_surrogates)
    first, second = spikes[:, :, chosen[:, 0]], spikes[:, :, chosen[:, 1]]
    observed = np.round(_correlate(first, second, n_lags))
    expected_counts = _correlate(first, _window_means(spikes, width)[:, :, chosen[:, 1]], n_lags)
    generator = stream(rng, "jittered spikes")
    surrogates = np.stack(
        [
            _correlate(first, _jittered(spikes, width, generator)[:, :, chosen[:, 1]], n_lags)
            for _ in range(n_surrogates)
        ]
    )
    low, high = np.percentile(np.round(surrogates), _INTERVAL_PERCENT, axis=0)
    lag = np.arange(-n_lags, n_lags + 1)
    spikes_geometric = np.sqrt(first.sum(axis=(0, 1)) * second.sum(axis=(0, 1)))
    overlap = (1 - np.abs(lag) / n_bins)[:, None] * spikes_geometric
    excess = observed - expected_counts
    return CrossCorrelogram(
        lags_s=lag.astype(np.float64) * dt_s,
        pairs=chosen,
        counts=observed,
        expected=expected_counts,
        low=low,
        high=high,
        p=_p(excess, surrogates - expected_counts),
        coincidences_per_spike=np.divide(
            excess, overlap, out=np.full_like(excess, np.nan), where=overlap > 0
        ),
    )


def _check_jitter(jitter_s: float, dt_s: float, n_bins: int) -> int:
    width_s = check_positive("jitter_s", jitter_s)
    width = round(width_s / dt_s)
    if not 2 <= width <= n_bins or abs(width * dt_s - width_s) > 1e-6 * width_s:
        expected = f"a multiple of dt_s, {dt_s:g} s, from {2 * dt_s:g} to {n_bins * dt_s:g} s"
        raise InputError("jitter_s", expected, f"{width_s:g} s")
    return width


def _check_pairs(pairs: Any, n_units: int) -> IntArray:
    if pairs is None:
        if n_units < 2:
            raise InputError("counts", "at least 2 units to pair", f"{n_units}")
        return np.stack(np.triu_indices(n_units, 1), axis=1).astype(np.int64)
    given = check_array("pairs", pairs, ("pair", "unit"), shape=(None, 2), minimum_sizes=(1, 2))
    chosen = given.astype(np.int64)
    if (chosen != given).any() or chosen.min() < 0 or chosen.max() >= n_units:
        raise InputError("pairs", f"units from 0 to {n_units - 1}", f"{given.min():g} to {given.max():g}")
    if (chosen[:, 0] == chosen[:, 1]).any():
        raise InputError("pairs", "two different units each", "a unit paired with itself")
    return chosen


def _correlate(first: FloatArray, second: FloatArray, n_lags: int) -> FloatArray:
    """Return sum over trials and bins of first(t) second(t + lag), (lag, pair), for (trial, bin, pair)."""
    from scipy.fft import irfft, next_fast_len, rfft  # noqa: PLC0415 - slow to import

    size = next_fast_len(first.shape[1] + n_lags, real=True)
    spectrum = np.zeros((size // 2 + 1, first.shape[2]), dtype=np.complex128)
    for a, b in zip(first, second, strict=True):
        spectrum += np.conj(rfft(a, size, axis=0)) * rfft(b, size, axis=0)
    circular = irfft(spectrum, size, axis=0)
    correlated: FloatArray = np.concatenate([circular[-n_lags:], circular[: n_lags + 1]])
    return correlated


def _windows(spikes: FloatArray, width: int) -> tuple[FloatArray, IntArray]:
    """Return the spikes in each window, (trial, window, unit), and the bins in each, (window,)."""
    starts = np.arange(0, spikes.shape[1], width)
    sizes = np.diff(np.append(starts, spikes.shape[1]))
    return np.add.reduceat(spikes, starts, axis=1), sizes


def _window_means(spikes: FloatArray, width: int) -> FloatArray:
    totals, sizes = _windows(spikes, width)
    means: FloatArray = np.repeat(totals / sizes[:, None], sizes, axis=1)
    return means


def _jittered(spikes: FloatArray, width: int, generator: np.random.Generator) -> FloatArray:
    """Return counts (trial, bin, unit) with every spike anywhere in its window."""
    totals, sizes = _windows(spikes, width)
    trial, window, unit = (np.repeat(i, totals.astype(np.int64).ravel()) for i in _indices(totals.shape))
    at = window * width + (generator.random(len(window)) * sizes[window]).astype(np.int64)
    flat = np.ravel_multi_index((trial, at, unit), spikes.shape)
    return np.bincount(flat, minlength=spikes.size).reshape(spikes.shape).astype(np.float64)


def _indices(shape: tuple[int, ...]) -> list[IntArray]:
    return [index.ravel() for index in np.indices(shape)]


def _p(excess: FloatArray, null: FloatArray) -> FloatArray:
    """Return one p a pair from the largest standardised excess over lags; null is (surrogate, lag, pair)."""
    everything = np.concatenate([excess[None], null])
    spread = everything.std(axis=0)
    score = np.divide(np.abs(everything), spread, out=np.zeros_like(everything), where=spread > 1e-9).max(
        axis=1
    )
    p: FloatArray = np.mean(score >= score[0] * (1 - 1e-12), axis=0)
    return p
