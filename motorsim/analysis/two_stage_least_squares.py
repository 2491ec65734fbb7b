"""Two-stage least squares of maps that change slowly in time, past samples being the instruments."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy import linalg

if TYPE_CHECKING:
    from motorsim.types import FloatArray


def first_stage(
    fitted: FloatArray, states: FloatArray, n_lags: int
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return what the past predicts of states, the states themselves and the next, (time, trial, component).

    The regression is fitted to ``fitted`` (trial, time, component), and applied to ``states``.
    """
    coefficients = np.linalg.pinv(_past(fitted, n_lags)) @ _from(fitted, n_lags, -1)
    return _past(states, n_lags) @ coefficients, _from(states, n_lags, -1), _from(states, n_lags + 1, None)


def _past(states: FloatArray, n_lags: int) -> FloatArray:
    """Return the ``n_lags`` predecessors of each time but the last, (time, trial, lag x component)."""
    n_times = states.shape[1]
    lagged = [states[:, n_lags - lag : n_times - 1 - lag] for lag in range(1, n_lags + 1)]
    past: FloatArray = np.concatenate(lagged, axis=2).transpose(1, 0, 2)
    return past


def _from(states: FloatArray, start: int, stop: int | None) -> FloatArray:
    return states[:, start:stop].transpose(1, 0, 2)


def second_stage(before: FloatArray, after: FloatArray, strength: float) -> FloatArray:
    """Return A(t), (time, component, component), from regressors and targets (time, trial, component).

    They minimise sum_t |after_t - A_t before_t|^2 + s c sum_t |A_{t+1} - A_t|^2, c being the squares of
    ``before``, summed over trials, a component and time. The normal equations, A_t S_t + s c (2 A_t - A_{t-1}
    - A_{t+1}) = P_t, are banded, with one right side a row of A.
    """
    n_times, _, n = before.shape
    gram, cross = before.transpose(0, 2, 1) @ before, before.transpose(0, 2, 1) @ after
    penalty = strength * float(np.trace(gram, axis1=1, axis2=2).mean()) / n
    neighbours = np.full(n_times, 2.0)
    neighbours[[0, -1]] -= 1.0
    gram += (penalty * neighbours)[:, None, None] * np.eye(n)
    size = n_times * n
    bands = np.zeros((n + 1, size))
    for below in range(n):
        bands[below].reshape(n_times, n)[:, : n - below] = np.diagonal(gram, -below, axis1=1, axis2=2)
    bands[n, : size - n] = -penalty
    solved = linalg.solveh_banded(bands, cross.reshape(size, n), lower=True)
    return np.asarray(solved).reshape(n_times, n, n).transpose(0, 2, 1)
