"""Light: current straight into chosen neurons for a while, as optogenetic stimulation would bring about."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from motorsim.checks import InputError, check_number, check_positive
from motorsim.streams import Seed, stream

if TYPE_CHECKING:
    from motorsim.types import BoolArray, FloatArray


@dataclass(frozen=True)
class LightPulse:
    """A current into a fraction of the excitatory or the inhibitory neurons.

    It does not pass through the slow synapses: it acts at once, and on the neurons that express the channel
    alone.

    Parameters
    ----------
    start_s, stop_s
        The window on the trial's clock.
    current_mv
        Change of v that the current would bring to an isolated neuron; negative for a silencing channel.
    fraction
        Part of the neurons that express it, above 0 and at most 1.
    excitatory
        Whether excitatory neurons do, else inhibitory ones.
    rng
        Seed of which neurons do; needed unless all do.

    Raises
    ------
    InputError
        If the window is empty or starts before the trial, a number is out of range, or a fraction has no
        seed.
    """

    start_s: float
    stop_s: float
    current_mv: float
    fraction: float = 1.0
    excitatory: bool = True
    rng: Seed | None = None

    def __post_init__(self) -> None:
        """Check window and fraction."""
        start_s = check_positive("start_s", self.start_s, allow_zero=True)
        if check_number("stop_s", self.stop_s) <= start_s:
            raise InputError("stop_s", f"a time after start_s = {start_s:g} s", f"{self.stop_s:g} s")
        check_number("current_mv", self.current_mv)
        if check_positive("fraction", self.fraction) > 1:
            raise InputError("fraction", "a number above 0 and at most 1", f"{self.fraction:g}")
        if self.fraction < 1 and self.rng is None:
            raise InputError("rng", f"a seed, to draw {self.fraction:g} of the neurons", "None")

    def currents_mv(self, excitatory: BoolArray, n_per_pool: int) -> FloatArray:
        """Return the current into every neuron at full light, (neuron,).

        ``excitatory`` is the sign of each pool, (pool,).

        Raises
        ------
        InputError
            If there is no neuron of the kind.
        """
        of_kind = np.repeat(np.asarray(excitatory) == self.excitatory, n_per_pool)
        chosen = np.flatnonzero(of_kind)
        if not len(chosen):
            kind = "excitatory" if self.excitatory else "inhibitory"
            raise InputError("excitatory", f"some {kind} neurons", "a circuit without")
        if self.rng is not None:
            size = max(1, round(self.fraction * len(chosen)))
            chosen = stream(self.rng, "light").choice(chosen, size, replace=False)
        current = np.zeros(len(of_kind))
        current[chosen] = self.current_mv
        return current

    def course(self, n_steps: int, dt_s: float, end_s: float) -> FloatArray:
        """Return 1 while the light is on, (step,).

        Raises
        ------
        InputError
            If the window ends after the trial, or holds no step.
        """
        if self.stop_s > end_s + 1e-9:
            raise InputError("stop_s", f"a time within the trial of {end_s:g} s", f"{self.stop_s:g} s")
        times_s = dt_s * np.arange(n_steps)
        on = (times_s >= self.start_s - 1e-9) & (times_s < self.stop_s - 1e-9)
        if not on.any():
            window = f"{self.start_s:g} to {self.stop_s:g} s"
            raise InputError("stop_s", f"a window that holds a step of {dt_s:g} s", window)
        return on.astype(np.float64)
