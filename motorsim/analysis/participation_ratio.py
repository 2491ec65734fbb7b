"""Participation ratio: how many dimensions the variance of rates spreads over."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from motorsim.analysis.samples import check_rates, check_varies

if TYPE_CHECKING:
    from motorsim.types import FloatArray


def participation_ratio(rates: FloatArray) -> float:
    """Return (sum of eigenvalues)^2 / (sum of squared eigenvalues) of the covariance between units.

    1 if all variance lies in one dimension, the number of units if it is spread evenly (Gao et al. 2017,
    bioRxiv 214262).

    Parameters
    ----------
    rates
        (condition, time, unit), any unit; each unit is centred over conditions and times.

    Raises
    ------
    InputError
        If the rates are not finite or no unit varies.
    """
    checked = check_rates("rates", rates)
    samples = checked.reshape(-1, checked.shape[2])
    check_varies("rates", samples)
    centred = samples - samples.mean(axis=0)
    n_samples, n_units = centred.shape
    gram = centred.T @ centred if n_units <= n_samples else centred @ centred.T
    return float(np.trace(gram) ** 2 / np.sum(gram**2))
