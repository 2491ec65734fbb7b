import numpy as np
import pytest
from sklearn import decomposition

from motorsim.analysis import pca
from motorsim.checks import InputError


def _rates(seed, shape=(6, 10, 8)):
    rng = np.random.default_rng(seed)
    return rng.standard_normal(shape) @ np.diag(np.arange(shape[2]) + 1.0) + 5 * rng.random(shape[2])


@pytest.mark.parametrize("shape", [(6, 10, 8), (2, 5, 30)], ids=["more samples", "more units"])
def test_agrees_with_scikit_learn(shape):
    rates = _rates(0, shape)
    result = pca(rates, 4)
    peer = decomposition.PCA(4, svd_solver="full").fit(rates.reshape(-1, shape[2]))
    assert np.allclose(result.variance_ratio, peer.explained_variance_ratio_, rtol=1e-10)
    assert np.allclose(np.abs(np.sum(result.components * peer.components_, axis=1)), 1.0, atol=1e-10)
    assert np.allclose(result.components @ result.components.T, np.eye(4), atol=1e-12)


def test_scores_are_the_transform_of_the_fitted_rates_and_decorrelated():
    rates = _rates(1)
    result = pca(rates, 5)
    assert np.allclose(result.transform(rates), result.scores)
    flat = result.scores.reshape(-1, 5)
    covariance = flat.T @ flat / len(flat)
    total = rates.reshape(-1, 8).var(axis=0).sum()
    assert np.allclose(covariance, np.diag(result.variance_ratio * total), atol=1e-10 * total)


def test_all_components_give_the_rates_back():
    rates = _rates(2)
    result = pca(rates, 8)
    assert np.allclose(result.inverse(result.scores), rates)
    assert result.variance_ratio.sum() == pytest.approx(1.0, abs=1e-12)


def test_signs_do_not_depend_on_the_sign_of_the_data():
    rates = _rates(3)
    result, mirrored = pca(rates, 6), pca(-rates, 6)
    assert np.allclose(result.components, mirrored.components)
    assert (result.components[np.arange(6), np.abs(result.components).argmax(axis=1)] > 0).all()


def test_components_follow_a_permutation_of_units():
    rates = _rates(4)
    order = np.random.default_rng(5).permutation(8)
    assert np.allclose(pca(rates[..., order], 3).components, pca(rates, 3).components[:, order])


def test_more_components_than_rank_are_refused():
    rng = np.random.default_rng(6)
    rates = rng.standard_normal((5, 6, 3)) @ rng.standard_normal((3, 10))
    assert pca(rates, 3).variance_ratio.sum() == pytest.approx(1.0)
    with pytest.raises(
        InputError, match="n_components: expected at most the rank of the centred rates, 3, got 4"
    ):
        pca(rates, 4)


def test_constant_rates_and_other_units_are_refused():
    with pytest.raises(InputError, match="rates: expected rates that vary, got all 4 units constant"):
        pca(np.full((3, 3, 4), 0.1), 1)
    with pytest.raises(InputError, match="expected 8 units, got 7"):
        pca(_rates(7), 2).transform(np.ones((2, 2, 7)))
    with pytest.raises(InputError, match="scores"):
        pca(_rates(7), 2).inverse(np.ones((2, 2, 3)))
