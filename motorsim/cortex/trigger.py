"""Inputs of movement: what comes into the circuit once the movement is released, such as the go trigger."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np

from motorsim.checks import InputError, check_array, check_integer, check_positive
from motorsim.cortex.amplification import amplified_modes
from motorsim.streams import Seed, stream

if TYPE_CHECKING:
    from motorsim.cortex.circuit import Circuit
    from motorsim.task import Reaches
    from motorsim.types import FloatArray


class MovementInput(Protocol):
    """An input that starts with the release of the movement."""

    def __call__(self, reaches: Reaches, times_s: FloatArray) -> FloatArray:
        """Return the input in Hz at times (...) from the release, (..., condition or 1, unit)."""
        ...


@dataclass(frozen=True, eq=False)
class GoTrigger:
    """The same pulse of input in every condition, from the release of the movement on.

    h(t) = amplitude p s(t) with s(t) proportional to exp(-t / decay) - exp(-t / rise), of peak 1, and the
    pattern p of root-mean-square 1. Motor cortex answers the go cue with a large signal that hardly depends
    on the reach (Kaufman et al. 2016, eNeuro).

    Parameters
    ----------
    pattern
        Relative input to every unit, (unit,), of any norm but 0.
    amplitude_hz
        Root-mean-square input over units at its peak.
    rise_s, decay_s
        Time constants.

    Raises
    ------
    InputError
        If the pattern is 0 or not finite, a number is not positive, or the rise is not the shorter.
    """

    pattern: FloatArray
    amplitude_hz: float = 20.0
    rise_s: float = 0.03
    decay_s: float = 0.15

    def __post_init__(self) -> None:
        """Check the numbers and normalise the pattern."""
        pattern = check_array("pattern", self.pattern, ("unit",), minimum_sizes=(1,))
        if not pattern.any():
            raise InputError("pattern", "a pattern that is not 0 everywhere", "zeros")
        object.__setattr__(self, "pattern", pattern / np.sqrt((pattern**2).mean()))
        check_positive("amplitude_hz", self.amplitude_hz)
        check_positive("decay_s", self.decay_s)
        if check_positive("rise_s", self.rise_s) >= self.decay_s:
            raise InputError("rise_s", f"less than decay_s = {self.decay_s:g} s", f"{self.rise_s:g} s")

    def time_course(self, times_s: FloatArray) -> FloatArray:
        """Return s at times from the release, same shape; 0 before it."""
        rise, decay = self.rise_s, self.decay_s
        peak_s = np.log(decay / rise) * rise * decay / (decay - rise)
        peak = np.exp(-peak_s / decay) - np.exp(-peak_s / rise)
        after_s = np.maximum(times_s, 0.0)
        course: FloatArray = (np.exp(-after_s / decay) - np.exp(-after_s / rise)) / peak
        return course

    def __call__(self, reaches: Reaches, times_s: FloatArray) -> FloatArray:  # noqa: ARG002 - it is the same for all
        """Return the input in Hz at times (...) from the release, (..., 1, unit)."""
        return self.amplitude_hz * self.time_course(times_s)[..., None, None] * self.pattern


def random_go_trigger(
    circuit: Circuit,
    *,
    rng: Seed,
    amplitude_hz: float = 20.0,
    rise_s: float = 0.03,
    decay_s: float = 0.15,
    n_avoided: int | None = None,
) -> GoTrigger:
    """Draw a go trigger whose pattern avoids the modes that the circuit amplifies most.

    Preparatory states live in those modes, so what the trigger evokes is nearly orthogonal to what tells the
    reaches apart.

    Parameters
    ----------
    circuit
        A stable circuit.
    rng
        Seed of the pattern.
    amplitude_hz, rise_s, decay_s
        As in `GoTrigger`.
    n_avoided
        How many of the most amplified modes the pattern is orthogonal to; half of them where None.

    Raises
    ------
    InputError
        If the circuit is unstable, no mode is left, or a number is out of range.
    """
    wanted = circuit.n_units // 2 if n_avoided is None else n_avoided
    n_avoided = check_integer("n_avoided", wanted, minimum=0, maximum=circuit.n_units - 1)
    modes = amplified_modes(circuit).states[n_avoided:]
    pattern = stream(rng, "go trigger").standard_normal(len(modes)) @ modes
    return GoTrigger(pattern, amplitude_hz, rise_s, decay_s)
