import numpy as np
import pytest

from motorsim.checks import InputError
from motorsim.cortex import RateFunction, spread_baselines


def test_baselines_have_the_mean_and_deviation_asked_for_and_a_long_tail():
    rates_hz = spread_baselines(200_000, rng=0, mean_hz=15.0, sd_hz=9.0)
    assert rates_hz.min() > 0
    assert rates_hz.mean() == pytest.approx(15.0, rel=0.01)
    assert rates_hz.std() == pytest.approx(9.0, rel=0.02)
    logarithm = np.log(rates_hz)
    assert ((logarithm - logarithm.mean()) ** 3).mean() / logarithm.std() ** 3 == pytest.approx(0.0, abs=0.03)


def test_every_unit_keeps_its_own_baseline_and_range():
    baseline_hz = np.array([2.0, 20.0, 60.0])
    function = RateFunction(baseline_hz)
    np.testing.assert_allclose(function.rate_hz(np.zeros(3)), baseline_hz)
    np.testing.assert_allclose(function.rate_hz(np.full((2, 3), -1e4)), 0.0, atol=1e-12)
    np.testing.assert_allclose(function.rate_hz(np.full((2, 3), 1e4)), 100.0)
    x = np.array([-3.0, -4.0, 5.0])
    difference = (function.rate_change(x + 1e-5) - function.rate_change(x - 1e-5)) / 2e-5
    np.testing.assert_allclose(function.slope(x), difference, rtol=1e-7)


@pytest.mark.parametrize("baseline_hz", [[0.0, 20.0], [5.0, 100.0], [5.0, np.nan], []])
def test_a_baseline_outside_the_range_is_refused(baseline_hz):
    with pytest.raises(InputError, match="_hz"):
        RateFunction(np.array(baseline_hz))


def test_seed_decides_the_baselines():
    first, again, other = (spread_baselines(10, rng=seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert not np.allclose(first, other)
