import numpy as np
import pytest

from motorsim.compare.subsampling import delete_half_interval, draw_halves

ANY = (-np.inf, np.inf)


@pytest.mark.parametrize(("n_units", "half"), [(10, 5), (7, 3), (1, 0)])
def test_a_draw_is_half_of_the_units_each_once(n_units, half):
    draws = draw_halves("reference", n_units, 2000, rng=0)
    assert draws.shape == (2000, half)
    assert all(len(set(row)) == half for row in draws.tolist())
    share = np.bincount(draws.ravel(), minlength=n_units) / 2000
    assert np.allclose(share, half / n_units, atol=0.05)
    assert np.array_equal(draw_halves("reference", n_units, 2000, rng=0), draws)


def test_for_a_mean_the_interval_is_the_textbook_one():
    values = np.random.default_rng(1).standard_normal(50)
    units = draw_halves("units", 50, 5000, rng=0)
    low, high = delete_half_interval(values.mean(), values[units].mean(axis=1), 50, ANY)
    error = values.std(ddof=1) / np.sqrt(50)
    assert high - low == pytest.approx(2 * 1.96 * error, rel=0.05)
    assert (low + high) / 2 == pytest.approx(values.mean(), abs=0.1 * error)


def test_draws_of_less_than_half_are_scaled_to_the_spread_of_the_whole():
    # All samples of 1 of 3: the standard deviation of a single draw is sqrt(2) that of the mean's error.
    values = np.array([-1.0, 0.0, 1.0])
    draws = np.repeat(values, 100)
    low, high = delete_half_interval(0.0, draws, 3, ANY)
    assert (low, high) == (pytest.approx(-np.sqrt(0.5)), pytest.approx(np.sqrt(0.5)))


def test_the_draws_give_the_spread_and_the_value_the_place():
    draws = np.random.default_rng(2).standard_normal(100)
    low, high = delete_half_interval(0.0, draws, 10, ANY)
    assert delete_half_interval(3.0, draws - 50.0, 10, ANY) == (
        pytest.approx(3.0 + low),
        pytest.approx(3.0 + high),
    )


def test_the_interval_ends_at_the_bounds_and_holds_the_value():
    draws = np.random.default_rng(3).uniform(0.0, 1.0, 100)
    low, high = delete_half_interval(0.9, draws, 10, (0.5, 1.0))
    assert (low, high) == (0.5, 1.0)
    assert delete_half_interval(1.0 + 1e-12, draws, 10, (0.5, 1.0))[1] == 1.0 + 1e-12
    skewed = np.append(np.zeros(99), -1000.0)
    low, high = delete_half_interval(0.0, skewed, 10, ANY)
    assert low <= 0.0 <= high


def test_draws_that_failed_are_left_out_and_without_any_there_is_no_interval():
    draws = np.array([0.1, np.nan, 0.3])
    assert delete_half_interval(0.2, draws, 4, ANY) == delete_half_interval(0.2, draws[[0, 2]], 4, ANY)
    assert np.isnan(delete_half_interval(0.2, np.full(5, np.nan), 4, ANY)).all()
    assert np.isnan(delete_half_interval(0.2, np.empty(0), 4, ANY)).all()
