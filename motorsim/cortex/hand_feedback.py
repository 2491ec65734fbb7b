"""Hand feedback: the delayed deviation of the hand as input to the circuit, and loads that the hand feels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from motorsim.checks import InputError, check_array, check_integer, check_number, check_positive

if TYPE_CHECKING:
    from motorsim.cortex.circuit import Circuit
    from motorsim.cortex.readout import TorqueReadout
    from motorsim.plant import Arm
    from motorsim.types import FloatArray


@dataclass(frozen=True, eq=False)
class HandFeedback:
    """Input to the circuit that is linear in the delayed deviation of the hand from its desired path.

    h = G [p(t - d) - p*(t - d); v(t - d) - v*(t - d)]: position and velocity against those desired. The hand
    is on its path before the trial starts.

    Parameters
    ----------
    gain
        G, (unit, 4): x and y of the position in Hz a metre, x and y of the velocity in Hz s a metre.
    delay_s
        d, a multiple of the integration step.

    Raises
    ------
    InputError
        If the gain has another shape or the delay is negative.
    """

    gain: FloatArray
    delay_s: float = 0.05

    def __post_init__(self) -> None:
        """Check gain and delay."""
        check_array("gain", self.gain, ("unit", "hand"), shape=(None, 4))
        check_positive("delay_s", self.delay_s, allow_zero=True)

    def check_units(self, n_units: int) -> None:
        """Raise `InputError` if the gain is that of another number of units."""
        if len(self.gain) != n_units:
            raise InputError("gain", f"{n_units} rows, one a unit", f"{len(self.gain)}")

    def delay_steps(self, dt_s: float) -> int:
        """Return the delay in integration steps, or raise `InputError` if it is no multiple of them."""
        steps = round(self.delay_s / dt_s)
        if abs(steps * dt_s - self.delay_s) > 1e-9:
            raise InputError("delay_s", f"a multiple of dt_s = {dt_s:g} s", f"{self.delay_s:g} s")
        return steps


@dataclass(frozen=True)
class HandLoad:
    """A constant force on the hand for a while.

    Parameters
    ----------
    start_s, stop_s
        The window on the trial's clock.
    force_n
        Along x and y.

    Raises
    ------
    InputError
        If the window is empty or starts before the trial, or the force is not finite.
    """

    start_s: float
    stop_s: float
    force_n: tuple[float, float]

    def __post_init__(self) -> None:
        """Check window and force."""
        start_s = check_positive("start_s", self.start_s, allow_zero=True)
        if check_number("stop_s", self.stop_s) <= start_s:
            raise InputError("stop_s", f"a time after start_s = {start_s:g} s", f"{self.stop_s:g} s")
        check_array("force_n", self.force_n, ("dimension",), shape=(2,))

    def check_within(self, end_s: float) -> None:
        """Raise `InputError` if the window ends after the trial."""
        if self.stop_s > end_s + 1e-9:
            raise InputError("stop_s", f"a time within the trial of {end_s:g} s", f"{self.stop_s:g} s")

    def force_at(self, time_s: float) -> FloatArray:
        """Return the force in N at a time, (2,)."""
        acts = self.start_s - 1e-9 <= time_s < self.stop_s - 1e-9
        return np.array(self.force_n) if acts else np.zeros(2)


def spring_feedback(
    circuit: Circuit,
    readout: TorqueReadout,
    arm: Arm,
    *,
    hand_m: FloatArray | tuple[float, float],
    stiffness_n_m: float = 20.0,
    viscosity_n_s_m: float = 10.0,
    delay_s: float = 0.05,
    n_powers: int = 5,
) -> HandFeedback:
    """Design hand feedback that makes the circuit answer a deviation like a damped spring at the hand.

    The input patterns B (unit, 2) have C B = I and C W^k B = 0 for k = 1 ... n, the least such. Since the
    torque that an input evokes is C exp((W - I) t / tau) B, it then follows the input as through a low-pass
    filter of time constant tau, until the powers left out matter. G = -B J' [stiffness, viscosity], J the
    arm's Jacobian at one place: an approximation away from it, and where rates saturate.

    Parameters
    ----------
    circuit, readout
        W and the torque readout C.
    arm
        The body.
    hand_m
        Where the Jacobian is taken, (2,).
    stiffness_n_m, viscosity_n_s_m
        Force against a deviation of position and of velocity.
    delay_s
        See `HandFeedback`.
    n_powers
        n above.

    Raises
    ------
    InputError
        If a number is out of range or the hand out of reach.
    """
    check_positive("stiffness_n_m", stiffness_n_m, allow_zero=True)
    check_positive("viscosity_n_s_m", viscosity_n_s_m, allow_zero=True)
    n_powers = check_integer("n_powers", n_powers, minimum=0, maximum=circuit.n_units // 2 - 1)
    rows = [readout.weights]
    for _ in range(n_powers):
        rows.append(rows[-1] @ circuit.weights)
    stacked = np.concatenate(rows)
    wanted = np.eye(len(stacked), 2)
    # Powers of W differ in size by far: rows of one norm keep the least squares well conditioned.
    size = np.linalg.norm(stacked, axis=1, keepdims=True)
    patterns = np.linalg.pinv(stacked / size, rcond=1e-10) @ (wanted / size)
    jacobian = arm.hand_jacobian(
        arm.inverse_kinematics(check_array("hand_m", hand_m, ("dimension",), shape=(2,)))
    )
    spring = np.concatenate([stiffness_n_m * np.eye(2), viscosity_n_s_m * np.eye(2)], axis=1)
    return HandFeedback(-patterns @ jacobian.T @ spring, delay_s)
