"""Baseline rates that differ between units, as those of cortex do."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from motorsim.checks import check_integer, check_positive
from motorsim.streams import Seed, stream

if TYPE_CHECKING:
    from motorsim.types import FloatArray


def spread_baselines(n_units: int, *, rng: Seed, mean_hz: float = 20.0, sd_hz: float = 8.0) -> FloatArray:
    """Draw the baseline rate of every unit from a log-normal distribution.

    Rates of cortical neurons have a long tail that a log-normal distribution describes (Buzsáki & Mizuseki
    2014, Nature Reviews Neuroscience). With s^2 = ln(1 + sd^2 / mean^2) the rates are exp(ln(mean) - s^2 / 2
    + s z), z standard normal.

    Parameters
    ----------
    n_units
        Number of units.
    rng
        Seed of the draw.
    mean_hz, sd_hz
        Mean and standard deviation of the distribution.

    Returns
    -------
    FloatArray
        Rates in Hz, (unit,), for `RateFunction`.

    Raises
    ------
    InputError
        If a number is out of range.
    """
    n_units = check_integer("n_units", n_units)
    mean_hz, sd_hz = check_positive("mean_hz", mean_hz), check_positive("sd_hz", sd_hz)
    variance = np.log1p((sd_hz / mean_hz) ** 2)
    draw = stream(rng, "baseline rates").standard_normal(n_units)
    rates: FloatArray = mean_hz * np.exp(np.sqrt(variance) * draw - variance / 2.0)
    return rates
