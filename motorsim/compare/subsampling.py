"""Subsampling: half of the units drawn again and again, and the interval that the draws give."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from motorsim.streams import stream

if TYPE_CHECKING:
    from motorsim.streams import Seed
    from motorsim.types import FloatArray, IntArray

_PERCENTS = (2.5, 97.5)


def draw_halves(whose: str, n_units: int, n_draws: int, *, rng: Seed) -> IntArray:
    """Draw half of the units (rounded down) without replacement, ``n_draws`` times: (draw, unit)."""
    units = np.tile(np.arange(n_units), (n_draws, 1))
    return stream(rng, f"{whose} units").permuted(units, axis=1)[:, : n_units // 2]


def delete_half_interval(
    value: float, draws: FloatArray, n_units: int, bounds: tuple[float, float]
) -> tuple[float, float]:
    """Return the 95 % interval of a number of all units from its values over half of them.

    The draws tell the spread alone and the value of all units the place, since half of the units have
    another score in expectation: value + sqrt(m / (n - m)) (quantile - mean of the draws), m of n units being
    drawn (delete-d jackknife, Shao & Wu 1989, Ann. Stat. 17:1176; the factor is 1 for even n). Drawing with
    replacement would repeat units, and a repeated unit is predicted from itself.

    Parameters
    ----------
    value
        Of all units.
    draws
        Of each draw, (draw,); NaN where it could not be computed.
    n_units
        Units that the halves were drawn from.
    bounds
        Least and greatest number possible; the interval ends there.

    Returns
    -------
    low, high
        The interval, which holds the value; NaN where no draw is finite.
    """
    finite = draws[np.isfinite(draws)]
    if not finite.size:
        return float("nan"), float("nan")
    n_drawn = n_units // 2
    factor = np.sqrt(n_drawn / (n_units - n_drawn))
    below, above = factor * (np.percentile(finite, _PERCENTS) - finite.mean())
    least, greatest = bounds
    low, high = max(value + below, least), min(value + above, greatest)
    # A very skewed set of draws has its mean outside its quantiles, and rounding may pass a bound.
    return float(min(value, low)), float(max(value, high))
