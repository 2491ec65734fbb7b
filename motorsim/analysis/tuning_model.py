"""A task-only model of rates: tuning to direction and distance times a free time course, without dynamics."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from motorsim.analysis.ridge import check_ridge, fit_ridge
from motorsim.analysis.samples import check_rates, check_remains
from motorsim.checks import InputError, check_array, check_integer

if TYPE_CHECKING:
    from motorsim.analysis.ridge import Ridge
    from motorsim.types import FloatArray


@dataclass(frozen=True, eq=False)
class TuningModel:
    """A fitted task-only model.

    Attributes
    ----------
    n_harmonics, distance_degree
        Harmonics of direction and degree of the polynomial in distance.
    coefficients
        Time courses of the features, (feature, time, unit), in the unit of the rates.
    time_course
        What no feature changes, (time, unit).
    ridge
        Strength used, relative to the largest squared singular value of the centred features.
    distance_centre_m, distance_scale_m
        Distances enter as (distance - centre) / scale.
    """

    n_harmonics: int
    distance_degree: int
    coefficients: FloatArray
    time_course: FloatArray
    ridge: float
    distance_centre_m: float
    distance_scale_m: float

    def predict(self, directions_rad: FloatArray, distances_m: FloatArray) -> FloatArray:
        """Predict rates for other targets.

        Parameters
        ----------
        directions_rad, distances_m
            Targets, (condition,) each.

        Returns
        -------
        FloatArray
            Rates, (condition, time, unit).

        Raises
        ------
        InputError
            If the two differ in length or are not finite.
        """
        directions, distances = _check_targets(directions_rad, distances_m)
        scaled = (distances - self.distance_centre_m) / self.distance_scale_m
        features = _features(directions, scaled, self.n_harmonics, self.distance_degree)
        prediction: FloatArray = np.tensordot(features, self.coefficients, axes=1) + self.time_course
        return prediction


def tuning_model(
    rates: FloatArray,
    directions_rad: FloatArray,
    distances_m: FloatArray,
    *,
    n_harmonics: int = 2,
    distance_degree: int = 1,
    ridge: float | tuple[float, ...] | None = None,
) -> TuningModel:
    """Fit rates as harmonics of direction times powers of distance, with a free time course for each product.

    r(c, t, u) = b0(t, u) + sum over features k of f_k(c) b_k(t, u), the features being {1, cos h theta, sin h
    theta, h = 1 ... n_harmonics} x {1, d, ... d^distance_degree} but for the constant: cosine tuning
    (Georgopoulos 1982) without any law that ties one time to the next. The baseline that a model with
    dynamics has to beat.

    Parameters
    ----------
    rates
        (condition, time, unit).
    directions_rad, distances_m
        Targets of the conditions, (condition,) each.
    n_harmonics
        Harmonics of direction, at least 1; takes 2 n_harmonics + 1 different directions.
    distance_degree
        Degree in distance, 0 for none; takes distance_degree + 1 different distances.
    ridge
        One strength, or several (by default 1e-8 ... 10) of which leave-one-condition-out takes one.

    Returns
    -------
    TuningModel
        The fit, with ``predict``.

    Raises
    ------
    InputError
        If shapes do not fit, values are not finite, or the targets are too few for the features.
    """
    checked = check_rates("rates", rates, least_conditions=2)
    tuned = checked - checked.mean(axis=0)
    check_remains("rates", tuned, checked, "rates that differ between conditions")
    directions, distances = _check_targets(directions_rad, distances_m, n_conditions=len(checked))
    _check_design(directions, distances, n_harmonics, distance_degree)
    centre = float(distances.mean())
    scale = float(np.abs(distances - centre).max()) if distance_degree else 1.0
    features = _features(directions, (distances - centre) / scale, n_harmonics, distance_degree)
    targets = checked.reshape(len(checked), 1, -1)
    fit: Ridge = fit_ridge(features[:, None, :], targets, check_ridge(ridge))
    return TuningModel(
        n_harmonics=n_harmonics,
        distance_degree=distance_degree,
        coefficients=fit.weights.reshape(-1, *checked.shape[1:]),
        time_course=fit.intercept.reshape(checked.shape[1:]),
        ridge=fit.ridge,
        distance_centre_m=centre,
        distance_scale_m=scale,
    )


def _check_targets(
    directions_rad: FloatArray, distances_m: FloatArray, n_conditions: int | None = None
) -> tuple[FloatArray, FloatArray]:
    directions = check_array("directions_rad", directions_rad, ("condition",), shape=(n_conditions,))
    distances = check_array("distances_m", distances_m, ("condition",), shape=(len(directions),))
    return directions, distances


def _check_design(
    directions: FloatArray, distances: FloatArray, n_harmonics: int, distance_degree: int
) -> None:
    check_integer("n_harmonics", n_harmonics)
    check_integer("distance_degree", distance_degree, minimum=0)
    points = np.exp(1j * directions)
    n_directions = len(np.unique(np.round(np.stack([points.real, points.imag], axis=1), 9), axis=0))
    if n_directions < 2 * n_harmonics + 1:
        expected = f"at least {2 * n_harmonics + 1} different directions for {n_harmonics} harmonics"
        raise InputError("directions_rad", expected, f"{n_directions}", "use fewer harmonics")
    n_distances = len(np.unique(np.round(distances, 9)))
    if n_distances < distance_degree + 1:
        expected = f"at least {distance_degree + 1} different distances for degree {distance_degree}"
        raise InputError("distances_m", expected, f"{n_distances}", "use a lower distance_degree")


def _features(
    directions: FloatArray, distances: FloatArray, n_harmonics: int, distance_degree: int
) -> FloatArray:
    """Return the features without the constant one, (condition, feature)."""
    angles = directions[:, None] * np.arange(1, n_harmonics + 1)
    harmonics = np.concatenate([np.ones((len(directions), 1)), np.cos(angles), np.sin(angles)], axis=1)
    powers = distances[:, None] ** np.arange(distance_degree + 1)
    products: FloatArray = (powers[:, :, None] * harmonics[:, None, :]).reshape(len(directions), -1)
    return products[:, 1:]
