"""Trajectory tangling: does the same state ever go different ways (Russo et al. 2018, Neuron 97:953)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from motorsim.analysis.samples import check_rates, check_varies
from motorsim.checks import check_positive

if TYPE_CHECKING:
    from motorsim.types import FloatArray

_EPSILON_SHARE = 0.1
_BLOCK = 512


@dataclass(frozen=True, eq=False)
class Tangling:
    """How much the flow differs between states that lie close together.

    Attributes
    ----------
    values_per_s2
        Q of every condition and time, (condition, time - 2): the first and last time have no derivative.
    epsilon
        The constant, in the squared unit of the states.
    """

    values_per_s2: FloatArray
    epsilon: float

    def percentile(self, percent: float = 90.0) -> float:
        """Return a percentile over conditions and times, per s^2."""
        return float(np.percentile(self.values_per_s2, percent))


def tangling(states: Any, *, dt_s: float) -> Tangling:
    """Return Q(t) = max over t' of |x'(t) - x'(t')|^2 / (|x(t) - x(t')|^2 + epsilon).

    The maximum is over all conditions and times. Epsilon is 0.1 times the mean squared state, states being
    centred over conditions and times. Derivatives are central differences: a pure rotation by w rad/s in a
    circle has Q = (sin(w dt) / dt)^2 4 / 4.1 throughout.

    Parameters
    ----------
    states
        (condition, time, unit): rates, muscle activities, or a few of their principal components (8 in the
        paper), normalised as they are to count.
    dt_s
        Time between samples.

    Returns
    -------
    Tangling
        Q; smaller is smoother.

    Raises
    ------
    InputError
        If states are not finite, do not vary, or there are fewer than 3 times.
    """
    checked = check_rates("states", states, least_times=3)
    dt_s = check_positive("dt_s", dt_s)
    n_conditions, n_times, n_units = checked.shape
    check_varies("states", checked.reshape(-1, n_units))
    centred = checked - checked.mean(axis=(0, 1))
    epsilon = _EPSILON_SHARE * float(np.mean(np.sum(centred**2, axis=2)))
    flow = ((centred[:, 2:] - centred[:, :-2]) / (2 * dt_s)).reshape(-1, n_units)
    inner = centred[:, 1:-1].reshape(-1, n_units)
    worst = np.concatenate(
        [
            (
                _distances(flow[start : start + _BLOCK], flow)
                / (_distances(inner[start : start + _BLOCK], inner) + epsilon)
            ).max(axis=1)
            for start in range(0, len(inner), _BLOCK)
        ]
    )
    return Tangling(worst.reshape(n_conditions, n_times - 2), epsilon)


def _distances(some: FloatArray, all_of_them: FloatArray) -> FloatArray:
    """Return squared distances, (sample of some, sample of all)."""
    squares: FloatArray = (
        np.sum(some**2, axis=1)[:, None] + np.sum(all_of_them**2, axis=1) - 2 * some @ all_of_them.T
    )
    return np.maximum(squares, 0.0)
