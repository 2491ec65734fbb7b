"""Power spectrum of the rate of a pool of neurons, relative to independent Poisson neurons."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from motorsim.analysis.trials import check_counts, number_conditions
from motorsim.checks import InputError, check_number, check_positive

if TYPE_CHECKING:
    from motorsim.types import FloatArray


@dataclass(frozen=True, eq=False)
class PowerSpectrum:
    """Spectrum of the fluctuations of each pool's rate about the mean of its condition.

    Attributes
    ----------
    frequencies_hz
        Rising from 0, (frequency,).
    power
        One-sided density of the pool's summed rate in Hz^2 / Hz, (frequency, pool).
    poisson_power
        The same of independent Poisson neurons of the same rates, twice the summed rate, (pool,), the mean
        over times weighted as the segments weigh them.
    pools
        Label of each pool, (pool,).
    """

    frequencies_hz: FloatArray
    power: FloatArray
    poisson_power: FloatArray
    pools: np.ndarray

    @property
    def relative_power(self) -> FloatArray:
        """Return power over the Poisson level, (frequency, pool); NaN for silent pools."""
        silent = np.full_like(self.power, np.nan)
        relative: FloatArray = np.divide(
            self.power, self.poisson_power, out=silent, where=self.poisson_power > 0
        )
        return relative

    def band(self, low_hz: float, high_hz: float) -> FloatArray:
        """Return the mean relative power from ``low_hz`` to ``high_hz``, both included, (pool,).

        Raises
        ------
        InputError
            If no frequency of the spectrum lies in the band.
        """
        low_hz, high_hz = check_number("low_hz", low_hz), check_number("high_hz", high_hz)
        inside = (self.frequencies_hz >= low_hz - 1e-9) & (self.frequencies_hz <= high_hz + 1e-9)
        if not inside.any():
            step_hz = self.frequencies_hz[1]
            expected = f"a band that holds a multiple of {step_hz:g} Hz"
            raise InputError("low_hz, high_hz", expected, f"{low_hz:g} to {high_hz:g} Hz")
        mean: FloatArray = self.relative_power[inside].mean(axis=0)
        return mean


def power_spectrum(
    counts: Any, conditions: Any, *, dt_s: float, segment_s: float, pools: Any = None
) -> PowerSpectrum:
    """Return the spectrum of summed spike trains by Welch's method, single trials averaged.

    The mean over the trials of the condition is subtracted in each bin, so that the response itself does not
    count, and the power multiplied by n / (n - 1) for the n trials of that mean. Hann windows of
    ``segment_s`` that overlap by half; no further trend is taken away, so the lowest frequencies are whole.

    Parameters
    ----------
    counts
        Spikes in consecutive bins, (trial, bin, unit).
    conditions
        Condition of each trial, (trial,); at least 2 trials each.
    dt_s
        Width of the bins.
    segment_s
        Length of the segments, no longer than a trial: frequencies are 1 / segment_s apart.
    pools
        Pool of each unit, (unit,): numbers or texts. All one pool where not given.

    Returns
    -------
    PowerSpectrum
        Density and Poisson level of each pool.

    Raises
    ------
    InputError
        If shapes do not fit, a count is negative, or a segment holds fewer than 4 bins or is longer than a
        trial.
    """
    from scipy.signal import get_window, welch  # noqa: PLC0415 - slow to import

    checked = check_counts("counts", counts)
    dt_s = check_positive("dt_s", dt_s)
    condition = number_conditions("conditions", conditions, len(checked))
    n_bins = round(check_positive("segment_s", segment_s) / dt_s)
    if not 4 <= n_bins <= checked.shape[1]:
        expected = f"{4 * dt_s:g} to {checked.shape[1] * dt_s:g} s, 4 bins to a trial"
        raise InputError("segment_s", expected, f"{segment_s:g} s")
    labels, rates_hz = _pooled(checked, pools)
    rates_hz /= dt_s
    deviation_hz = np.empty_like(rates_hz)
    for number in range(int(condition.max()) + 1):
        chosen = condition == number
        n = int(chosen.sum())
        deviation_hz[chosen] = (rates_hz[chosen] - rates_hz[chosen].mean(axis=0)) * np.sqrt(n / (n - 1))
    window = get_window("hann", n_bins)
    frequencies_hz, power = welch(
        deviation_hz, fs=1 / dt_s, window="hann", nperseg=n_bins, detrend=False, axis=1
    )
    # Where rates change, the level is that of the times the segments weigh.
    weight = _weight_of_bins(window, checked.shape[1])
    level = 2 * (weight @ rates_hz.mean(axis=0)) / weight.sum()
    return PowerSpectrum(frequencies_hz, power.mean(axis=0), level, labels)


def _weight_of_bins(window: FloatArray, n_bins: int) -> FloatArray:
    """Return how much each bin counts in the power, (bin,): squared windows, each half a window on."""
    weight = np.zeros(n_bins)
    length = len(window)
    for start in range(0, n_bins - length + 1, length - length // 2):
        weight[start : start + length] += window**2
    return weight


def _pooled(counts: FloatArray, pools: Any) -> tuple[np.ndarray, FloatArray]:
    """Return the labels (pool,) and the counts summed over each pool, (trial, bin, pool)."""
    n_units = counts.shape[2]
    given = np.zeros(n_units, np.int64) if pools is None else np.asarray(pools)
    if given.shape != (n_units,):
        raise InputError("pools", f"one a unit, {n_units}", f"shape {given.shape}")
    labels, index = np.unique(given, return_inverse=True)
    member = (index[:, None] == np.arange(len(labels))).astype(np.float64)
    return labels, counts @ member
