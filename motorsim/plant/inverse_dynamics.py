"""Inverse dynamics: the torques that a movement takes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from motorsim.checks import InputError
from motorsim.plant.pairs import apply_matrix, check_alike

if TYPE_CHECKING:
    from motorsim.plant.arm import Arm
    from motorsim.types import FloatArray

_STRAIGHT_RAD = 1e-3


@dataclass(frozen=True, eq=False)
class JointMovement:
    """A hand movement as the joints make it; every array (..., 2), shoulder and elbow.

    Parameters
    ----------
    joint_angles_rad, joint_velocities_rad_s, joint_accelerations_rad_s2
        The joint trajectory.
    torque_nm
        The torque that drives it.
    """

    joint_angles_rad: FloatArray
    joint_velocities_rad_s: FloatArray
    joint_accelerations_rad_s2: FloatArray
    torque_nm: FloatArray


def inverse_dynamics(
    arm: Arm,
    joint_angles_rad: FloatArray,
    joint_velocities_rad_s: FloatArray,
    joint_accelerations_rad_s2: FloatArray,
) -> FloatArray:
    """Return the torque (..., 2) in N m that moves the joints so: M q'' + C + B q' of `Arm`.

    Parameters
    ----------
    arm
        The arm.
    joint_angles_rad, joint_velocities_rad_s, joint_accelerations_rad_s2
        q, q' and q'', each (..., 2).

    Raises
    ------
    InputError
        If an array is not finite or the shapes differ.
    """
    q, qd, qdd = check_alike(
        joint_angles_rad=joint_angles_rad,
        joint_velocities_rad_s=joint_velocities_rad_s,
        joint_accelerations_rad_s2=joint_accelerations_rad_s2,
    )
    return apply_matrix(arm.inertia(q), qdd) + arm.coriolis(q, qd) + arm.friction(qd)


def joint_movement(
    arm: Arm, position_m: FloatArray, velocity_m_s: FloatArray, acceleration_m_s2: FloatArray
) -> JointMovement:
    """Return the joint trajectory and the torques of a hand path.

    With the hand's Jacobian J, q' = J^-1 x' and q'' = J^-1 (x'' - J' q'); nothing is differentiated
    numerically.

    Parameters
    ----------
    arm
        The arm.
    position_m, velocity_m_s, acceleration_m_s2
        The hand path and its time derivatives, each (..., 2), from the shoulder at the origin.

    Raises
    ------
    InputError
        If shapes differ, a position is out of reach, or the elbow is straight or fully folded:
        there no joint velocity moves the hand along the arm.
    """
    position, velocity, acceleration = check_alike(
        position_m=position_m, velocity_m_s=velocity_m_s, acceleration_m_s2=acceleration_m_s2
    )
    q = arm.inverse_kinematics(position)
    singular = np.sin(q[..., 1]) < _STRAIGHT_RAD
    if singular.any():
        index = tuple(int(i) for i in np.argwhere(singular)[0])
        raise InputError(
            "position_m",
            "positions reached with a bent elbow",
            f"an elbow angle of {np.degrees(q[(*index, 1)]):.2f} degrees at index {index}",
            "keep the path inside the reach {:.3f} to {:.3f} m".format(*arm.reach_m),
        )
    inverse = np.linalg.inv(arm.hand_jacobian(q)).astype(np.float64, copy=False)
    qd = apply_matrix(inverse, velocity)
    qdd = apply_matrix(inverse, acceleration - apply_matrix(arm.hand_jacobian_rate(q, qd), qd))
    return JointMovement(q, qd, qdd, inverse_dynamics(arm, q, qd, qdd))
