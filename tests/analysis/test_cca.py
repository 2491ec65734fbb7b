import numpy as np
import pytest
from sklearn import cross_decomposition

from motorsim.analysis import cca
from motorsim.checks import InputError


def _pair(seed, n_samples=300, n_shared=3, units=(6, 8)):
    rng = np.random.default_rng(seed)
    shared = rng.standard_normal((n_samples, n_shared))
    a, b = (
        shared @ rng.standard_normal((n_shared, n)) + rng.standard_normal((n_samples, n)) + 3 * rng.random(n)
        for n in units
    )
    return a, b


def test_agrees_with_scikit_learn():
    a, b = _pair(0)
    scores = cross_decomposition.CCA(6, scale=False, max_iter=20000, tol=1e-14).fit_transform(a, b)
    peer = [np.corrcoef(scores[0][:, k], scores[1][:, k])[0, 1] for k in range(6)]
    assert np.allclose(cca(a, b).correlations, peer, atol=1e-6)


def test_variates_are_white_and_correlate_as_said():
    a, b = _pair(1)
    fit = cca(a, b)
    variates_a, variates_b = (a - fit.mean_a) @ fit.weights_a, (b - fit.mean_b) @ fit.weights_b
    assert np.allclose(variates_a.T @ variates_a / 300, np.eye(6), atol=1e-10)
    assert np.allclose(variates_b.T @ variates_b / 300, np.eye(6), atol=1e-10)
    assert np.allclose(variates_a.T @ variates_b / 300, np.diag(fit.correlations), atol=1e-10)
    assert (np.diff(fit.correlations) <= 0).all()
    assert fit.mean_correlation == pytest.approx(fit.correlations.mean())


def test_invariant_to_invertible_linear_maps_and_shifts_of_either():
    a, b = _pair(2)
    rng = np.random.default_rng(3)
    mapped = cca(a @ rng.standard_normal((6, 6)) + 5, b @ rng.standard_normal((8, 8)) * 100 - 2)
    assert np.allclose(mapped.correlations, cca(a, b).correlations, atol=1e-9)


def test_symmetric_and_one_with_itself():
    a, b = _pair(4)
    assert np.allclose(cca(a, b).correlations, cca(b, a).correlations, atol=1e-12)
    assert cca(a, a).mean_correlation == pytest.approx(1.0, abs=1e-12)


def test_planted_correlation_is_recovered():
    rng = np.random.default_rng(5)
    samples = np.linalg.qr(rng.standard_normal((500, 5)))[0]
    samples = np.linalg.qr(samples - samples.mean(axis=0))[0]
    second = np.column_stack([0.6 * samples[:, 0] + 0.8 * samples[:, 2], samples[:, 3]])
    assert np.allclose(cca(samples[:, :2], second).correlations, [0.6, 0.0], atol=1e-12)


def test_held_out_samples_are_scored_along_the_fitted_directions():
    a, b = _pair(6, n_samples=600)
    fit = cca(a[:300], b[:300], 3)
    assert np.allclose(fit.correlations_of(a[:300], b[:300]), fit.correlations, atol=1e-10)
    held_out = fit.correlations_of(a[300:], b[300:])
    assert np.allclose(held_out, fit.correlations, atol=0.1)
    by_hand = np.corrcoef(a[300:] @ fit.weights_a[:, 1], b[300:] @ fit.weights_b[:, 1])[0, 1]
    assert held_out[1] == pytest.approx(by_hand, abs=1e-12)


def test_overfitting_shows_on_held_out_samples():
    rng = np.random.default_rng(7)
    a, b = rng.standard_normal((2, 200, 40))
    fit = cca(a[:100], b[:100])
    assert fit.correlations[0] > 0.9
    assert np.abs(fit.correlations_of(a[100:], b[100:])).mean() < 0.2


def test_three_axes_are_flattened():
    a, b = _pair(8)
    folded = cca(a.reshape(30, 10, 6), b.reshape(30, 10, 8))
    assert np.array_equal(folded.correlations, cca(a, b).correlations)


def test_rank_deficient_arrays_lose_no_correlation():
    a, b = _pair(9)
    wide = np.concatenate(
        [a, a @ np.random.default_rng(10).standard_normal((6, 4)), np.ones((300, 1))], axis=1
    )
    fit = cca(wide, b)
    assert fit.rank_a == 6
    assert fit.rank_b == 8
    assert np.allclose(fit.correlations, cca(a, b).correlations, atol=1e-9)
    assert np.isfinite(fit.weights_a).all()


def test_unusable_input_is_refused():
    a, b = _pair(11)
    with pytest.raises(
        InputError, match=r"b: expected the conditions and times of a, \(300,\), got \(299,\)"
    ):
        cca(a, b[:-1])
    with pytest.raises(InputError, match="n_components: expected at most the smaller rank, 6, got 7"):
        cca(a, b, 7)
    with pytest.raises(
        InputError, match="more samples than both ranks together, 14, got 14; reduce both by PCA"
    ):
        cca(a[:14], b[:14])
    with pytest.raises(InputError, match="b: expected rates that vary"):
        cca(a, np.ones_like(b))
    with pytest.raises(InputError, match="a: expected finite numbers"):
        cca(np.where(np.arange(a.size).reshape(a.shape) == 8, np.nan, a), b)
    with pytest.raises(InputError, match="a: expected the 6 units of the fit, got 5"):
        cca(a, b).correlations_of(a[:, :5], b)
    with pytest.raises(InputError, match="tolerance"):
        cca(a, b, tolerance=-1.0)
