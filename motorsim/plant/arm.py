"""Arm: two links that move in a horizontal plane."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from motorsim.checks import InputError, check_array, check_positive
from motorsim.plant.pairs import apply_matrix, check_alike, check_pairs
from motorsim.plant.runge_kutta import runge_kutta_step, runge_kutta_vjp

if TYPE_CHECKING:
    from motorsim.types import FloatArray

_POSITIVE = (
    "upper_arm_length_m",
    "forearm_length_m",
    "forearm_mass_kg",
    "forearm_centre_of_mass_m",
    "upper_arm_inertia_kg_m2",
    "forearm_inertia_kg_m2",
)


@dataclass(frozen=True)
class Arm:
    """Two-link arm in the horizontal plane, driven by torques at shoulder and elbow.

    With q = (shoulder angle from the x axis, elbow flexion from the straight arm) in radians,

        M(q) q'' + C(q, q') + B q' = torque,

        M = [[a1 + 2 a2 cos q2, a3 + a2 cos q2], [a3 + a2 cos q2, a3]],
        C = a2 sin q2 [-q2' (2 q1' + q2'), q1'^2],

    a1 = I1 + I2 + m2 l1^2, a2 = m2 l1 s2, a3 = I2. The inertias I1 and I2 refer to the joints, not
    to the centres of mass, so the mass of the upper arm appears in no term of its own.
    Equations and default values: Li & Todorov, ICINCO 2004; used by Kao et al., Neuron 2021.

    Parameters
    ----------
    upper_arm_length_m, forearm_length_m
        l1 and l2; the shoulder is at the origin.
    forearm_mass_kg, forearm_centre_of_mass_m
        m2, and s2 from the elbow.
    upper_arm_inertia_kg_m2, forearm_inertia_kg_m2
        I1 about the shoulder and I2 about the elbow.
    joint_friction_n_m_s
        B, 2 rows of 2, symmetric.

    Raises
    ------
    InputError
        If a parameter is not positive, I2 is less than a mass m2 at s2 can have, or the friction
        is not symmetric or would drive the arm.
    """

    upper_arm_length_m: float = 0.30
    forearm_length_m: float = 0.33
    forearm_mass_kg: float = 1.0
    forearm_centre_of_mass_m: float = 0.16
    upper_arm_inertia_kg_m2: float = 0.025
    forearm_inertia_kg_m2: float = 0.045
    joint_friction_n_m_s: tuple[tuple[float, float], tuple[float, float]] = ((0.05, 0.025), (0.025, 0.05))

    def __post_init__(self) -> None:
        """Check that such an arm can exist."""
        for name in _POSITIVE:
            object.__setattr__(self, name, check_positive(name, getattr(self, name)))
        least = self.forearm_mass_kg * self.forearm_centre_of_mass_m**2
        if self.forearm_inertia_kg_m2 < least:
            raise InputError(
                "forearm_inertia_kg_m2",
                f"at least mass x centre of mass^2 = {least:.4g}",
                f"{self.forearm_inertia_kg_m2:g}",
                "inertias refer to the joints, not to the centres of mass",
            )
        friction = check_array("joint_friction_n_m_s", self.joint_friction_n_m_s, shape=(2, 2))
        rows = tuple(tuple(float(entry) for entry in row) for row in friction)
        if rows[0][1] != rows[1][0] or np.linalg.eigvalsh(friction)[0] < -1e-12 * np.abs(friction).max():
            expected = "a symmetric matrix without negative eigenvalues"
            raise InputError("joint_friction_n_m_s", expected, str(friction.tolist()), "friction only brakes")
        object.__setattr__(self, "joint_friction_n_m_s", rows)

    @property
    def reach_m(self) -> tuple[float, float]:
        """Least and greatest distance of the hand from the shoulder, in metres."""
        upper, fore = self.upper_arm_length_m, self.forearm_length_m
        return abs(upper - fore), upper + fore

    def hand_position(self, q: FloatArray) -> FloatArray:
        """Return the hand (..., 2) in metres for joint angles (..., 2)."""
        q = check_pairs("q", q)
        upper, fore = self.upper_arm_length_m, self.forearm_length_m
        shoulder, both = q[..., 0], q[..., 0] + q[..., 1]
        return np.stack(
            [upper * np.cos(shoulder) + fore * np.cos(both), upper * np.sin(shoulder) + fore * np.sin(both)],
            -1,
        )

    def hand_jacobian(self, q: FloatArray) -> FloatArray:
        """Return d hand / d q, (..., 2, 2) in metres a radian, rows x and y, for angles (..., 2)."""
        q = check_pairs("q", q)
        shoulder, both = q[..., 0], q[..., 0] + q[..., 1]
        fore = self.forearm_length_m * np.stack([-np.sin(both), np.cos(both)], -1)
        upper = self.upper_arm_length_m * np.stack([-np.sin(shoulder), np.cos(shoulder)], -1)
        return np.stack([upper + fore, fore], -1)

    def hand_jacobian_rate(self, q: FloatArray, qd: FloatArray) -> FloatArray:
        """Return the time derivative of `hand_jacobian`, (..., 2, 2) in m/(rad s)."""
        q, qd = check_alike(q=q, qd=qd)
        shoulder, both = q[..., 0], q[..., 0] + q[..., 1]
        fore = -self.forearm_length_m * np.stack([np.cos(both), np.sin(both)], -1)
        upper = -self.upper_arm_length_m * np.stack([np.cos(shoulder), np.sin(shoulder)], -1)
        fore_rate = fore * (qd[..., :1] + qd[..., 1:])
        return np.stack([upper * qd[..., :1] + fore_rate, fore_rate], -1)

    def hand_velocity(self, q: FloatArray, qd: FloatArray) -> FloatArray:
        """Return the velocity of the hand, (..., 2) in m/s, for angles and angular velocities (..., 2)."""
        q, qd = check_alike(q=q, qd=qd)
        return apply_matrix(self.hand_jacobian(q), qd)

    def inverse_kinematics(self, hand_position_m: FloatArray) -> FloatArray:
        """Return the joint angles (..., 2) that put the hand at (..., 2), elbow flexed (0 <= q2 <= pi).

        Raises
        ------
        InputError
            If a position is out of reach.
        """
        hand = check_pairs("hand_position_m", hand_position_m)
        upper, fore = self.upper_arm_length_m, self.forearm_length_m
        distance_m = np.hypot(hand[..., 0], hand[..., 1])
        least, greatest = self.reach_m
        slack = 1e-12 * greatest
        outside = (distance_m > greatest + slack) | (distance_m < least - slack)
        if outside.any():
            index = tuple(int(i) for i in np.argwhere(outside)[0])
            raise InputError(
                "hand_position_m",
                f"positions {least:.3f} to {greatest:.3f} m from the shoulder at the origin",
                f"{distance_m[index]:.3f} m at index {index}",
                "move the reach or lengthen the arm",
            )
        cosine = (distance_m**2 - upper**2 - fore**2) / (2 * upper * fore)
        elbow = np.arccos(np.clip(cosine, -1, 1))
        shoulder = np.arctan2(hand[..., 1], hand[..., 0]) - np.arctan2(
            fore * np.sin(elbow), upper + fore * np.cos(elbow)
        )
        return np.stack([shoulder, elbow], -1)

    @cached_property
    def _inertia_constants(self) -> tuple[float, float, float]:
        """Return a1, a2 and a3 of the class equation, in kg m^2."""
        carried = self.forearm_mass_kg * self.upper_arm_length_m
        total = self.upper_arm_inertia_kg_m2 + self.forearm_inertia_kg_m2 + carried * self.upper_arm_length_m
        return total, carried * self.forearm_centre_of_mass_m, self.forearm_inertia_kg_m2

    def inertia(self, q: FloatArray) -> FloatArray:
        """Return M(q), (..., 2, 2) in kg m^2, for joint angles (..., 2)."""
        a1, a2, a3 = self._inertia_constants
        coupling = a2 * np.cos(check_pairs("q", q)[..., 1])
        off_diagonal = a3 + coupling
        rows = np.stack([a1 + 2 * coupling, off_diagonal, off_diagonal, np.full_like(coupling, a3)], -1)
        return rows.reshape(*coupling.shape, 2, 2)

    def coriolis_matrix(self, q: FloatArray, qd: FloatArray) -> FloatArray:
        """Return the Christoffel form of C, (..., 2, 2) in N m s, so that C(q, q') = matrix q'.

        In this form the time derivative of M less twice the matrix is antisymmetric: these forces
        do no work.
        """
        q, qd = check_alike(q=q, qd=qd)
        coupling = self._inertia_constants[1] * np.sin(q[..., 1])
        first, second = coupling * qd[..., 0], coupling * qd[..., 1]
        return np.stack([-second, -first - second, first, np.zeros_like(first)], -1).reshape(
            *first.shape, 2, 2
        )

    def coriolis(self, q: FloatArray, qd: FloatArray) -> FloatArray:
        """Return the Coriolis and centripetal torque C(q, q'), (..., 2) in N m."""
        q, qd = check_alike(q=q, qd=qd)
        return apply_matrix(self.coriolis_matrix(q, qd), qd)

    def friction(self, qd: FloatArray) -> FloatArray:
        """Return the friction torque B q', (..., 2) in N m."""
        return apply_matrix(np.array(self.joint_friction_n_m_s), check_pairs("qd", qd))

    def acceleration(self, q: FloatArray, qd: FloatArray, torque: FloatArray) -> FloatArray:
        """Return q'', (..., 2) in rad/s^2, for angles, angular velocities and torques (..., 2) in N m."""
        q, qd, torque = check_alike(q=q, qd=qd, torque=torque)
        return self.derivative(np.concatenate([q, qd], -1), torque)[0][..., 2:]

    def derivative(self, state: FloatArray, torque: FloatArray) -> tuple[FloatArray, Any]:
        """Return (q', q'') for states (q, q') of shape (..., 4) and torques (..., 2), and the cache.

        Values are not checked: this is the inner loop.
        """
        a1, a2, a3 = self._inertia_constants
        (b11, b12), (_, b22) = self.joint_friction_n_m_s
        q2, qd1, qd2 = state[..., 1], state[..., 2], state[..., 3]
        cosine, sine = a2 * np.cos(q2), a2 * np.sin(q2)
        net1 = torque[..., 0] + sine * qd2 * (2 * qd1 + qd2) - b11 * qd1 - b12 * qd2
        net2 = torque[..., 1] - sine * qd1 * qd1 - b12 * qd1 - b22 * qd2
        m11, m12 = a1 + 2 * cosine, a3 + cosine
        determinant = m11 * a3 - m12 * m12
        qdd1 = (a3 * net1 - m12 * net2) / determinant
        qdd2 = (m11 * net2 - m12 * net1) / determinant
        rate = np.stack([qd1, qd2, qdd1, qdd2], -1)
        return rate, (rate, cosine, sine, m11, m12, determinant)

    def derivative_vjp(self, cache: Any, grad: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Pull a gradient of (q', q'') back to the state (..., 4) and the torque (..., 2).

        The torque's gradient is M^-1 times that of q''; called g below, it carries all the rest:
        d/dq2 = -g (dC/dq2 + dM/dq2 q''), d/dq' = -g (dC/dq' + B).
        """
        rate, cosine, sine, m11, m12, determinant = cache
        a3 = self._inertia_constants[2]
        (b11, b12), (_, b22) = self.joint_friction_n_m_s
        qd1, qd2, qdd1, qdd2 = (rate[..., i] for i in range(4))
        g1 = (a3 * grad[..., 2] - m12 * grad[..., 3]) / determinant
        g2 = (m11 * grad[..., 3] - m12 * grad[..., 2]) / determinant
        to_q2 = g1 * (cosine * qd2 * (2 * qd1 + qd2) + sine * (2 * qdd1 + qdd2))
        to_q2 += g2 * (sine * qdd1 - cosine * qd1 * qd1)
        to_qd1 = grad[..., 0] + g1 * (2 * sine * qd2 - b11) - g2 * (2 * sine * qd1 + b12)
        to_qd2 = grad[..., 1] + g1 * (2 * sine * (qd1 + qd2) - b12) - g2 * b22
        return np.stack([np.zeros_like(to_q2), to_q2, to_qd1, to_qd2], -1), np.stack([g1, g2], -1)

    def step(self, state: FloatArray, command: FloatArray, dt_s: float) -> tuple[FloatArray, Any]:
        """Return the state ``dt_s`` later under a torque held over the step, and the cache.

        Parameters
        ----------
        state
            (batch, 4): shoulder and elbow angle in rad, then their velocities in rad/s.
        command
            Torque at shoulder and elbow in N m, (batch, 2).
        dt_s
            The step in seconds.

        Raises
        ------
        InputError
            If shapes disagree or ``dt_s`` is not positive. Values pass unchecked.
        """
        check_positive("dt_s", dt_s)
        state = check_array("state", state, ("batch", "state"), shape=(None, 4), finite=False)
        torque = check_array("command", command, ("batch", "joint"), shape=(len(state), 2), finite=False)
        return runge_kutta_step(self, state, (torque, torque, torque), dt_s)

    def step_vjp(self, cache: Any, grad: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Pull a gradient of the next state (batch, 4) back to the state and the torque (batch, 2)."""
        to_state, (start, middle, end) = runge_kutta_vjp(self, cache, grad)
        return to_state, start + middle + end
