"""A linear system whose input walks at random, as one linear-Gaussian model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from motorsim.analysis.kalman_smoother import LinearGaussian
from motorsim.checks import InputError, check_positive

if TYPE_CHECKING:
    from motorsim.analysis.kalman_smoother import SmoothedStates
    from motorsim.types import FloatArray

SMOOTHNESS = {"random walk": 1, "integrated random walk": 2}
# Prior variance of states and inputs at the first time, in mean squares of the rates: next to no knowledge.
_VAGUE = 10.0


@dataclass(frozen=True)
class NoiseLevels:
    """Variances of x(t + 1) = A x(t) + u(t) + w, y(t) = C x(t) + v, the same in all directions.

    Parameters
    ----------
    state
        Of w, in squared units of the states.
    observation
        Of v, in squared units of the rates.
    input_change
        Of the change of u from one time to the next (random walk), or of the change of that change
        (integrated random walk), in squared units of the states.

    Raises
    ------
    InputError
        If ``state`` is negative or another is not positive.
    """

    state: float
    observation: float
    input_change: float

    def __post_init__(self) -> None:
        """Check the variances."""
        check_positive("state", self.state, allow_zero=True)
        check_positive("observation", self.observation)
        check_positive("input_change", self.input_change)


@dataclass(frozen=True, eq=False)
class InputModel:
    """The state, the input and, for order 2, the input's change, as one linear-Gaussian state.

    Attributes
    ----------
    matrix
        A, (state, state).
    observation
        C, (unit, state).
    order
        1 for an input that walks at random, 2 for one whose change does.
    mean_square
        Of the rates: the scale of what is vague and of where the levels start.
    """

    matrix: FloatArray
    observation: FloatArray
    order: int
    mean_square: float

    @property
    def transition(self) -> FloatArray:
        """The map of state, input and its change to the next."""
        n = len(self.matrix)
        transition = np.eye((1 + self.order) * n) + np.eye((1 + self.order) * n, k=n)
        transition[:n, :n] = self.matrix
        return transition

    @property
    def padded_observation(self) -> FloatArray:
        """What the rates show of all three, (unit, state)."""
        return np.pad(self.observation, ((0, 0), (0, self.order * len(self.matrix))))

    def check_observable(self) -> None:
        """Raise `InputError` if the rates leave part of the state or the input undetermined."""
        transition, rows = self.transition, [self.padded_observation]
        for _ in range(len(transition) - 1):
            following = rows[-1] @ transition
            rows.append(following / max(np.abs(following).max(), np.finfo(float).tiny))
        rank = int(np.linalg.matrix_rank(np.concatenate(rows)))
        if rank < len(transition):
            got = f"{rank} of the {len(transition)} dimensions of states and inputs seen"
            mend = "give at least as many units as states, and an observation that sees all states"
            raise InputError("observation", "rates that determine the input", got, mend)

    def starting_levels(self) -> NoiseLevels:
        """Return the levels at which the search for the most likely ones starts."""
        share = 1e-2 * self.mean_square
        return NoiseLevels(share, share, share / 10**self.order)

    def at(self, levels: NoiseLevels) -> LinearGaussian:
        """Return the model with these noise levels."""
        n, size = len(self.matrix), (1 + self.order) * len(self.matrix)
        variances = np.zeros(size)
        variances[:n], variances[-n:] = levels.state, levels.input_change
        # Of the states' scale: that of the rates divided by that of the observation matrix.
        gain = np.linalg.norm(self.observation, 2) ** 2
        return LinearGaussian(
            transition=self.transition,
            transition_covariance=np.diag(variances),
            observation=self.padded_observation,
            observation_covariance=levels.observation * np.eye(len(self.observation)),
            initial_mean=np.zeros(size),
            initial_covariance=_VAGUE * self.mean_square * len(self.observation) / gain * np.eye(size),
        )

    def gradient(self, levels: NoiseLevels, smoothed: SmoothedStates, y: FloatArray) -> FloatArray:
        """Return d log likelihood / d log level: of state, observation and input change, (3,).

        By Fisher's identity it is the gradient of the expected log likelihood of states and rates together,
        n / 2 (mean expected square / level - 1) for n squares.
        """
        n, transition, seen = len(self.matrix), self.transition, self.padded_observation
        step = smoothed.means[:, 1:] - smoothed.means[:, :-1] @ transition.T
        lagged = smoothed.lagged_covariances @ transition.T
        spread = (
            smoothed.covariances[1:]
            - lagged
            - lagged.transpose(0, 2, 1)
            + transition @ smoothed.covariances[:-1] @ transition.T
        )
        squares = np.mean(step**2, axis=(0, 1)) + np.mean(np.diagonal(spread, axis1=1, axis2=2), axis=0)
        missed = y - smoothed.means @ seen.T
        doubt = np.diagonal(seen @ smoothed.covariances @ seen.T, axis1=1, axis2=2)
        n_steps = n * len(y) * (y.shape[1] - 1)
        return 0.5 * np.array(
            [
                n_steps * (squares[:n].mean() / levels.state - 1),
                y.size * ((np.mean(missed**2) + doubt.mean()) / levels.observation - 1),
                n_steps * (squares[-n:].mean() / levels.input_change - 1),
            ]
        )
