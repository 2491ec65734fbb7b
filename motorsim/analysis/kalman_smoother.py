"""Kalman filter and Rauch-Tung-Striebel smoother of a linear-Gaussian model, all trials at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from motorsim.analysis.samples import check_rates
from motorsim.checks import InputError, check_array

if TYPE_CHECKING:
    from typing import Any

    from motorsim.types import FloatArray


@dataclass(frozen=True, eq=False)
class SmoothedStates:
    """States given all observations of their trial.

    Covariances depend on the model and the number of times alone, so all trials share them.

    Attributes
    ----------
    means
        (trial, time, state).
    covariances
        Of the error at each time, (time, state, state).
    lagged_covariances
        Between the errors at times t + 1 and t, (time - 1, state, state).
    log_likelihood
        Of all observations, natural logarithm, summed over trials.
    """

    means: FloatArray
    covariances: FloatArray
    lagged_covariances: FloatArray
    log_likelihood: float


class _Filtered(NamedTuple):
    predicted_means: FloatArray
    predicted_covariances: FloatArray
    means: FloatArray
    covariances: FloatArray
    log_likelihood: float


@dataclass(frozen=True, eq=False)
class LinearGaussian:
    """A linear-Gaussian model: z(t + 1) = F z(t) + w, w ~ N(0, W); y(t) = H z(t) + v, v ~ N(0, R).

    Parameters
    ----------
    transition, transition_covariance
        F and W, (state, state); W positive semidefinite.
    observation
        H, (unit, state).
    observation_covariance
        R, (unit, unit), positive definite.
    initial_mean, initial_covariance
        Of z at the first time, before it is observed, (state,) and (state, state).

    Raises
    ------
    InputError
        If shapes do not fit, a value is not finite, or a covariance is not symmetric and positive
        (semi)definite.
    """

    transition: FloatArray
    transition_covariance: FloatArray
    observation: FloatArray
    observation_covariance: FloatArray
    initial_mean: FloatArray
    initial_covariance: FloatArray

    def __post_init__(self) -> None:
        """Check the arrays against each other."""
        observation = check_array("observation", self.observation, ("unit", "state"))
        n_units, n_states = observation.shape
        transition = check_array("transition", self.transition, shape=(n_states, n_states))
        object.__setattr__(self, "observation", observation)
        object.__setattr__(self, "transition", transition)
        for name in ("transition_covariance", "initial_covariance"):
            object.__setattr__(self, name, _check_covariance(name, getattr(self, name), n_states))
        noise = _check_covariance("observation_covariance", self.observation_covariance, n_units)
        if np.linalg.eigvalsh(noise)[0] <= 0:
            mend = "give every direction some noise"
            raise InputError("observation_covariance", "a positive definite matrix", "a singular one", mend)
        object.__setattr__(self, "observation_covariance", noise)
        mean = check_array("initial_mean", self.initial_mean, ("state",), shape=(n_states,))
        object.__setattr__(self, "initial_mean", mean)

    def smooth(self, observations: Any) -> SmoothedStates:
        """Return the states given all observations (trial, time, unit).

        Rauch, Tung & Striebel (1965); lagged covariances by Shumway & Stoffer (1982).

        Raises
        ------
        InputError
            If the observations are not finite or have other units.
        """
        y = check_rates("observations", observations, n_units=len(self.observation))
        filtered = self._filter(y)
        n_times, n_states = y.shape[1], len(self.transition)
        means, covariances = filtered.means.copy(), filtered.covariances.copy()
        lagged = np.empty((n_times - 1, n_states, n_states))
        for time in range(n_times - 2, -1, -1):
            ahead = filtered.predicted_covariances[time + 1]
            # A pseudo-inverse, as states without noise leave the prediction without variance there.
            gain = filtered.covariances[time] @ self.transition.T @ np.linalg.pinv(ahead, hermitian=True)
            means[:, time] += (means[:, time + 1] - filtered.predicted_means[:, time + 1]) @ gain.T
            covariances[time] += gain @ (covariances[time + 1] - ahead) @ gain.T
            lagged[time] = covariances[time + 1] @ gain.T
        return SmoothedStates(means, covariances, lagged, filtered.log_likelihood)

    def _filter(self, y: FloatArray) -> _Filtered:
        n_trials, n_times = y.shape[:2]
        n_states = len(self.transition)
        predicted_means, means = np.empty((2, n_trials, n_times, n_states))
        predicted_covariances, covariances = np.empty((2, n_times, n_states, n_states))
        mean, covariance = np.tile(self.initial_mean, (n_trials, 1)), self.initial_covariance
        log_likelihood = -0.5 * y.size * np.log(2 * np.pi)
        for time in range(n_times):
            predicted_means[:, time], predicted_covariances[time] = mean, covariance
            innovation = y[:, time] - mean @ self.observation.T
            spread = self.observation @ covariance @ self.observation.T + self.observation_covariance
            factor = np.linalg.cholesky(spread)
            whitened = np.linalg.solve(factor, innovation.T)
            log_likelihood -= n_trials * np.sum(np.log(np.diag(factor))) + 0.5 * np.sum(whitened**2)
            gain = np.linalg.solve(spread, self.observation @ covariance).T
            mean = mean + innovation @ gain.T
            kept = np.eye(n_states) - gain @ self.observation
            # Joseph's form stays symmetric and positive semidefinite.
            covariance = kept @ covariance @ kept.T + gain @ self.observation_covariance @ gain.T
            means[:, time], covariances[time] = mean, covariance
            mean = mean @ self.transition.T
            covariance = self.transition @ covariance @ self.transition.T + self.transition_covariance
        return _Filtered(predicted_means, predicted_covariances, means, covariances, float(log_likelihood))


def _check_covariance(name: str, value: Any, size: int) -> FloatArray:
    covariance = check_array(name, value, shape=(size, size))
    scale = np.abs(covariance).max(initial=0.0)
    if not np.allclose(covariance, covariance.T, rtol=0.0, atol=1e-10 * scale):
        raise InputError(name, "a symmetric matrix", "one that is not")
    if np.linalg.eigvalsh(covariance)[0] < -1e-10 * scale:
        raise InputError(name, "a positive semidefinite matrix", "one with a negative eigenvalue")
    return covariance
