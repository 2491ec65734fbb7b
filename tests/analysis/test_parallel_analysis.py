import numpy as np
import pytest

from motorsim.analysis.parallel_analysis import parallel_analysis
from motorsim.checks import InputError


def _smooth(rng, shape):
    """Independent Gaussian processes over times, about 5 samples wide."""
    kernel = np.exp(-0.5 * (np.arange(-15, 16) / 5) ** 2)
    white = rng.standard_normal((shape[0], shape[1] + 30, shape[2]))
    return np.apply_along_axis(lambda x: np.convolve(x, kernel, "valid"), 1, white)


@pytest.mark.parametrize("null", ["covariance", "shuffle"])
def test_planted_components_are_counted(null):
    rng = np.random.default_rng(0)
    shared = rng.standard_normal((20, 30, 3)) @ rng.standard_normal((3, 25))
    found = parallel_analysis(shared + 2 * rng.standard_normal((20, 30, 25)), rng=0, null=null, n_random=50)
    assert found.n_components == 3
    assert np.allclose(found.p_values[:3], 1 / 51)
    assert (found.variances[:3] > found.thresholds[:3]).all()


@pytest.mark.parametrize("null", ["covariance", "shuffle"])
def test_independent_samples_have_none_but_at_the_level_asked(null):
    counted = [
        parallel_analysis(
            np.random.default_rng(seed).standard_normal((6, 20, 10)), rng=seed, null=null, n_random=39
        ).n_components
        > 0
        for seed in range(100)
    ]
    assert 0 <= np.mean(counted) < 0.13


def test_smooth_independent_units_fool_the_shuffle_but_not_the_covariance_null():
    rates = [_smooth(np.random.default_rng(seed), (8, 40, 30)) for seed in range(15)]
    matched = [parallel_analysis(r, rng=0, n_random=39).n_components for r in rates]
    shuffled = [parallel_analysis(r, rng=0, null="shuffle", n_random=39).n_components for r in rates]
    assert np.mean(np.array(matched) > 0) <= 0.2
    assert min(shuffled) >= 3


def test_variances_are_those_of_correlations_or_covariances():
    rng = np.random.default_rng(1)
    rates = rng.standard_normal((4, 30, 6)) * np.arange(1, 7)
    samples = rates.reshape(-1, 6)
    standard = parallel_analysis(rates, rng=0, n_random=5).variances
    plain = parallel_analysis(rates, rng=0, n_random=5, standardise=False).variances
    assert np.allclose(standard, np.sort(np.linalg.eigvalsh(np.corrcoef(samples.T)))[::-1])
    assert np.allclose(plain, np.sort(np.linalg.eigvalsh(np.cov(samples.T, ddof=0)))[::-1])


@pytest.mark.parametrize("null", ["covariance", "shuffle"])
def test_unequal_units_are_no_component(null):
    rng = np.random.default_rng(2)
    rates = rng.standard_normal((10, 20, 12)) * np.geomspace(0.1, 10, 12)
    found = parallel_analysis(rates, rng=1, null=null, standardise=False, n_random=99, percentile=99)
    assert found.n_components == 0


def test_a_higher_percentile_raises_the_threshold_and_the_seed_repeats():
    rates = np.random.default_rng(3).standard_normal((5, 20, 8))
    low, high = (parallel_analysis(rates, rng=4, n_random=40, percentile=p) for p in (50, 95))
    assert (low.thresholds < high.thresholds).all()
    assert np.array_equal(
        high.thresholds, parallel_analysis(rates, rng=4, n_random=40, percentile=95).thresholds
    )


def test_unusable_input_is_refused():
    rates = np.random.default_rng(5).standard_normal((3, 10, 4))
    with pytest.raises(InputError, match="at least 2 conditions, got 1"):
        parallel_analysis(rates[:1], rng=0)
    assert parallel_analysis(rates[:1], rng=0, null="shuffle", n_random=5).variances.shape == (4,)
    with pytest.raises(InputError, match="at least 2 units, got 1"):
        parallel_analysis(rates[..., :1], rng=0)
    with pytest.raises(InputError, match="constant units 1"):
        parallel_analysis(np.where(np.arange(4) == 1, 2.0, rates), rng=0)
    with pytest.raises(InputError, match="one of covariance, shuffle"):
        parallel_analysis(rates, rng=0, null="circular")
    with pytest.raises(InputError, match="percentile: expected a number above 0 and below 100"):
        parallel_analysis(rates, rng=0, percentile=100)
