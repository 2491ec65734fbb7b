"""Ridge regression in closed form, its strength chosen by leaving out whole conditions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import linalg

from motorsim.analysis.samples import RANK_TOLERANCE
from motorsim.checks import InputError, check_array, check_positive

if TYPE_CHECKING:
    from motorsim.types import FloatArray

RIDGE_GRID: tuple[float, ...] = tuple(float(ridge) for ridge in np.logspace(-8, 1, 19))


@dataclass(frozen=True, eq=False)
class Ridge:
    """A linear map with an intercept.

    Attributes
    ----------
    weights
        (feature, target).
    intercept
        (target,), not penalised.
    ridge
        Strength used, in units of the largest squared singular value of the centred features.
    cross_validation_r2
        Pooled R^2 over left-out conditions for each strength tried, (strength,); empty if none was chosen.
    """

    weights: FloatArray
    intercept: FloatArray
    ridge: float
    cross_validation_r2: FloatArray

    def predict(self, features: FloatArray) -> FloatArray:
        """Map features (..., feature) to targets (..., target)."""
        prediction: FloatArray = features @ self.weights + self.intercept
        return prediction


def check_ridge(ridge: float | tuple[float, ...] | None) -> tuple[float, ...]:
    """Return the strengths to try: one (0 for least squares), those given (above 0), or `RIDGE_GRID`."""
    if ridge is None:
        return RIDGE_GRID
    if np.ndim(ridge) == 0:
        return (check_positive("ridge", ridge, allow_zero=True),)
    grid = check_array("ridge", ridge, ("strength",), minimum_sizes=(2,))
    return tuple(check_positive("ridge", strength) for strength in grid)


def fit_ridge(features: FloatArray, targets: FloatArray, ridges: tuple[float, ...]) -> Ridge:
    """Minimise |Y - X B - 1 b'|^2 + ridge s_1^2 |B|^2, s_1 being the largest singular value of centred X.

    Of several strengths that one is taken whose prediction of each condition from all the others has the
    least squared error, which follows from one decomposition: the left-out residual is (I - H_cc)^-1 e_c.

    Parameters
    ----------
    features
        (condition, time, feature).
    targets
        (condition, time, target).
    ridges
        Strengths to choose from; a single one is used as it is.

    Returns
    -------
    Ridge
        The fit to all conditions.

    Raises
    ------
    InputError
        If the strength has to be chosen and there are fewer than 3 conditions.
    """
    n_features, n_targets = features.shape[2], targets.shape[2]
    x, y = features.reshape(-1, n_features), targets.reshape(-1, n_targets)
    mean_x, mean_y = x.mean(axis=0), y.mean(axis=0)
    centred_y = y - mean_y
    left, singular, right = linalg.svd(x - mean_x, full_matrices=False)
    kept = singular > np.sqrt(RANK_TOLERANCE) * singular[0]
    left, singular, right = left[:, kept], singular[kept], right[kept]
    scores = np.empty(0)
    ridge = ridges[0]
    if len(ridges) > 1:
        if len(features) < 3:
            mend = "give more conditions, or one ridge"
            raise InputError(
                "ridge", "3 conditions or more to choose among strengths", f"{len(features)}", mend
            )
        shape = features.shape[:2]
        errors = [_left_out_error(left, _shrinkage(singular, ridge), centred_y, shape) for ridge in ridges]
        scores = 1 - np.array(errors) / np.sum(centred_y**2)
        ridge = ridges[int(np.argmax(scores))]
    weights = right.T @ ((_shrinkage(singular, ridge) / singular)[:, None] * (left.T @ centred_y))
    return Ridge(weights, mean_y - mean_x @ weights, ridge, scores)


def _shrinkage(singular: FloatArray, ridge: float) -> FloatArray:
    return singular**2 / (singular**2 + ridge * singular[0] ** 2) if len(singular) else singular


def _left_out_error(left: FloatArray, shrinkage: FloatArray, y: FloatArray, shape: tuple[int, int]) -> float:
    """Return the squared error over conditions, each predicted from the others."""
    n_conditions, n_times = shape
    blocks = left.reshape(n_conditions, n_times, -1)
    residual = (y - left @ (shrinkage[:, None] * (left.T @ y))).reshape(n_conditions, n_times, -1)
    # The intercept adds 1 / n to every entry of the hat matrix.
    own = np.eye(n_times) - 1 / len(y) - (blocks * shrinkage) @ blocks.transpose(0, 2, 1)
    return float(np.sum(np.linalg.solve(own, residual) ** 2))
