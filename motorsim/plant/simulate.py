"""Forward simulation: torques in, movement of the arm out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from motorsim.checks import DivergenceError, InputError, check_array, check_positive
from motorsim.plant.runge_kutta import runge_kutta_step

if TYPE_CHECKING:
    from motorsim.plant.arm import Arm
    from motorsim.types import FloatArray


@dataclass(frozen=True, eq=False)
class ArmMovement:
    """What the arm did under given torques; every array but the times is (trial, time, 2).

    Parameters
    ----------
    times_s
        Sample times from the start of the simulation, (time,).
    torque_nm
        Torque at shoulder and elbow, linear between samples.
    joint_angles_rad, joint_velocities_rad_s
        Shoulder and elbow.
    hand_position_m, hand_velocity_m_s
        x and y from the shoulder.
    """

    times_s: FloatArray
    torque_nm: FloatArray
    joint_angles_rad: FloatArray
    joint_velocities_rad_s: FloatArray
    hand_position_m: FloatArray
    hand_velocity_m_s: FloatArray

    @property
    def dt_s(self) -> float:
        """Time between samples in seconds."""
        return float(self.times_s[1] - self.times_s[0])


def simulate_arm(
    arm: Arm,
    torque_nm: FloatArray,
    *,
    dt_s: float,
    start_m: FloatArray | tuple[float, float] | None = None,
    start_joint_angles_rad: FloatArray | tuple[float, float] | None = None,
) -> ArmMovement:
    """Drive the arm from rest.

    The torque is taken as linear between its samples (its middle value in a Runge-Kutta step is the
    mean of the two ends), so for a smooth torque the hand's error falls with dt_s^2; for the torque
    as given, with dt_s^4.

    Parameters
    ----------
    arm
        The arm.
    torque_nm
        Torque at shoulder and elbow at the sample times 0, dt_s, 2 dt_s, ..., (trial, time, 2).
    dt_s
        Time between samples.
    start_m
        Hand at the start, (2,) or (trial, 2).
    start_joint_angles_rad
        Joint angles at the start, (2,) or (trial, 2), instead of ``start_m``.

    Raises
    ------
    InputError
        If a shape is wrong, a value not finite, the start out of reach, or not exactly one of the
        two starts is given.
    DivergenceError
        If the movement leaves the finite numbers.
    """
    torque = check_array("torque_nm", torque_nm, ("trial", "time", "joint"), shape=(None, None, 2))
    check_array("torque_nm", torque, ("trial", "time", "joint"), minimum_sizes=(1, 2, 2))
    dt_s = check_positive("dt_s", dt_s)
    n_trials, n_times, _ = torque.shape
    states = np.zeros((n_trials, n_times, 4))
    states[:, 0, :2] = _start_angles(arm, n_trials, start_m, start_joint_angles_rad)
    middle = (torque[:, :-1] + torque[:, 1:]) / 2
    with np.errstate(over="ignore", invalid="ignore"):
        for k in range(n_times - 1):
            commands = torque[:, k], middle[:, k], torque[:, k + 1]
            states[:, k + 1], _ = runge_kutta_step(arm, states[:, k], commands, dt_s)
    if not np.isfinite(states).all():
        first = int(np.argmin(np.isfinite(states).all((0, 2))))
        raise DivergenceError(
            f"the arm left the finite numbers at {first * dt_s:g} s; take smaller torques or a smaller dt_s"
        )
    q, qd = states[..., :2].copy(), states[..., 2:].copy()
    return ArmMovement(
        times_s=dt_s * np.arange(n_times, dtype=np.float64),
        torque_nm=torque,
        joint_angles_rad=q,
        joint_velocities_rad_s=qd,
        hand_position_m=arm.hand_position(q),
        hand_velocity_m_s=arm.hand_velocity(q, qd),
    )


def _start_angles(arm: Arm, n_trials: int, start_m: Any, start_joint_angles_rad: Any) -> FloatArray:
    if (start_m is None) == (start_joint_angles_rad is None):
        given = "neither" if start_m is None else "both"
        raise InputError("start_m", "either start_m or start_joint_angles_rad", given)
    name = "start_m" if start_joint_angles_rad is None else "start_joint_angles_rad"
    start = check_array(name, start_m if start_joint_angles_rad is None else start_joint_angles_rad)
    if start.shape not in ((2,), (n_trials, 2)):
        raise InputError(name, f"an array of shape (2,) or ({n_trials}, 2)", f"shape {start.shape}")
    return arm.inverse_kinematics(start) if start_joint_angles_rad is None else start
