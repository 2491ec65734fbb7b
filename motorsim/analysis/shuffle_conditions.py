"""Condition shuffle: the null in which two populations share time courses but not conditions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from motorsim.analysis.samples import check_rates
from motorsim.streams import stream

if TYPE_CHECKING:
    from motorsim.streams import Seed
    from motorsim.types import FloatArray


def shuffle_conditions(rates: FloatArray, *, rng: Seed) -> FloatArray:
    """Permute the conditions, the same way for all times and units.

    Every trajectory, covariance and mean over conditions is kept; only the pairing with another array's
    conditions is lost. A weak null: whatever tuning two populations share to the task beats it.

    Parameters
    ----------
    rates
        (condition, time, unit), at least 2 conditions.
    rng
        Seed or generator.

    Returns
    -------
    FloatArray
        A copy, its conditions in random order (all orders are equally likely, the given one too).

    Raises
    ------
    InputError
        If the rates are not finite or there is one condition only.
    """
    checked = check_rates("rates", rates, least_conditions=2)
    shuffled: FloatArray = checked[stream(rng, "condition shuffle").permutation(len(checked))]
    return shuffled
