import numpy as np
import pytest

from motorsim.analysis import fano_factor, mean_matched_fano_factor
from motorsim.checks import InputError

WINDOW_S = 0.1


def _conditions(n_conditions, n_trials):
    return np.repeat(np.arange(n_conditions), n_trials)


def _counts(means, n_trials, *, gain_variance=0.0, seed=0):
    """Poisson counts of the means (condition, window, unit), their gain drawn anew in every trial."""
    rng = np.random.default_rng(seed)
    repeated = np.repeat(means, n_trials, axis=0)
    if gain_variance:
        repeated = repeated * rng.gamma(1 / gain_variance, gain_variance, repeated.shape)
    return rng.poisson(repeated)


def _renewal_counts(order, *, n_trials, window, n_units, seed=0):
    """Counts in windows of ``window`` mean intervals of gamma processes that started long before."""
    rng = np.random.default_rng(seed)
    n_events = int(3 * window + 40)
    times = np.cumsum(rng.gamma(order, 1 / order, (n_trials, n_units, n_events)), axis=2)
    return np.sum((times >= 10) & (times < 10 + window), axis=2)[:, None, :]


def test_poisson_counts_have_a_fano_factor_of_one_whatever_their_means():
    means = np.random.default_rng(1).uniform(0.3, 5.0, (4, 3, 60))
    counts = _counts(means, 30)
    np.testing.assert_allclose(fano_factor(counts, _conditions(4, 30), window_s=WINDOW_S).slope, 1, atol=0.06)
    matched = mean_matched_fano_factor(counts, _conditions(4, 30), window_s=WINDOW_S, rng=1, n_resamples=20)
    np.testing.assert_allclose(matched.slope, 1, atol=0.06)


def test_the_ratio_of_poisson_counts_is_unbiased_by_few_trials():
    found = fano_factor(_counts(np.full((500, 1, 20), 4.0), 4), _conditions(500, 4), window_s=WINDOW_S)
    # A ratio of unbiased moments is low by about Fano / (trials x mean): here the variances alone tell.
    assert found.variance.mean() / found.mean.mean() == pytest.approx(1.0, abs=0.02)
    assert found.ratio.shape == (500, 1, 20)


@pytest.mark.parametrize("order", [2, 5])
def test_a_renewal_process_tends_to_one_over_the_order_in_long_windows(order):
    """Cox: F = 1 / k + (1 - 1 / k^2) / (6 w) for windows of w mean intervals."""
    window = 30
    counts = _renewal_counts(order, n_trials=300, window=window, n_units=40)
    expected = 1 / order + (1 - 1 / order**2) / (6 * window)
    assert fano_factor(counts, np.zeros(300), window_s=1.0).slope[0] == pytest.approx(expected, rel=0.05)


def test_tuning_is_no_variability():
    means = np.tile(np.array([1.0, 9.0])[:, None, None], (1, 2, 40))
    counts = _counts(means, 60)
    assert fano_factor(counts, _conditions(2, 60), window_s=WINDOW_S).slope == pytest.approx(1, abs=0.1)
    assert fano_factor(counts, np.zeros(120), window_s=WINDOW_S).slope.min() > 3


def test_mean_matching_removes_what_rising_rates_do_to_the_fano_factor():
    """With gain variability the variance is m + g m^2, so the slope rises with the rates alone."""
    rng = np.random.default_rng(2)
    base = rng.uniform(0.5, 6.0, (3, 1, 150))
    means = np.concatenate([base, 1.6 * base], axis=1)
    counts = _counts(means, 40, gain_variance=0.3)
    found = mean_matched_fano_factor(counts, _conditions(3, 40), window_s=WINDOW_S, rng=1)
    assert found.unmatched[1] - found.unmatched[0] > 0.25
    assert abs(found.slope[1] - found.slope[0]) < 0.12
    assert found.matched_mean[1] == pytest.approx(found.matched_mean[0], abs=0.03)
    assert 0.3 < found.kept_share < 1
    assert found.n_points == pytest.approx(found.kept_share * 450)


def test_variability_that_falls_is_found_with_an_interval_that_excludes_none():
    rng = np.random.default_rng(3)
    means = np.tile(rng.uniform(0.5, 5.0, (4, 1, 60)), (1, 2, 1))
    noisy = _counts(means[:, :1], 30, gain_variance=0.3, seed=1)
    quiet = _counts(means[:, 1:], 30, gain_variance=0.05, seed=2)
    counts = np.concatenate([noisy, quiet], axis=1)
    found = mean_matched_fano_factor(counts, _conditions(4, 30), window_s=WINDOW_S, rng=1)
    assert (found.low <= found.slope).all()
    assert (found.slope <= found.high).all()
    assert found.high[1] < found.low[0]
    change = found.resampled[:, 1] - found.resampled[:, 0]
    assert np.percentile(change, 97.5) < 0


def test_every_bin_of_the_mean_keeps_as_many_points_in_every_window():
    means = np.array([[0.0, 0.0, 0.5, 2.0], [0.0, 0.5, 0.5, 2.0]])
    counts = np.tile(means[None], (2, 1, 1)) * 2
    found = mean_matched_fano_factor(
        np.tile(counts, (1, 1, 3)), [0, 0], window_s=WINDOW_S, rng=1, bin_width=0.5, n_resamples=5
    )
    # One zero, one half and one two of every four are common to both windows.
    assert found.n_points == 9
    np.testing.assert_allclose(found.matched_mean, 2 * (0.0 + 0.5 + 2.0) / 3)


def test_the_slope_weighs_points_by_trials_over_squared_means():
    counts = np.array([[[1.0, 8.0]], [[3.0, 2.0]]])
    mean, variance, weight = np.array([2.0, 5.0]), np.array([2.0, 18.0]), 2 / np.array([2.1, 5.1]) ** 2
    expected = np.sum(weight * mean * variance) / np.sum(weight * mean**2)
    assert fano_factor(counts, ["a", "a"], window_s=0.1).slope[0] == pytest.approx(expected)


def test_silent_units_do_not_count():
    counts = _counts(np.full((2, 1, 10), 3.0), 20)
    with_silent = np.concatenate([counts, np.zeros_like(counts)], axis=2)
    conditions = _conditions(2, 20)
    alone, both = (fano_factor(each, conditions, window_s=0.1) for each in (counts, with_silent))
    assert both.slope == pytest.approx(alone.slope)
    assert np.isnan(both.ratio[:, :, 10:]).all()
    assert np.isnan(fano_factor(np.zeros((4, 1, 1)), np.zeros(4), window_s=0.1).slope[0])


def test_equal_seeds_give_equal_matchings():
    counts = _counts(np.random.default_rng(5).uniform(0.3, 3.0, (2, 3, 30)), 10)
    first, again, other = (
        mean_matched_fano_factor(counts, _conditions(2, 10), window_s=0.1, rng=seed, n_resamples=3)
        for seed in (1, 1, 2)
    )
    np.testing.assert_array_equal(first.slope, again.slope)
    np.testing.assert_array_equal(first.resampled, again.resampled)
    assert (first.slope != other.slope).any()


def test_elephant_agrees():
    statistics = pytest.importorskip("elephant.statistics")
    neo, quantities = pytest.importorskip("neo"), pytest.importorskip("quantities")
    rng = np.random.default_rng(4)
    trains = [
        neo.SpikeTrain(np.sort(rng.uniform(0, 1, n)), t_stop=1.0, units=quantities.s)
        for n in rng.poisson(8, 12)
    ]
    counts = np.array([len(train) for train in trains])[:, None, None]
    # elephant divides by the number of trials, not by one less.
    ours = fano_factor(counts, np.zeros(12), window_s=1.0).ratio[0, 0, 0]
    assert ours == pytest.approx(statistics.fanofactor(trains) * 12 / 11)


def test_unusable_input_is_refused():
    counts = _counts(np.full((2, 2, 3), 3.0), 4)
    conditions = _conditions(2, 4)
    for change, match in (
        ({"counts": counts[0]}, "counts: expected an array"),
        ({"counts": counts - 20}, "counts: expected counts of at least 0"),
        ({"counts": counts * np.nan}, "counts: expected finite"),
        ({"conditions": conditions[:-1]}, "conditions: expected one label a trial, 8"),
        ({"conditions": np.arange(8)}, "at least 2 trials a condition, got 1 of condition 0"),
        ({"window_s": -0.1}, "window_s: expected a number above 0"),
    ):
        arguments = {"counts": counts, "conditions": conditions, "window_s": 0.1} | change
        with pytest.raises(InputError, match=match):
            fano_factor(**arguments)
        with pytest.raises(InputError, match=match):
            mean_matched_fano_factor(**arguments, rng=1)
    apart = np.stack([counts[:, 0], counts[:, 0] + 90], axis=1)
    with pytest.raises(InputError, match="common to all windows, got 0; give fewer or longer windows"):
        mean_matched_fano_factor(apart, conditions, window_s=0.1, rng=1)
    with pytest.raises(InputError, match="bin_width"):
        mean_matched_fano_factor(counts, conditions, window_s=0.1, rng=1, bin_width=0)
