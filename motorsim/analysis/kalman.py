"""Kalman filter decoding of movement from rates (Wu et al. 2006, Neural Comput. 18:80)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import linalg

from motorsim.analysis.samples import check_rates
from motorsim.checks import InputError, check_array

if TYPE_CHECKING:
    from motorsim.types import FloatArray


@dataclass(frozen=True, eq=False)
class KalmanEstimate:
    """Decoded states.

    Attributes
    ----------
    states
        Mean given the rates up to each time, (trial, time, state), in the units of the states fitted.
    covariance
        Covariance of the error, (time, state, state), the same for all trials.
    """

    states: FloatArray
    covariance: FloatArray


@dataclass(frozen=True, eq=False)
class Kalman:
    """A linear-Gaussian model of movement and rates, both as deviations from their means.

    x(t + 1) = A x(t) + w, w of covariance W; z(t) = H x(t) + q, q of covariance Q; x(0) has a mean and a
    covariance of its own (Wu et al. 2006).

    Attributes
    ----------
    transition, transition_covariance
        A and W, (state, state).
    observation
        H, (unit, state).
    observation_covariance
        Q, (unit, unit).
    initial_state, initial_covariance
        Of x(0), (state,) and (state, state).
    mean_state, mean_rate
        Means over training trials and times, (state,) and (unit,).
    """

    transition: FloatArray
    transition_covariance: FloatArray
    observation: FloatArray
    observation_covariance: FloatArray
    initial_state: FloatArray
    initial_covariance: FloatArray
    mean_state: FloatArray
    mean_rate: FloatArray

    def predict(self, rates: Any) -> KalmanEstimate:
        """Filter rates (trial, time, unit): each state from the rates up to its time.

        Raises
        ------
        InputError
            If the rates are not finite or have other units.
        """
        checked = check_rates("rates", rates, least_times=1, n_units=len(self.mean_rate))
        deviation = checked - self.mean_rate
        # Q is inverted once: the gain P H' (H P H' + Q)^-1 equals (1 + P H' Q^-1 H)^-1 P H' Q^-1.
        weight = linalg.cho_solve(linalg.cho_factor(self.observation_covariance), self.observation).T
        precision = weight @ self.observation
        n_trials, n_times, _ = checked.shape
        n_states = len(self.mean_state)
        states, covariances = np.empty((n_trials, n_times, n_states)), np.empty((n_times, n_states, n_states))
        prior, covariance = np.tile(self.initial_state, (n_trials, 1)), self.initial_covariance
        for time in range(n_times):
            posterior = np.linalg.solve(np.eye(n_states) + covariance @ precision, covariance)
            covariance = 0.5 * (posterior + posterior.T)
            innovation = deviation[:, time] - prior @ self.observation.T
            states[:, time] = prior + innovation @ (covariance @ weight).T
            covariances[time] = covariance
            prior = states[:, time] @ self.transition.T
            covariance = self.transition @ covariance @ self.transition.T + self.transition_covariance
        return KalmanEstimate(states + self.mean_state, covariances)


def fit_kalman(rates: Any, states: Any) -> Kalman:
    """Fit all matrices by least squares; covariances divide by the number of samples (Wu et al. 2006).

    Parameters
    ----------
    rates
        (trial, time, unit), at least 2 trials and 2 times. For rates that lead the movement, shift one
        against the other first.
    states
        Hand position, velocity, acceleration, say, (trial, time, state), at the same times.

    Returns
    -------
    Kalman
        The model, with ``predict``.

    Raises
    ------
    InputError
        If shapes do not fit, a value is not finite, states do not vary independently, or the rates leave no
        noise in some direction (constant units, or more units than samples).
    """
    z = check_rates("rates", rates, least_conditions=2, least_times=2)
    x = check_array("states", states, ("trial", "time", "state"), shape=(*z.shape[:2], None))
    if x.shape[2] == 0:
        raise InputError("states", "at least 1 state", "0")
    mean_state, mean_rate = x.mean(axis=(0, 1)), z.mean(axis=(0, 1))
    x, z = x - mean_state, z - mean_rate
    n_states = x.shape[2]
    before, after = x[:, :-1].reshape(-1, n_states), x[:, 1:].reshape(-1, n_states)
    if np.linalg.matrix_rank(before, tol=1e-9 * np.linalg.norm(before)) < n_states:
        mend = "leave out states that are constant or sums of others"
        raise InputError("states", f"{n_states} states that vary independently", "fewer", mend)
    flat_x, flat_z = x.reshape(-1, n_states), z.reshape(-1, z.shape[2])
    transition = np.linalg.lstsq(before, after, rcond=None)[0].T
    observation = np.linalg.lstsq(flat_x, flat_z, rcond=None)[0].T
    step_noise, rate_noise = after - before @ transition.T, flat_z - flat_x @ observation.T
    first = x[:, 0]
    return Kalman(
        transition=transition,
        transition_covariance=step_noise.T @ step_noise / len(step_noise),
        observation=observation,
        observation_covariance=_noise_covariance(rate_noise),
        initial_state=first.mean(axis=0),
        initial_covariance=(first - first.mean(axis=0)).T @ (first - first.mean(axis=0)) / len(first),
        mean_state=mean_state,
        mean_rate=mean_rate,
    )


def _noise_covariance(noise: FloatArray) -> FloatArray:
    covariance: FloatArray = noise.T @ noise / len(noise)
    silent = np.diag(covariance) <= 1e-20 * max(float(np.diag(covariance).max()), np.finfo(float).tiny)
    if silent.any():
        named = ", ".join(str(unit) for unit in np.flatnonzero(silent)[:8])
        raise InputError("rates", "noise in every unit", f"none in units {named}", "leave these units out")
    spread = np.sqrt(np.diag(covariance))
    if np.linalg.eigvalsh(covariance / np.outer(spread, spread))[0] < 1e-12:
        got = f"{noise.shape[1]} units in {len(noise)} samples whose noise is not of full rank"
        raise InputError("rates", "noise in every direction", got, "use fewer units or their components")
    return covariance
