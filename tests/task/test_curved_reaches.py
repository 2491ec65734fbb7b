import numpy as np
import pytest

from motorsim.checks import InputError
from motorsim.plant import Arm
from motorsim.task import curved_reaches


def test_default_is_36_conditions_within_reach_of_the_arm():
    reaches = curved_reaches()
    assert reaches.n_conditions == len(set(reaches.labels)) == 36
    reaches.check_reachable(Arm())


def test_every_curvature_takes_every_direction_and_distance():
    reaches = curved_reaches(4, [0.06, 0.10], curvature=(-0.2, 0.2))
    np.testing.assert_array_equal(reaches.curvature, [-0.2] * 8 + [0.2] * 8)
    np.testing.assert_array_equal(reaches.distance_m, ([0.06] * 4 + [0.10] * 4) * 2)


def test_left_and_right_bows_mirror_each_other_in_the_straight_line():
    right, straight, left = np.split(curved_reaches(5).hand_path(np.linspace(0, 0.5, 51)).position_m, 3)
    np.testing.assert_allclose((left + right) / 2, straight, atol=1e-15)


def test_greatest_distance_from_the_straight_line_is_the_curvature_times_the_reach():
    reaches = curved_reaches(6, 0.08, curvature=0.3)
    path = reaches.hand_path(np.linspace(0, 0.5, 51)).position_m - reaches.start_m[:, None]
    left = np.stack([-np.sin(reaches.direction_rad), np.cos(reaches.direction_rad)], -1)
    off_line = np.einsum("ctd,cd->ct", path, left)
    np.testing.assert_allclose(off_line.max(1), 0.3 * 0.08)
    assert off_line.min() > -1e-15


def test_bad_input_is_refused_by_name():
    with pytest.raises(InputError, match="curvature: expected different values"):
        curved_reaches(curvature=(0.2, 0.2))
    with pytest.raises(InputError, match="curvature: expected finite numbers"):
        curved_reaches(curvature=np.nan)
    with pytest.raises(InputError, match="n_directions: expected an integer"):
        curved_reaches(-3)
