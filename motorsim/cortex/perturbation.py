"""Perturbations: input added to chosen units for a while, or the units silenced."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from motorsim.checks import InputError, check_array, check_number, check_positive
from motorsim.streams import Seed, stream

if TYPE_CHECKING:
    from collections.abc import Sequence

    from motorsim.types import BoolArray, FloatArray, IntArray


@dataclass(frozen=True, eq=False)
class Perturbation:
    """A pulse of input to chosen units, or their silence, as an optogenetic experiment would bring about.

    Parameters
    ----------
    start_s, stop_s
        The window on the trial's clock; the perturbation acts from ``start_s`` up to, not including,
        ``stop_s``.
    drive_hz
        Input added meanwhile, in Hz of activation: one number, or one for each unit chosen, in their order.
    units
        Which units: indices, or a boolean mask over all of them; all where None. `draw_units` draws a
        fraction of the excitatory or the inhibitory ones.
    silence
        Hold the rate of these units at 0 instead.

    Raises
    ------
    InputError
        If the window is empty or starts before the trial, the input is not finite or does not fit the units,
        or silenced units are to be driven too.
    """

    start_s: float
    stop_s: float
    drive_hz: float | FloatArray = 0.0
    units: Sequence[int] | IntArray | BoolArray | None = None
    silence: bool = False

    def __post_init__(self) -> None:
        """Check what can be checked without knowing the circuit."""
        start_s = check_positive("start_s", self.start_s, allow_zero=True)
        if check_number("stop_s", self.stop_s) <= start_s:
            raise InputError("stop_s", f"a time after start_s = {start_s:g} s", f"{self.stop_s:g} s")
        drive_hz = check_array("drive_hz", self.drive_hz)
        if drive_hz.ndim > 1:
            raise InputError("drive_hz", "one number, or one a unit chosen", f"shape {drive_hz.shape}")
        if self.silence and drive_hz.any():
            raise InputError("drive_hz", "0 for units that are silenced", f"{self.drive_hz!r}")

    def chosen(self, n_units: int) -> IntArray:
        """Return the indices of the units perturbed among ``n_units``, (chosen,).

        Raises
        ------
        InputError
            If a unit does not exist or is named twice, a mask has another length, or none is chosen.
        """
        if self.units is None:
            return np.arange(n_units)
        units = np.asarray(self.units)
        if units.dtype.kind == "b" and units.shape == (n_units,) and units.any():
            return np.flatnonzero(units)
        if units.dtype.kind not in "iu" or units.ndim != 1 or len(units) == 0:
            expected = f"indices of units, or a mask of {n_units} booleans, some True"
            raise InputError("units", expected, f"{units.dtype} of shape {units.shape}")
        unknown = units[(units < 0) | (units >= n_units)]
        if len(unknown):
            raise InputError("units", f"units from 0 to {n_units - 1}", f"{unknown.tolist()}")
        if len(np.unique(units)) < len(units):
            raise InputError("units", "each unit once", f"{units.tolist()}")
        return units.astype(np.int64)

    def pattern_hz(self, n_units: int) -> FloatArray:
        """Return the input added to every unit, 0 to those not chosen, (unit,).

        Raises
        ------
        InputError
            As `chosen`, and if there is one input a unit chosen and their numbers differ.
        """
        chosen = self.chosen(n_units)
        drive_hz = np.asarray(self.drive_hz, dtype=np.float64)
        if drive_hz.shape not in ((), chosen.shape):
            expected = f"one number, or one for each of the {len(chosen)} units chosen"
            raise InputError("drive_hz", expected, f"shape {drive_hz.shape}")
        pattern_hz = np.zeros(n_units)
        pattern_hz[chosen] = drive_hz
        return pattern_hz

    def steps(self, end_s: float, dt_s: float) -> slice:
        """Return the integration steps in which it acts, those that start inside the window.

        Raises
        ------
        InputError
            If the window ends after the trial, at ``end_s``, or no step of ``dt_s`` starts inside it.
        """
        if self.stop_s > end_s + 1e-9:
            raise InputError("stop_s", f"a time within the trial of {end_s:g} s", f"{self.stop_s:g} s")
        first, stop = (int(np.ceil(time_s / dt_s - 1e-6)) for time_s in (self.start_s, self.stop_s))
        if first == stop:
            window = f"{self.start_s:g} to {self.stop_s:g} s"
            raise InputError("stop_s", f"a window that holds a step of {dt_s:g} s", window)
        return slice(first, stop)


def draw_units(excitatory: BoolArray, fraction: float, *, among_excitatory: bool, rng: Seed) -> IntArray:
    """Draw a fraction of the excitatory or of the inhibitory units.

    Parameters
    ----------
    excitatory
        Which units are excitatory, boolean (unit,).
    fraction
        Above 0 and at most 1; at least one unit is drawn.
    among_excitatory
        Draw excitatory units, else inhibitory ones.
    rng
        Seed of the draw.

    Returns
    -------
    IntArray
        Indices in increasing order.

    Raises
    ------
    InputError
        If the fraction is out of range, the mask is none, or there is no such unit.
    """
    mask = np.asarray(excitatory)
    if mask.dtype != np.bool_ or mask.ndim != 1:
        raise InputError("excitatory", "booleans (unit,)", f"{mask.dtype} of shape {mask.shape}")
    if check_positive("fraction", fraction) > 1:
        raise InputError("fraction", "a number above 0 and at most 1", f"{fraction:g}")
    candidates = np.flatnonzero(mask == among_excitatory)
    if len(candidates) == 0:
        kind = "excitatory" if among_excitatory else "inhibitory"
        raise InputError("excitatory", f"some {kind} units", "none")
    size = max(1, round(fraction * len(candidates)))
    return np.sort(stream(rng, "perturbed units").choice(candidates, size, replace=False))
