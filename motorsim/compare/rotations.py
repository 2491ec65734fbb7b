"""jPCA of one population, as rows of the table."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from motorsim.analysis import jpca
from motorsim.checks import InputError, check_integer, check_positive

if TYPE_CHECKING:
    from motorsim.analysis import JPCA
    from motorsim.population import Population
    from motorsim.types import FloatArray, IntArray


@dataclass(frozen=True)
class Rotations:
    """jPCA over all conditions within a window: R^2, frequencies and the variance in the fastest plane.

    The cross-condition mean is subtracted (Churchland et al. 2012, Nature 487). Rates in Hz are divided by
    their range plus a constant; states of other quantities, which have no Hz to add, are taken as they are.

    Parameters
    ----------
    window_s
        Start and stop on the populations' clock, the stop left out; all times if not given.
    n_components
        Principal components, even, no more than conditions.
    soft_norm_hz
        The constant, Hz.
    """

    window_s: tuple[float, float] | None = None
    n_components: int = 6
    soft_norm_hz: float = 5.0

    def __post_init__(self) -> None:
        """Check the window and the numbers."""
        if self.window_s is not None and not (
            len(self.window_s) == 2 and self.window_s[0] < self.window_s[1]
        ):
            raise InputError("jpca_window_s", "a start before a stop, in seconds", f"{self.window_s}")
        check_integer("jpca_n_components", self.n_components, minimum=2)
        if self.n_components % 2:
            raise InputError("jpca_n_components", "an even number", f"{self.n_components}")
        check_positive("soft_norm_hz", self.soft_norm_hz)

    @property
    def names(self) -> tuple[str, ...]:
        """Names in the table."""
        frequencies = tuple(f"jpca_frequency_{plane}_hz" for plane in range(1, self.n_components // 2 + 1))
        return ("jpca_r2_best", "jpca_r2_skew", "jpca_ratio", *frequencies, "jpca_top_plane_variance")

    @property
    def bounds(self) -> tuple[tuple[float, float], ...]:
        """Least and greatest number possible, a pair for each name."""
        share, frequency = (0.0, 1.0), (0.0, np.inf)
        return (*(share,) * 3, *(frequency,) * (self.n_components // 2), share)

    def fit(self, population: Population, units: IntArray | None = None) -> JPCA:
        """Return jPCA of all units or of those given."""
        window = population if self.window_s is None else population.between(*self.window_s)
        if window.n_times < 3:
            raise InputError("jpca_window_s", "at least 3 samples inside", f"{window.n_times}")
        try:
            return jpca(
                window.rates if units is None else window.rates[:, :, units],
                dt_s=window.dt_s,
                n_components=self.n_components,
                soft_norm_hz=soft_norm_of(population, self.soft_norm_hz),
            )
        except InputError as error:
            if error.name != "n_components":
                raise
            raise InputError("jpca_n_components", error.expected, error.got, error.mend) from error

    def describe(self, population: Population, units: IntArray | None = None) -> FloatArray:
        """Return the numbers, (name,), of all units or of those given."""
        fit = self.fit(population, units)
        top_plane = fit.plane_variance_ratio[0]
        return np.array([fit.r2_best, fit.r2_skew, fit.r2_ratio, *fit.frequencies_hz, top_plane])

    def note(self, population: Population) -> str:
        """Say what was done."""
        window = population if self.window_s is None else population.between(*self.window_s)
        soft_norm_hz = soft_norm_of(population, self.soft_norm_hz)
        normalised = (
            f"{population.quantity} not soft-normalised"
            if soft_norm_hz is None
            else f"soft-normalised by range + {soft_norm_hz:g} Hz"
        )
        return (
            f"{normalised}; {self.n_components} components, {window.times_s[0]:.6g} to "
            f"{window.times_s[-1]:.6g} s in steps of {window.dt_s:.6g} s, cross-condition mean subtracted"
        )


def soft_norm_of(population: Population, soft_norm_hz: float) -> float | None:
    """Return the constant where the population's quantity is in Hz or spikes/s, otherwise ``None``."""
    return soft_norm_hz if re.search(r"\bHz\b|\bspikes/s\b", population.quantity) else None
