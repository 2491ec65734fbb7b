"""The single-unit rate function and its slope (Hennequin, Vogels & Gerstner 2014, Neuron)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from motorsim.checks import InputError, check_positive

if TYPE_CHECKING:
    from motorsim.types import FloatArray


@dataclass(frozen=True)
class RateFunction:
    """Rate above baseline as a saturating function of the unit's activation.

    g(x) = r0 tanh(x / r0) for x < 0 and (rmax - r0) tanh(x / (rmax - r0)) for x >= 0; the firing
    rate is r0 + g(x), between 0 and rmax (Hennequin et al. 2014, Experimental Procedures). Slope 1 at
    rest, so the circuit linearised there is its weight matrix.

    Parameters
    ----------
    baseline_hz
        r0, the rate at rest.
    maximum_hz
        rmax.
    """

    baseline_hz: float = 20.0
    maximum_hz: float = 100.0

    def __post_init__(self) -> None:
        """Check that 0 < baseline < maximum."""
        check_positive("baseline_hz", self.baseline_hz)
        if check_positive("maximum_hz", self.maximum_hz) <= self.baseline_hz:
            raise InputError(
                "maximum_hz", f"more than baseline_hz = {self.baseline_hz:g}", f"{self.maximum_hz:g}"
            )

    def rate_change(self, activation: FloatArray) -> FloatArray:
        """Return g(x) in Hz, same shape as the activation."""
        span = self._span(activation)
        change: FloatArray = span * np.tanh(activation / span)
        return change

    def slope(self, activation: FloatArray) -> FloatArray:
        """Return dg/dx, same shape as the activation."""
        return 1.0 - np.tanh(activation / self._span(activation)) ** 2

    def rate_hz(self, activation: FloatArray) -> FloatArray:
        """Return the firing rate r0 + g(x) in Hz."""
        return self.baseline_hz + self.rate_change(activation)

    def _span(self, activation: FloatArray) -> FloatArray:
        return np.where(activation < 0.0, self.baseline_hz, self.maximum_hz - self.baseline_hz)
