import numpy as np
import pytest

from motorsim.checks import InputError
from motorsim.cortex import preparatory_distance, time_to_readiness_s


def test_distance_is_one_at_rest_zero_when_prepared_and_half_in_between():
    baseline_hz = np.array([10.0, 20.0])
    prepared = np.array([[13.0, 24.0], [4.0, 28.0]])
    rates = np.stack([np.tile(baseline_hz, (2, 1)), (prepared + baseline_hz) / 2, prepared], axis=1)
    np.testing.assert_allclose(preparatory_distance(rates, prepared, baseline_hz), [[1, 0.5, 0]] * 2)


def test_a_prepared_state_that_is_rest_is_refused():
    with pytest.raises(InputError, match="prepared_hz: expected states other than rest"):
        preparatory_distance(np.zeros((2, 3, 2)), np.array([[1.0, 2.0], [5.0, 5.0]]), 5.0)


def test_readiness_is_when_the_reach_is_right_and_stays_right():
    delays_s = np.array([0.0, 0.1, 0.2, 0.3])
    assert time_to_readiness_s(delays_s, np.array([9.0, 1.0, 5.0, 1.0]), criterion_m=2.0) == 0.3
    assert time_to_readiness_s(delays_s, np.array([9.0, 2.0, 1.0, 1.0]), criterion_m=2.0) == 0.1
    assert time_to_readiness_s(delays_s, np.ones(4), criterion_m=2.0) == 0.0
    assert np.isnan(time_to_readiness_s(delays_s, np.full(4, 9.0), criterion_m=2.0))


@pytest.mark.parametrize(
    ("delays_s", "error_m", "name"),
    [([0.0, 0.0], [1.0, 1.0], "delays_s"), ([0.0, 0.1], [1.0], "error_m"), ([0.0], [np.nan], "error_m")],
)
def test_bad_curves_are_refused(delays_s, error_m, name):
    with pytest.raises(InputError, match=name):
        time_to_readiness_s(np.array(delays_s), np.array(error_m), criterion_m=1.0)
