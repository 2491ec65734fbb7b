"""Temporal basis: functions of time shared by all conditions (Sabatini & Kaufman 2024)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import linalg

from motorsim.analysis.eigenvalues import frequencies_hz, ordered_eigenvalues, time_constants_s
from motorsim.analysis.pca import principal_axes
from motorsim.analysis.samples import RANK_TOLERANCE, check_rates, check_varies
from motorsim.checks import InputError, check_integer, check_positive

if TYPE_CHECKING:
    from motorsim.types import FloatArray


@dataclass(frozen=True, eq=False)
class TemporalBasis:
    """Temporal functions shared by all conditions and the linear dynamics nearest to them.

    Attributes
    ----------
    functions
        Orthonormal, (time, function), by falling variance.
    variance_ratio
        Share of the sum of squares of the rates (not centred: offsets count) in each, (function,).
    frequencies_hz, time_constants_s
        Of the eigenvalues of the linear map from one time to the next, (function,); pairs share a frequency,
        an offset shows as frequency 0 and a long time constant.
    r2
        Share of the squared functions at each next time that the map predicts.
    """

    functions: FloatArray
    variance_ratio: FloatArray
    frequencies_hz: FloatArray
    time_constants_s: FloatArray
    r2: float


def temporal_basis(rates: FloatArray, n_functions: int, *, dt_s: float) -> TemporalBasis:
    """Find temporal functions shared by all conditions, and the frequencies at which they turn.

    The leading right singular vectors of rates laid out as (condition x unit, time), and the eigenvalues of
    the least-squares linear map from their values at one time to those at the next (the paper's temporal
    basis factorisation). The map knows one trajectory alone: more functions than the data support fit noise.

    Parameters
    ----------
    rates
        (condition, time, unit).
    n_functions
        Functions kept, fewer than the times, no more than the rank of the rates.
    dt_s
        Time between samples.

    Returns
    -------
    TemporalBasis
        Functions, frequencies and time constants.

    Raises
    ------
    InputError
        For rates that are not finite or do not vary, ``dt_s`` <= 0, or more functions than the rank or than
        leave a step.
    """
    dt = check_positive("dt_s", dt_s)
    wanted = check_integer("n_functions", n_functions)
    checked = check_rates("rates", rates, least_times=3)
    n_times = checked.shape[1]
    check_varies("rates", checked.reshape(-1, checked.shape[2]))
    if wanted >= n_times:
        raise InputError("n_functions", f"fewer than the {n_times} times", f"{wanted}")
    series = checked.transpose(0, 2, 1).reshape(-1, n_times)
    singular = linalg.svdvals(series)
    if wanted > (rank := int(np.sum(singular**2 > RANK_TOLERANCE * singular[0] ** 2))):
        mend = "ask for fewer functions or give more conditions"
        raise InputError("n_functions", f"at most {rank}, the rank of the rates in time", f"{wanted}", mend)
    axes, ratio = principal_axes(series, wanted)
    functions = axes.T
    before, after = functions[:-1], functions[1:]
    weights = linalg.lstsq(before, after)[0]
    eigenvalues = ordered_eigenvalues(weights.T)
    return TemporalBasis(
        functions=functions,
        variance_ratio=ratio,
        frequencies_hz=frequencies_hz(eigenvalues, dt),
        time_constants_s=time_constants_s(eigenvalues, dt),
        r2=1.0 - float(np.sum((after - before @ weights) ** 2) / np.sum(after**2)),
    )
