import numpy as np
import pytest

from motorsim.analysis import tangling
from motorsim.checks import InputError

DT_S = 0.01


def _rotation(frequency_hz=2.0, n_periods=2):
    times_s = np.arange(round(n_periods / frequency_hz / DT_S)) * DT_S
    angle = 2 * np.pi * frequency_hz * times_s
    return np.stack([np.cos(angle), np.sin(angle)], axis=-1)[None] * 3.0


def test_a_pure_rotation_has_the_tangling_worked_out_by_hand():
    found = tangling(_rotation(), dt_s=DT_S)
    flow_per_s = np.sin(2 * np.pi * 2.0 * DT_S) / DT_S
    assert found.values_per_s2.shape == (1, 98)
    np.testing.assert_allclose(found.values_per_s2, flow_per_s**2 * 4 / 4.1, rtol=1e-3)
    assert found.epsilon == pytest.approx(0.1 * 9.0)


def test_crossing_the_same_state_in_another_direction_is_tangled():
    """A figure of eight passes its centre twice, in different directions; a circle of that speed does not."""
    angle = 2 * np.pi * (np.arange(200) - 50) / 200
    eight = np.stack([np.sin(angle), np.sin(angle) * np.cos(angle)], axis=-1)[None]
    found = tangling(eight, dt_s=DT_S)
    at_centre = found.values_per_s2[0, 49]
    assert at_centre == found.values_per_s2.max()
    # x' - x'' = (2, 0) rad/sample there, the states alike.
    step = 2 * np.pi / 200 / DT_S
    assert at_centre == pytest.approx((2 * step) ** 2 / found.epsilon, rel=0.01)
    lifted = np.concatenate([eight, np.cos(angle)[None, :, None]], axis=2)
    assert tangling(lifted, dt_s=DT_S).percentile(100) < 0.5 * found.percentile(100)


def test_conditions_that_part_from_one_state_are_tangled_and_each_alone_is_not():
    line = np.linspace(0, 1, 50)
    together = np.stack([np.stack([line, side * line], -1) for side in (-1, 1)])
    alone = tangling(together[:1], dt_s=DT_S)
    np.testing.assert_allclose(alone.values_per_s2, 0, atol=1e-6)
    assert tangling(together, dt_s=DT_S).percentile(90) > 1


def test_scale_and_place_do_not_matter_and_speed_counts_squared():
    states = np.random.default_rng(0).standard_normal((3, 30, 4)).cumsum(axis=1)
    found = tangling(states, dt_s=DT_S).values_per_s2
    np.testing.assert_allclose(tangling(7 * states + 100, dt_s=DT_S).values_per_s2, found, rtol=1e-6)
    np.testing.assert_allclose(tangling(states, dt_s=DT_S / 2).values_per_s2, 4 * found)


def test_long_recordings_are_worked_through_in_blocks_without_a_seam():
    states = np.random.default_rng(1).standard_normal((9, 80, 3)).cumsum(axis=1)
    found = tangling(states, dt_s=DT_S)
    centred = states - states.mean(axis=(0, 1))
    flow = ((centred[:, 2:] - centred[:, :-2]) / (2 * DT_S)).reshape(-1, 3)
    inner = centred[:, 1:-1].reshape(-1, 3)
    sample = 600
    apart = np.sum((flow[sample] - flow) ** 2, axis=1)
    expected = apart / (np.sum((inner[sample] - inner) ** 2, axis=1) + found.epsilon)
    assert found.values_per_s2.ravel()[sample] == pytest.approx(expected.max())


def test_unusable_input_is_refused():
    with pytest.raises(InputError, match="states: expected at least 3 times"):
        tangling(np.ones((2, 2, 2)), dt_s=DT_S)
    with pytest.raises(InputError, match="states"):
        tangling(np.ones((2, 5, 2)), dt_s=DT_S)
    with pytest.raises(InputError, match="dt_s"):
        tangling(_rotation(), dt_s=0)
