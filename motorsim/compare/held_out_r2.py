"""Linear prediction of one population from the other, scored on conditions it was not fitted to."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar, Literal, Self, TypeAlias

import numpy as np

from motorsim.analysis import regression_r2
from motorsim.checks import InputError, check_choice, check_positive
from motorsim.compare.moments import STILL, tuned_part

if TYPE_CHECKING:
    from motorsim.compare.moments import Moments
    from motorsim.types import BoolArray, FloatArray

Direction: TypeAlias = Literal["candidate_to_reference", "reference_to_candidate"]

RIDGES: tuple[float, ...] = (1e-8, 1e-6, 1e-4, 1e-2, 1.0)


@dataclass(frozen=True)
class HeldOutR2:
    """Pooled R^2 on test conditions of a ridge regression fitted on fit conditions.

    Both directions matter: a candidate with many dimensions predicts the reference well whatever else it
    holds, and only the reverse tells that it holds nothing else. 0 is as good as each unit's mean over the
    fit conditions.

    Parameters
    ----------
    direction
        ``"candidate_to_reference"`` or ``"reference_to_candidate"``.
    tuned
        Subtract the mean over the fit conditions at each time from both first.
    ridge
        Strength in units of the largest squared singular value of the source; if not given, the one of
        `RIDGES` that predicts fit conditions best, each left out in turn.
    """

    direction: Direction = "candidate_to_reference"
    tuned: bool = False
    ridge: float | None = None
    higher_is_more_alike: ClassVar[bool] = True
    bounds: ClassVar[tuple[float, float]] = (-np.inf, 1.0)

    def __post_init__(self) -> None:
        """Check direction and ridge."""
        check_choice("direction", self.direction, ("candidate_to_reference", "reference_to_candidate"))
        if self.ridge is not None:
            check_positive("ridge", self.ridge)

    @property
    def name(self) -> str:
        """Name in the table."""
        return f"r2_{self.direction}" + ("_tuned" if self.tuned else "")

    @property
    def note(self) -> str:
        """Say what was done."""
        course = "fit-condition mean subtracted; " if self.tuned else ""
        chosen = "chosen on fit conditions" if self.ridge is None else f"{self.ridge:g}"
        return f"{course}ridge {chosen}, pooled over units"

    def __call__(
        self, reference: FloatArray, candidate: FloatArray, *, fit_on: BoolArray, test_on: BoolArray
    ) -> float:
        """Return R^2 on the test conditions of two arrays (condition, time, unit), 1 the most alike."""
        source, target = self._ordered(reference, candidate, fit_on)
        ridge = RIDGES if self.ridge is None else self.ridge
        return regression_r2(source, target, ridge=ridge, train=fit_on, test=test_on).r2

    def settled(self, reference: FloatArray, candidate: FloatArray, *, fit_on: BoolArray) -> Self:
        """Return the metric with its ridge chosen on the fit conditions."""
        if self.ridge is not None:
            return self
        source, target = self._ordered(reference, candidate, fit_on)
        return replace(self, ridge=regression_r2(source[fit_on], target[fit_on], ridge=RIDGES).ridge)

    def of_moments(self, moments: Moments) -> float:
        """Return the same from moments; the ridge must have been given or settled."""
        if self.ridge is None:
            raise InputError("ridge", "a strength", "none", "call settled() first")
        return float(self._scores(moments, (self.ridge,))[0])

    def most_favourable(self, moments: Moments) -> float:
        """Return the greatest R^2 over `RIDGES` and the ridge of the metric.

        A ridge chosen for one pairing of conditions lets others overfit, so a null scored with it is too low.
        """
        own = () if self.ridge is None else (self.ridge,)
        return float(self._scores(moments, RIDGES + own).max())

    def _scores(self, moments: Moments, ridges: tuple[float, ...]) -> FloatArray:
        """Return R^2 at each ridge, (ridge,).

        With fit' fit = V diag(l) V' of the source, the weights are V diag(d) A, d = 1 / (l + ridge l_1) and
        A = V' fit_cross; the explained sum of squares is then 2 d'q - d'Md, q and M as below.
        """
        source, target = moments.candidate, moments.reference
        fit_cross, test_cross = moments.fit_cross.T, moments.test_cross.T
        if self.direction == "reference_to_candidate":
            source, target = target, source
            fit_cross, test_cross = moments.fit_cross, moments.test_cross
        values, vectors = source.spectrum
        if not len(values):
            raise InputError("fit_on", "a source that varies over the fit conditions", "constant units only")
        total = float(np.trace(target.test))
        if total <= STILL * np.trace(target.fit):
            raise InputError(
                "test_on", "test conditions that depart from the fit mean", "that mean everywhere"
            )
        fitted = vectors.T @ fit_cross
        linear = np.sum(fitted * (vectors.T @ test_cross), axis=1)
        quadratic = (fitted @ fitted.T) * source.turned_test
        inverse = 1.0 / (values + np.asarray(ridges)[:, None] * values[0])
        explained = 2 * inverse @ linear - np.sum(inverse * (inverse @ quadratic), axis=1)
        scores: FloatArray = explained / total
        return scores

    def _ordered(
        self, reference: FloatArray, candidate: FloatArray, fit_on: BoolArray
    ) -> tuple[FloatArray, FloatArray]:
        if self.tuned:
            reference, candidate = tuned_part(reference, fit_on), tuned_part(candidate, fit_on)
        forward = self.direction == "candidate_to_reference"
        return (candidate, reference) if forward else (reference, candidate)
