import numpy as np
import pytest

from motorsim.checks import InputError
from motorsim.cortex import RateFunction


def test_rates_stay_between_zero_and_the_maximum():
    function = RateFunction()
    rates = function.rate_hz(np.array([-1e4, 0.0, 1e4]))
    np.testing.assert_allclose(rates, [0.0, 20.0, 100.0], atol=1e-9)


def test_slope_is_the_derivative_and_one_at_rest():
    function = RateFunction()
    x = np.array([-30.0, -5.0, -1e-6, 1e-6, 10.0, 90.0])
    difference = (function.rate_change(x + 1e-5) - function.rate_change(x - 1e-5)) / 2e-5
    np.testing.assert_allclose(function.slope(x), difference, rtol=1e-7, atol=1e-9)
    assert function.slope(np.zeros(1)) == 1.0


def test_published_values():
    # g(x) = r0 tanh(x / r0) below zero, (rmax - r0) tanh(x / (rmax - r0)) above.
    function = RateFunction(baseline_hz=20.0, maximum_hz=100.0)
    assert function.rate_change(np.array(-20.0)) == pytest.approx(-20 * np.tanh(1))
    assert function.rate_change(np.array(80.0)) == pytest.approx(80 * np.tanh(1))


def test_maximum_must_exceed_baseline():
    with pytest.raises(InputError, match="maximum_hz"):
        RateFunction(baseline_hz=50.0, maximum_hz=50.0)
