from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.distance import pdist, squareform

from motorsim.analysis.rdm import crossnobis, rdm
from motorsim.checks import InputError


@pytest.fixture(scope="module")
def peer():
    """Return what experiments/peers/freeze_rsatoolbox_values.py wrote."""
    with np.load(Path(__file__).parent / "rsatoolbox_values.npz") as stored:
        return dict(stored)


def _rates(seed, shape=(6, 7, 4)):
    return np.random.default_rng(seed).standard_normal(shape)


def _means(trials, labels):
    return np.stack([trials[labels == label].mean(axis=0) for label in np.unique(labels)])


def _session(n_repeats, noise_root, seed, means=None):
    """Return trials (trial, time, unit), their conditions and folds; without means, of noise alone."""
    rng = np.random.default_rng(seed)
    means = np.zeros((4, 3, 5)) if means is None else means
    labels = np.tile(np.arange(len(means)), n_repeats)
    trials = means[labels] + rng.standard_normal((len(labels), *means.shape[1:])) @ noise_root
    return trials, labels, np.repeat(np.arange(n_repeats), len(means))


def test_agrees_with_rsatoolbox(peer):
    for k, trials in enumerate(peer["trials"]):
        means = _means(trials, peer["labels"])
        for measure in ("euclidean", "correlation"):
            assert np.allclose(rdm(means, measure).dissimilarities, peer[measure][k], rtol=0, atol=1e-12)
        for name, noise in (("crossnobis", peer["noise"]), ("crossnobis_identity", "identity")):
            found = crossnobis(trials, peer["labels"], peer["folds"], noise=noise)
            assert np.allclose(found.dissimilarities, peer[name][k], rtol=0, atol=1e-12)


def test_agrees_with_scipy():
    rates = _rates(0)
    flat = rates.reshape(6, -1)
    assert np.allclose(rdm(rates).dissimilarities, pdist(flat, "sqeuclidean") / 28, atol=1e-12)
    assert np.allclose(rdm(rates, "correlation").dissimilarities, pdist(flat, "correlation"), atol=1e-12)
    assert np.array_equal(rdm(rates).matrix, squareform(rdm(rates).dissimilarities))


def test_equal_conditions_are_at_no_distance_and_opposite_ones_at_two():
    rates = _rates(1, (3, 7, 4)) + 1e3
    rates[1] = rates[0]
    assert rdm(rates).dissimilarities[0] == pytest.approx(0.0, abs=1e-9)
    assert rdm(rates, "correlation").dissimilarities[0] == pytest.approx(0.0, abs=1e-9)
    rates[2] = -2 * rates[0] + 5
    assert rdm(rates, "correlation").dissimilarities[1] == pytest.approx(2.0, abs=1e-9)


@given(seed=st.integers(0, 10_000), scale=st.floats(1e-2, 1e2), shift=st.floats(-10, 10))
def test_what_each_measure_ignores(seed, scale, shift):
    rates = _rates(seed)
    rotation = np.linalg.qr(_rates(seed + 1, (4, 4)))[0]
    turned = rdm(rates @ rotation + np.arange(4)).dissimilarities
    assert np.allclose(turned, rdm(rates).dissimilarities, atol=1e-9)
    moved = rdm(scale * rates + shift, "correlation").dissimilarities
    assert np.allclose(moved, rdm(rates, "correlation").dissimilarities, atol=1e-7)


def test_crossnobis_is_the_mean_over_folds_of_products_of_differences():
    trials, labels, folds = _session(3, np.eye(5), 2, _rates(3, (3, 2, 5)))
    noise = np.cov(_rates(4, (5, 20)))
    expected = []
    for i, j in ((0, 1), (0, 2), (1, 2)):
        total = 0.0
        for fold in range(3):
            own, rest = (
                trials[(labels == i) & chosen].mean(axis=0) - trials[(labels == j) & chosen].mean(axis=0)
                for chosen in (folds == fold, folds != fold)
            )
            total += np.sum(own @ np.linalg.inv(noise) * rest)
        expected.append(total / (3 * 2 * 5))
    found = crossnobis(trials, labels, folds, noise=noise)
    assert np.allclose(found.dissimilarities, expected, atol=1e-12)


def test_crossnobis_has_no_bias_where_the_plain_distance_has_one():
    root = np.array([[1.0, 0.5], [0.0, 1.0]])
    root = np.kron(np.eye(3), root)[:5, :5]
    crossed, plain = [], []
    for seed in range(100):
        trials, labels, folds = _session(4, root, seed)
        crossed.append(crossnobis(trials, labels, folds).dissimilarities.mean())
        plain.append(rdm(_means(trials, labels)).dissimilarities.mean())
    error = np.std(crossed) / 10
    assert abs(np.mean(crossed)) < 4 * error
    assert error < 0.02
    assert min(crossed) < 0
    assert min(plain) > 0.2


def test_crossnobis_is_the_planted_mahalanobis_distance():
    means = _rates(5, (4, 3, 5))
    root = np.tril(_rates(6, (5, 5))) * 0.3 + np.eye(5)
    trials, labels, folds = _session(200, root, 7, means)
    precision = np.linalg.inv(root.T @ root)
    expected = [
        np.sum((means[i] - means[j]) @ precision * (means[i] - means[j])) / 15
        for i in range(4)
        for j in range(i + 1, 4)
    ]
    assert np.allclose(crossnobis(trials, labels, folds).dissimilarities, expected, rtol=0.1)


def test_residual_noise_counts_the_degrees_of_freedom_that_the_means_took():
    # With two trials a condition the residuals hold half the noise: distances in its unit would double.
    means = np.zeros((40, 3, 5))
    means[::2, :, 0] = 2.0
    trials, labels, folds = _session(2, np.eye(5), 8, means)
    found = crossnobis(trials, labels, folds).matrix[::2, 1::2].mean()
    assert found == pytest.approx(4 / 5, rel=0.1)


def test_the_order_of_trials_does_not_matter_and_labels_may_be_words():
    trials, labels, folds = _session(3, np.eye(5), 9, _rates(10, (4, 3, 5)))
    order = np.random.default_rng(11).permutation(len(trials))
    words = np.array(["down", "left", "right", "up"])[labels]
    found = crossnobis(trials[order], words[order], folds[order])
    assert np.allclose(found.dissimilarities, crossnobis(trials, labels, folds).dissimilarities, atol=1e-12)


def test_unusable_rates_are_refused():
    rates = _rates(12)
    with pytest.raises(InputError, match="measure: expected one of correlation, euclidean"):
        rdm(rates, "crossnobis")
    with pytest.raises(InputError, match="rates: expected at least 2 conditions, got 1"):
        rdm(rates[:1])
    with pytest.raises(InputError, match="rates: expected conditions that differ"):
        rdm(np.repeat(rates[:1], 5, axis=0))
    with pytest.raises(InputError, match="NaN or infinity in units 2"):
        rdm(np.where(np.arange(4) == 2, np.nan, rates))
    constant = np.where(np.arange(6)[:, None, None] == 3, 1.0, rates)
    with pytest.raises(InputError, match="conditions that vary, got condition 3 constant; leave it out"):
        rdm(constant, "correlation")


def test_unusable_trials_are_refused():
    trials, labels, folds = _session(3, np.eye(5), 13)
    with pytest.raises(InputError, match="trials: expected 4 trials or more: 2 conditions in 2 folds, got 0"):
        crossnobis(trials[:0], [], [])
    with pytest.raises(InputError, match="folds: expected 2 folds or more, got 1"):
        crossnobis(trials, labels, np.zeros(12))
    with pytest.raises(InputError, match="conditions: expected 2 conditions or more, got 1"):
        crossnobis(trials, np.zeros(12), folds)
    with pytest.raises(InputError, match="folds: expected one label a trial, 12"):
        crossnobis(trials, labels, folds[:5])
    kept = ~((labels == 2) & (folds == 1))
    with pytest.raises(InputError, match="none of condition number 2 in fold number 1; merge folds"):
        crossnobis(trials[kept], labels[kept], folds[kept])
    with pytest.raises(InputError, match="NaN or infinity in units 4"):
        crossnobis(np.where(np.arange(5) == 4, np.nan, trials), labels, folds)
    with pytest.raises(InputError, match="noise: expected one of identity, residuals"):
        crossnobis(trials, labels, folds, noise="shrunk")
    for noise in (np.ones((5, 5)), np.triu(np.ones((5, 5))) + 5 * np.eye(5)):
        with pytest.raises(InputError, match="noise: expected a symmetric, positive definite covariance"):
            crossnobis(trials, labels, folds, noise=noise)
    with pytest.raises(InputError, match="trials: expected trials that differ within a condition"):
        crossnobis(_rates(14, (4, 3, 5))[labels], labels, folds)
