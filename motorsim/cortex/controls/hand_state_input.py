"""Hand state input: a movement made by what is felt and seen of the hand, a while ago."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from motorsim.checks import InputError, check_array, check_positive
from motorsim.streams import Seed, stream

if TYPE_CHECKING:
    from motorsim.task import Reaches
    from motorsim.types import FloatArray


@dataclass(frozen=True, eq=False)
class HandStateInput:
    """Movement input that every unit receives from the delayed state of the hand.

    h_u(t) = B_u (target - p(t - delay_u), v(t - delay_u)) from the release on, with hand position p and
    velocity v. The hand is taken to move as desired, so this is the input of a loop that works: the way
    that is left starts the movement, and what it is told of its own movement carries it on.

    Parameters
    ----------
    gain
        B, (unit, 4): Hz a metre of the way left in x and y, then Hz s a metre for the velocity.
    delay_s
        Of each unit, (unit,).
    reaction_s
        From the release to movement onset, as in the task.

    Raises
    ------
    InputError
        If shapes disagree or a time is negative.
    """

    gain: FloatArray
    delay_s: FloatArray
    reaction_s: float

    def __post_init__(self) -> None:
        """Check shapes and times."""
        gain = check_array("gain", self.gain, ("unit", "hand state"), shape=(None, 4))
        delay_s = check_array("delay_s", self.delay_s, ("unit",), shape=(len(gain),))
        if (delay_s < 0).any():
            raise InputError("delay_s", "delays of at least 0 s", f"{delay_s.min():g} s")
        check_positive("reaction_s", self.reaction_s, allow_zero=True)

    def __call__(self, reaches: Reaches, times_s: FloatArray) -> FloatArray:
        """Return the input in Hz at times (...) from the release, (..., condition, unit)."""
        times_s = np.asarray(times_s)
        # Times and delays are mostly whole milliseconds, so that units share most of what they see.
        unrounded_s = times_s.reshape(-1, 1) - self.delay_s
        seen_s, which = np.unique(np.round(unrounded_s, 9), return_inverse=True)
        path = reaches.hand_path(seen_s, onset_s=self.reaction_s)
        state = np.concatenate([reaches.target_m[:, None] - path.position_m, path.velocity_m_s], axis=2)
        which = which.reshape(unrounded_s.shape)
        input_hz = np.zeros((times_s.size, reaches.n_conditions, len(self.gain)))
        for part, gain in zip(state.T, self.gain.T, strict=True):
            input_hz += gain * part[which].transpose(0, 2, 1)
        return input_hz.reshape(*times_s.shape, *input_hz.shape[1:])

    def scaled(self, factor: float) -> HandStateInput:
        """Return the same with all gains multiplied."""
        return replace(self, gain=factor * self.gain)


def random_hand_state_input(
    n_units: int = 200,
    *,
    rng: Seed,
    reaction_s: float,
    least_delay_s: float = 0.03,
    greatest_delay_s: float = 0.12,
    distance_m: float = 0.1,
    speed_m_s: float = 0.4,
    amplitude_hz: float = 20.0,
) -> HandStateInput:
    """Draw a hand state input: every unit with a direction for the way left, one for velocity, and a delay.

    Parameters
    ----------
    n_units
        Number of units.
    rng
        Seed of gains and delays.
    reaction_s
        From the release to movement onset.
    least_delay_s, greatest_delay_s
        Delays are whole milliseconds, uniform between them, as those of touch, stretch and sight.
    distance_m, speed_m_s
        The way and the speed at which the root-mean-square input is ``amplitude_hz``, each taken by itself.
    amplitude_hz
        That amplitude.

    Raises
    ------
    InputError
        If a number is out of range.
    """
    least_s = check_positive("least_delay_s", least_delay_s, allow_zero=True)
    if check_positive("greatest_delay_s", greatest_delay_s) < least_s:
        raise InputError("greatest_delay_s", f"at least {least_s:g} s", f"{greatest_delay_s:g} s")
    generator = stream(rng, "hand state input")
    scale = np.repeat([check_positive("distance_m", distance_m), check_positive("speed_m_s", speed_m_s)], 2)
    gain = generator.standard_normal((n_units, 4)) * (check_positive("amplitude_hz", amplitude_hz) / scale)
    delay_s = np.round(generator.uniform(least_s, greatest_delay_s, n_units), 3)
    return HandStateInput(gain, delay_s, reaction_s)
