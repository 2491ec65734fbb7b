"""Inferred inputs: what must come in from outside, given the recurrence, for the states to go as they do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from motorsim.analysis.input_model import SMOOTHNESS, InputModel, NoiseLevels
from motorsim.analysis.samples import check_rates, check_varies
from motorsim.checks import InputError, check_array, check_choice, check_integer

if TYPE_CHECKING:
    from motorsim.types import FloatArray

# Least and greatest noise level, in mean squares of the rates.
_LEVEL_RANGE = (1e-6, 1e3)


@dataclass(frozen=True, eq=False)
class InferredInputs:
    """Inputs and states given the rates of the whole trial.

    Attributes
    ----------
    inputs
        u(t), what is added on the way from time t to t + 1, (trial, time - 1, state), in units of the states
        a step.
    inputs_sd
        Its posterior standard deviation, (time - 1, state), the same for all trials.
    states
        x(t), (trial, time, state).
    states_sd
        (time, state).
    noise
        The levels used.
    log_likelihood
        Of the rates, at those levels.
    converged
        Whether the search for the levels ended at a maximum; True where they were given.
    """

    inputs: FloatArray
    inputs_sd: FloatArray
    states: FloatArray
    states_sd: FloatArray
    noise: NoiseLevels
    log_likelihood: float
    converged: bool


def inferred_inputs(
    rates: FloatArray,
    matrix: FloatArray,
    *,
    observation: FloatArray | None = None,
    smoothness: str = "random walk",
    noise: NoiseLevels | None = None,
    n_iterations: int = 100,
) -> InferredInputs:
    """Smooth x(t + 1) = A x(t) + u(t) + w with an input u that changes slowly, y(t) = C x(t) + v.

    A Kalman smoother over (x, u), for an integrated random walk over (x, u, change of u), with vague priors.
    Noise levels that are not given are the most likely ones, each from 1e-6 to 1e3 mean squared rates: the
    smoother's expectations give the gradient too, and L-BFGS needs tens of passes where expectation
    maximisation needs thousands. What the recurrence A does not explain goes to the input where it lasts, to
    the noise where it does not: a wrong A gives a wrong input, and rates alone cannot tell the two apart. A
    must come from elsewhere, say from `residual_dynamics` of trials with the same input.

    Parameters
    ----------
    rates
        y, (condition|trial, time, unit), at least 4 times. A constant baseline in them counts as state.
    matrix
        A, (state, state), for states as columns.
    observation
        C, (unit, state); identity if not given.
    smoothness
        ``"random walk"`` or ``"integrated random walk"``: the input, or its rate of change, walks at random.
    noise
        Levels; found if not given.
    n_iterations
        Iterations of the search at most.

    Returns
    -------
    InferredInputs
        Inputs and states with their uncertainty.

    Raises
    ------
    InputError
        If rates are not finite (units named), do not vary or have fewer than 4 times; shapes do not fit; or
        the rates do not determine the input (fewer units than states, say).
    """
    y = check_rates("rates", rates, least_times=4)
    check_varies("rates", y.reshape(-1, y.shape[2]))
    iterations = check_integer("n_iterations", n_iterations)
    order = SMOOTHNESS[check_choice("smoothness", smoothness, SMOOTHNESS)]
    a, c = _check_model(matrix, observation, y.shape[2])
    n_states = len(a)
    augmented = InputModel(a, c, order, float(np.mean(y**2)))
    augmented.check_observable()
    levels, converged = (noise, True) if noise is not None else _most_likely(augmented, y, iterations)
    smoothed = augmented.at(levels).smooth(y)
    spread = np.sqrt(np.maximum(np.diagonal(smoothed.covariances, axis1=1, axis2=2), 0.0))
    of_input = slice(n_states, 2 * n_states)
    return InferredInputs(
        inputs=smoothed.means[:, :-1, of_input],
        inputs_sd=spread[:-1, of_input],
        states=smoothed.means[:, :, :n_states],
        states_sd=spread[:, :n_states],
        noise=levels,
        log_likelihood=smoothed.log_likelihood,
        converged=converged,
    )


def _most_likely(model: InputModel, y: FloatArray, n_iterations: int) -> tuple[NoiseLevels, bool]:
    from scipy.optimize import minimize  # noqa: PLC0415 - keeps the import of this module quick

    def loss(logs: FloatArray) -> tuple[float, FloatArray]:
        levels = NoiseLevels(*np.exp(logs))
        smoothed = model.at(levels).smooth(y)
        return -smoothed.log_likelihood / y.size, -model.gradient(levels, smoothed, y) / y.size

    start = model.starting_levels()
    bounds = [tuple(np.log(np.multiply(_LEVEL_RANGE, model.mean_square)))] * 3
    found = minimize(
        loss,
        np.log([start.state, start.observation, start.input_change]),
        jac=True,
        method="L-BFGS-B",
        bounds=bounds,
        options={"maxiter": n_iterations, "ftol": 1e-10, "gtol": 1e-6},
    )
    return NoiseLevels(*(float(level) for level in np.exp(found.x))), bool(found.success)


def _check_model(matrix: Any, observation: Any, n_units: int) -> tuple[FloatArray, FloatArray]:
    a = check_array("matrix", matrix, ("state", "state"), minimum_sizes=(1, 1))
    if a.shape[0] != a.shape[1]:
        raise InputError("matrix", "a square matrix", f"shape {a.shape}")
    if observation is None:
        if len(a) != n_units:
            mend = "give the observation matrix (unit, state)"
            raise InputError("matrix", f"{n_units} states, one a unit", f"{len(a)}", mend)
        return a, np.eye(n_units)
    return a, check_array("observation", observation, ("unit", "state"), shape=(n_units, len(a)))
