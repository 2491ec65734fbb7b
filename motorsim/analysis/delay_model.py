"""The linear model of a population's recent past by which dynamics are compared."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy import linalg

from motorsim.analysis.delay_dynamics import delay_windows, embed
from motorsim.analysis.eigenvalues import ordered_eigenvalues
from motorsim.analysis.pca import principal_axes
from motorsim.analysis.ridge import fit_ridge
from motorsim.analysis.samples import check_rates, check_varies
from motorsim.checks import InputError, check_choice, check_integer

if TYPE_CHECKING:
    from motorsim.analysis.eigenvalues import ComplexArray
    from motorsim.types import FloatArray

AXES = ("variance", "prediction")


@dataclass(frozen=True, eq=False)
class DelayModel:
    """A linear map of delay coordinates from one time to the next, and how well it predicts.

    Attributes
    ----------
    dynamics
        A of v(t + 1) = A v(t) + b, (coordinate, coordinate), coordinates as columns.
    eigenvalues
        Of A, a step, (coordinate,), complex, by falling modulus.
    variance_ratio
        Share of the windows' variance that the coordinates hold.
    r2
        1 - SS_residual / SS_total of the newest state of a window, predicted one step ahead, pooled over
        units, about its mean, in sample.
    persistence_r2
        The same of predicting no change: smooth rates bring any model near 1, so what counts is how far
        ``r2`` is above this.
    whitened
        Whether the coordinates were scaled to unit variance.
    """

    dynamics: FloatArray
    eigenvalues: ComplexArray
    variance_ratio: float
    r2: float
    persistence_r2: float
    whitened: bool

    @property
    def skill(self) -> float:
        """Return 1 - SS_residual / SS_persistence: 1 perfect, 0 no better than predicting no change."""
        return 1.0 - (1.0 - self.r2) / (1.0 - self.persistence_r2)


class _Fit(NamedTuple):
    """Axes (delay x unit, rank), the map within them, and the windows predicted from those before them."""

    basis: FloatArray
    dynamics: FloatArray
    predicted: FloatArray


def delay_model(
    rates: FloatArray,
    *,
    n_delays: int,
    rank: int,
    axes: str = "variance",
    whiten: bool = False,
    name: str = "rates",
) -> DelayModel:
    """Fit v(t + 1) = A v(t) + b to a few coordinates v of windows of the recent past.

    Windows, the last ``n_delays`` states, newest first, never cross from one condition to the next and are
    centred over all of them. Either the coordinates are the leading principal ones and A is their
    least-squares map, as of Ostrow et al. (2023, NeurIPS, section 3; `delay_dynamics` is the same map). Or
    reduced-rank regression (Izenman 1975) of the next window on all of this one gives both: its rank axes V,
    and A = V'BV, B being the least-squares map of windows.

    Parameters
    ----------
    rates
        (condition, time, unit), samples evenly spaced in time; reduce many units by PCA first.
    n_delays
        Times in a window, at least 1 and less than the times.
    rank
        Number of coordinates.
    axes
        ``"variance"`` for principal coordinates, ``"prediction"`` for reduced-rank regression.
    whiten
        Scale the coordinates to unit variance, as Ostrow et al. do: A becomes Sigma^(-1/2) A Sigma^(1/2),
        Sigma being their covariance. That takes most of its non-normality away.
    name
        What to call the rates in errors.

    Returns
    -------
    DelayModel
        The dynamics and the quality of the fit.

    Raises
    ------
    InputError
        For rates that are not finite (units named), that do not vary or do not change in time, windows that
        leave no step, a rank above that of the windows, or no more steps than entries of a window where
        ``axes`` is ``"prediction"``.
    """
    check_choice("axes", axes, AXES)
    windows, n_units = _windows(name, rates, n_delays)
    check_integer("rank", rank)
    fitted = _fit_principal(windows, rank) if axes == "variance" else _fit_reduced_rank(windows, rank)
    newest, before = windows[:, 1:, :n_units], windows[:, :-1, :n_units]
    total = np.sum((newest - newest.mean(axis=(0, 1))) ** 2)
    from_mean = windows - windows.mean(axis=(0, 1))
    coordinates = from_mean @ fitted.basis
    return DelayModel(
        dynamics=_whitened(fitted.dynamics, coordinates) if whiten else fitted.dynamics,
        eigenvalues=ordered_eigenvalues(fitted.dynamics),
        variance_ratio=float(np.sum(coordinates**2) / np.sum(from_mean**2)),
        r2=1.0 - float(np.sum((newest - fitted.predicted[:, :, :n_units]) ** 2) / total),
        persistence_r2=1.0 - float(np.sum((newest - before) ** 2) / total),
        whitened=whiten,
    )


def _windows(name: str, rates: FloatArray, n_delays: int) -> tuple[FloatArray, int]:
    checked = check_rates(name, rates, least_times=2)
    n_times, n_units = checked.shape[1:]
    if check_integer("n_delays", n_delays) >= n_times:
        mend = "a window and the time after it must fit into a condition: take fewer delays"
        raise InputError("n_delays", f"less than the {n_times} times of {name}", f"{n_delays}", mend)
    check_varies(name, checked.reshape(-1, n_units))
    predicted = checked[:, n_delays:]
    if not np.ptp(predicted, axis=(0, 1)).any() or not np.any(predicted != checked[:, n_delays - 1 : -1]):
        raise InputError(name, "rates that change in time", "none that do after the first window")
    return delay_windows(checked, n_delays), n_units


def _fit_principal(windows: FloatArray, rank: int) -> _Fit:
    embedding = embed(windows, rank)
    coordinates = (windows - embedding.mean) @ embedding.axes
    fit = fit_ridge(coordinates[:, :-1], coordinates[:, 1:], (0.0,))
    predicted = fit.predict(coordinates[:, :-1]) @ embedding.axes.T + embedding.mean
    return _Fit(embedding.axes, fit.weights.T, predicted)


def _fit_reduced_rank(windows: FloatArray, rank: int) -> _Fit:
    n_steps, width = windows.shape[0] * (windows.shape[1] - 1), windows.shape[2]
    if n_steps <= width:
        mend = "take fewer delays, fewer units (PCA) or axes='variance'"
        raise InputError("axes", f"more steps than the {width} entries of a window", f"{n_steps}", mend)
    fit = fit_ridge(windows[:, :-1], windows[:, 1:], (0.0,))
    predicted = fit.predict(windows[:, :-1])
    mean = predicted.mean(axis=(0, 1))
    try:
        basis = principal_axes((predicted - mean).reshape(n_steps, width), rank)[0].T
    except InputError as error:
        raise InputError("rank", "at most the rank of the predictions", error.got, "ask for less") from None
    # The map of all entries within the axes: a fit to the coordinates alone would take their noise for decay.
    return _Fit(basis, basis.T @ fit.weights.T @ basis, (predicted - mean) @ basis @ basis.T + mean)


def _whitened(dynamics: FloatArray, coordinates: FloatArray) -> FloatArray:
    flat = coordinates.reshape(-1, coordinates.shape[2])
    values, vectors = linalg.eigh(flat.T @ flat)
    root = (vectors * np.sqrt(values)) @ vectors.T
    whitened: FloatArray = linalg.solve(root, dynamics @ root, assume_a="pos")
    return whitened
