"""Contrast: two populations' rates under metrics, what the metrics share being computed once."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from motorsim.compare.metric import MomentMetric
from motorsim.compare.moments import Moments, Samples, split_samples

if TYPE_CHECKING:
    from motorsim.compare.metric import HeldOutMetric
    from motorsim.types import BoolArray, FloatArray, IntArray


@dataclass(frozen=True, eq=False)
class Activity:
    """One population's rates (condition, time, unit), split by condition."""

    rates: FloatArray
    fit_on: BoolArray
    test_on: BoolArray

    @cached_property
    def samples(self) -> Samples:
        """Return the samples about what the fit conditions give."""
        return split_samples(self.rates, self.fit_on, self.test_on)

    def of_units(self, units: IntArray) -> Activity:
        """Return the activity of the given units."""
        return Activity(self.rates[:, :, units], self.fit_on, self.test_on)


@dataclass(frozen=True, eq=False)
class Contrast:
    """A reference and a candidate, (condition, time, unit) each, split alike."""

    reference: Activity
    candidate: Activity

    @cached_property
    def raw(self) -> Moments:
        """Return the moments of the raw rates."""
        return Moments.of_raw(self.reference.samples, self.candidate.samples, self.tuned)

    @cached_property
    def tuned(self) -> Moments:
        """Return the moments of the tuned rates."""
        return Moments.of_tuned(self.reference.samples, self.candidate.samples)

    def score(self, metric: HeldOutMetric) -> float:
        """Return the metric."""
        if isinstance(metric, MomentMetric):
            return metric.of_moments(self.tuned if metric.tuned else self.raw)
        return metric(
            self.reference.rates,
            self.candidate.rates,
            fit_on=self.reference.fit_on,
            test_on=self.reference.test_on,
        )

    def most_favourable(self, metric: HeldOutMetric) -> float:
        """Return the metric with what it chooses by itself chosen to suit the scored conditions best."""
        if isinstance(metric, MomentMetric):
            return metric.most_favourable(self.tuned if metric.tuned else self.raw)
        return self.score(metric)

    def settled(self, metric: HeldOutMetric) -> HeldOutMetric:
        """Return the metric with what it chooses by itself chosen on the fit conditions."""
        if isinstance(metric, MomentMetric):
            fit_on = self.reference.fit_on
            return metric.settled(self.reference.rates, self.candidate.rates, fit_on=fit_on)
        return metric


@dataclass(frozen=True, eq=False)
class Subsample:
    """A contrast of some of the reference's units and some, or if ``None`` all, of the candidate's."""

    contrast: Contrast
    reference_units: IntArray
    candidate_units: IntArray | None = None
    _moments: dict[bool, Moments] = field(default_factory=dict, init=False)

    def score(self, metric: HeldOutMetric) -> float:
        """Return the metric."""
        if isinstance(metric, MomentMetric):
            return metric.of_moments(self._of(tuned=metric.tuned))
        return self.whole().score(metric)

    def whole(self) -> Contrast:
        """Return the contrast of these units with rates of their own."""
        reference, candidate = self.contrast.reference, self.contrast.candidate
        chosen = candidate if self.candidate_units is None else candidate.of_units(self.candidate_units)
        return Contrast(reference.of_units(self.reference_units), chosen)

    def _of(self, *, tuned: bool) -> Moments:
        if tuned not in self._moments:
            whole = self.contrast.tuned if tuned else self.contrast.raw
            self._moments[tuned] = whole.of_units(self.reference_units, self.candidate_units)
        return self._moments[tuned]
