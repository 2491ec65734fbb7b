"""Residual dynamics: how single trials fall back to their condition's mean (Galgali, Sahani & Mante 2023).

Inputs that all trials of a condition share are in the mean, so what the residuals do is left to recurrence
(Nat. Neurosci. 26:326). Noise of measurement makes least squares take A for too small; past residuals, which
do not hold that noise, stand in for the present ones (two-stage least squares).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import linalg

from motorsim.analysis.eigenvalues import frequencies_hz, ordered_eigenvalues, time_constants_s
from motorsim.analysis.group_folds import group_folds
from motorsim.analysis.non_normality import henrici_departure
from motorsim.analysis.samples import check_rates, check_varies
from motorsim.analysis.trials import number_conditions
from motorsim.analysis.two_stage_least_squares import first_stage, second_stage
from motorsim.checks import InputError, check_array, check_integer, check_positive
from motorsim.streams import stream

if TYPE_CHECKING:
    from collections.abc import Sequence

    from motorsim.analysis.eigenvalues import ComplexArray
    from motorsim.streams import Seed
    from motorsim.types import FloatArray, IntArray

SMOOTHNESS_GRID: tuple[float, ...] = tuple(float(value) for value in np.logspace(-2, 4, 13))


@dataclass(frozen=True, eq=False)
class ResidualDynamics:
    """The maps by which residuals turn into the next, r(t + dt) = A(t) r(t), in the dynamics subspace.

    Attributes
    ----------
    matrices
        A(t), (time - n_lags - 1, component, component), for residuals as columns.
    least_squares_matrices
        The same by least squares without instruments and without smoothing: biased towards zero by noise.
        Shown beside the others, they tell how much.
    first_index
        The sample at which the first of them starts: ``n_lags``, earlier ones lack a past.
    axes
        Orthonormal axes of the subspace, (component, unit).
    singular_values
        Of the lagged covariances of residuals, falling, (unit,): what stands out is dynamics.
    instrument_r2
        Share of the squared residuals in the subspace that their past predicts, (time - n_lags - 1,), in
        sample; where it is near 0 the instruments are weak and A(t) cannot be trusted.
    smoothness
        Strength used.
    cross_validation_r2
        Share of the squared next residuals of left-out trials that is predicted, for each strength tried,
        (strength,); empty if one was given. Measurement noise keeps it far below 1.
    dt_s
        Time between samples.
    """

    matrices: FloatArray
    least_squares_matrices: FloatArray
    first_index: int
    axes: FloatArray
    singular_values: FloatArray
    instrument_r2: FloatArray
    smoothness: float
    cross_validation_r2: FloatArray
    dt_s: float

    @property
    def eigenvalues(self) -> ComplexArray:
        """Return those of each A(t) by falling modulus, (time, component), complex."""
        return np.stack([ordered_eigenvalues(matrix) for matrix in self.matrices])

    @property
    def frequencies_hz(self) -> FloatArray:
        """Return |arg lambda| / (2 pi dt), (time, component); alike within a complex pair."""
        return frequencies_hz(self.eigenvalues, self.dt_s)

    @property
    def time_constants_s(self) -> FloatArray:
        """Return -dt / log |lambda|, (time, component): of decay; negative of growth."""
        return time_constants_s(self.eigenvalues, self.dt_s)

    @property
    def singular_gains(self) -> FloatArray:
        """Return the singular values of each A(t), falling, (time, component).

        Of a normal matrix they are the moduli of the eigenvalues; one above 1 beside eigenvalues below 1 is
        transient, non-normal growth.
        """
        return np.asarray(np.linalg.svd(self.matrices, compute_uv=False), dtype=np.float64)

    @property
    def henrici_departures(self) -> FloatArray:
        """Return the departure of each A(t) from normality, see `henrici_departure`, (time,)."""
        return np.array([henrici_departure(matrix) for matrix in self.matrices])


def residual_dynamics(
    trials: FloatArray,
    conditions: Sequence[Any],
    *,
    dt_s: float,
    n_components: int,
    rng: Seed,
    axes: FloatArray | None = None,
    n_lags: int = 3,
    smoothness: float | Sequence[float] | None = None,
    n_folds: int = 5,
) -> ResidualDynamics:
    """Fit A(t) to residuals of single trials by two-stage least squares.

    1. Residuals: single trials less the mean of their condition at each time.
    2. Subspace: leading left singular vectors of the covariances of residuals with those 1 ... n_lags samples
       before, in which noise that is independent from sample to sample has no part.
    3. First stage: residuals at each time regressed on their ``n_lags`` predecessors.
    4. Second stage: min over A of sum_t |r(t + 1) - A(t) r^(t)|^2 + s c sum_t |A(t + 1) - A(t)|^2, r^ the
       first stage's prediction, s the smoothness and c its squares, summed over trials, a component and time.

    Parameters
    ----------
    trials
        Smoothed over no more than a sample, or the noise is not independent, (trial, time, unit).
    conditions
        Condition of each trial, (trial,); at least 2 trials each. All share one A(t): give those of one
        condition for its own.
    dt_s
        Time between samples.
    n_components
        Dimension of the subspace.
    rng
        Seed or generator of the folds.
    axes
        Orthonormal axes (component, unit) of a subspace that is known, in place of step 2, so that fits to
        several conditions or sessions are in the same axes.
    n_lags
        Predecessors used as instruments. Few suffice; many cost noise.
    smoothness
        Strength; several, or ``None`` for 0.01 ... 10,000, to choose from by cross-validation over trials.
        At 1e6 A is practically the same at all times.
    n_folds
        Folds over trials, both stages fitted to the others.

    Returns
    -------
    ResidualDynamics
        A(t), its eigenvalues and the subspace.

    Raises
    ------
    InputError
        If trials are not finite (units named), do not fit the conditions, repeat their mean exactly or are
        fewer than ``n_lags`` times ``n_components`` more than conditions; fewer than n_lags + 2 times;
        ``dt_s`` <= 0; more components than units or than lagged covariances have rank.
    """
    dt = check_positive("dt_s", dt_s)
    lags, n = check_integer("n_lags", n_lags), check_integer("n_components", n_components)
    checked = check_rates("trials", trials, least_times=lags + 2)
    number = number_conditions("conditions", conditions, len(checked))
    strengths = _check_strengths(smoothness)
    residuals = _residuals(checked, number)
    found, singular = _subspace(residuals, lags, n)
    known = found if axes is None else _check_axes(axes, n, checked.shape[2])
    states = residuals @ known.T
    _check_trials(states, number, lags)
    scores = np.empty(0)
    strength = strengths[0]
    if len(strengths) > 1:
        fold = group_folds(
            None, len(states), n_folds=n_folds, rng=stream(rng, "folds of trials"), labels=number
        )
        scores = _cross_validate(states, fold, lags, strengths)
        strength = strengths[int(np.argmax(scores))]
    predicted, now, following = first_stage(states, states, lags)
    return ResidualDynamics(
        matrices=second_stage(predicted, following, strength),
        least_squares_matrices=second_stage(now, following, 0.0),
        first_index=lags,
        axes=known,
        singular_values=singular,
        instrument_r2=np.sum(predicted**2, axis=(1, 2)) / np.sum(now**2, axis=(1, 2)),
        smoothness=strength,
        cross_validation_r2=scores,
        dt_s=dt,
    )


def _residuals(trials: FloatArray, number: IntArray) -> FloatArray:
    n_trials = np.bincount(number)
    member = (number == np.arange(len(n_trials))[:, None]) / n_trials[:, None]
    residuals: FloatArray = trials - np.tensordot(member, trials, axes=1)[number]
    if np.abs(residuals).max() <= 1e-10 * np.abs(trials).max():
        raise InputError("trials", "trials that differ from each other", "the same in all of a condition")
    return residuals


def _subspace(residuals: FloatArray, n_lags: int, n_components: int) -> tuple[FloatArray, FloatArray]:
    """Return axes (component, unit) and all singular values of the lagged covariances."""
    n_units = residuals.shape[2]
    lagged = [
        residuals[:, lag:].reshape(-1, n_units).T @ residuals[:, :-lag].reshape(-1, n_units)
        for lag in range(1, n_lags + 1)
    ]
    left, singular, _ = linalg.svd(np.concatenate(lagged, axis=1), full_matrices=False)
    rank = int(np.sum(singular > 1e-10 * singular[0]))
    if n_components > rank:
        mend = "ask for fewer components"
        raise InputError(
            "n_components", f"at most {rank}, the rank of the residuals", f"{n_components}", mend
        )
    axes = left[:, :n_components].T
    largest = np.take_along_axis(axes, np.abs(axes).argmax(axis=1)[:, None], axis=1)
    return axes * np.sign(largest), singular / (len(residuals) * residuals.shape[1])


def _cross_validate(
    states: FloatArray, fold: IntArray, n_lags: int, strengths: tuple[float, ...]
) -> FloatArray:
    """Return the share of the squared next residuals of left-out trials predicted by each strength."""
    errors, total = np.zeros(len(strengths)), 0.0
    for left_out in range(int(fold.max()) + 1):
        fitted, tested = states[fold != left_out], states[fold == left_out]
        before, _, after = first_stage(fitted, fitted, n_lags)
        predicted, _, following = first_stage(fitted, tested, n_lags)
        total += float(np.sum(following**2))
        for index, strength in enumerate(strengths):
            matrices = second_stage(before, after, strength)
            errors[index] += np.sum((following - predicted @ matrices.transpose(0, 2, 1)) ** 2)
    scores: FloatArray = 1.0 - errors / total
    return scores


def _check_strengths(smoothness: float | Sequence[float] | None) -> tuple[float, ...]:
    if smoothness is None:
        return SMOOTHNESS_GRID
    if np.ndim(smoothness) == 0:
        return (check_positive("smoothness", smoothness, allow_zero=True),)
    grid = check_array("smoothness", smoothness, ("strength",), minimum_sizes=(2,))
    return tuple(check_positive("smoothness", strength) for strength in grid)


def _check_axes(axes: Any, n_components: int, n_units: int) -> FloatArray:
    known = check_array("axes", axes, ("component", "unit"), shape=(n_components, n_units))
    if not np.allclose(known @ known.T, np.eye(n_components), atol=1e-8):
        raise InputError("axes", "orthonormal rows", "rows that are not", "orthonormalise them by QR")
    return known


def _check_trials(states: FloatArray, number: IntArray, n_lags: int) -> None:
    n_trials, _, n = states.shape
    free = n_trials - int(number.max()) - 1
    if free <= n_lags * n:
        got = f"{n_trials} trials of {int(number.max()) + 1} conditions"
        mend = "give more trials, or use fewer lags or components"
        raise InputError("trials", f"more than {n_lags * n} trials beyond one a condition", got, mend)
    check_varies("trials", states.reshape(-1, n))
