"""Circular shift: the null in which time courses keep their shape and lose their alignment."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from motorsim.analysis.samples import check_rates
from motorsim.checks import InputError, check_choice, check_integer
from motorsim.streams import stream

if TYPE_CHECKING:
    from motorsim.streams import Seed
    from motorsim.types import FloatArray

APART = ("samples", "units", "samples and units")


def circular_shift(rates: FloatArray, *, rng: Seed, apart: str = "units", least_shift: int = 1) -> FloatArray:
    """Shift time courses around the end of the trial by random amounts.

    Each keeps its values and its circular autocorrelation exactly; a jump appears where the end meets the
    start, so trials should end about where they begin.

    Parameters
    ----------
    rates
        (condition|trial, time, unit).
    rng
        Seed or generator.
    apart
        What is shifted apart: ``"units"``, each unit by an amount of its own in all conditions, which breaks
        the timing between units; ``"samples"``, each condition or trial by its own with all its units, which
        breaks the timing to the task and keeps that between units; or both.
    least_shift
        Least shift in samples, forwards or backwards, at least 1 and at most half of the times. All shifts
        from it to (times - it) are equally likely.

    Returns
    -------
    FloatArray
        The shifted copy, (condition|trial, time, unit).

    Raises
    ------
    InputError
        If the rates are not finite or shorter than 2 times, or there is no such shift.
    """
    checked = check_rates("rates", rates, least_times=2)
    kind = check_choice("apart", apart, APART)
    n_samples, n_times, n_units = checked.shape
    least = check_integer("least_shift", least_shift)
    if 2 * least > n_times:
        raise InputError("least_shift", f"at most half of the {n_times} times", f"{least_shift}")
    shape = {"samples": (n_samples, 1, 1), "units": (1, 1, n_units)}.get(kind, (n_samples, 1, n_units))
    shifts = stream(rng, "circular shift").integers(least, n_times - least, size=shape, endpoint=True)
    source = (np.arange(n_times)[:, None] - shifts) % n_times
    shifted: FloatArray = np.take_along_axis(checked, source, axis=1)
    return shifted
