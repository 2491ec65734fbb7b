"""HandLoss: a network's outputs as torques, judged by where they bring the hand."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from motorsim.checks import InputError, check_array, check_positive
from motorsim.nn.kinds import check_kind
from motorsim.nn.mse import mse
from motorsim.plant import Arm

if TYPE_CHECKING:
    from motorsim.types import BoolArray, FloatArray, Floats


@dataclass(frozen=True)
class HandLoss:
    """The mean squared distance of the hand from the desired path, back-propagated through the arm.

    The loss is that of the hand x(t) and the desired path x*(t), the mean over all that counts of
    (x - x*)^2 / position_scale^2 in each coordinate, plus the mean over sequences of
    end_weight |v(T)|^2 / velocity_scale^2 with the hand's velocity at the last time T: a reach ends at rest.
    Outputs are (batch, time, joint), targets the desired path in metres, (batch, time, 2), from the shoulder.

    The arm starts at rest and takes each step by its own `step` under the mean of the torques at both ends of
    the step: the movement is that of `motorsim.plant.simulate_arm` to second order in ``dt_s``. It is
    simulated in float64; a movement that leaves the finite numbers has an infinite loss, its gradient is NaN.
    Every time depends on all before, so this is no mean over times, and BPTT cannot be truncated.

    Parameters
    ----------
    arm
        The arm.
    dt_s
        Time between outputs in seconds.
    torque_scale_nm
        Torque that an output of 1 stands for, so that the network works with numbers about 1.
    start_m
        The hand at the first time, (x, y) from the shoulder, in all sequences; by default where each desired
        path starts, which must then not be masked out.
    position_scale_m
        Distance that counts as 1.
    end_weight
        Weight of the velocity at the last time; 0 by default.
    velocity_scale_m_s
        Speed that counts as 1.

    Raises
    ------
    InputError
        If there is no arm, a value is not positive, or the start out of the arm's reach.
    """

    arm: Arm
    dt_s: float
    torque_scale_nm: float = 1.0
    start_m: tuple[float, float] | None = None
    position_scale_m: float = 0.01
    end_weight: float = 0.0
    velocity_scale_m_s: float = 0.05

    def __post_init__(self) -> None:
        """Check what is a number, and that the arm can be at the start."""
        check_kind("arm", self.arm, Arm, "an arm such as motorsim.plant.Arm()")
        for name in ("dt_s", "torque_scale_nm", "position_scale_m", "velocity_scale_m_s"):
            check_positive(name, getattr(self, name))
        check_positive("end_weight", self.end_weight, allow_zero=True)
        if self.start_m is not None:
            start = check_array("start_m", self.start_m, shape=(2,))
            object.__setattr__(self, "start_m", (float(start[0]), float(start[1])))
            self._start(start)

    def __call__(
        self, outputs: Floats, targets: Floats, mask: BoolArray | None = None
    ) -> tuple[float, Floats]:
        """Return the loss and its gradient with respect to the outputs; see `motorsim.nn.losses.Loss`.

        Raises
        ------
        InputError
            If the shapes do not agree, the mask leaves nothing or a desired path starts out of reach.
        """
        states, caches = self._simulate(outputs, targets)
        if not np.isfinite(states).all():
            return np.inf, np.full_like(outputs, np.nan)
        q, qd = states[..., :2], states[..., 2:]
        hand = self.arm.hand_position(q) / self.position_scale_m
        value, grad_hand = mse(hand, targets.astype(np.float64) / self.position_scale_m, mask)
        grad_states = np.zeros_like(states)
        to_hand = self.arm.hand_jacobian(q)
        grad_states[..., :2] = _pull_back(to_hand, grad_hand / self.position_scale_m)
        if self.end_weight > 0.0:
            velocity = self.arm.hand_velocity(q[:, -1], qd[:, -1])
            scale = self.end_weight / (len(states) * self.velocity_scale_m_s**2)
            value = value + scale * np.sum(velocity**2)
            grad_velocity = 2.0 * scale * velocity
            turning = self._velocity_by_angles(q[:, -1], qd[:, -1])
            grad_states[:, -1, :2] += _pull_back(turning, grad_velocity)
            grad_states[:, -1, 2:] += _pull_back(to_hand[:, -1], grad_velocity)
        return value, self._pull_back_to_outputs(grad_states, caches).astype(outputs.dtype)

    def hand_path(self, outputs: Floats, targets: Floats) -> FloatArray:
        """Return where the hand is at every time in metres, (batch, time, 2); arguments as in a call."""
        return self.arm.hand_position(self._simulate(outputs, targets)[0][..., :2])

    def _simulate(self, outputs: Floats, targets: Floats) -> tuple[FloatArray, list[Any]]:
        """Return the states (batch, time, 4), and the cache of every step."""
        if outputs.ndim != 3 or outputs.shape[-1] != 2:
            expected = "torques of two joints, (batch, time, 2)"
            raise InputError("outputs", expected, f"shape {outputs.shape}")
        if outputs.shape != targets.shape:
            expected = f"hand paths of shape {outputs.shape}, that of the outputs"
            raise InputError("targets", expected, f"shape {targets.shape}")
        torque = self.torque_scale_nm * outputs.astype(np.float64)
        start = targets[:, 0].astype(np.float64) if self.start_m is None else np.array(self.start_m)
        states, caches = np.zeros((*torque.shape[:2], 4)), []
        states[:, 0, :2] = self._start(start)
        with np.errstate(over="ignore", invalid="ignore"):
            for k in range(torque.shape[1] - 1):
                command = (torque[:, k] + torque[:, k + 1]) / 2
                states[:, k + 1], cache = self.arm.step(states[:, k], command, self.dt_s)
                caches.append(cache)
        return states, caches

    def _start(self, start_m: FloatArray) -> FloatArray:
        """Return the joint angles at the start."""
        try:
            return self.arm.inverse_kinematics(start_m)
        except InputError as error:
            name = "targets" if self.start_m is None else "start_m"
            raise InputError(name, f"a start at {error.expected}", error.got, error.mend) from None

    def _pull_back_to_outputs(self, grad_states: FloatArray, caches: list[Any]) -> FloatArray:
        """Pull gradients of the states (batch, time, 4), which are overwritten, back to the outputs."""
        grad_torque = np.zeros((*grad_states.shape[:2], 2))
        for k in range(len(caches) - 1, -1, -1):
            grad_state, grad_command = self.arm.step_vjp(caches[k], grad_states[:, k + 1])
            grad_states[:, k] += grad_state
            grad_torque[:, k] += grad_command / 2
            grad_torque[:, k + 1] += grad_command / 2
        return self.torque_scale_nm * grad_torque

    def _velocity_by_angles(self, q: FloatArray, qd: FloatArray) -> FloatArray:
        """Return d hand velocity / d angles, (batch, 2, 2).

        The hand's Jacobian J(q) is itself a gradient, so that d(J q')/dq is the J that changes along q': J'.
        """
        return self.arm.hand_jacobian_rate(q, qd)


def _pull_back(jacobian: FloatArray, grad: Floats) -> FloatArray:
    """Return J' g for Jacobians (..., row, column) and gradients (..., row)."""
    pulled: FloatArray = np.einsum("...rc,...r->...c", jacobian, grad)
    return pulled
