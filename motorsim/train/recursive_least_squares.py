"""Recursive least squares: linear weights kept at their optimum while samples come one by one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from motorsim.checks import check_array, check_positive

if TYPE_CHECKING:
    from motorsim.types import FloatArray, Floats


class RecursiveLeastSquares:
    """Weights that minimise the squared error of all samples so far, plus a ridge towards where they began.

    After samples x with targets y the weights M are those of least sum |M x - y|^2 + alpha |M - M(0)|^2,
    exactly (Haykin 2002, chapter 9; Sussillo & Abbott 2009, equations 4 and 5). One sample costs feature^2 +
    output x feature products, and nothing is inverted.

    Parameters
    ----------
    weights
        M(0), (output, feature); copied.
    alpha
        Ridge: the smaller, the faster the first samples change the weights.

    Attributes
    ----------
    weights
        M, (output, feature), changed in place by every update.
    inverse_correlation
        P, (feature, feature): the inverse of alpha I + the sum of x x'.

    Raises
    ------
    InputError
        If ``alpha`` is not above zero or the weights are no finite matrix.
    """

    def __init__(self, weights: Floats, *, alpha: float) -> None:
        self.weights: FloatArray = check_array("weights", weights, ("output", "feature")).copy()
        self.inverse_correlation: FloatArray = np.eye(self.weights.shape[1]) / check_positive("alpha", alpha)

    def update(self, features: FloatArray, error: FloatArray) -> None:
        """Take in one sample.

        Parameters
        ----------
        features
            x, (feature,).
        error
            M x - y with the weights before the update, (output,).
        """
        projected = self.inverse_correlation @ features
        scale = 1.0 / (1.0 + features @ projected)
        self.inverse_correlation -= np.outer(scale * projected, projected)
        self.weights -= np.outer(error, scale * projected)
