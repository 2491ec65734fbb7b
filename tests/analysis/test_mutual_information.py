import numpy as np
import pytest

from motorsim.analysis.mutual_information import mutual_information
from motorsim.checks import InputError


def _entropy(p):
    p = np.asarray(p, dtype=float)
    return -np.sum(p[p > 0] * np.log2(p[p > 0]))


def test_a_noiseless_response_carries_the_entropy_of_the_labels():
    labels = np.repeat(np.arange(8), 20)
    found = mutual_information(labels[:, None, None], labels, rng=1, n_shuffles=20)
    assert found.plugin[0, 0] == pytest.approx(3.0)
    assert found.panzeri_treves[0, 0] == pytest.approx(3.0 + 7 / (2 * 160 * np.log(2)))
    assert found.label_entropy == pytest.approx(3.0)
    assert found.p[0, 0] == pytest.approx(1 / 21)


@pytest.mark.parametrize("flip", [0.0, 0.05, 0.2, 0.5])
def test_a_binary_symmetric_channel_has_one_less_the_entropy_of_its_flips(flip):
    labels = np.tile([0, 1], 1000)
    flipped = np.random.default_rng(1).random((2000, 1, 40)) < flip
    found = mutual_information(labels[:, None, None] ^ flipped, labels, rng=1, n_shuffles=2)
    expected = 1 - _entropy([flip, 1 - flip])
    assert found.panzeri_treves.mean() == pytest.approx(expected, abs=0.004)


def test_an_erasure_channel_loses_what_it_erases():
    labels = np.tile([1, 2], 1000)
    erased = np.random.default_rng(2).random((2000, 1, 40)) < 0.3
    found = mutual_information(np.where(erased, 0, labels[:, None, None]), labels, rng=1, n_shuffles=2)
    assert found.panzeri_treves.mean() == pytest.approx(0.7, abs=0.005)


def test_corrections_take_the_bias_of_few_trials_away():
    labels = np.repeat(np.arange(8), 12)
    counts = np.random.default_rng(3).poisson(4.0, (96, 1, 300))
    found = mutual_information(counts, labels, rng=1, n_shuffles=20)
    assert found.plugin.mean() > 0.4
    # About as many trials a label as responses: the first term of the bias is most of it, not all.
    assert found.panzeri_treves.mean() == pytest.approx(0.1, abs=0.04)
    assert found.shuffle_corrected.mean() == pytest.approx(0.0, abs=0.02)
    assert np.mean(found.p < 0.1) == pytest.approx(0.1, abs=0.06)
    more = np.repeat(np.arange(8), 50)
    counts = np.random.default_rng(4).poisson(4.0, (400, 1, 300))
    found = mutual_information(counts, more, rng=1, n_shuffles=1)
    assert found.plugin.mean() > 0.09
    assert found.panzeri_treves.mean() == pytest.approx(0.0, abs=0.015)


def test_corrected_information_of_few_tuned_trials_is_near_that_of_many():
    rng = np.random.default_rng(4)
    directions = 2 * np.pi * np.arange(8) / 8
    mean = 6 + 4 * np.cos(directions)
    few, many = np.tile(np.arange(8), 20), np.tile(np.arange(8), 4000)
    truth = mutual_information(rng.poisson(mean[many])[:, None, None], many, rng=1, n_shuffles=1).plugin[0, 0]
    counts = rng.poisson(mean[few][:, None, None], (160, 1, 200))
    found = mutual_information(counts, few, rng=1, n_shuffles=1)
    assert found.panzeri_treves.mean() == pytest.approx(truth, abs=0.04)
    assert found.plugin.mean() - truth > 3 * abs(found.panzeri_treves.mean() - truth)


def test_the_plain_estimate_is_scikit_learns():
    metrics = pytest.importorskip("sklearn.metrics")
    rng = np.random.default_rng(5)
    labels, counts = rng.integers(0, 4, 90), rng.poisson(3.0, (90, 2, 3))
    found = mutual_information(counts, labels, rng=1, n_shuffles=1).plugin
    for window in range(2):
        for unit in range(3):
            nats = metrics.mutual_info_score(labels, counts[:, window, unit])
            assert found[window, unit] == pytest.approx(nats / np.log(2), abs=1e-12)


def test_names_of_labels_and_counts_do_not_matter():
    rng = np.random.default_rng(6)
    labels = rng.integers(0, 4, 60)
    counts = rng.poisson(2.0 + labels[:, None, None], (60, 1, 5))
    found = mutual_information(counts, labels, rng=1, n_shuffles=5)
    named = mutual_information(7 * counts + 3, np.array(["d", "a", "c", "b"])[labels], rng=1, n_shuffles=5)
    np.testing.assert_allclose(found.plugin, named.plugin, atol=1e-12)
    np.testing.assert_allclose(found.panzeri_treves, named.panzeri_treves, atol=1e-12)
    order = rng.permutation(60)
    moved = mutual_information(counts[order], labels[order], rng=1, n_shuffles=5)
    np.testing.assert_allclose(found.panzeri_treves, moved.panzeri_treves, atol=1e-12)


def test_levels_group_counts_and_lose_information_only():
    rng = np.random.default_rng(7)
    labels = np.tile(np.arange(4), 50)
    rates = 10 + rng.standard_normal((200, 1, 20)) + 2 * labels[:, None, None]
    coarse, fine = (mutual_information(rates, labels, rng=1, n_levels=n, n_shuffles=1).plugin for n in (2, 4))
    assert (coarse <= fine + 1e-12).all()
    # Halves of four Gaussians two deviations apart, and 3 / (2 N ln 2) of bias.
    upper = np.array([0.00135, 0.15866, 0.84134, 0.99865])
    expected = 1 - np.mean([_entropy([p, 1 - p]) for p in upper]) + 3 / (400 * np.log(2))
    assert coarse.mean() == pytest.approx(expected, abs=0.02)
    assert (coarse <= 1 + 1e-12).all()


def test_unusable_input_is_refused():
    counts, labels = np.ones((6, 1, 2)), [0, 0, 0, 1, 1, 1]
    for arguments, match in (
        ((counts * -1, labels), "counts: expected counts of at least 0"),
        ((counts * 0.5, labels), "counts: expected whole numbers, got fractions; group them with n_levels"),
        ((counts, [0] * 6), "labels: expected at least 2 different labels"),
        ((counts, [0, 1, 2, 3, 4, 5]), "at least 2 trials a condition"),
        ((counts, labels[:-1]), "labels: expected one label a trial"),
        ((counts * np.nan, labels), "counts: expected finite"),
    ):
        with pytest.raises(InputError, match=match):
            mutual_information(*arguments, rng=1)
