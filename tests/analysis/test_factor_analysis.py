import numpy as np
import pytest
from sklearn import decomposition

from motorsim.analysis.factor_analysis import cross_validate_factor_analysis, factor_analysis
from motorsim.checks import InputError


def _rates(seed, n_factors=3, n_units=15, n_conditions=20, n_times=30):
    rng = np.random.default_rng(seed)
    loadings = rng.standard_normal((n_factors, n_units))
    private = rng.uniform(0.3, 2.0, n_units)
    factors = rng.standard_normal((n_conditions, n_times, n_factors))
    noise = rng.standard_normal((n_conditions, n_times, n_units)) * np.sqrt(private)
    return factors @ loadings + noise + 10 * rng.random(n_units), loadings, private


def test_agrees_with_scikit_learn():
    rates = _rates(0)[0] * np.linspace(0.5, 3, 15)
    samples = rates.reshape(-1, 15)
    found = factor_analysis(rates, 3)
    peer = decomposition.FactorAnalysis(3, tol=1e-10, max_iter=20_000, svd_method="lapack").fit(samples)
    assert found.log_likelihood == pytest.approx(peer.score(samples), abs=1e-9)
    assert np.allclose(found.private_variance, peer.noise_variance_, rtol=1e-4)
    assert np.allclose(found.loadings.T @ found.loadings, peer.components_.T @ peer.components_, atol=1e-3)
    scores = found.scores.reshape(-1, 3)
    assert np.allclose(scores @ found.loadings, peer.transform(samples) @ peer.components_, atol=1e-3)


def test_known_model_is_recovered():
    rates, loadings, private = _rates(1, n_conditions=200)
    found = factor_analysis(rates, 3)
    assert np.allclose(found.private_variance, private, rtol=0.15)
    assert np.allclose(found.loadings.T @ found.loadings, loadings.T @ loadings, atol=0.4)
    shared = np.sum(loadings**2, axis=0)
    assert np.allclose(found.shared_variance_ratio, shared / (shared + private), atol=0.05)


def test_likelihood_of_the_fitted_samples_is_the_reported_one_and_a_maximum():
    rates = _rates(2)[0]
    found = factor_analysis(rates, 2)
    assert found.log_likelihood_of(rates) == pytest.approx(found.log_likelihood, abs=1e-10)
    peer = decomposition.FactorAnalysis(2, tol=1e-10, max_iter=20_000, svd_method="lapack")
    assert found.log_likelihood >= peer.fit(rates.reshape(-1, 15)).score(rates.reshape(-1, 15)) - 1e-9


def test_no_factor_is_independent_gaussians():
    rates = _rates(3)[0]
    variance = rates.var(axis=(0, 1))
    found = factor_analysis(rates, 0)
    assert found.log_likelihood == pytest.approx(-0.5 * np.sum(np.log(2 * np.pi * variance) + 1))
    assert np.allclose(found.private_variance, variance)
    assert found.scores.shape == (20, 30, 0)


def test_loadings_are_orthogonal_and_follow_the_scale_of_each_unit():
    rates = _rates(4)[0]
    scale = np.linspace(0.1, 10, 15)
    found, scaled = factor_analysis(rates, 3), factor_analysis(rates * scale - 4, 3)
    gram = found.loadings @ found.loadings.T
    assert np.allclose(gram, np.diag(np.diag(gram)), atol=1e-10 * gram.max())
    assert (np.diff(np.diag(gram)) < 0).all()
    assert np.allclose(scaled.private_variance, found.private_variance * scale**2, rtol=1e-4)
    assert np.allclose(scaled.shared_variance_ratio, found.shared_variance_ratio, atol=1e-5)


def test_d_shared_counts_the_components_that_hold_the_share():
    rng = np.random.default_rng(5)
    axes = np.linalg.qr(rng.standard_normal((20, 3)))[0].T
    factors = np.linalg.qr(rng.standard_normal((4000, 3)))[0] * np.sqrt(4000) * [10.0, 5.0, 1.0]
    found = factor_analysis((factors @ axes + rng.standard_normal((4000, 20))).reshape(40, 100, 20), 3)
    assert [found.d_shared(share) for share in (0.5, 0.95, 0.999, 1.0)] == [1, 2, 3, 3]
    assert np.allclose(found.component_ratios, np.array([100, 25, 1]) / 126, atol=0.02)
    with pytest.raises(InputError, match="share: expected a share above 0"):
        found.d_shared(0)


def test_left_out_likelihood_finds_the_number_of_factors():
    choice = cross_validate_factor_analysis(_rates(6)[0], range(6), rng=0)
    assert choice.best == 3
    assert choice.log_likelihood[3] > choice.log_likelihood[0] + 1
    weighted = choice.fold_log_likelihood.mean(axis=1)
    assert np.allclose(choice.log_likelihood, weighted)
    again = cross_validate_factor_analysis(_rates(6)[0], range(6), rng=0)
    assert np.array_equal(again.log_likelihood, choice.log_likelihood)


def test_left_out_conditions_are_not_fitted():
    rates = _rates(7, n_conditions=4)[0]
    choice = cross_validate_factor_analysis(rates, [2], rng=3, n_folds=4)
    by_hand = [factor_analysis(np.delete(rates, c, 0), 2).log_likelihood_of(rates[[c]]) for c in range(4)]
    assert np.allclose(np.sort(choice.fold_log_likelihood[0]), np.sort(by_hand))


def test_fewer_samples_than_units_keep_private_variance_above_its_floor():
    rates = _rates(8, n_units=40, n_conditions=3, n_times=8)[0]
    found = factor_analysis(rates, 2, least_private_share=0.02)
    assert np.isfinite(found.log_likelihood)
    assert (found.private_variance >= 0.02 * rates.var(axis=(0, 1)) * (1 - 1e-9)).all()


def test_unusable_input_is_refused():
    rates = _rates(9)[0]
    with pytest.raises(InputError, match="at most 10 factors of 15 units, got 11; ask for fewer"):
        factor_analysis(rates, 11)
    with pytest.raises(InputError, match="constant units 2, 5; leave these units out"):
        factor_analysis(np.where(np.isin(np.arange(15), [2, 5]), 1.0, rates), 2)
    broken = rates.copy()
    broken[0, 0, 7] = np.nan
    with pytest.raises(InputError, match="NaN or infinity in units 7"):
        factor_analysis(broken, 2)
    with pytest.raises(
        InputError, match="n_folds: expected at most the number of trials, got 20 for 21 folds"
    ):
        cross_validate_factor_analysis(rates, [1], rng=0, n_folds=21)
    with pytest.raises(InputError, match="at least one number of factors"):
        cross_validate_factor_analysis(rates, [], rng=0)
    with pytest.raises(InputError, match="least_private_share"):
        factor_analysis(rates, 1, least_private_share=1.0)
    with pytest.raises(InputError, match="rates: expected 15 units, got 14"):
        factor_analysis(rates, 1).transform(rates[..., :14])
