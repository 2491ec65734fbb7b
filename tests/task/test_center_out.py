import numpy as np
import pytest

from motorsim.checks import InputError
from motorsim.task import center_out


def test_default_is_eight_reaches_of_ten_centimetres():
    reaches = center_out()
    assert reaches.n_conditions == 8
    np.testing.assert_allclose(np.linalg.norm(reaches.target_m - [0.0, 0.4], axis=-1), 0.10)
    np.testing.assert_allclose(reaches.target_m[2], [0.0, 0.5], atol=1e-15)
    np.testing.assert_allclose(reaches.target_m.mean(0), [0.0, 0.4], atol=1e-15)
    assert not reaches.curvature.any()


def test_conditions_run_through_directions_then_distances():
    reaches = center_out(16, [0.06, 0.10], start_m=(0.1, 0.3), duration_s=0.4)
    np.testing.assert_array_equal(reaches.distance_m, [0.06] * 16 + [0.10] * 16)
    np.testing.assert_allclose(reaches.direction_rad, np.tile(np.arange(16) * np.pi / 8, 2))
    np.testing.assert_array_equal(reaches.start_m, np.tile([0.1, 0.3], (32, 1)))
    assert len(set(reaches.labels)) == 32
    assert reaches.duration_s == 0.4


@pytest.mark.parametrize(
    ("arguments", "options", "message"),
    [
        ((0,), {}, "n_directions: expected an integer of at least 1, got 0"),
        ((8.0,), {}, "n_directions: expected an integer"),
        ((8, -0.1), {}, "distance_m: expected distances above 0, got -0.1 m"),
        ((8, [0.1, 0.1]), {}, "distance_m: expected different values"),
        ((8, []), {}, "distance_m: expected at least 1 along distance"),
        ((8, "far"), {}, "distance_m: expected an array of numbers"),
        ((), {"duration_s": -1}, "duration_s: expected a number above 0"),
        ((), {"start_m": (0.0, 0.4, 0.0)}, "start_m: expected an array of shape"),
    ],
)
def test_bad_input_is_refused_by_name(arguments, options, message):
    with pytest.raises(InputError, match=message):
        center_out(*arguments, **options)
