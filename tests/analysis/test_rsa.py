from pathlib import Path

import numpy as np
import pytest
from scipy import linalg
from scipy.stats import spearmanr

from motorsim.analysis.linear_cka import linear_cka
from motorsim.analysis.rdm import RDM, rdm
from motorsim.analysis.rsa import COMPARISONS, rdm_ceiling, rdm_similarity, rsa
from motorsim.checks import InputError


@pytest.fixture(scope="module")
def peer():
    """Return what experiments/peers/freeze_rsatoolbox_values.py wrote."""
    with np.load(Path(__file__).parent / "rsatoolbox_values.npz") as stored:
        return dict(stored)


def _rates(seed, shape=(7, 5, 4)):
    return np.random.default_rng(seed).standard_normal(shape)


@pytest.mark.parametrize("comparison", COMPARISONS)
def test_agrees_with_rsatoolbox(peer, comparison):
    plain, crossed = [RDM(one, 6) for one in peer["euclidean"]], RDM(peer["crossnobis"][1], 6)
    found = rdm_similarity(plain[0], crossed, comparison)
    assert found == pytest.approx(float(peer[f"similarity_{comparison}"][0]), abs=1e-10)
    ceiling = rdm_ceiling(plain, comparison)
    assert (ceiling.lower, ceiling.upper) == pytest.approx(tuple(peer[f"ceiling_{comparison}"]), abs=1e-10)


def test_whitened_cosine_of_euclidean_distances_is_linear_cka_over_conditions():
    a, b = _rates(0), _rates(1, (7, 3, 9))
    expected = linear_cka(a.reshape(7, -1), b.reshape(7, -1)).similarity
    assert rsa(a, b).similarity == pytest.approx(expected, abs=1e-12)


def test_whitened_cosine_divides_by_the_covariance_of_dissimilarities():
    a, b = rdm(_rates(2)), rdm(_rates(3))
    contrasts = np.array([np.eye(7)[i] - np.eye(7)[j] for i in range(7) for j in range(i + 1, 7)])
    precision = linalg.inv((contrasts @ contrasts.T) ** 2)
    x, y = a.dissimilarities, b.dissimilarities
    expected = x @ precision @ y / np.sqrt((x @ precision @ x) * (y @ precision @ y))
    assert rdm_similarity(a, b) == pytest.approx(expected, abs=1e-10)


def test_known_ranks_with_ties():
    a, b = RDM(np.array([1.0, 2.0, 3.0]), 3), RDM(np.array([5.0, 7.0, 7.0]), 3)
    # Two of three pairs agree, one is tied in b.
    assert rdm_similarity(a, b, "kendall_tau_a") == pytest.approx(2 / 3, abs=1e-12)
    assert rdm_similarity(b, b, "kendall_tau_a") == pytest.approx(2 / 3, abs=1e-12)
    expected = spearmanr(a.dissimilarities, b.dissimilarities).statistic
    assert rdm_similarity(a, b, "spearman") == pytest.approx(expected, abs=1e-12)
    assert rdm_similarity(a, b, "cosine") == pytest.approx(40 / np.sqrt(14 * 123), abs=1e-12)


def test_ranks_ignore_any_growing_function_and_turn_with_a_falling_one():
    one = rdm(_rates(4))
    warped, turned = RDM(np.exp(one.dissimilarities), 7), RDM(-one.dissimilarities, 7)
    for comparison in ("spearman", "kendall_tau_a"):
        assert rdm_similarity(one, warped, comparison) == pytest.approx(1.0, abs=1e-12)
        assert rdm_similarity(one, turned, comparison) == pytest.approx(-1.0, abs=1e-12)
    assert rdm_similarity(one, warped, "cosine") < 0.999


@pytest.mark.parametrize("comparison", COMPARISONS)
def test_self_similarity_symmetry_and_order_of_conditions(comparison):
    a, b = _rates(5), _rates(6)
    assert rsa(a, a, comparison=comparison).similarity == pytest.approx(1.0, abs=1e-12)
    found = rsa(a, b, comparison=comparison).similarity
    assert rsa(b, a, comparison=comparison).similarity == pytest.approx(found, abs=1e-12)
    order = np.random.default_rng(7).permutation(7)
    assert rsa(a[order], b[order], comparison=comparison).similarity == pytest.approx(found, abs=1e-12)
    assert rsa(a[order], b, comparison=comparison).similarity != pytest.approx(found, abs=1e-3)


def test_measure_reaches_both_populations():
    a, b = _rates(8), _rates(9)
    found = rsa(a, b, measure="correlation", comparison="cosine")
    assert np.array_equal(found.rdm_a.dissimilarities, rdm(a, "correlation").dissimilarities)
    assert np.array_equal(found.rdm_b.dissimilarities, rdm(b, "correlation").dissimilarities)
    assert found.similarity == rdm_similarity(found.rdm_a, found.rdm_b, "cosine")


@pytest.mark.parametrize("comparison", COMPARISONS)
def test_ceiling_is_one_for_equal_rdms_and_brackets_what_the_truth_reaches(comparison):
    truth = _rates(10, (8, 6, 4))
    same = rdm_ceiling([rdm(truth), rdm(2 * truth)], comparison)
    assert (same.lower, same.upper) == pytest.approx((1, 1), abs=1e-12)
    reached, lower, upper = [], [], []
    for seed in range(20):
        noisy = [rdm(truth + 0.8 * _rates(100 * seed + k, truth.shape)) for k in range(8)]
        ceiling = rdm_ceiling(noisy, comparison)
        reached.append(np.mean([rdm_similarity(rdm(truth), one, comparison) for one in noisy]))
        lower.append(ceiling.lower)
        upper.append(ceiling.upper)
    assert np.mean(lower) < np.mean(upper)
    assert np.mean(reached) < np.mean(upper)


def test_unusable_input_is_refused():
    a = _rates(11)
    with pytest.raises(InputError, match="comparison: expected one of cosine, kendall_tau_a"):
        rsa(a, a, comparison="pearson")
    with pytest.raises(InputError, match="b: expected the 7 conditions of a, got 6"):
        rsa(a, a[:6])
    with pytest.raises(InputError, match="a, b: expected 3 conditions or more"):
        rsa(a[:2], a[:2])
    with pytest.raises(InputError, match="b: expected at least 2 conditions"):
        rsa(a, a[:1])
    level = RDM(np.ones(3), 3)
    with pytest.raises(InputError, match="b: expected dissimilarities that differ, to be ranked"):
        rdm_similarity(rdm(a[:3]), level, "kendall_tau_a")
    assert rdm_similarity(level, level, "cosine") == pytest.approx(1.0)
    with pytest.raises(InputError, match="a: expected conditions that differ"):
        rdm_similarity(RDM(np.zeros(3), 3), level, "cosine")
    with pytest.raises(InputError, match="rdms: expected 2 or more, got 1"):
        rdm_ceiling([rdm(a)])
    with pytest.raises(InputError, match="rdms: expected 7 conditions in each, got 6 in number 1"):
        rdm_ceiling([rdm(a), rdm(a[:6])])
