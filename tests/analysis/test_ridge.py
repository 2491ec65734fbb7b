import numpy as np
import pytest
from sklearn.linear_model import Ridge as PeerRidge

from motorsim.analysis.ridge import RIDGE_GRID, check_ridge, fit_ridge
from motorsim.checks import InputError


def _data(seed, shape=(7, 5), n_features=6, n_targets=3, noise=1.0):
    rng = np.random.default_rng(seed)
    features = rng.standard_normal((*shape, n_features)) + 4
    targets = features @ rng.standard_normal((n_features, n_targets)) + 10
    return features, targets + noise * rng.standard_normal(targets.shape)


@pytest.mark.parametrize("ridge", [0.0, 1e-3, 0.5])
def test_agrees_with_scikit_learn(ridge):
    features, targets = _data(0)
    x, y = features.reshape(-1, 6), targets.reshape(-1, 3)
    largest = np.linalg.svd(x - x.mean(axis=0))[1][0]
    peer = PeerRidge(alpha=ridge * largest**2, solver="svd").fit(x, y)
    fit = fit_ridge(features, targets, (ridge,))
    assert np.allclose(fit.weights, peer.coef_.T, atol=1e-10)
    assert np.allclose(fit.intercept, peer.intercept_, atol=1e-10)
    assert np.allclose(fit.predict(features), peer.predict(x).reshape(7, 5, 3))


def test_left_out_conditions_are_predicted_as_by_refitting_without_them():
    features, targets = _data(1)
    ridges = (1e-3, 1e-1)
    scores = fit_ridge(features, targets, ridges).cross_validation_r2
    x = features.reshape(-1, 6)
    penalties = np.array(ridges) * np.linalg.svd(x - x.mean(axis=0))[1][0] ** 2
    total = np.sum((targets - targets.mean(axis=(0, 1))) ** 2)
    for penalty, score in zip(penalties, scores, strict=True):
        error = 0.0
        for left_out in range(7):
            rest = np.arange(7) != left_out
            peer = PeerRidge(alpha=penalty, solver="svd").fit(
                features[rest].reshape(-1, 6), targets[rest].reshape(-1, 3)
            )
            error += np.sum((peer.predict(features[left_out]) - targets[left_out]) ** 2)
        assert score == pytest.approx(1 - error / total, abs=1e-10)


def test_noise_asks_for_a_stronger_ridge():
    clean = fit_ridge(*_data(2, n_features=20, noise=1e-6), RIDGE_GRID).ridge
    noisy = fit_ridge(*_data(2, n_features=20, noise=100.0), RIDGE_GRID).ridge
    assert clean <= 1e-7
    assert noisy >= 1e-2


def test_choice_among_strengths_needs_three_conditions():
    features, targets = _data(3)
    with pytest.raises(InputError, match="3 conditions or more to choose"):
        fit_ridge(features[:2], targets[:2], RIDGE_GRID)


@pytest.mark.parametrize("ridge", [-1.0, (0.0, 1.0), (1.0,), "strong"])
def test_unusable_strengths_are_refused(ridge):
    with pytest.raises(InputError, match="ridge: expected"):
        check_ridge(ridge)


def test_strengths_to_try():
    assert check_ridge(None) == RIDGE_GRID
    assert check_ridge(0.0) == (0.0,)
    assert check_ridge((0.1, 1)) == (0.1, 1.0)
