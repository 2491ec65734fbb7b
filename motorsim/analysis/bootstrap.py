"""Bootstrap: how far a statistic would move with other units, trials or conditions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.special import ndtr, ndtri

from motorsim.analysis.bootstrap_sample import OVER, Sample
from motorsim.analysis.samples import check_rates
from motorsim.checks import InputError, check_choice, check_integer, check_number
from motorsim.streams import stream

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from motorsim.streams import Seed
    from motorsim.types import FloatArray

METHODS = ("percentile", "bca")


@dataclass(frozen=True, eq=False)
class Bootstrap:
    """A statistic, its draws and its interval; of an array statistic each entry by itself.

    Attributes
    ----------
    estimate
        Of the data as they are, the statistic's shape.
    draws
        (draw, ...).
    low, high
        Ends of the interval, the statistic's shape.
    standard_error
        Standard deviation of the draws, ddof 1.
    bias
        Mean of the draws less the estimate.
    """

    estimate: FloatArray
    draws: FloatArray
    low: FloatArray
    high: FloatArray
    standard_error: FloatArray
    bias: FloatArray


def bootstrap(
    rates: FloatArray,
    statistic: Callable[..., Any],
    *,
    over: str,
    rng: Seed,
    conditions: Sequence[Any] | None = None,
    n_draws: int = 1000,
    level: float = 0.95,
    method: str = "bca",
) -> Bootstrap:
    """Draw units, trials or conditions with replacement and compute the statistic of each draw.

    Parameters
    ----------
    rates
        (condition|trial, time, unit).
    statistic
        Takes an array of that kind and returns a finite number or an array of one shape; with ``conditions``
        it takes the condition number of each entry, (trial,), as a second argument. A condition drawn twice
        counts as two.
    over
        What is drawn. ``"unit"``. ``"trial"``: within each condition if ``conditions`` are given, otherwise
        from all. ``"condition"``: entries of the first axis, or, with ``conditions``, conditions with all
        their trials. ``"condition then trial"``: conditions, then trials within each draw of one; the
        variance within conditions then counts twice, in their means and by itself, so the interval is on
        the wide side.
    rng
        Seed or generator.
    conditions
        Condition of each trial where the first axis holds trials, (trial,).
    n_draws
        Draws, at least 2.
    level
        Probability that the interval should hold, between 0 and 1.
    method
        ``"percentile"``, or ``"bca"``, bias-corrected and accelerated (Efron 1987, JASA 82:171), with the
        acceleration by leaving out one of what is drawn (conditions where both are).

    Returns
    -------
    Bootstrap
        Estimate, draws and interval.

    Raises
    ------
    InputError
        If there are fewer than 2 of what is drawn, conditions are missing or do not fit, the statistic is not
        finite or of changing shape, or lies outside all its draws (BCa).
    """
    checked = check_rates("rates", rates)
    kind, way = check_choice("over", over, OVER), check_choice("method", method, METHODS)
    n = check_integer("n_draws", n_draws, minimum=2)
    probability = check_number("level", level)
    if not 0 < probability < 1:
        raise InputError("level", "a number above 0 and below 1", f"{level}")
    sample = Sample.of(checked, kind, conditions)
    estimate = _evaluate(statistic, sample.everything(), None)
    generator = stream(rng, "bootstrap")
    draws = np.stack([_evaluate(statistic, sample.draw(generator), estimate.shape) for _ in range(n)])
    tails = np.array([(1 - probability) / 2, (1 + probability) / 2])
    if way == "percentile":
        low, high = np.percentile(draws, 100 * tails, axis=0)
    else:
        left_out = [
            np.stack([_evaluate(statistic, arguments, estimate.shape) for arguments in stratum])
            for stratum in sample.leave_one_out()
        ]
        low, high = _bca(draws, estimate, left_out, tails)
    return Bootstrap(estimate, draws, low, high, draws.std(axis=0, ddof=1), draws.mean(axis=0) - estimate)


def _evaluate(
    statistic: Callable[..., Any], arguments: tuple[Any, ...], shape: tuple[int, ...] | None
) -> FloatArray:
    value = np.asarray(statistic(*arguments), dtype=np.float64)
    if not np.isfinite(value).all():
        raise InputError("statistic", "finite numbers for every draw", "NaN or infinity")
    if shape is not None and value.shape != shape:
        mend = "what depends on how many there are needs method='percentile'"
        raise InputError("statistic", f"an array of shape {shape} for every draw", f"{value.shape}", mend)
    return value


def _bca(
    draws: FloatArray, estimate: FloatArray, left_out: list[FloatArray], tails: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Return the ends of the interval; ``left_out`` holds (entry, ...) for each stratum."""
    below = (np.mean(draws < estimate, axis=0) + np.mean(draws <= estimate, axis=0)) / 2
    if (below == 0).any() or (below == 1).any():
        mend = (
            "the statistic is biased by repeats in the draws: use method='percentile' with care, or another"
        )
        raise InputError("statistic", "an estimate within the range of its draws", "one outside", mend)
    influence = [(len(values) - 1) * (values.mean(axis=0) - values) for values in left_out]
    cubes = np.sum([np.sum(u**3, axis=0) / len(u) ** 3 for u in influence], axis=0)
    squares = np.sum([np.sum(u**2, axis=0) / len(u) ** 2 for u in influence], axis=0)
    spread = squares**1.5
    acceleration = np.divide(cubes, 6 * spread, out=np.zeros_like(spread), where=spread > 0)
    bias = ndtri(below)
    ends = []
    for tail in tails:
        shifted = bias + ndtri(tail)
        share = ndtr(bias + shifted / (1 - acceleration * shifted))
        ends.append(_percentiles(draws, share))
    return ends[0], ends[1]


def _percentiles(draws: FloatArray, shares: FloatArray) -> FloatArray:
    """Return of each entry (draw, ...) the percentile by its own share (...)."""
    flat, of = draws.reshape(len(draws), -1), np.ravel(shares)
    values = [np.percentile(flat[:, entry], 100 * of[entry]) for entry in range(flat.shape[1])]
    return np.reshape(values, shares.shape)
