import numpy as np
import pytest

from motorsim.analysis import subtract_condition_mean, tensor_maximum_entropy
from motorsim.analysis.tensor_maximum_entropy import _product_variances, marginal_covariances, marginal_mean
from motorsim.checks import InputError


def _rates(seed, shape=(6, 9, 7)):
    """Smooth in time, unequal in conditions and units, with means along every axis."""
    rng = np.random.default_rng(seed)
    rates = np.cumsum(rng.standard_normal(shape), axis=1)
    rates = rates * (1 + np.arange(shape[0]))[:, None, None] * (1 + np.arange(shape[2]))
    return rates + np.arange(shape[1])[:, None] + 10 * np.arange(shape[2])


def test_expected_covariances_are_those_of_the_data():
    rates = _rates(0)
    distribution = tensor_maximum_entropy(rates)
    truth = marginal_covariances(rates - distribution.mean)
    for expected, covariance in zip(distribution.covariances, truth, strict=True):
        assert np.allclose(expected, covariance, atol=1e-7 * np.abs(covariance).max())


def test_sampled_means_and_covariances_are_those_of_the_data():
    rates = _rates(1)
    distribution = tensor_maximum_entropy(rates)
    rng = np.random.default_rng(2)
    draws = [distribution.sample(rng=rng) for _ in range(4000)]
    assert np.allclose(np.mean(draws, axis=0), distribution.mean, atol=0.12 * rates.std())
    for axes in ((1, 2), (0, 2), (0, 1)):
        assert np.allclose(distribution.mean.mean(axis=axes), rates.mean(axis=axes))
    sampled = [marginal_covariances(draw - distribution.mean) for draw in draws]
    for axis, truth in enumerate(marginal_covariances(rates - distribution.mean)):
        mean = np.mean([covariances[axis] for covariances in sampled], axis=0)
        assert np.allclose(mean, truth, atol=0.05 * np.abs(truth).max())


def test_variances_have_the_maximum_entropy_form():
    """1 / v_ijk is a sum of one term an axis, so every mixed second difference of it vanishes."""
    variances = tensor_maximum_entropy(_rates(3)).variances
    inverse = 1 / variances
    mixed = inverse[1:, 1:] - inverse[:-1, 1:] - inverse[1:, :-1] + inverse[:-1, :-1]
    assert np.abs(mixed).max() < 1e-9 * inverse.max()
    mixed = np.diff(np.diff(inverse, axis=1), axis=2)
    assert np.abs(mixed).max() < 1e-9 * inverse.max()


def test_no_other_variances_with_the_same_marginals_have_more_entropy():
    variances = tensor_maximum_entropy(_rates(4)).variances
    rng = np.random.default_rng(5)
    for _ in range(20):
        change = rng.standard_normal(variances.shape)
        for axis in range(3):
            change -= change.mean(axis=axis, keepdims=True)
        change *= 0.3 * variances.min() / np.abs(change).max()
        assert np.log(variances + change).sum() < np.log(variances).sum()


def test_mean_over_conditions_stays_subtracted():
    distribution = tensor_maximum_entropy(subtract_condition_mean(_rates(6)))
    draw = distribution.sample(rng=7)
    assert np.abs(draw.mean(axis=0)).max() < 1e-10 * np.abs(draw).max()
    assert len(distribution.condition_axes.T) == 5


def test_planted_multipliers_are_recovered():
    rng = np.random.default_rng(11)
    for spread in (0.0, 1.0, 4.0):
        a, b, c = (np.exp(spread * rng.standard_normal(n)) for n in (5, 8, 11))
        planted = 1 / (a[:, None, None] + b[:, None] + c)
        planted /= planted.sum()
        found = _product_variances([planted.sum(axis=axes) for axes in ((1, 2), (0, 2), (0, 1))])
        assert np.allclose(found, planted, rtol=1e-5)


def test_smooth_low_dimensional_rates_keep_their_rank():
    rng = np.random.default_rng(8)
    rates = rng.standard_normal((5, 9, 2)) @ rng.standard_normal((2, 30))
    draw = tensor_maximum_entropy(rates).sample(rng=0)
    spectrum = np.linalg.svd((draw - draw.mean(axis=(0, 1))).reshape(-1, 30), compute_uv=False)
    assert spectrum[4] < 1e-6 * spectrum[0]


def test_same_seed_same_surrogate():
    distribution = tensor_maximum_entropy(_rates(9))
    assert np.array_equal(distribution.sample(rng=1), distribution.sample(rng=1))
    assert not np.array_equal(distribution.sample(rng=1), distribution.sample(rng=2))


def test_unusable_input_is_refused():
    rates = _rates(10)
    with pytest.raises(InputError, match="at least 2 conditions"):
        tensor_maximum_entropy(rates[:1])
    with pytest.raises(InputError, match="at least 2 times"):
        tensor_maximum_entropy(rates[:, :1])
    with pytest.raises(InputError, match="vary beyond the sum of their marginal means"):
        tensor_maximum_entropy(marginal_mean(rates))
