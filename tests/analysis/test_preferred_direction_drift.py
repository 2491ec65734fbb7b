import numpy as np
import pytest

from motorsim.analysis.preferred_direction_drift import preferred_direction_drift
from motorsim.checks import InputError

DIRECTIONS = np.tile(2 * np.pi * np.arange(8) / 8, 10)


def _rates(drift_rad, *, n_windows=5, n_units=60, seed=0, noise=3.0):
    """Rates whose preferred directions turn by ``drift_rad`` from window to window; baselines drift, too."""
    rng = np.random.default_rng(seed)
    preferred = rng.uniform(-np.pi, np.pi, n_units) + drift_rad * np.arange(n_windows)[:, None]
    rates = 10 + np.arange(n_windows)[:, None] + 4 * np.cos(DIRECTIONS[:, None, None] - preferred)
    return rates + noise * rng.standard_normal(rates.shape)


def test_a_known_drift_is_measured_from_the_reference_with_its_sign():
    found = preferred_direction_drift(_rates(0.3, noise=0), DIRECTIONS, rng=1, reference=1, n_shuffles=9)
    expected = 0.3 * (np.arange(5) - 1)
    np.testing.assert_allclose(found.change_rad, expected[:, None] + np.zeros((1, 60)), atol=1e-10)
    np.testing.assert_allclose(found.median_absolute_change_rad, np.abs(expected), atol=1e-10)
    np.testing.assert_allclose(found.spread, 1 - np.abs(np.exp(1j * expected).mean()), atol=1e-10)


def test_drift_is_told_from_noise():
    found = preferred_direction_drift(_rates(0.3), DIRECTIONS, rng=1, n_shuffles=200)
    assert np.mean(found.p_units < 0.05) > 0.9
    assert found.p_windows[0] == 1.0
    assert (found.p_windows[2:] < 0.01).all()


def test_directions_that_stay_are_called_drifting_as_often_as_the_level_says():
    found = preferred_direction_drift(_rates(0.0, n_units=800), DIRECTIONS, rng=1, n_shuffles=200)
    assert found.median_absolute_change_rad[1:].min() > 0.05
    assert np.mean(found.p_units < 0.05) == pytest.approx(0.05, abs=0.025)
    assert np.mean(found.p_units < 0.5) == pytest.approx(0.5, abs=0.06)
    assert (found.p_windows > 0.01).all()


def test_units_that_do_not_vary_are_left_out():
    rates = _rates(0.3, n_units=3, noise=0.1)
    rates[:, :, 1] = 4.0
    found = preferred_direction_drift(rates, DIRECTIONS, rng=1, n_shuffles=19)
    assert np.isnan([found.spread[1], found.p_units[1]]).all()
    assert found.median_absolute_change_rad[1] == pytest.approx(0.3, abs=0.03)


def test_unusable_input_is_refused():
    rates = _rates(0.0)
    with pytest.raises(InputError, match="rates: expected at least 2 windows"):
        preferred_direction_drift(rates[:, :1], DIRECTIONS, rng=1)
    with pytest.raises(InputError, match="reference: expected an integer from 0 to 4"):
        preferred_direction_drift(rates, DIRECTIONS, rng=1, reference=5)
    with pytest.raises(InputError, match="directions_rad"):
        preferred_direction_drift(rates, DIRECTIONS[:-1], rng=1)
