import numpy as np
import pytest

from motorsim.analysis.alignment_index import alignment_index, split_alignment_index
from motorsim.checks import InputError


def _epoch(axes, seed, scales=(3.0, 2.0)):
    rng = np.random.default_rng(seed)
    return rng.standard_normal((8, 10, len(scales))) * scales @ axes.T


def _axes(n_units, n, seed):
    return np.linalg.qr(np.random.default_rng(seed).standard_normal((n_units, n)))[0]


def test_same_subspace_is_one_and_orthogonal_ones_zero():
    axes = _axes(10, 4, 0)
    first, second = _epoch(axes[:, :2], 1), _epoch(axes[:, 2:], 2)
    assert alignment_index(first, _epoch(axes[:, :2], 3), 2, rng=0, n_random=5).index == pytest.approx(1.0)
    assert alignment_index(first, second, 2, rng=0, n_random=5).index == pytest.approx(0.0, abs=1e-12)


def test_partial_overlap_is_the_share_of_variance_captured():
    axes = np.eye(6)
    scaled = np.linalg.qr(np.random.default_rng(4).standard_normal((80, 4)))[0]
    scaled = np.linalg.qr(scaled - scaled.mean(axis=0))[0].reshape(8, 10, 4)
    first = scaled[..., :2] * [2.0, 1.0] @ axes[:, :2].T
    second = scaled[..., 2:] * [3.0, 1.0] @ axes[:, [0, 3]].T
    assert alignment_index(first, second, 2, rng=0, n_random=5).index == pytest.approx(0.9)
    assert alignment_index(second, first, 2, rng=0, n_random=5).index == pytest.approx(0.8)


def test_invariant_to_rotation_and_to_the_mean_of_either_epoch():
    a, b = (_epoch(_axes(10, 3, seed), seed, (3.0, 2.0, 1.0)) for seed in (5, 6))
    turn = _axes(10, 10, 7)
    plain = alignment_index(a, b, 2, rng=0, n_random=5).index
    assert alignment_index(a @ turn + 9, 5 * b @ turn - 4, 2, rng=0, n_random=5).index == pytest.approx(plain)


def test_orthogonal_epochs_lie_below_random_subspaces_and_shared_ones_above():
    axes = _axes(12, 6, 8)
    shared_scales = (3.0, 2.0, 0.5, 0.5, 0.5, 0.5)
    first = _epoch(axes, 9, shared_scales)
    orthogonal = alignment_index(first, _epoch(axes[:, 4:], 10), 2, rng=0, n_random=199)
    shared = alignment_index(first, _epoch(axes, 11, shared_scales), 2, rng=0, n_random=199)
    assert orthogonal.p_below == pytest.approx(1 / 200)
    assert orthogonal.random.mean() > 0.2
    assert shared.p_below > 0.9
    assert ((shared.random > 0) & (shared.random < 1)).all()


def test_random_subspaces_follow_the_shared_covariance():
    """In a joint space of dimension 4 with even variance a random plane holds nearly as much as the best."""
    axes = _axes(200, 4, 11)
    a, b = (_epoch(axes, seed, (1.0, 1.0, 1.0, 1.0)) for seed in (12, 13))
    random = alignment_index(a, b, 2, rng=0, n_random=300).random
    assert 0.75 < random.mean() < 1.0


def test_same_seed_same_control():
    a, b = _epoch(_axes(10, 2, 14), 15), _epoch(_axes(10, 2, 16), 17)
    first, second, other = (alignment_index(a, b, 2, rng=seed, n_random=20).random for seed in (1, 1, 2))
    assert np.array_equal(first, second)
    assert not np.array_equal(first, other)


def test_unusable_input_is_refused():
    a, b = _epoch(_axes(10, 2, 18), 19), _epoch(_axes(10, 2, 20), 21)
    with pytest.raises(InputError, match="b: expected the 10 units of a, got 9"):
        alignment_index(a, b[..., :9], 2, rng=0)
    with pytest.raises(InputError, match="at most the rank of the centred rates, 2, got 3"):
        alignment_index(a, b, 3, rng=0)
    with pytest.raises(InputError, match="a: expected rates that vary"):
        alignment_index(np.ones_like(a), b, 1, rng=0)
    with pytest.raises(InputError, match="rng: expected"):
        alignment_index(a, b, 2, rng=-1)


def _splits(signal, noise, seed):
    """Four noisy averages of one signal (condition, time, unit); the noise is smooth in time."""
    rng = np.random.default_rng(seed)
    drawn = np.cumsum(rng.standard_normal((4, *signal.shape)), axis=2) / 2
    return signal + noise * drawn


def test_without_noise_splits_give_the_plain_index():
    a, b = (_epoch(_axes(10, 3, seed), seed, (3.0, 2.0, 1.0)) for seed in (22, 23))
    plain = alignment_index(a, b, 2, rng=0, n_random=200)
    split = split_alignment_index(np.stack([a] * 4), np.stack([b] * 4), 2, rng=0, n_random=200)
    assert split.index == pytest.approx(plain.index)
    assert split.random.mean() == pytest.approx(plain.random.mean(), abs=0.03)


def test_pure_noise_passes_the_plain_test_but_not_that_of_splits():
    plain, split = [], []
    for seed in range(40):
        spread = np.exp(0.5 * np.random.default_rng(seed).standard_normal((2, 30)))
        a, b = (_splits(np.zeros((6, 15, 30)), spread[i], 2 * seed + i) for i in (0, 1))
        plain.append(alignment_index(a.mean(0), b.mean(0), 3, rng=seed, n_random=39).p_below)
        split.append(split_alignment_index(a, b, 3, rng=seed, n_random=39).p_below)
    assert np.mean(np.array(plain) <= 0.05) > 0.8
    assert np.mean(np.array(split) <= 0.05) <= 0.15
    assert 0.3 < np.mean(split) < 0.7


def test_splits_tell_orthogonal_from_shared_signals_in_noise():
    axes = _axes(30, 6, 24)
    orthogonal = [_epoch(axes[:, 3 * i : 3 * i + 3], 25 + i, (6.0, 5.0, 4.0)) for i in (0, 1)]
    shared = [_epoch(axes, 27 + i, (6.0, 5.0, 4.0, 1.0, 1.0, 1.0)) for i in (0, 1)]
    found, other = (
        split_alignment_index(_splits(a, 1.0, 29), _splits(b, 1.0, 30), 3, rng=0, n_random=99)
        for a, b in (orthogonal, shared)
    )
    assert found.p_below == pytest.approx(0.01)
    assert found.index == pytest.approx(0.0, abs=0.1)
    assert other.p_below > 0.5
    assert other.index > 0.8


def test_unusable_splits_are_refused():
    a = _splits(_epoch(_axes(10, 2, 31), 32), 1.0, 33)
    with pytest.raises(InputError, match="a: expected at least 4 along split"):
        split_alignment_index(a[:3], a[:3], 2, rng=0)
    with pytest.raises(InputError, match="a: expected 4 to 8 splits, got 12; average more trials"):
        split_alignment_index(np.concatenate([a] * 3), a, 2, rng=0)
    with pytest.raises(InputError, match="b: expected the 4 splits and 10 units of a, got 4 and 9"):
        split_alignment_index(a, a[..., :9], 2, rng=0)
    with pytest.raises(InputError, match="n_components: expected an integer from 1 to 10"):
        split_alignment_index(a, a, 11, rng=0)
    with pytest.raises(InputError, match="rates that vary"):
        split_alignment_index(np.ones_like(a), a, 2, rng=0)
