import numpy as np
import pytest

from motorsim.checks import DivergenceError, InputError
from motorsim.plant import Arm, joint_movement, simulate_arm

START_M = np.array([0.0, 0.4])


def reach(dt_s, direction_rad=0.6, distance_m=0.10, duration_s=0.5, after_s=0.3):
    """A minimum-jerk reach, (1, time, 2) each, written out here on its own."""
    u = np.clip(np.arange(round((duration_s + after_s) / dt_s) + 1) * dt_s / duration_s, 0, 1)[:, None]
    way = distance_m * np.array([np.cos(direction_rad), np.sin(direction_rad)])
    position = START_M + way * (10 * u**3 - 15 * u**4 + 6 * u**5)
    velocity = way * (30 * u**2 - 60 * u**3 + 30 * u**4) / duration_s
    return position[None], velocity[None], (way * (60 * u - 180 * u**2 + 120 * u**3) / duration_s**2)[None]


def hand_error_m(dt_s, direction_rad):
    path = reach(dt_s, direction_rad)
    movement = simulate_arm(Arm(), joint_movement(Arm(), *path).torque_nm, dt_s=dt_s, start_m=START_M)
    return np.abs(movement.hand_position_m - path[0]).max()


@pytest.mark.parametrize("direction_rad", np.arange(8) * np.pi / 4)
def test_torques_of_inverse_dynamics_bring_the_hand_along_its_path(direction_rad):
    assert hand_error_m(0.001, direction_rad) < 1e-5


def test_error_of_sampled_torques_falls_with_the_square_of_the_step():
    errors = [hand_error_m(dt_s, 0.6) for dt_s in (0.02, 0.01, 0.005)]
    ratios = np.array(errors[:-1]) / errors[1:]
    assert ((ratios > 3.5) & (ratios < 4.5)).all()


def test_error_for_torque_linear_between_samples_falls_with_the_fourth_power():
    knots = np.array([[0.0, 0.0], [1.0, -0.6], [-0.8, 0.5], [0.3, 0.2]])

    def last_angles(n_between):
        at = np.arange(3 * n_between + 1) / n_between
        torque = np.stack([np.interp(at, np.arange(4), knots[:, joint]) for joint in range(2)], -1)
        return simulate_arm(Arm(), torque[None], dt_s=0.1 / n_between, start_m=START_M).joint_angles_rad[
            0, -1
        ]

    exact = last_angles(160)
    errors = [np.abs(last_angles(n) - exact).max() for n in (2, 4, 8)]
    ratios = np.array(errors[:-1]) / errors[1:]
    assert ((ratios > 12) & (ratios < 21)).all()


def test_movement_is_consistent_with_itself():
    movement = simulate_arm(
        Arm(), joint_movement(Arm(), *reach(0.001)).torque_nm, dt_s=0.001, start_m=START_M
    )
    assert movement.dt_s == 0.001
    np.testing.assert_allclose(movement.times_s, np.arange(801) * 0.001)
    np.testing.assert_allclose(movement.hand_position_m[0, 0], START_M)
    np.testing.assert_array_equal(movement.hand_velocity_m_s[0, 0], [0.0, 0.0])
    central = (movement.hand_position_m[:, 2:] - movement.hand_position_m[:, :-2]) / 0.002
    np.testing.assert_allclose(movement.hand_velocity_m_s[:, 1:-1], central, atol=1e-4)


def test_no_torque_no_movement():
    movement = simulate_arm(Arm(), np.zeros((2, 50, 2)), dt_s=0.01, start_joint_angles_rad=(0.5, 1.0))
    np.testing.assert_array_equal(movement.joint_angles_rad, np.broadcast_to([0.5, 1.0], (2, 50, 2)))


def test_flexor_torque_flexes():
    torque = np.zeros((2, 5, 2))
    torque[0, :, 0] = torque[1, :, 1] = 0.1
    change = np.diff(simulate_arm(Arm(), torque, dt_s=0.01, start_m=START_M).joint_angles_rad, axis=1)[:, -1]
    assert change[0, 0] > 0
    assert change[1, 1] > 0


def test_every_trial_starts_where_it_was_told():
    start = np.array([[0.0, 0.4], [0.1, 0.3], [-0.1, 0.35]])
    torque = np.random.default_rng(0).normal(0, 0.2, (3, 20, 2))
    together = simulate_arm(Arm(), torque, dt_s=0.01, start_m=start)
    np.testing.assert_allclose(together.hand_position_m[:, 0], start, atol=1e-15)
    for trial in range(3):
        alone = simulate_arm(Arm(), torque[trial : trial + 1], dt_s=0.01, start_m=start[trial])
        np.testing.assert_array_equal(alone.joint_angles_rad[0], together.joint_angles_rad[trial])


def test_a_torque_that_throws_the_arm_is_said():
    with pytest.raises(DivergenceError, match=r"left the finite numbers at 0\.\d+ s; take smaller torques"):
        simulate_arm(Arm(), np.full((2, 50, 2), 1e9), dt_s=0.01, start_m=START_M)


@pytest.mark.parametrize(
    ("torque", "options", "message"),
    [
        (np.zeros((5, 2)), {"start_m": START_M}, r"torque_nm: expected an array \(trial, time, joint\)"),
        (np.zeros((1, 5, 3)), {"start_m": START_M}, r"torque_nm: .* got shape \(1, 5, 3\)"),
        (np.zeros((1, 1, 2)), {"start_m": START_M}, "torque_nm: expected at least 2 along time"),
        (np.full((1, 5, 2), np.nan), {"start_m": START_M}, "torque_nm: expected finite numbers, got 10 NaN"),
        (np.zeros((1, 5, 2)), {"start_m": START_M, "dt_s": 0.0}, "dt_s: expected a number above 0"),
        (np.zeros((1, 5, 2)), {}, "start_m: expected either start_m or start_joint_angles_rad, got neither"),
        (np.zeros((1, 5, 2)), {"start_m": START_M, "start_joint_angles_rad": START_M}, "got both"),
        (
            np.zeros((1, 5, 2)),
            {"start_m": np.zeros((2, 2))},
            r"start_m: expected .* \(2,\) or \(1, 2\), got shape",
        ),
        (np.zeros((1, 5, 2)), {"start_joint_angles_rad": np.zeros(3)}, "start_joint_angles_rad: expected"),
        (np.zeros((1, 5, 2)), {"start_m": (0.0, 0.9)}, "0.900 m at index"),
    ],
)
def test_bad_input_is_refused_by_name(torque, options, message):
    with pytest.raises(InputError, match=message):
        simulate_arm(Arm(), torque, **{"dt_s": 0.01, **options})
