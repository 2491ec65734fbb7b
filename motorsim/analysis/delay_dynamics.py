"""Delay dynamics: linear dynamics of the recent past, which tells what the present alone does not.

A window holds the states at ``n_delays`` times in a row, the newest first. Windows never cross from one
condition to the next; their leading singular coordinates evolve by one linear map: dynamic mode
decomposition on delays (Hankel DMD, Arbabi & Mezic 2017, SIAM J. Appl. Dyn. Syst. 16:2096).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from motorsim.analysis.eigenvalues import frequencies_hz, ordered_eigenvalues, time_constants_s
from motorsim.analysis.held_out_rank import condition_folds, smallest_sufficient
from motorsim.analysis.pca import principal_axes
from motorsim.analysis.ridge import fit_ridge
from motorsim.analysis.samples import RANK_TOLERANCE, check_rates, check_varies
from motorsim.checks import InputError, check_integer, check_positive

if TYPE_CHECKING:
    from motorsim.analysis.eigenvalues import ComplexArray
    from motorsim.types import FloatArray


@dataclass(frozen=True, eq=False)
class DelayDynamics:
    """A linear map of delay coordinates from one time to the next.

    Attributes
    ----------
    rank
        Number of delay coordinates.
    matrix, intercept
        A (rank, rank) and b (rank,) of v(t + dt) = A v(t) + b, coordinates as columns.
    modes
        Orthonormal axes of the coordinates, (rank, delay, unit), delay 0 the newest.
    mean
        Mean over all windows, (delay, unit), subtracted before projection.
    coordinates
        v, (condition, window, rank).
    variance_ratio
        Share of the variance of the windows in each coordinate, (rank,).
    eigenvalues
        Of A, (rank,), complex, by falling modulus.
    dt_s
        Time between samples.
    r2_one_step
        Share of the squared departure of the next state from its mean that the map predicts, in sample.
    cross_validation_r2
        The same share on left-out conditions for each rank from 1, (rank,); empty if the rank was given.
    """

    rank: int
    matrix: FloatArray
    intercept: FloatArray
    modes: FloatArray
    mean: FloatArray
    coordinates: FloatArray
    variance_ratio: FloatArray
    eigenvalues: ComplexArray
    dt_s: float
    r2_one_step: float
    cross_validation_r2: FloatArray

    @property
    def eigenvalues_per_s(self) -> ComplexArray:
        """Return log(lambda) / dt, (rank,): continuous time, unique below 1 / (2 dt)."""
        logarithms: ComplexArray = np.log(self.eigenvalues).astype(np.complex128) / self.dt_s
        return logarithms

    @property
    def frequencies_hz(self) -> FloatArray:
        """Return |arg lambda| / (2 pi dt), (rank,); members of a complex pair are alike."""
        return frequencies_hz(self.eigenvalues, self.dt_s)

    @property
    def time_constants_s(self) -> FloatArray:
        """Return -dt / log |lambda|, (rank,): of decay; negative of growth."""
        return time_constants_s(self.eigenvalues, self.dt_s)


class Embedding(NamedTuple):
    """Axes (delay x unit, coordinate) by falling variance, their variance ratios, and the mean window."""

    axes: FloatArray
    variance_ratio: FloatArray
    mean: FloatArray


def delay_windows(states: FloatArray, n_delays: int) -> FloatArray:
    """Return windows of states (condition, time, unit) as (condition, time - n_delays + 1, delay x unit).

    Each holds the state at its time and the ``n_delays`` - 1 before it, newest first.
    """
    n_conditions, n_times, n_units = states.shape
    n_windows = n_times - n_delays + 1
    parts = [states[:, n_delays - 1 - delay :][:, :n_windows] for delay in range(n_delays)]
    return np.stack(parts, axis=2).reshape(n_conditions, n_windows, n_delays * n_units)


def delay_dynamics(
    states: FloatArray,
    *,
    dt_s: float,
    n_delays: int,
    rank: int | None = None,
    max_rank: int = 20,
    n_folds: int = 5,
) -> DelayDynamics:
    """Fit a linear map to the leading coordinates of the states' recent past.

    Parameters
    ----------
    states
        (condition, time, unit); windows are ``n_delays`` x unit long, so give a few principal components of
        large populations.
    dt_s
        Time between samples, the same throughout.
    n_delays
        Times in a window, at least 1 and less than the times.
    rank
        Coordinates kept. If not given, the smallest whose error in the next state of left-out conditions is
        within one standard error of the least, see `smallest_sufficient`.
    max_rank
        Largest rank tried.
    n_folds
        Folds over conditions, fold k leaving out every n_folds-th condition from k.

    Returns
    -------
    DelayDynamics
        The map, its eigenvalues and how well it predicts.

    Raises
    ------
    InputError
        For states that are not finite (units named) or do not vary, windows that leave no step, ``dt_s`` <=
        0, a rank above that of the windows, or fewer than 3 conditions where the rank is to be chosen.
    """
    dt, windows, n_units = check_windows(states, dt_s, n_delays)
    scores = np.empty(0)
    if rank is None:
        rank, scores = _choose_rank(windows, n_units, check_integer("max_rank", max_rank), n_folds)
    embedding = embed(windows, check_integer("rank", rank))
    coordinates = (windows - embedding.mean) @ embedding.axes
    fit = fit_ridge(coordinates[:, :-1], coordinates[:, 1:], (0.0,))
    newest = windows[:, 1:, :n_units]
    predicted = fit.predict(coordinates[:, :-1]) @ embedding.axes[:n_units].T + embedding.mean[:n_units]
    total = np.sum((newest - newest.mean(axis=(0, 1))) ** 2)
    return DelayDynamics(
        rank=rank,
        matrix=fit.weights.T,
        intercept=fit.intercept,
        modes=embedding.axes.T.reshape(rank, n_delays, n_units),
        mean=embedding.mean.reshape(n_delays, n_units),
        coordinates=coordinates,
        variance_ratio=embedding.variance_ratio,
        eigenvalues=ordered_eigenvalues(fit.weights.T),
        dt_s=dt,
        r2_one_step=1.0 - float(np.sum((newest - predicted) ** 2) / total),
        cross_validation_r2=scores,
    )


def check_windows(states: FloatArray, dt_s: float, n_delays: int) -> tuple[float, FloatArray, int]:
    """Return dt_s, the windows of the states, (condition, window, delay x unit), and the number of units."""
    dt = check_positive("dt_s", dt_s)
    checked = check_rates("states", states, least_times=2)
    n_times, n_units = checked.shape[1:]
    if check_integer("n_delays", n_delays) >= n_times:
        mend = "a window and the time after it must fit into a condition: take fewer delays"
        raise InputError("n_delays", f"less than the {n_times} times", f"{n_delays}", mend)
    check_varies("states", checked.reshape(-1, n_units))
    return dt, delay_windows(checked, n_delays), n_units


def embed(windows: FloatArray, rank: int) -> Embedding:
    """Return the leading axes of windows (condition, window, delay x unit), centred."""
    samples = windows.reshape(-1, windows.shape[2])
    mean = samples.mean(axis=0)
    if rank > (most := _rank(windows)):
        mend = "ask for a lower rank or give more conditions or times"
        raise InputError("rank", f"at most {most}, the rank of the windows", f"{rank}", mend)
    axes, ratio = principal_axes(samples - mean, rank)
    return Embedding(axes.T, ratio, mean)


def _choose_rank(windows: FloatArray, n_units: int, max_rank: int, n_folds: int) -> tuple[int, FloatArray]:
    """Return the rank that suffices on left-out conditions and the R^2 of each, (rank,)."""
    folds = condition_folds(len(windows), n_folds)
    largest = min(max_rank, *(_rank(windows[~left_out]) for left_out in folds))
    errors, total = np.empty((len(folds), largest)), 0.0
    for row, left_out in zip(errors, folds, strict=True):
        embedding = embed(windows[~left_out], largest)
        fitted, held_out = (
            (windows[chosen] - embedding.mean) @ embedding.axes for chosen in (~left_out, left_out)
        )
        truth = windows[left_out, 1:, :n_units] - embedding.mean[:n_units]
        total += float(np.sum(truth**2))
        for rank in range(1, largest + 1):
            fit = fit_ridge(fitted[:, :-1, :rank], fitted[:, 1:, :rank], (0.0,))
            predicted = fit.predict(held_out[:, :-1, :rank]) @ embedding.axes[:n_units, :rank].T
            row[rank - 1] = np.sum((truth - predicted) ** 2)
    return smallest_sufficient(errors, total) + 1, 1.0 - errors.sum(axis=0) / total


def _rank(windows: FloatArray) -> int:
    samples = windows.reshape(-1, windows.shape[2])
    centred = samples - samples.mean(axis=0)
    gram = centred.T @ centred if centred.shape[1] <= len(centred) else centred @ centred.T
    values = np.linalg.eigvalsh(gram)
    return int(np.sum(values > RANK_TOLERANCE * values[-1]))
