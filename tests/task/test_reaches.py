import numpy as np
import pytest

from motorsim.checks import InputError
from motorsim.plant import Arm
from motorsim.task import Reaches, center_out


def three_reaches(**changes):
    options = {
        "direction_rad": np.array([0.0, np.pi / 2, np.pi]),
        "distance_m": np.array([0.06, 0.10, 0.08]),
        "start_m": np.array([0.0, 0.4]),
        "curvature": np.array([0.0, 0.25, -0.5]),
        "duration_s": 0.5,
    }
    return Reaches(**{**options, **changes})


def test_targets_lie_at_their_direction_and_distance():
    np.testing.assert_allclose(three_reaches().target_m, [[0.06, 0.4], [0.0, 0.5], [-0.08, 0.4]], atol=1e-15)


def test_positive_curvature_bows_to_the_left_of_the_reach():
    # Upward reach: left is -x. Leftward reach bowed to the right: up.
    via = three_reaches().via_m
    np.testing.assert_allclose(via, [[0.03, 0.4], [-0.025, 0.45], [-0.04, 0.44]], atol=1e-15)


def test_hand_rests_then_passes_the_via_point_and_stays_on_the_target():
    reaches = three_reaches()
    path = reaches.hand_path(np.array([0.0, 0.2, 0.45, 0.7, 1.0]), onset_s=0.2)
    np.testing.assert_allclose(path.position_m[:, 0], reaches.start_m)
    np.testing.assert_allclose(path.position_m[:, 1], reaches.start_m)
    np.testing.assert_allclose(path.position_m[:, 2], reaches.via_m, atol=1e-15)
    np.testing.assert_allclose(path.position_m[:, 3], reaches.target_m, atol=1e-15)
    np.testing.assert_allclose(path.position_m[:, 4], reaches.target_m, atol=1e-15)
    np.testing.assert_allclose(path.velocity_m_s[:, [0, 1, 3, 4]], 0.0, atol=1e-14)


def test_velocity_and_acceleration_are_derivatives_of_the_path():
    reaches, times_s, h = three_reaches(), np.linspace(0.02, 0.48, 47), 1e-5
    before, now, after = (reaches.hand_path(times_s + shift) for shift in (-h, 0.0, h))
    assert now.position_m.shape == now.velocity_m_s.shape == now.acceleration_m_s2.shape == (3, 47, 2)
    np.testing.assert_allclose(now.velocity_m_s, (after.position_m - before.position_m) / (2 * h), atol=1e-8)
    numerical = (after.velocity_m_s - before.velocity_m_s) / (2 * h)
    np.testing.assert_allclose(now.acceleration_m_s2, numerical, atol=1e-7)


def test_straight_reach_has_the_peak_speed_of_minimum_jerk():
    velocity = center_out(8, 0.10, duration_s=0.5).hand_path(np.linspace(0, 0.5, 501)).velocity_m_s
    np.testing.assert_allclose(np.linalg.norm(velocity, axis=-1).max(1), 1.875 * 0.10 / 0.5)


def test_labels_tell_conditions_apart_in_centimetres_and_degrees():
    assert three_reaches().labels == ("6 cm, 0 deg", "10 cm, 90 deg, bow +0.25", "8 cm, 180 deg, bow -0.5")


def test_select_takes_indices_in_their_order_or_a_mask():
    reaches = three_reaches()
    assert reaches.select([2, 0, 0]).labels == tuple(reaches.labels[i] for i in (2, 0, 0))
    masked = reaches.select(np.array([False, True, True]))
    np.testing.assert_array_equal(masked.target_m, reaches.target_m[1:])
    np.testing.assert_array_equal(masked.start_m, reaches.start_m[1:])
    assert (masked.n_conditions, masked.duration_s) == (2, 0.5)


@pytest.mark.parametrize(
    ("conditions", "message"),
    [
        ([3], "conditions: expected at least one index from 0 to 2, got indices 3 to 3"),
        ([-1], "got indices -1 to -1"),
        ([], "conditions: expected a list of indices or a boolean mask of length 3"),
        (np.zeros(3, bool), "got none selected"),
        (np.ones(2, bool), r"got bool of shape \(2,\)"),
        ([0.5], "got float64"),
    ],
)
def test_impossible_selections_are_refused(conditions, message):
    with pytest.raises(InputError, match=message):
        three_reaches().select(conditions)


def test_reach_of_the_arm_is_checked_along_the_whole_path():
    center_out(16, [0.06, 0.10]).check_reachable(Arm())
    with pytest.raises(
        InputError, match=r"reaches: expected hand paths 0\.030 to 0\.630 m .* condition 2 \(10 cm, 90 deg\)"
    ):
        center_out(8, 0.10, start_m=(0.0, 0.55)).check_reachable(Arm())
    across = {"direction_rad": [0.0], "distance_m": [0.2], "start_m": [-0.1, 0.01], "curvature": [0.0]}
    with pytest.raises(InputError, match=r"condition 0 \(20 cm, 0 deg\); move start_m"):
        three_reaches(**across).check_reachable(Arm())


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"distance_m": np.array([0.1, 0.0, 0.1])}, "distance_m: expected distances above 0, got 0 m"),
        ({"distance_m": np.ones(2)}, r"distance_m: expected an array \(condition\) of shape \(3\)"),
        ({"curvature": np.array([0.0, np.nan, 0.0])}, "curvature: expected finite numbers"),
        (
            {"start_m": np.zeros((2, 2))},
            r"start_m: expected an array of shape \(2,\) or \(3, 2\), got shape \(2, 2\)",
        ),
        ({"duration_s": 0.0}, "duration_s: expected a number above 0"),
        ({"direction_rad": np.zeros(0)}, "direction_rad: expected at least 1 along condition"),
    ],
)
def test_bad_input_is_refused_by_name(changes, message):
    with pytest.raises(InputError, match=message):
        three_reaches(**changes)
