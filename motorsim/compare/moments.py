"""Moments: the sums of products that every held-out linear score of two populations follows from.

A score needs the samples only through these few small matrices, so some of the units can be drawn a hundred
times without touching the samples.
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

# A sum of squares over test samples below this share of that over fit samples is rounding.
STILL = 1e-12


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

    @cached_property
    def turned_test(self) -> FloatArray:
        """Return ``test`` in the eigenvectors of `spectrum`, (rank, rank)."""
        _, vectors = self.spectrum
        turned: FloatArray = vectors.T @ self.test @ vectors
        return turned

    def of_units(self, units: IntArray) -> Side:
        """Return the side of the given units."""
        chosen = np.ix_(units, units)
        return Side(self.fit[chosen], self.test[chosen], self.test_mean[units], self.n_test)


@dataclass(frozen=True, eq=False)
class Samples:
    """One population's samples about what the fit conditions give.

    Attributes
    ----------
    fit, test
        Rates minus the mean over the fit conditions at each time, (sample, unit).
    course
        That mean about its own mean over time, (time, unit).
    test_sum
        Sum of ``test`` over conditions, (time, unit).
    n_fit, n_test
        Numbers of conditions.
    """

    fit: FloatArray
    test: FloatArray
    course: FloatArray
    test_sum: FloatArray
    n_fit: int
    n_test: int

    def products(self, other: Samples) -> tuple[FloatArray, FloatArray]:
        """Return the sums of products of the tuned samples over fit and over test, (unit, other's unit)."""
        return self.fit.T @ other.fit, self.test.T @ other.test

    def raw_products(
        self, other: Samples, fit: FloatArray, test: FloatArray
    ) -> tuple[FloatArray, FloatArray]:
        """Turn ``fit`` and ``test`` of the tuned samples into those of samples about the mean over time.

        A raw sample is a tuned one plus the course, and tuned fit samples add up to nothing at each time.
        """
        courses = self.course.T @ other.course
        mixed = self.test_sum.T @ other.course + self.course.T @ other.test_sum
        return fit + self.n_fit * courses, test + self.n_test * courses + mixed

    @cached_property
    def tuned_side(self) -> Side:
        """Return the sums of products of the tuned samples."""
        return Side(*self.products(self), self.test.mean(axis=0), len(self.test))

    @cached_property
    def raw_side(self) -> Side:
        """Return the sums of products of the raw samples."""
        tuned = self.tuned_side
        return Side(*self.raw_products(self, tuned.fit, tuned.test), tuned.test_mean, tuned.n_test)


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
    def of_tuned(cls, reference: Samples, candidate: Samples) -> Moments:
        """Return the moments of two populations' tuned samples."""
        return cls(reference.tuned_side, candidate.tuned_side, *reference.products(candidate))

    @classmethod
    def of_raw(cls, reference: Samples, candidate: Samples, tuned: Moments) -> Moments:
        """Return the moments of the raw samples; ``tuned`` are those of the tuned ones."""
        products = reference.raw_products(candidate, tuned.fit_cross, tuned.test_cross)
        return cls(reference.raw_side, candidate.raw_side, *products)

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

    def of_units(self, reference_units: IntArray, candidate_units: IntArray | None = None) -> Moments:
        """Return the moments of the given units (unit,); of all the candidate's if none are given."""
        reference = self.reference.of_units(reference_units)
        if candidate_units is None:
            return Moments(
                reference, self.candidate, self.fit_cross[reference_units], self.test_cross[reference_units]
            )
        chosen = np.ix_(reference_units, candidate_units)
        candidate = self.candidate.of_units(candidate_units)
        return Moments(reference, candidate, self.fit_cross[chosen], self.test_cross[chosen])


def split_samples(rates: FloatArray, fit_on: BoolArray, test_on: BoolArray) -> Samples:
    """Split rates (condition, time, unit) by condition and subtract what the fit conditions give."""
    fit, test = rates[fit_on], rates[test_on]
    mean = fit.mean(axis=0)
    fit, test = fit - mean, test - mean
    n_units = rates.shape[2]
    return Samples(
        fit.reshape(-1, n_units),
        test.reshape(-1, n_units),
        mean - mean.mean(axis=0),
        test.sum(axis=0),
        len(fit),
        len(test),
    )


def tuned_part(rates: FloatArray, fit_on: BoolArray) -> FloatArray:
    """Return rates (condition, time, unit) minus their mean over the fit conditions at each time."""
    tuned: FloatArray = rates - rates[fit_on].mean(axis=0)
    return tuned
