"""Minimum jerk: the smoothest way from rest to rest, and a sideways bump as smooth."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.polynomial.polynomial import polyder, polyval

from motorsim.checks import check_array, check_positive

if TYPE_CHECKING:
    from motorsim.types import FloatArray

# Coefficients of u^0, u^1, ...
_REACH = (0.0, 0.0, 0.0, 10.0, -15.0, 6.0)
_BUMP = (0.0, 0.0, 0.0, 64.0, -192.0, 192.0, -64.0)


class MotionProfile(NamedTuple):
    """A scalar motion: position, velocity (1/s) and acceleration (1/s^2), each (time,)."""

    position: FloatArray
    velocity: FloatArray
    acceleration: FloatArray


def minimum_jerk(times_s: FloatArray, *, onset_s: float = 0.0, duration_s: float) -> MotionProfile:
    """Return the fraction of the way covered under minimum jerk, and its time derivatives.

    With u = (t - onset) / duration, s = 10 u^3 - 15 u^4 + 6 u^5; 0 before, 1 after. Peak velocity
    is 1.875 / duration, at the middle. Flash & Hogan, J. Neurosci. 1985.

    Parameters
    ----------
    times_s
        Times, (time,).
    onset_s
        When the movement starts.
    duration_s
        How long it takes.

    Raises
    ------
    InputError
        If the duration is not positive or a time not finite.
    """
    return _motion(_REACH, times_s, onset_s, duration_s)


def lateral_bump(times_s: FloatArray, *, onset_s: float = 0.0, duration_s: float) -> MotionProfile:
    """Return a bump that is 1 at the middle of the movement and 0 outside it, and its derivatives.

    With u as in `minimum_jerk`, b = 64 u^3 (1 - u)^3, the lowest polynomial with position, velocity
    and acceleration zero at both ends. Parameters and errors as there.
    """
    return _motion(_BUMP, times_s, onset_s, duration_s)


def _motion(
    coefficients: tuple[float, ...], times_s: FloatArray, onset_s: float, duration_s: float
) -> MotionProfile:
    times = check_array("times_s", times_s, ("time",))
    onset = float(check_array("onset_s", onset_s, ()))
    duration = check_positive("duration_s", duration_s)
    # Velocity and acceleration vanish at both ends, so clipping the time is all that rest needs.
    u = np.clip((times - onset) / duration, 0.0, 1.0)
    position, velocity, acceleration = (
        np.asarray(polyval(u, polyder(coefficients, order)), dtype=np.float64) for order in range(3)
    )
    return MotionProfile(position, velocity / duration, acceleration / duration**2)
