import numpy as np
import pytest

from motorsim.analysis import soft_normalise, subtract_condition_mean
from motorsim.checks import InputError


def test_divides_by_range_over_conditions_and_times_plus_constant():
    rates = np.zeros((2, 3, 2))
    rates[0, 1, 0], rates[1, 2, 0], rates[1, 0, 1] = 40.0, -5.0, 10.0
    normalised = soft_normalise(rates, soft_norm_hz=5.0)
    assert normalised[0, 1, 0] == 40.0 / 50.0
    assert normalised[1, 0, 1] == 10.0 / 15.0


def test_constant_unit_is_finite_with_a_constant_and_named_without():
    rates = np.random.default_rng(0).random((3, 4, 5))
    rates[:, :, 3] = 7.0
    assert np.allclose(soft_normalise(rates, 5.0)[:, :, 3], 1.4)
    with pytest.raises(InputError, match=r"constant units 3; .*soft_norm_hz"):
        soft_normalise(rates, 0.0)


def test_condition_mean_is_zero_at_each_time_and_differences_stay():
    rates = np.random.default_rng(1).random((4, 5, 3)) * 50
    tuned = subtract_condition_mean(rates)
    assert np.abs(tuned.mean(axis=0)).max() < 1e-13
    assert np.allclose(tuned[1] - tuned[0], rates[1] - rates[0])


@pytest.mark.parametrize(
    ("rates", "message"),
    [
        (np.ones((1, 4, 2)), "at least 2 conditions, got 1"),
        (np.ones((4, 2)), r"\(condition, time, unit\), got shape \(4, 2\)"),
        (np.ones((2, 4, 0)), "at least 1 units, got 0"),
        (np.where(np.arange(24).reshape(2, 4, 3) == 7, np.nan, 1.0), "NaN or infinity in units 1;"),
        ("rates", "an array of numbers"),
    ],
)
def test_unusable_rates_are_refused(rates, message):
    with pytest.raises(InputError, match=message):
        subtract_condition_mean(rates)


def test_negative_constant_is_refused():
    with pytest.raises(InputError, match="soft_norm_hz: expected a number of at least 0"):
        soft_normalise(np.ones((2, 2, 2)), -1.0)
