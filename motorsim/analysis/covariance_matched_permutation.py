"""Covariance-matched permutation: units swap conditions, each its own way, and keep their covariance."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy import linalg

from motorsim.analysis.samples import RANK_TOLERANCE, check_rates, check_remains
from motorsim.checks import InputError
from motorsim.streams import stream

if TYPE_CHECKING:
    from motorsim.streams import Seed
    from motorsim.types import FloatArray

# Largest error of the covariance, as a share of its norm, at which it counts as matched.
_MATCH_TOLERANCE = 1e-6


def covariance_matched_permutation(rates: FloatArray, *, rng: Seed) -> FloatArray:
    """Permute the conditions of each unit by itself, then give the units back their covariance.

    The null of Michaels, Dann & Scherberger (2016, PLoS Comput. Biol. 12:e1005175): responses of single units
    and correlations between units as in the data, but which responses of different units go with one
    condition is left to chance. The mean over conditions at each time stays as it is. The permuted rest is
    matched by the linear map of units that changes it least, in the least-squares sense: with P and C its
    covariance and that of the data, T = P^-1/2 (P^1/2 C P^1/2)^1/2 P^-1/2. Covariances are sums over
    conditions and times of the rest; as T mixes units, the time course of each is no longer exactly one of
    its own.

    Parameters
    ----------
    rates
        (condition, time, unit), at least 2 conditions; normalised as they are to count.
    rng
        Seed or generator.

    Returns
    -------
    FloatArray
        A surrogate, (condition, time, unit).

    Raises
    ------
    InputError
        If rates are not finite or do not differ between conditions, or the permuted rates do not span the
        directions of the data, as where units outnumber conditions x times.
    """
    checked = check_rates("rates", rates, least_conditions=2)
    mean = checked.mean(axis=0)
    tuned = checked - mean
    check_remains("rates", tuned, mean, "rates that differ between conditions")
    n_conditions, n_units = len(checked), checked.shape[2]
    generator = stream(rng, "covariance-matched permutation")
    order = generator.permuted(np.tile(np.arange(n_conditions)[:, None], n_units), axis=0)
    permuted = np.take_along_axis(tuned, order[:, None], axis=0).reshape(-1, n_units)
    flat = tuned.reshape(-1, n_units)
    matched = permuted @ _least_change(permuted.T @ permuted, flat.T @ flat)
    surrogate: FloatArray = matched.reshape(checked.shape) + mean
    return surrogate


def _least_change(given: FloatArray, wanted: FloatArray) -> FloatArray:
    """Return the symmetric map T, (unit, unit), with T given T = wanted that moves the samples least."""
    values, vectors = linalg.eigh(given)
    kept = values > RANK_TOLERANCE * values[-1]
    roots = np.sqrt(values[kept])
    axes = vectors[:, kept]
    middle = roots[:, None] * (axes.T @ wanted @ axes) * roots
    middle_values, middle_vectors = linalg.eigh(middle)
    root = (middle_vectors * np.sqrt(np.maximum(middle_values, 0.0))) @ middle_vectors.T
    change: FloatArray = axes @ (root / roots[:, None] / roots) @ axes.T
    error = np.linalg.norm(change @ given @ change - wanted)
    if error > _MATCH_TOLERANCE * np.linalg.norm(wanted):
        mend = "reduce the units by PCA, or give more conditions or times"
        got = f"{len(roots)} of {len(given)} directions spanned"
        raise InputError("rates", "permuted rates that span the directions of the data", got, mend)
    return change
