"""Smoothing of rates over time: Gaussian, exponential and boxcar kernels, centred or causal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from motorsim.checks import check_array, check_choice, check_positive

if TYPE_CHECKING:
    from motorsim.types import FloatArray

KERNELS = ("gaussian", "half_gaussian", "exponential", "boxcar", "causal_boxcar")
_GAUSSIAN_REACH = 8.0
_EXPONENTIAL_REACH = 40.0


def smooth(rates: Any, *, dt_s: float, width_s: float, kernel: str = "gaussian") -> FloatArray:
    """Smooth each unit over time; every sample keeps its place and constants stay what they are.

    Weights are divided by the part of the kernel that falls on samples that exist, so ends are not pulled to
    zero and a kernel may be longer than the data. Centred kernels are even about the sample itself: a boxcar
    of an even number of samples gives half a weight to each end instead of shifting by half a sample.

    Parameters
    ----------
    rates
        Any unit, (condition | trial, time, unit), evenly sampled.
    dt_s
        Time between samples.
    width_s
        Standard deviation of ``"gaussian"`` (centred, cut at 8) and of ``"half_gaussian"`` (its causal half,
        cut alike); time constant of ``"exponential"`` (causal, cut at 40); whole width of ``"boxcar"``
        (centred) and of ``"causal_boxcar"`` (the present sample and those before). A boxcar narrower than a
        sample changes nothing.
    kernel
        One of the five; causal ones use the present and the past alone.

    Returns
    -------
    FloatArray
        The same shape and unit.

    Raises
    ------
    InputError
        If the rates are not finite, a time is not above 0, or the kernel is another.
    """
    axes = ("condition | trial", "time", "unit")
    checked = check_array("rates", rates, axes, minimum_sizes=(1, 1, 1))
    dt_s, width_s = check_positive("dt_s", dt_s), check_positive("width_s", width_s)
    weights = _weights(check_choice("kernel", kernel, KERNELS), dt_s, width_s, checked.shape[1])
    present = _convolve(np.ones((1, checked.shape[1], 1)), weights)
    return _convolve(checked, weights) / present


def _weights(kernel: str, dt_s: float, width_s: float, n_times: int) -> FloatArray:
    """Return the weight at each lag, (2 h + 1,), the past after the middle."""
    reach_s = width_s * {"gaussian": _GAUSSIAN_REACH, "half_gaussian": _GAUSSIAN_REACH}.get(
        kernel, _EXPONENTIAL_REACH if kernel == "exponential" else 1.0
    )
    half = min(n_times - 1, int(np.ceil(min(reach_s / dt_s, n_times))))
    lag_s = np.arange(-half, half + 1) * dt_s
    if kernel in {"gaussian", "half_gaussian"}:
        weights = np.exp(-0.5 * (lag_s / width_s) ** 2)
    elif kernel == "exponential":
        weights = np.exp(-np.abs(lag_s) / width_s)
    elif kernel == "boxcar":
        weights = np.clip((width_s / 2 - np.abs(lag_s)) / dt_s + 0.5, 0.0, 1.0)
    else:
        weights = np.clip((width_s - lag_s) / dt_s, 0.0, 1.0)
    if kernel in {"half_gaussian", "exponential", "causal_boxcar"}:
        weights[:half] = 0.0
    kept: FloatArray = weights
    return kept


def _convolve(values: FloatArray, weights: FloatArray) -> FloatArray:
    """Convolve over time, samples beyond the ends taken as zero."""
    from scipy.ndimage import convolve1d  # noqa: PLC0415 - slow to import

    smoothed: FloatArray = convolve1d(values, weights, axis=1, mode="constant", cval=0.0)
    return smoothed
