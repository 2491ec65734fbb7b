"""Linear dynamics: the one matrix by which every state of every condition turns into the next."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import linalg

from motorsim.analysis.eigenvalues import frequencies_hz, ordered_eigenvalues, time_constants_s
from motorsim.analysis.held_out_rank import condition_folds, smallest_sufficient
from motorsim.analysis.ridge import Ridge, check_ridge, fit_ridge
from motorsim.analysis.samples import RANK_TOLERANCE, check_rates, check_varies
from motorsim.checks import InputError, check_array, check_integer, check_positive

if TYPE_CHECKING:
    from motorsim.analysis.eigenvalues import ComplexArray
    from motorsim.types import FloatArray


@dataclass(frozen=True, eq=False)
class LinearDynamics:
    """A linear map of states to the next, x(t + dt) = A x(t) + b, and what it says of the dynamics.

    Attributes
    ----------
    matrix
        A, (unit, unit), for states as columns.
    intercept
        b, (unit,).
    rank
        Rank of A.
    ridge
        Strength used, in units of the largest squared singular value of the centred states.
    eigenvalues
        The ``rank`` eigenvalues of A that its rank allows to differ from 0, complex, by falling modulus.
    dt_s
        Time between samples.
    r2_one_step
        Share of the squared departure of the next states from their mean that is explained, in sample. Slow
        data have a high one whatever the model.
    r2_change
        Share of the squared changes x(t + dt) - x(t) (uncentred) that is explained: 0 for predicting that
        nothing changes; NaN where nothing does.
    cross_validation_r2
        One-step R^2 on left-out conditions for each rank from 1, (rank,), the total about the mean of the
        conditions fitted; empty if the rank was given.
    """

    matrix: FloatArray
    intercept: FloatArray
    rank: int
    ridge: float
    eigenvalues: ComplexArray
    dt_s: float
    r2_one_step: float
    r2_change: float
    cross_validation_r2: FloatArray

    @property
    def frequencies_hz(self) -> FloatArray:
        """Return |arg lambda| / (2 pi dt), (rank,); alike within a complex pair, at most 1 / (2 dt)."""
        return frequencies_hz(self.eigenvalues, self.dt_s)

    @property
    def time_constants_s(self) -> FloatArray:
        """Return -dt / log |lambda|, (rank,): of decay; negative of growth, infinite where neither."""
        return time_constants_s(self.eigenvalues, self.dt_s)

    def predict(self, states: FloatArray, n_steps: int = 1) -> FloatArray:
        """Return what states (..., unit) become after so many steps, (..., unit)."""
        n_units = len(self.matrix)
        following = check_array("states", states)
        if following.ndim == 0 or following.shape[-1] != n_units:
            raise InputError("states", f"{n_units} units along the last axis", f"shape {following.shape}")
        for _ in range(check_integer("n_steps", n_steps)):
            following = following @ self.matrix.T + self.intercept
        return following

    def simulate(self, initial: FloatArray, n_times: int) -> FloatArray:
        """Run from initial states (condition, unit), which come first: (condition, time, unit)."""
        shape = (None, len(self.matrix))
        path = [check_array("initial", initial, ("condition", "unit"), shape=shape)]
        for _ in range(check_integer("n_times", n_times) - 1):
            path.append(path[-1] @ self.matrix.T + self.intercept)
        return np.stack(path, axis=1)

    def r2_after(self, states: FloatArray, n_steps: int) -> float:
        """Return the share of states n_steps later that is predicted from states (condition, time, unit).

        1 - SS_residual / SS_total over every start in every condition; the total about the mean of the states
        to be predicted. States that were not fitted make it a held-out score.

        Raises
        ------
        InputError
            If conditions are no longer than ``n_steps``, units differ in number, or nothing varies.
        """
        ahead = check_integer("n_steps", n_steps)
        checked = check_rates("states", states, least_times=ahead + 1, n_units=len(self.matrix))
        later = checked[:, ahead:]
        check_varies("states", later.reshape(-1, later.shape[2]))
        error = later - self.predict(checked[:, :-ahead], ahead)
        return 1.0 - float(np.sum(error**2) / np.sum((later - later.mean(axis=(0, 1))) ** 2))


def linear_dynamics(
    states: FloatArray,
    *,
    dt_s: float,
    rank: int | None = None,
    ridge: float | tuple[float, ...] | None = 0.0,
    n_folds: int = 10,
) -> LinearDynamics:
    """Fit x(t + dt) = A x(t) + b to all conditions by reduced-rank (ridge) regression.

    A = V V' A_full, A_full the ridge solution and V the leading right singular vectors of what it predicts
    (Izenman 1975; with a ridge, of the predictions that augment the data by the penalty). Steps never cross
    from one condition to the next. Where states do not span their units, A is the solution of least norm.
    Noise of measurement makes eigenvalues too small and time constants too short.

    Parameters
    ----------
    states
        (condition, time, unit): rates, or a few of their principal components.
    dt_s
        Time between samples, the same throughout.
    rank
        Rank of A. If not given, the smallest whose error on left-out conditions is within one standard error
        of the least, see `smallest_sufficient`.
    ridge
        Penalty in units of the largest squared singular value of the centred states: 0 for least squares, one
        strength, or several (``None``: 1e-8 ... 10) of which leave-one-condition-out takes one.
    n_folds
        Folds over conditions by which the rank is chosen: fold k leaves out every n_folds-th from k on.

    Returns
    -------
    LinearDynamics
        The map, its eigenvalues and how well it predicts.

    Raises
    ------
    InputError
        For states that are not finite (units named), do not vary or have fewer than 2 times; ``dt_s`` <= 0; a
        rank above that of the states; fewer than 3 conditions where the rank or the ridge is to be chosen.
    """
    dt = check_positive("dt_s", dt_s)
    checked = check_rates("states", states, least_times=2)
    before, after = checked[:, :-1], checked[:, 1:]
    n_units = checked.shape[2]
    check_varies("states", before.reshape(-1, n_units))
    check_varies("states", after.reshape(-1, n_units))
    fit = fit_ridge(before, after, check_ridge(ridge))
    axes = _prediction_axes(before, fit)
    scores = np.empty(0)
    if rank is None:
        rank, scores = _choose_rank(before, after, fit.ridge, n_folds, axes.shape[1])
    elif check_integer("rank", rank) > axes.shape[1]:
        mend = "ask for a lower rank or give more conditions or times"
        raise InputError("rank", f"at most {axes.shape[1]}, the rank of the states", f"{rank}", mend)
    reduced = reduce_rank(fit, axes[:, :rank], after.mean(axis=(0, 1)))
    matrix = reduced.weights.T
    error = after - reduced.predict(before)
    change = after - before
    return LinearDynamics(
        matrix=matrix,
        intercept=reduced.intercept,
        rank=rank,
        ridge=fit.ridge,
        eigenvalues=ordered_eigenvalues(axes[:, :rank].T @ matrix @ axes[:, :rank]),
        dt_s=dt,
        r2_one_step=1.0 - float(np.sum(error**2) / np.sum((after - after.mean(axis=(0, 1))) ** 2)),
        r2_change=1.0 - float(np.sum(error**2) / np.sum(change**2)) if change.any() else np.nan,
        cross_validation_r2=scores,
    )


def reduce_rank(fit: Ridge, axes: FloatArray, mean_target: FloatArray) -> Ridge:
    """Confine what a fit predicts to axes (target, rank) through the mean of the targets, (target,)."""
    projector = axes @ axes.T
    intercept = mean_target - (mean_target - fit.intercept) @ projector
    return Ridge(fit.weights @ projector, intercept, fit.ridge, fit.cross_validation_r2)


def _prediction_axes(before: FloatArray, fit: Ridge) -> FloatArray:
    """Return the principal axes of what a ridge fit predicts, penalty included, (unit, rank)."""
    samples = before.reshape(-1, before.shape[2])
    gram = (centred := samples - samples.mean(axis=0)).T @ centred
    penalty = fit.ridge * float(linalg.eigvalsh(gram, subset_by_index=(len(gram) - 1, len(gram) - 1))[0])
    predicted = fit.weights.T @ (gram @ fit.weights + penalty * fit.weights)
    values, vectors = linalg.eigh((predicted + predicted.T) / 2)
    axes: FloatArray = vectors[:, ::-1][:, values[::-1] > RANK_TOLERANCE * max(values[-1], 0.0)]
    return axes


def _choose_rank(
    before: FloatArray, after: FloatArray, ridge: float, n_folds: int, largest: int
) -> tuple[int, FloatArray]:
    """Return the rank that suffices on left-out conditions and the R^2 of each, (rank,)."""
    errors, total = [], 0.0
    for left_out in condition_folds(len(before), n_folds):
        fit = fit_ridge(before[~left_out], after[~left_out], (ridge,))
        axes = _prediction_axes(before[~left_out], fit)[:, :largest]
        mean = after[~left_out].mean(axis=(0, 1))
        truth = (after[left_out] - mean) @ axes
        predicted = (fit.predict(before[left_out]) - mean) @ axes
        gained = np.cumsum(np.sum((2 * truth - predicted) * predicted, axis=(0, 1)))
        own_total = float(np.sum((after[left_out] - mean) ** 2))
        errors.append(own_total - np.pad(gained, (0, largest - len(gained)), mode="edge"))
        total += own_total
    stacked = np.stack(errors)
    return smallest_sufficient(stacked, total) + 1, 1.0 - stacked.sum(axis=0) / total
