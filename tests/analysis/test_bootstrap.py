import numpy as np
import pytest
from scipy import stats

from motorsim.analysis.bootstrap import bootstrap
from motorsim.checks import InputError

CONDITIONS = np.repeat([3, 1, 2, 5], [6, 8, 5, 7])


def _rates(seed, shape=(26, 3, 4)):
    return np.random.default_rng(seed).gamma(1.0, size=shape)


def _mean(rates, *_):
    return rates.mean()


def _indexed(n_trials=26, n_units=4):
    """Rates that tell trial (thousands) and unit."""
    return np.arange(n_trials)[:, None, None] * 1000.0 + np.arange(n_units) + np.zeros((1, 3, 1))


def test_standard_error_of_a_mean_over_trials_is_its_closed_form():
    rates = _rates(0)[:, :1, :1]
    result = bootstrap(rates, _mean, over="trial", rng=1, n_draws=4000)
    assert result.standard_error == pytest.approx(rates.std() / np.sqrt(26), rel=0.05)
    assert abs(result.bias) < 0.05 * result.standard_error
    assert result.estimate == rates.mean()
    assert result.low < result.estimate < result.high


def test_units_are_drawn_with_all_their_trials():
    draws = bootstrap(
        _indexed(), lambda r: r - r[:1], over="unit", rng=2, n_draws=50, method="percentile"
    ).draws
    np.testing.assert_array_equal(draws, np.broadcast_to(draws[0], draws.shape))
    units = bootstrap(
        _indexed(), lambda r: r[0, 0], over="unit", rng=3, n_draws=400, method="percentile"
    ).draws
    assert set(np.unique(units)) == {0.0, 1.0, 2.0, 3.0}
    assert len({tuple(row) for row in units}) > 100
    np.testing.assert_allclose([np.mean(units == unit) for unit in range(4)], 0.25, atol=0.05)


def test_trials_are_drawn_within_their_conditions():
    def statistic(rates, conditions):
        return np.stack([rates[:, 0, 0] / 1000, conditions])

    result = bootstrap(
        _indexed(),
        statistic,
        over="trial",
        rng=4,
        conditions=CONDITIONS,
        n_draws=100,
        method="percentile",
    )
    number = np.unique(CONDITIONS, return_inverse=True)[1]
    trials, conditions = result.draws[:, 0].astype(int), result.draws[:, 1]
    np.testing.assert_array_equal(number[trials], conditions)
    np.testing.assert_array_equal(np.sort(conditions[0]), np.sort(number))
    assert any(len(np.unique(row)) < 26 for row in trials)


def test_standard_error_of_strata_is_their_own():
    rates = _rates(5)[:, :1, :1]
    rates[CONDITIONS == 3] += 100

    def mean_of_means(r, c):
        return np.mean([r[c == k].mean() for k in np.unique(c)])

    result = bootstrap(rates, mean_of_means, over="trial", rng=6, conditions=CONDITIONS, n_draws=4000)
    groups = [rates[np.isin(CONDITIONS, k)] for k in (1, 2, 3, 5)]
    variances = [group.var() / len(group) for group in groups]
    assert result.standard_error == pytest.approx(np.sqrt(np.sum(variances)) / 4, rel=0.05)


def test_conditions_are_drawn_whole_and_one_drawn_twice_counts_as_two():
    def statistic(rates, conditions):
        trials = rates[:, 0, 0].astype(int) // 1000
        for condition in np.unique(conditions):
            of = CONDITIONS[trials[conditions == condition]]
            assert (of == of[0]).all()
            assert len(of) == np.sum(of[0] == CONDITIONS)
            assert len(np.unique(trials[conditions == condition])) == len(of)
        return len(np.unique(conditions))

    result = bootstrap(
        _indexed(), statistic, over="condition", rng=7, conditions=CONDITIONS, n_draws=50, method="percentile"
    )
    np.testing.assert_array_equal(result.draws, 4)


def test_hierarchical_draws_repeat_trials_within_drawn_conditions():
    def statistic(rates, conditions):
        trials = rates[:, 0, 0].astype(int) // 1000
        for condition in np.unique(conditions):
            of = CONDITIONS[trials[conditions == condition]]
            assert (of == of[0]).all()
            assert len(of) == np.sum(of[0] == CONDITIONS)
        return len(np.unique(trials)) / len(trials)

    keywords = {"rng": 8, "conditions": CONDITIONS, "n_draws": 100, "method": "percentile"}
    both = bootstrap(_indexed(), statistic, over="condition then trial", **keywords).draws
    whole = bootstrap(_indexed(), statistic, over="condition", **keywords).draws
    assert both.mean() < whole.mean() - 0.15


def test_hierarchical_variance_is_between_plus_within():
    rng = np.random.default_rng(9)
    means, n_conditions, n_trials = rng.standard_normal(12), 12, 10
    conditions = np.repeat(np.arange(n_conditions), n_trials)
    rates = (means[conditions] + 2 * rng.standard_normal(120))[:, None, None]
    grouped = rates.reshape(n_conditions, n_trials)
    between, within = grouped.mean(axis=1).var() / n_conditions, grouped.var(axis=1).mean() / 120
    for over, variance in (("condition", between), ("condition then trial", between + within)):
        result = bootstrap(rates, _mean, over=over, rng=10, conditions=conditions, n_draws=6000)
        assert result.standard_error**2 == pytest.approx(variance, rel=0.08)


@pytest.mark.parametrize("method", ["percentile", "bca"])
@pytest.mark.parametrize("statistic", [np.mean, np.std, lambda x: np.log(np.var(x))])
def test_intervals_are_scipys_from_the_same_draws(method, statistic):
    rates = _rates(11)[:, :1, :1]
    result = bootstrap(rates, statistic, over="trial", rng=12, n_draws=500, level=0.9, method=method)
    drawn = stats._resampling.BootstrapResult(None, result.draws, None)
    theirs = stats.bootstrap(
        (rates.ravel(),),
        statistic,
        vectorized=False,
        n_resamples=0,
        bootstrap_result=drawn,
        confidence_level=0.9,
        method=method,
    )
    assert (result.low, result.high) == pytest.approx(tuple(theirs.confidence_interval), rel=1e-10)
    assert result.standard_error == pytest.approx(theirs.standard_error, rel=1e-10)


def test_interval_of_strata_is_scipys_of_several_samples():
    conditions, rates = np.repeat([0, 1], [9, 14]), _rates(13)[:23, :1, :1]

    def ratio(r, c):
        return r[c == 0].mean() / r[c == 1].mean()

    result = bootstrap(rates, ratio, over="trial", rng=14, conditions=conditions, n_draws=500)
    drawn = stats._resampling.BootstrapResult(None, result.draws, None)
    theirs = stats.bootstrap(
        (rates[:9].ravel(), rates[9:].ravel()),
        lambda a, b: a.mean() / b.mean(),
        vectorized=False,
        n_resamples=0,
        bootstrap_result=drawn,
    )
    assert (result.low, result.high) == pytest.approx(tuple(theirs.confidence_interval), rel=1e-10)


def test_accelerated_intervals_of_a_skewed_statistic_cover_the_truth_better():
    """The variance of exponential samples is biased and skewed: truth 1."""
    rng, hits = np.random.default_rng(15), {"percentile": 0, "bca": 0}
    for _ in range(120):
        rates = rng.exponential(size=(25, 1, 1))
        for method in hits:
            result = bootstrap(
                rates, lambda r: r.var(ddof=1), over="trial", rng=rng, n_draws=300, method=method
            )
            hits[method] += result.low <= 1 <= result.high
    assert hits["bca"] > hits["percentile"]
    assert hits["bca"] > 0.78 * 120


def test_array_statistics_have_an_interval_for_each_entry():
    rates = _rates(16)
    whole = bootstrap(rates, lambda r: r.mean(axis=(0, 1)), over="trial", rng=17, n_draws=200)
    assert whole.low.shape == whole.high.shape == whole.estimate.shape == (4,)
    one = bootstrap(rates, lambda r: r.mean(axis=(0, 1))[2], over="trial", rng=17, n_draws=200)
    assert [whole.low[2], whole.high[2]] == pytest.approx([float(one.low), float(one.high)], rel=1e-12)


def test_same_seed_same_draws_and_wider_levels_hold_narrower_ones():
    first, second = (bootstrap(_rates(18), _mean, over="unit", rng=1, n_draws=99) for _ in range(2))
    assert np.array_equal(first.draws, second.draws)
    wide = bootstrap(_rates(18), _mean, over="unit", rng=1, n_draws=99, level=0.99)
    assert wide.low < first.low < first.high < wide.high


def test_a_statistic_that_never_moves_has_no_width():
    result = bootstrap(_rates(19), lambda _: 2.0, over="condition", rng=1, n_draws=10)
    assert result.low == result.high == 2.0
    assert result.standard_error == 0.0


@pytest.mark.parametrize(
    ("statistic", "keywords", "message"),
    [
        (_mean, {"over": "time"}, "over: expected one of condition, condition then trial, trial, unit"),
        (_mean, {"method": "t"}, "method: expected one of bca, percentile"),
        (_mean, {"n_draws": 1}, "n_draws: expected an integer of at least 2"),
        (_mean, {"level": 1.0}, "level: expected a number above 0 and below 1"),
        (
            _mean,
            {"over": "condition then trial"},
            "conditions: expected the condition of each trial, got none",
        ),
        (_mean, {"conditions": [1, 2]}, "one label a trial, 26"),
        (_mean, {"conditions": [0] + [1] * 25}, "at least 2 trials to draw from in every condition, got 1"),
        (_mean, {"over": "condition", "conditions": [0] * 26}, "at least 2 conditions to draw from, got 1"),
        (lambda _: np.nan, {}, "statistic: expected finite numbers for every draw"),
        (np.unique, {}, r"array of shape .* needs method='percentile'"),
        (lambda r: np.unique(r[:, 0, 0]).size, {}, "estimate within the range of its draws"),
    ],
)
def test_unusable_input_is_refused(statistic, keywords, message):
    with pytest.raises(InputError, match=message):
        bootstrap(_rates(20), statistic, **({"over": "trial", "rng": 0, "n_draws": 20} | keywords))


def test_units_with_nan_are_named():
    rates = _rates(21)
    rates[2, 1, 3] = np.nan
    with pytest.raises(InputError, match="NaN or infinity in units 3"):
        bootstrap(rates, _mean, over="unit", rng=0)
