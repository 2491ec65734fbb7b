import numpy as np
import pytest

from motorsim.checks import InputError
from motorsim.plant import Arm, inverse_dynamics, joint_movement


def circle(times_s, radius_m=0.08, turns_hz=1.0, centre_m=(0.05, 0.4)):
    phase, speed = 2 * np.pi * turns_hz * times_s, 2 * np.pi * turns_hz
    ring = radius_m * np.stack([np.cos(phase), np.sin(phase)], -1)
    tangent = radius_m * np.stack([-np.sin(phase), np.cos(phase)], -1)
    return ring + centre_m, speed * tangent, -(speed**2) * ring


def test_inverse_dynamics_undoes_the_acceleration():
    arm = Arm()
    rng = np.random.default_rng(0)
    q, qd, torque = rng.uniform(0.1, 2.0, (30, 2)), rng.normal(0, 3, (30, 2)), rng.normal(size=(30, 2))
    np.testing.assert_allclose(
        inverse_dynamics(arm, q, qd, arm.acceleration(q, qd, torque)), torque, atol=1e-12
    )


def test_no_torque_is_needed_to_stay():
    np.testing.assert_array_equal(
        inverse_dynamics(Arm(), np.array([0.4, 1.1]), np.zeros(2), np.zeros(2)), [0.0, 0.0]
    )


def test_joint_trajectory_follows_the_hand_and_its_derivatives():
    arm, dt_s = Arm(), 1e-4
    times_s = np.arange(2000) * dt_s
    position, velocity, acceleration = circle(times_s)
    movement = joint_movement(arm, position, velocity, acceleration)
    np.testing.assert_allclose(arm.hand_position(movement.joint_angles_rad), position, atol=1e-12)
    np.testing.assert_allclose(
        movement.joint_velocities_rad_s[1:-1],
        (movement.joint_angles_rad[2:] - movement.joint_angles_rad[:-2]) / (2 * dt_s),
        atol=1e-5,
    )
    np.testing.assert_allclose(
        movement.joint_accelerations_rad_s2[1:-1],
        (movement.joint_velocities_rad_s[2:] - movement.joint_velocities_rad_s[:-2]) / (2 * dt_s),
        atol=1e-4,
    )


def test_torque_without_friction_is_the_rate_of_energy():
    arm = Arm(joint_friction_n_m_s=((0.0, 0.0), (0.0, 0.0)))
    times_s = np.arange(2000) * 1e-4
    movement = joint_movement(arm, *circle(times_s))
    qd = movement.joint_velocities_rad_s
    energy = np.einsum("ti,tij,tj->t", qd, arm.inertia(movement.joint_angles_rad), qd) / 2
    power = (movement.torque_nm * qd).sum(-1)
    np.testing.assert_allclose(power[1:-1], (energy[2:] - energy[:-2]) / 2e-4, atol=1e-5)


def test_leading_axes_are_kept():
    path = [np.broadcast_to(part, (3, 2, 50, 2)) for part in circle(np.linspace(0, 1, 50))]
    assert joint_movement(Arm(), *path).torque_nm.shape == (3, 2, 50, 2)


def test_a_straight_elbow_is_refused():
    with pytest.raises(
        InputError, match=r"bent elbow, got an elbow angle of 0\.00 degrees at index \(0,\); keep the path"
    ):
        joint_movement(Arm(), np.array([[0.63, 0.0]]), np.zeros((1, 2)), np.zeros((1, 2)))
    with pytest.raises(InputError, match="from the shoulder"):
        joint_movement(Arm(), np.array([[0.64, 0.0]]), np.zeros((1, 2)), np.zeros((1, 2)))


def test_arrays_that_do_not_belong_together_are_refused():
    with pytest.raises(
        InputError, match=r"velocity_m_s: expected the shape \(4, 2\) of position_m, got shape \(3, 2\)"
    ):
        joint_movement(Arm(), np.full((4, 2), 0.3), np.zeros((3, 2)), np.zeros((4, 2)))
    with pytest.raises(InputError, match="joint_accelerations_rad_s2: expected finite numbers"):
        inverse_dynamics(Arm(), np.zeros(2), np.zeros(2), np.array([0.0, np.inf]))
