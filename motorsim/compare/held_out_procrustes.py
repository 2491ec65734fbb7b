"""Procrustes score on conditions that the rotation was not fitted to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Self

import numpy as np

from motorsim.analysis import pca, procrustes
from motorsim.checks import InputError, check_integer
from motorsim.compare.moments import STILL

if TYPE_CHECKING:
    from motorsim.compare.moments import Moments
    from motorsim.types import BoolArray, FloatArray


@dataclass(frozen=True)
class HeldOutProcrustes:
    """Share of the reference's test variance that the shifted, rotated and scaled candidate explains.

    Principal components and the similarity transform (Schonemann 1966) are found on the fit conditions; the
    total is within the reference's components and about their fit mean, so 0 is as good as that mean. Unlike
    canonical correlation it sees how much variance each dimension holds.

    Parameters
    ----------
    n_components
        Principal components kept of each population.
    """

    n_components: int = 10
    tuned: ClassVar[bool] = False
    name: ClassVar[str] = "procrustes_r2_test"
    higher_is_more_alike: ClassVar[bool] = True
    bounds: ClassVar[tuple[float, float]] = (-np.inf, 1.0)

    def __post_init__(self) -> None:
        """Check the number of components."""
        check_integer("n_components", self.n_components)

    @property
    def note(self) -> str:
        """Say what was done."""
        return f"shift, rotation and scale in {self.n_components} components"

    def __call__(
        self, reference: FloatArray, candidate: FloatArray, *, fit_on: BoolArray, test_on: BoolArray
    ) -> float:
        """Return R^2 on the test conditions of two arrays (condition, time, unit), 1 the most alike."""
        a, b = (pca(rates[fit_on], self.n_components) for rates in (reference, candidate))
        fit = procrustes(a.scores, b.scores)
        return fit.r2_of(a.transform(reference[test_on]), b.transform(candidate[test_on]))

    def settled(self, reference: FloatArray, candidate: FloatArray, *, fit_on: BoolArray) -> Self:  # noqa: ARG002
        """Return the metric itself: nothing is left to choose."""
        return self

    def of_moments(self, moments: Moments) -> float:
        """Return the same from moments."""
        (values_a, axes_a), (values_b, axes_b) = moments.leading(self.n_components)
        left, singular, right = np.linalg.svd(axes_b.T @ moments.fit_cross.T @ axes_a)
        scale = float(singular.sum() / values_b.sum())
        turned = axes_b @ left @ right
        total = float(np.sum(axes_a * (moments.reference.test @ axes_a)))
        if total <= STILL * values_a.sum():
            raise InputError(
                "test_on", "test conditions that depart from the fit mean", "that mean everywhere"
            )
        shared = float(np.sum(axes_a * (moments.test_cross @ turned)))
        own = float(np.sum(turned * (moments.candidate.test @ turned)))
        return (2 * scale * shared - scale**2 * own) / total

    def most_favourable(self, moments: Moments) -> float:
        """Return the same: nothing is left to choose."""
        return self.of_moments(moments)
