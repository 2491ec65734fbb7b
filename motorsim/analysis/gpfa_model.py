"""The model of Gaussian-process factor analysis: likelihood, posterior, prediction of left-out units.

Trials of equal length share one posterior covariance, so one matrix is inverted whatever their number.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import linalg

from motorsim.checks import InputError, check_array, check_positive

if TYPE_CHECKING:
    from motorsim.types import FloatArray

_INNOVATION = 1e-3


@dataclass(frozen=True, eq=False)
class GPFAModel:
    """The parameters of the model.

    Parameters
    ----------
    loadings
        C', (component, unit), in the unit of the rates.
    mean
        d, (unit,).
    private_variance
        (unit,), above 0.
    time_constants_s
        tau of each latent, (component,), above 0.
    dt_s
        Time between samples.

    Raises
    ------
    InputError
        If a size does not fit or a variance or time constant is not positive.
    """

    loadings: FloatArray
    mean: FloatArray
    private_variance: FloatArray
    time_constants_s: FloatArray
    dt_s: float

    def __post_init__(self) -> None:
        """Check sizes and signs."""
        loadings = check_array("loadings", self.loadings, ("component", "unit"), minimum_sizes=(1, 1))
        k, n_units = loadings.shape
        check_array("mean", self.mean, ("unit",), shape=(n_units,))
        for name, size in (("private_variance", n_units), ("time_constants_s", k)):
            if not (check_array(name, getattr(self, name), shape=(size,)) > 0).all():
                raise InputError(name, "numbers above 0", "0 or less")
        check_positive("dt_s", self.dt_s)

    def kernels(self, n_times: int) -> FloatArray:
        """Return the prior covariance over times of each latent, (component, time, time)."""
        return np.stack([kernel(n_times, tau / self.dt_s) for tau in self.time_constants_s])


@dataclass(frozen=True, eq=False)
class GPFAPosterior:
    """Latents given the rates.

    Attributes
    ----------
    means
        (trial, time, component).
    covariance
        The same in all trials, (component, time, component, time).
    log_likelihood
        Of all trials, nats.
    """

    means: FloatArray
    covariance: FloatArray
    log_likelihood: float


def infer(model: GPFAModel, rates: FloatArray) -> GPFAPosterior:
    """Return the exact posterior of the latents for rates (trial, time, unit)."""
    n_trials, n_times, n_units = rates.shape
    k = len(model.loadings)
    weighted = model.loadings / model.private_variance
    prior = model.kernels(n_times)
    factors = [linalg.cho_factor(covariance, lower=True) for covariance in prior]
    precision = np.kron(weighted @ model.loadings.T, np.eye(n_times))
    for latent, factor in enumerate(factors):
        own = slice(latent * n_times, (latent + 1) * n_times)
        precision[own, own] += linalg.cho_solve(factor, np.eye(n_times))
    cholesky = linalg.cho_factor(precision, lower=True)
    covariance = linalg.cho_solve(cholesky, np.eye(k * n_times))
    centred = rates - model.mean
    drive = (centred @ weighted.T).transpose(0, 2, 1).reshape(n_trials, -1)
    means = drive @ covariance
    log_determinants = sum(log_determinant(factor[0]) for factor in [*factors, cholesky])
    per_trial = n_times * (n_units * np.log(2 * np.pi) + np.sum(np.log(model.private_variance)))
    quadratic = np.sum(centred**2 / model.private_variance) - np.sum(drive * means)
    return GPFAPosterior(
        means.reshape(n_trials, k, n_times).transpose(0, 2, 1),
        covariance.reshape(k, n_times, k, n_times),
        float(-0.5 * (n_trials * (per_trial + log_determinants) + quadratic)),
    )


def predict_left_out(model: GPFAModel, rates: FloatArray) -> FloatArray:
    """Return the mean of each unit given all other units of its trial, (trial, time, unit).

    With L the inverse of the covariance of a whole trial, that is y_j - (L_jj)^-1 (L (y - d))_j, so no unit
    needs a posterior of its own.
    """
    n_times = rates.shape[1]
    posterior = infer(model, rates)
    weighted = model.loadings / model.private_variance
    residual = rates - model.mean - posterior.means @ model.loadings
    whitened = (residual / model.private_variance).transpose(2, 1, 0)
    blocks = -np.einsum("au,atbs,bu->uts", weighted, posterior.covariance, weighted, optimize=True)
    diagonal = np.arange(n_times)
    blocks[:, diagonal, diagonal] += 1 / model.private_variance[:, None]
    return rates - np.linalg.solve(blocks, whitened).transpose(2, 1, 0)


def kernel(n_times: int, tau_steps: float) -> FloatArray:
    """Return the prior covariance over times (time, time) for a time constant in samples."""
    steps = np.arange(n_times)
    lags = steps[:, None] - steps
    covariance: FloatArray = (1 - _INNOVATION) * np.exp(-0.5 * (lags / tau_steps) ** 2)
    covariance[steps, steps] += _INNOVATION
    return covariance


def log_determinant(cholesky: FloatArray) -> float:
    """Return the log determinant of the matrix whose Cholesky factor this is."""
    return float(2 * np.sum(np.log(np.diag(cholesky))))
