"""Moments: the sums of products that every held-out linear score of two populations follows from.

A score needs the samples only through these few small matrices, so units can be drawn again a hundred times
without touching the samples. Drawing a unit k times is, up to a rotation that no score sees, the same as
multiplying it by sqrt(k).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from motorsim.analysis.samples import RANK_TOLERANCE
from motorsim.checks import InputError

if TYPE_CHECKING:
    from motorsim.types import BoolArray, FloatArray, IntArray


@dataclass(frozen=True, eq=False)
class Side:
    """Sums of products within one population.

    Attributes
    ----------
    fit, test
        Over fit and over test samples, (unit, unit), both about the mean of the FIT samples.
    test_mean
        Mean of the test samples minus that of the fit samples, (unit,).
    n_test
        Number of test samples.
    """

    fit: FloatArray
    test: FloatArray
    test_mean: FloatArray
    n_test: int

    @cached_property
    def spectrum(self) -> tuple[FloatArray, FloatArray]:
        """Return the eigenvalues of ``fit`` above rounding, (rank,), falling, and vectors (unit, rank)."""
        values, vectors = np.linalg.eigh(self.fit)
        kept = np.flatnonzero(values > max(RANK_TOLERANCE * values[-1], 0.0))[::-1]
        return values[kept], vectors[:, kept]

    def weighted(self, units: IntArray, weights: FloatArray) -> Side:
        """Return the side of the given units, each multiplied by its weight."""
        products, chosen = weights[:, None] * weights, np.ix_(units, units)
        return Side(
            self.fit[chosen] * products,
            self.test[chosen] * products,
            self.test_mean[units] * weights,
            self.n_test,
        )


@dataclass(frozen=True, eq=False)
class Samples:
    """One population's samples about the mean of the fit samples: ``fit`` and ``test``, (sample, unit)."""

    fit: FloatArray
    test: FloatArray

    @cached_property
    def side(self) -> Side:
        """Return the sums of products."""
        test_mean = self.test.mean(axis=0)
        return Side(self.fit.T @ self.fit, self.test.T @ self.test, test_mean, len(self.test))


@dataclass(frozen=True, eq=False)
class Moments:
    """Sums of products within and between a reference and a candidate.

    Attributes
    ----------
    reference, candidate
        Within each.
    fit_cross, test_cross
        Between them, (reference unit, candidate unit), about the means of the fit samples.
    """

    reference: Side
    candidate: Side
    fit_cross: FloatArray
    test_cross: FloatArray

    @classmethod
    def between(cls, reference: Samples, candidate: Samples) -> Moments:
        """Return the moments of two populations' samples."""
        return cls(
            reference.side,
            candidate.side,
            reference.fit.T @ candidate.fit,
            reference.test.T @ candidate.test,
        )

    def leading(self, n_components: int) -> list[tuple[FloatArray, FloatArray]]:
        """Return eigenvalues (component,) and vectors (unit, component) of reference, then of candidate.

        Raises
        ------
        InputError
            If either has a lower rank over the fit conditions.
        """
        spectra = []
        for name, side in (("reference", self.reference), ("candidate", self.candidate)):
            values, vectors = side.spectrum
            if len(values) < n_components:
                raise InputError(
                    "n_components",
                    f"at most the rank of the {name} over the fit conditions, {len(values)}",
                    f"{n_components}",
                    "ask for fewer components or give more conditions or units",
                )
            spectra.append((values[:n_components], vectors[:, :n_components]))
        return spectra

    def with_reference_units(self, units: IntArray) -> Moments:
        """Return the moments with the reference's units drawn as ``units`` (unit,), repeats allowed."""
        distinct, counts = np.unique(units, return_counts=True)
        weights = np.sqrt(counts)
        return Moments(
            self.reference.weighted(distinct, weights),
            self.candidate,
            weights[:, None] * self.fit_cross[distinct],
            weights[:, None] * self.test_cross[distinct],
        )


def split_samples(rates: FloatArray, fit_on: BoolArray, test_on: BoolArray, *, tuned: bool) -> Samples:
    """Split rates (condition, time, unit) by condition and centre them by what the fit conditions give.

    If ``tuned``, the mean over the fit conditions at each time goes from both parts; otherwise each unit's
    mean over fit conditions and times.
    """
    fit, test = rates[fit_on], rates[test_on]
    mean = fit.mean(axis=0) if tuned else fit.mean(axis=(0, 1))
    n_units = rates.shape[2]
    return Samples((fit - mean).reshape(-1, n_units), (test - mean).reshape(-1, n_units))


def tuned_part(rates: FloatArray, fit_on: BoolArray) -> FloatArray:
    """Return rates (condition, time, unit) minus their mean over the fit conditions at each time."""
    tuned: FloatArray = rates - rates[fit_on].mean(axis=0)
    return tuned
