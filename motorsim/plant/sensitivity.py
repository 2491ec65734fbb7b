"""Sensitivity: how the hand answers to small changes of torque along a movement."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from motorsim.checks import check_array
from motorsim.plant.pairs import apply_matrix
from motorsim.plant.runge_kutta import runge_kutta_step, runge_kutta_vjp

if TYPE_CHECKING:
    from motorsim.plant.arm import Arm
    from motorsim.plant.simulate import ArmMovement
    from motorsim.types import FloatArray

_AXES = ("trial", "time", "dimension")


@dataclass(frozen=True, eq=False)
class ArmSensitivity:
    """A simulated movement made linear: small torque changes to hand displacements.

    With state z = (q, q'), torque u and hand x, step k is
    dz[k+1] = A[k] dz[k] + B[k] du[k] + D[k] du[k+1] and dx[k] = J[k] dq[k], with dz[0] = 0.

    Parameters
    ----------
    state_jacobian
        A, (trial, time - 1, 4, 4).
    start_torque_jacobian, end_torque_jacobian
        B and D, the effect of the torque samples at both ends of the step, (trial, time - 1, 4, 2).
    hand_jacobian
        J, (trial, time, 2, 2).
    """

    state_jacobian: FloatArray
    start_torque_jacobian: FloatArray
    end_torque_jacobian: FloatArray
    hand_jacobian: FloatArray

    def push_forward(self, torque_change_nm: FloatArray) -> FloatArray:
        """Return the hand's first-order displacement in metres for torque changes, both (trial, time, 2)."""
        change = check_array("torque_change_nm", torque_change_nm, _AXES, shape=self.hand_jacobian.shape[:3])
        drive = apply_matrix(self.start_torque_jacobian, change[:, :-1])
        drive += apply_matrix(self.end_torque_jacobian, change[:, 1:])
        state = np.zeros((*change.shape[:2], 4))
        for k in range(drive.shape[1]):
            state[:, k + 1] = apply_matrix(self.state_jacobian[:, k], state[:, k]) + drive[:, k]
        return apply_matrix(self.hand_jacobian, state[..., :2])

    def pull_back(self, grad_hand: FloatArray) -> FloatArray:
        """Return the gradient with respect to the torques for a gradient with respect to the hand.

        The transpose of `push_forward`: both arrays are (trial, time, 2), a scalar's derivative a
        metre in, a newton metre out.
        """
        grad = check_array("grad_hand", grad_hand, _AXES, shape=self.hand_jacobian.shape[:3])
        adjoint = np.zeros((*grad.shape[:2], 4))
        adjoint[..., :2] = apply_matrix(np.swapaxes(self.hand_jacobian, -1, -2), grad)
        for k in range(grad.shape[1] - 2, 0, -1):
            adjoint[:, k] += apply_matrix(np.swapaxes(self.state_jacobian[:, k], -1, -2), adjoint[:, k + 1])
        grad_torque = np.zeros_like(grad)
        following = adjoint[:, 1:]
        grad_torque[:, :-1] += apply_matrix(np.swapaxes(self.start_torque_jacobian, -1, -2), following)
        grad_torque[:, 1:] += apply_matrix(np.swapaxes(self.end_torque_jacobian, -1, -2), following)
        return grad_torque


def linearise(arm: Arm, movement: ArmMovement) -> ArmSensitivity:
    """Return the sensitivity of the hand along a movement simulated with this arm.

    Every Runge-Kutta step is differentiated exactly, as `simulate_arm` took it, by four
    vector-Jacobian products, one a state.

    Parameters
    ----------
    arm
        The arm that moved.
    movement
        What `simulate_arm` returned.
    """
    torque = movement.torque_nm
    states = np.concatenate([movement.joint_angles_rad, movement.joint_velocities_rad_s], -1)
    start, end = torque[:, :-1], torque[:, 1:]
    _, cache = runge_kutta_step(arm, states[:, :-1], (start, (start + end) / 2, end), movement.dt_s)
    unit_gradients = np.eye(4)[:, None, None, :]
    to_state, (to_start, to_middle, to_end) = runge_kutta_vjp(arm, cache, unit_gradients)
    return ArmSensitivity(
        state_jacobian=np.moveaxis(to_state, 0, 2),
        start_torque_jacobian=np.moveaxis(to_start + to_middle / 2, 0, 2),
        end_torque_jacobian=np.moveaxis(to_end + to_middle / 2, 0, 2),
        hand_jacobian=arm.hand_jacobian(movement.joint_angles_rad),
    )


def pull_back(arm: Arm, movement: ArmMovement, grad_hand: FloatArray) -> FloatArray:
    """Return d loss / d torque (trial, time, 2) for d loss / d hand position (trial, time, 2).

    Back-propagation through time along a simulated movement; `linearise` once where many gradients
    are pulled back along the same movement.
    """
    return linearise(arm, movement).pull_back(grad_hand)
