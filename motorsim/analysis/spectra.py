"""Multitaper spectra (Thomson 1982, Proc. IEEE 70:1055)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from motorsim.analysis.trials import number_conditions
from motorsim.checks import InputError, check_array, check_integer, check_positive

if TYPE_CHECKING:
    from motorsim.types import FloatArray

_LEVEL = 0.05


@dataclass(frozen=True, eq=False)
class MultitaperSpectrum:
    """Power of signals, averaged over trials and tapers.

    Attributes
    ----------
    frequencies_hz
        Rising from 0, (frequency,).
    power
        One-sided density, (frequency, channel), in the squared unit of the signal per Hz; its sum times the
        spacing of the frequencies is the mean over trials of the tapered signals' mean square.
    low, high
        95 % interval by chi-squared with ``degrees_of_freedom``, (frequency, channel).
    degrees_of_freedom
        2 x tapers x trials, half of it at 0 and at the highest frequency of an even number of samples,
        (frequency,).
    n_tapers
        Tapers used.
    """

    frequencies_hz: FloatArray
    power: FloatArray
    low: FloatArray
    high: FloatArray
    degrees_of_freedom: FloatArray
    n_tapers: int


def multitaper_spectrum(
    signals: Any,
    *,
    dt_s: float,
    half_bandwidth_hz: float,
    n_tapers: int | None = None,
    conditions: Any = None,
) -> MultitaperSpectrum:
    """Estimate power spectra with Slepian tapers.

    Parameters
    ----------
    signals
        (trial, time, channel), at least 4 times.
    dt_s
        Time between samples.
    half_bandwidth_hz
        Power is averaged within this distance of each frequency; at least 1 / trial duration.
    n_tapers
        By default 2 x half bandwidth x duration - 1, of which all are well concentrated.
    conditions
        Condition of each trial, (trial,): each condition's mean over trials is subtracted, and what is left
        is scaled by (n / (n - 1))^(1/2). Where not given, each trial's own mean over time is subtracted,
        and the power at and near 0 goes with it.

    Returns
    -------
    MultitaperSpectrum
        Densities with intervals.

    Raises
    ------
    InputError
        If shapes do not fit, a signal is not finite, or the bandwidth is too narrow for the trial or wider
        than the frequencies that there are.
    """
    from scipy.special import chdtri  # noqa: PLC0415 - slow to import

    axes = ("trial", "time", "channel")
    checked = check_array("signals", signals, axes, minimum_sizes=(1, 4, 1))
    dt_s = check_positive("dt_s", dt_s)
    tapers = slepian_tapers(checked.shape[1], dt_s, half_bandwidth_hz, n_tapers)
    frequencies_hz = rising_frequencies_hz(checked.shape[1], dt_s)
    sides = np.full(len(frequencies_hz), 2.0)
    sides[0] = 1.0
    if checked.shape[1] % 2 == 0:
        sides[-1] = 1.0
    fluctuation = fluctuations(checked, conditions)
    power = np.zeros((len(frequencies_hz), checked.shape[2]))
    for trial in fluctuation:
        power += np.sum(np.abs(np.fft.rfft(tapers[:, :, None] * trial, axis=1)) ** 2, axis=0)
    power *= (sides * dt_s)[:, None] / (len(tapers) * len(checked))
    freedom = sides * len(tapers) * len(checked)
    # chdtri gives the point that a share of the distribution lies above.
    low, high = (
        power * (freedom / chdtri(freedom, share))[:, None] for share in (_LEVEL / 2, 1 - _LEVEL / 2)
    )
    return MultitaperSpectrum(frequencies_hz, power, low, high, freedom, len(tapers))


def slepian_tapers(n_times: int, dt_s: float, half_bandwidth_hz: float, n_tapers: int | None) -> FloatArray:
    """Return Slepian sequences of unit sum of squares, (taper, time)."""
    from scipy.signal.windows import dpss  # noqa: PLC0415 - slow to import

    width_hz = check_positive("half_bandwidth_hz", half_bandwidth_hz)
    product = n_times * dt_s * width_hz
    if not 1 - 1e-9 <= product < n_times / 2:
        expected = f"{1 / (n_times * dt_s):g} Hz, 1 / trial duration, to below {0.5 / dt_s:g} Hz"
        mend = "give longer trials or a wider band"
        raise InputError("half_bandwidth_hz", expected, f"{width_hz:g} Hz", mend)
    shannon = int(2 * product + 1e-9)
    wanted = max(shannon - 1, 1) if n_tapers is None else check_integer("n_tapers", n_tapers, maximum=shannon)
    tapers: FloatArray = dpss(n_times, product, wanted)
    return tapers


def rising_frequencies_hz(n_times: int, dt_s: float) -> FloatArray:
    """Return the frequencies of a real transform, (frequency,)."""
    return np.arange(n_times // 2 + 1, dtype=np.float64) / (n_times * dt_s)


def fluctuations(signals: FloatArray, conditions: Any) -> FloatArray:
    """Return signals (trial, time, channel) without their mean over time or over a condition's trials."""
    if conditions is None:
        centred: FloatArray = signals - signals.mean(axis=1, keepdims=True)
        return centred
    condition = number_conditions("conditions", conditions, len(signals))
    left = np.empty_like(signals)
    for number in range(int(condition.max()) + 1):
        chosen = condition == number
        n = int(chosen.sum())
        left[chosen] = (signals[chosen] - signals[chosen].mean(axis=0)) * np.sqrt(n / (n - 1))
    return left
