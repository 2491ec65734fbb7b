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
    def raw(self) -> Samples:
        """Return the samples about each unit's mean over fit conditions and times."""
        return split_samples(self.rates, self.fit_on, self.test_on, tuned=False)

    @cached_property
    def tuned(self) -> Samples:
        """Return the samples about the mean over fit conditions at each time."""
        return split_samples(self.rates, self.fit_on, self.test_on, tuned=True)


@dataclass(frozen=True, eq=False)
class Contrast:
    """A reference and a candidate, (condition, time, unit) each, split alike."""

    reference: Activity
    candidate: Activity

    @cached_property
    def raw(self) -> Moments:
        """Return the moments of the raw rates."""
        return Moments.between(self.reference.raw, self.candidate.raw)

    @cached_property
    def tuned(self) -> Moments:
        """Return the moments of the tuned rates."""
        return Moments.between(self.reference.tuned, self.candidate.tuned)

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

    def settled(self, metric: HeldOutMetric) -> HeldOutMetric:
        """Return the metric with what it chooses by itself chosen on the fit conditions."""
        if isinstance(metric, MomentMetric):
            fit_on = self.reference.fit_on
            return metric.settled(self.reference.rates, self.candidate.rates, fit_on=fit_on)
        return metric


@dataclass(frozen=True, eq=False)
class Redrawn:
    """A contrast with the reference's units drawn as ``units`` (unit,), repeats allowed."""

    contrast: Contrast
    units: IntArray
    _moments: dict[bool, Moments] = field(default_factory=dict, init=False)

    def score(self, metric: HeldOutMetric) -> float:
        """Return the metric."""
        if isinstance(metric, MomentMetric):
            return metric.of_moments(self._of(tuned=metric.tuned))
        reference = self.contrast.reference
        return metric(
            reference.rates[:, :, self.units],
            self.contrast.candidate.rates,
            fit_on=reference.fit_on,
            test_on=reference.test_on,
        )

    def _of(self, *, tuned: bool) -> Moments:
        if tuned not in self._moments:
            whole = self.contrast.tuned if tuned else self.contrast.raw
            self._moments[tuned] = whole.with_reference_units(self.units)
        return self._moments[tuned]
