"""The single-unit rate function and its slope (Hennequin, Vogels & Gerstner 2014, Neuron)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from motorsim.checks import InputError, check_array, check_positive

if TYPE_CHECKING:
    from motorsim.types import FloatArray


@dataclass(frozen=True, eq=False)
class RateFunction:
    """Rate above baseline as a saturating function of the unit's activation.

    g(x) = r0 tanh(x / r0) for x < 0 and (rmax - r0) tanh(x / (rmax - r0)) for x >= 0; the firing
    rate is r0 + g(x), between 0 and rmax (Hennequin et al. 2014, Experimental Procedures). Slope 1 at
    rest, so the circuit linearised there is its weight matrix.

    Parameters
    ----------
    baseline_hz
        r0, the rate at rest: one for all units, or one a unit, (unit,), see `spread_baselines`.
    maximum_hz
        rmax.

    Raises
    ------
    InputError
        If a baseline is not above 0 or not below the maximum.
    """

    baseline_hz: float | FloatArray = 20.0
    maximum_hz: float = 100.0

    def __post_init__(self) -> None:
        """Check that 0 < baseline < maximum."""
        if np.ndim(self.baseline_hz) == 0:
            check_positive("baseline_hz", self.baseline_hz)
        else:
            baseline_hz = check_array("baseline_hz", self.baseline_hz, ("unit",), minimum_sizes=(1,))
            if (baseline_hz <= 0).any():
                raise InputError("baseline_hz", "rates above 0", f"{baseline_hz.min():g}")
            object.__setattr__(self, "baseline_hz", baseline_hz)
        greatest = float(np.max(self.baseline_hz))
        if check_positive("maximum_hz", self.maximum_hz) <= greatest:
            raise InputError("maximum_hz", f"more than baseline_hz = {greatest:g}", f"{self.maximum_hz:g}")

    def baselines_hz(self, n_units: int) -> FloatArray:
        """Return the baseline of every unit, (unit,).

        Raises
        ------
        InputError
            If there is one a unit, for another number of units.
        """
        if np.shape(self.baseline_hz) not in ((), (n_units,)):
            expected = f"one rate, or one for each of the {n_units} units"
            raise InputError("baseline_hz", expected, f"shape {np.shape(self.baseline_hz)}")
        return np.broadcast_to(np.asarray(self.baseline_hz, dtype=np.float64), (n_units,))

    def rate_change(self, activation: FloatArray) -> FloatArray:
        """Return g(x) in Hz, same shape as the activation, (..., unit)."""
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
