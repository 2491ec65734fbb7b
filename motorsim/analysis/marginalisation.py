"""Marginalisation: rates as a sum of parts, each of which depends on some of the factors only."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np

from motorsim.checks import InputError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from motorsim.types import FloatArray

TIME = "time"


def marginalise(averages: FloatArray) -> dict[tuple[int, ...], FloatArray]:
    """Split trial averages into orthogonal parts, one for each set of axes (Kobak et al. 2016, eq. 5 on).

    The part of a set of axes is the mean over all other axes less the parts of its subsets. Every condition
    weighs the same, however many trials it had: weights by trials would let parts leak into one another.

    Parameters
    ----------
    averages
        (factor, ..., time, unit).

    Returns
    -------
    dict
        For each set of the axes but the last, all but the empty one, an array (factor, ..., time, unit), the
        axes outside the set of size 1. They add up to the averages centred for each unit, and the sums of
        squares (over all samples) of the parts add up to that of the whole.
    """
    axes = tuple(range(averages.ndim - 1))
    parts: dict[tuple[int, ...], FloatArray] = {(): averages.mean(axis=axes, keepdims=True)}
    for size in range(1, len(axes) + 1):
        for kept in combinations(axes, size):
            others = tuple(axis for axis in axes if axis not in kept)
            mean = averages.mean(axis=others, keepdims=True)
            parts[kept] = mean - sum(part for subset, part in parts.items() if set(subset) < set(kept))
    del parts[()]
    return parts


def name_marginalisations(
    factors: Sequence[str], join: Sequence[Sequence[str]] | None
) -> dict[str, tuple[tuple[int, ...], ...]]:
    """Return the name of each marginalisation and the sets of axes it joins.

    Parameters
    ----------
    factors
        Name of each factor; time comes after them.
    join
        Groups of marginalisations to join; the rest stand alone. Interactions are written with a hyphen,
        factors in the order of ``factors``, time last: ``"stimulus-time"``. ``None`` joins each with its
        interaction with time.

    Returns
    -------
    dict
        Names such as ``"stimulus + stimulus-time"`` and sets of axes.

    Raises
    ------
    InputError
        If a marginalisation is unknown or stands in two groups.
    """
    names = [*factors, TIME]
    sets = [s for size in range(1, len(names) + 1) for s in combinations(range(len(names)), size)]
    by_name = {"-".join(names[axis] for axis in s): s for s in sets}
    if join is None:
        last = len(factors)
        join = [[name, f"{name}-{TIME}"] for name, s in by_name.items() if last not in s]
    groups = [list(group) for group in join]
    flat = [name for group in groups for name in group]
    unknown = [name for name in flat if name not in by_name]
    if unknown:
        raise InputError("join", f"groups of {', '.join(by_name)}", repr(unknown[0]))
    if len(set(flat)) < len(flat) or not all(groups):
        raise InputError("join", "each marginalisation in one group at most, no group empty", f"{groups}")
    groups += [[name] for name in by_name if name not in flat]
    return {" + ".join(group): tuple(by_name[name] for name in group) for group in groups}


def join_parts(
    parts: dict[tuple[int, ...], FloatArray], sets: Sequence[tuple[int, ...]], shape: tuple[int, ...]
) -> FloatArray:
    """Return the sum of some parts as (sample, unit)."""
    joined = np.zeros(shape)
    for kept in sets:
        joined += parts[kept]
    return joined.reshape(-1, shape[-1])
