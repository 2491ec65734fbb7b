"""Canonical correlation between two populations on conditions that no weight was fitted to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Self

import numpy as np

from motorsim.analysis import cca, pca
from motorsim.checks import InputError, check_integer
from motorsim.compare.moments import STILL, tuned_part

if TYPE_CHECKING:
    from motorsim.compare.moments import Moments, Side
    from motorsim.types import BoolArray, FloatArray


@dataclass(frozen=True)
class HeldOutCCA:
    """Mean canonical correlation on test conditions.

    Principal components, then canonical weights, are found on the fit conditions; the score is the mean over
    pairs of variates of their Pearson correlation on the test conditions. Unchanged by rotation, scale and
    shift of either population (principal components first: Sussillo et al. 2015, Nat. Neurosci. 18:1025).

    Parameters
    ----------
    n_components
        Principal components kept of each population, and pairs of variates.
    tuned
        Subtract the mean over the fit conditions at each time first: a time course that all conditions share
        makes any two populations with the same events alike.
    """

    n_components: int = 10
    tuned: bool = False
    higher_is_more_alike: ClassVar[bool] = True
    bounds: ClassVar[tuple[float, float]] = (-1.0, 1.0)

    def __post_init__(self) -> None:
        """Check the number of components."""
        check_integer("n_components", self.n_components)

    @property
    def name(self) -> str:
        """Name in the table."""
        return "cca_test_tuned" if self.tuned else "cca_test"

    @property
    def note(self) -> str:
        """Say what was done."""
        course = "fit-condition mean subtracted; " if self.tuned else ""
        return f"{course}mean over {self.n_components} canonical pairs of {self.n_components} components"

    def __call__(
        self, reference: FloatArray, candidate: FloatArray, *, fit_on: BoolArray, test_on: BoolArray
    ) -> float:
        """Return the mean test correlation of two arrays (condition, time, unit), 1 the most alike."""
        scores = []
        for rates in (reference, candidate):
            used = tuned_part(rates, fit_on) if self.tuned else rates
            components = pca(used[fit_on], self.n_components)
            scores.append((components.scores, components.transform(used[test_on])))
        (fit_a, test_a), (fit_b, test_b) = scores
        return float(cca(fit_a, fit_b).correlations_of(test_a, test_b).mean())

    def settled(self, reference: FloatArray, candidate: FloatArray, *, fit_on: BoolArray) -> Self:  # noqa: ARG002
        """Return the metric itself: nothing is left to choose."""
        return self

    def of_moments(self, moments: Moments) -> float:
        """Return the same from moments."""
        white_a, white_b = (
            vectors / np.sqrt(values) for values, vectors in moments.leading(self.n_components)
        )
        left, _, right = np.linalg.svd(white_a.T @ moments.fit_cross @ white_b)
        weights_a, weights_b = white_a @ left, white_b @ right.T
        a, b = moments.reference, moments.candidate
        cross = moments.test_cross - a.n_test * np.outer(a.test_mean, b.test_mean)
        covariance = np.sum(weights_a * (cross @ weights_b), axis=0)
        variances_a, variances_b = _test_variances(a, weights_a), _test_variances(b, weights_b)
        if min(variances_a.min(), variances_b.min()) <= STILL:
            raise InputError(
                "test_on", "test conditions that vary along every canonical pair", "none along one"
            )
        return float(np.mean(covariance / np.sqrt(variances_a * variances_b)))

    def most_favourable(self, moments: Moments) -> float:
        """Return the same: nothing is left to choose."""
        return self.of_moments(moments)


def _test_variances(side: Side, weights: FloatArray) -> FloatArray:
    """Return the test variance of each variate, (pair,), in units of its variance over fit samples."""
    about_mean = side.test - side.n_test * np.outer(side.test_mean, side.test_mean)
    variances: FloatArray = np.sum(weights * (about_mean @ weights), axis=0)
    return variances
