"""Torque readout: a linear map from rates to joint torques, silent while the reach is prepared."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.linalg import solve

from motorsim.checks import InputError, check_array, check_positive

if TYPE_CHECKING:
    from motorsim.types import FloatArray


@dataclass(frozen=True, eq=False)
class TorqueReadout:
    """Torques as a weighted sum of rate changes.

    ``weights`` (2, unit), in N m a Hz; ``n_null`` is the number of preparatory dimensions that it is blind
    to; ``r2`` is the fraction of the torque (uncentred) that it explains in the movements it was fitted on.
    """

    weights: FloatArray
    n_null: int
    r2: float

    def torque_nm(self, rate_change_hz: FloatArray) -> FloatArray:
        """Return shoulder and elbow torque, (..., 2), for rates relative to baseline, (..., unit)."""
        torque: FloatArray = rate_change_hz @ self.weights.T
        return torque


def fit_torque_readout(
    rate_change_hz: FloatArray,
    torque_nm: FloatArray,
    preparation_hz: FloatArray,
    *,
    dt_s: float,
    ridge: float = 1e-5,
    impulse_time_s: float = 0.1,
    null_tolerance: float = 1e-4,
) -> TorqueReadout:
    """Regress torques on rates, with the readout null on preparation and the torque's impulses matched.

    An error of torque moves the hand through its first and second integrals, so the regression asks for
    three things at once: C r = torque, and the same for both running integrals, weighted by 1 / T and
    1 / T^2. All are linear in C, so the solution stays closed-form ridge regression. The columns are first
    projected off the principal axes of the preparatory activity (output-null preparation, Kaufman et al.
    2014, Nature Neuroscience).

    Parameters
    ----------
    rate_change_hz
        Rates relative to baseline from the go cue on, (condition, time, unit).
    torque_nm
        Desired torques on the same grid, (condition, time, 2).
    preparation_hz
        Rates relative to baseline in preparation, (sample, unit), which must give no torque.
    dt_s
        Time between samples.
    ridge
        Penalty relative to the mean eigenvalue of the regressors' second moments.
    impulse_time_s
        T above: the time scale on which a torque error turns into a hand error.
    null_tolerance
        Preparatory axes are removed until the singular values fall below this fraction of the first.

    Raises
    ------
    InputError
        If shapes disagree, or preparation leaves no dimension for the readout.
    """
    rates = check_array(
        "rate_change_hz", rate_change_hz, ("condition", "time", "unit"), minimum_sizes=(1, 2, 1)
    )
    n_conditions, n_times, n_units = rates.shape
    torque = check_array(
        "torque_nm", torque_nm, ("condition", "time", "joint"), shape=(n_conditions, n_times, 2)
    )
    preparation = check_array("preparation_hz", preparation_hz, ("sample", "unit"), shape=(None, n_units))
    check_positive("ridge", ridge)
    _, sizes, axes = np.linalg.svd(preparation, full_matrices=False)
    null = axes[sizes > check_positive("null_tolerance", null_tolerance) * sizes[0]]
    if len(null) >= n_units:
        mend = "take a larger circuit, fewer modes or harmonics, or raise null_tolerance"
        raise InputError("preparation_hz", f"fewer than {n_units} dimensions", f"{len(null)}", mend)
    potent = rates - (rates @ null.T) @ null
    weight = dt_s / check_positive("impulse_time_s", impulse_time_s)
    regressors = _with_integrals(potent, weight)
    targets = _with_integrals(torque, weight)
    gram = regressors.T @ regressors
    penalty = ridge * np.trace(gram) / n_units
    weights = solve(gram + penalty * np.eye(n_units), regressors.T @ targets, assume_a="pos").T
    weights -= (weights @ null.T) @ null
    residual = torque - rates @ weights.T
    return TorqueReadout(weights, len(null), float(1.0 - (residual**2).sum() / (torque**2).sum()))


def _with_integrals(signal: FloatArray, weight: float) -> FloatArray:
    """Stack a signal (condition, time, k) with its two weighted running integrals, (3 condition time, k)."""
    once = np.cumsum(signal, axis=1) * weight
    twice = np.cumsum(once, axis=1) * weight
    stacked: FloatArray = np.concatenate([signal, once, twice]).reshape(-1, signal.shape[2])
    return stacked
