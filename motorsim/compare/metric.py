"""What a metric and a description are; write a class with these members to add one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, Self, runtime_checkable

if TYPE_CHECKING:
    from motorsim.compare.moments import Moments
    from motorsim.population import Population
    from motorsim.types import BoolArray, FloatArray, IntArray


@runtime_checkable
class HeldOutMetric(Protocol):
    """A score of how alike two populations are, fitted on some conditions and read off on others."""

    @property
    def name(self) -> str:
        """Name in the table."""
        ...

    @property
    def higher_is_more_alike(self) -> bool:
        """Direction of the score."""
        ...

    @property
    def bounds(self) -> tuple[float, float]:
        """Least and greatest score possible; infinite where there is none."""
        ...

    @property
    def note(self) -> str:
        """Say what was done, for the table."""
        ...

    def __call__(
        self, reference: FloatArray, candidate: FloatArray, *, fit_on: BoolArray, test_on: BoolArray
    ) -> float:
        """Score two arrays (condition, time, unit), fitting on ``fit_on`` only."""
        ...


@runtime_checkable
class MomentMetric(HeldOutMetric, Protocol):
    """A held-out metric that the moments of two populations suffice for; equal to its call, but faster."""

    @property
    def tuned(self) -> bool:
        """Whether the mean over the fit conditions is subtracted first."""
        ...

    def settled(self, reference: FloatArray, candidate: FloatArray, *, fit_on: BoolArray) -> Self:
        """Return the metric with whatever it chooses by itself chosen on the fit conditions."""
        ...

    def of_moments(self, moments: Moments) -> float:
        """Score from the moments of the raw or, if ``tuned``, the tuned rates."""
        ...

    def most_favourable(self, moments: Moments) -> float:
        """Score with whatever it chooses by itself chosen to suit the scored conditions best, for nulls."""
        ...


@runtime_checkable
class Description(Protocol):
    """Numbers that say something about one population alone."""

    @property
    def names(self) -> tuple[str, ...]:
        """Names in the table."""
        ...

    @property
    def bounds(self) -> tuple[tuple[float, float], ...]:
        """Least and greatest number possible, a pair for each name."""
        ...

    def describe(self, population: Population, units: IntArray | None = None) -> FloatArray:
        """Return the numbers, (name,), for all units or for those given."""
        ...

    def note(self, population: Population) -> str:
        """Say what was done, for the table."""
        ...
