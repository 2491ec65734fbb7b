import numpy as np
import pytest
from scipy import linalg
from scipy.stats import ortho_group

from motorsim.analysis import orthogonal_conjugation
from motorsim.analysis.orthogonal_conjugation import best_conjugation


def _unit(matrix):
    return matrix / np.linalg.norm(matrix)


def _random(size, seed):
    return _unit(np.random.default_rng(seed).standard_normal((size, size)))


def _value(a, b, c):
    return float(np.sum(a * (c @ b @ c.T)))


def test_gradient_and_curvature_agree_with_central_differences():
    a, b = _random(5, 0), _random(5, 1)
    c = ortho_group.rvs(5, random_state=2)
    turned = c @ b @ c.T
    gradient = orthogonal_conjugation._gradient(a, turned)
    assert np.allclose(gradient, -gradient.T, atol=1e-15)
    for seed in range(5):
        direction = _random(5, 10 + seed)
        direction = direction - direction.T
        step = 1e-5
        forth, back = (_value(a, b, linalg.expm(s * direction) @ c) for s in (step, -step))
        assert np.sum(gradient * direction) == pytest.approx((forth - back) / (2 * step), abs=1e-9)


@pytest.mark.parametrize("size", [1, 2, 3, 6, 10, 20])
@pytest.mark.parametrize("determinant", [1, -1])
def test_a_planted_rotation_is_found(size, determinant):
    for seed in range(5):
        b = _random(size, seed)
        planted = ortho_group.rvs(size, random_state=seed) if size > 1 else np.ones((1, 1))
        planted[0] *= determinant * np.sign(linalg.det(planted))
        found = best_conjugation(planted @ b @ planted.T, b)
        assert np.allclose(found @ found.T, np.eye(size), atol=1e-12)
        assert _value(planted @ b @ planted.T, b, found) == pytest.approx(1.0, abs=1e-12)
        # Only an overall sign of the rotation is left open.
        assert np.allclose(np.abs(np.sum(found * planted)), size, atol=1e-5)


def test_starts_are_rotations_beside_twins_of_the_other_determinant_and_one_hits_a_planted_rotation():
    for seed in range(5):
        b = _random(9, seed)
        planted = ortho_group.rvs(9, random_state=seed)
        starts = orthogonal_conjugation._starts(planted @ b @ planted.T, b, 4)
        assert np.allclose(starts @ starts.mT, np.eye(9), atol=1e-12)
        assert np.allclose(linalg.det(starts[::2]) * linalg.det(starts[1::2]), -1.0)
        assert _value(planted @ b @ planted.T, b, starts[0]) == pytest.approx(1.0, abs=1e-9)


def test_two_by_two_is_the_best_of_all_angles_and_both_determinants():
    angles = np.linspace(0, np.pi, 20001)
    turns = np.array([[np.cos(angles), -np.sin(angles)], [np.sin(angles), np.cos(angles)]]).transpose(2, 0, 1)
    turns = np.concatenate([turns, turns * [1, -1]])
    for seed in range(40):
        a, b = _random(2, seed), _random(2, 1000 + seed)
        scanned = np.sum(a * (turns @ b @ turns.mT), axis=(1, 2)).max()
        assert _value(a, b, best_conjugation(a, b)) == pytest.approx(scanned, abs=1e-6)


def test_symmetric_matrices_align_their_sorted_eigenvalues():
    for seed in range(10):
        a, b = (_unit(m + m.T) for m in (_random(8, seed), _random(8, 100 + seed)))
        expected = np.sum(linalg.eigvalsh(a) * linalg.eigvalsh(b))
        assert _value(a, b, best_conjugation(a, b)) == pytest.approx(expected, abs=1e-12)


def test_skew_matrices_align_their_sorted_frequencies():
    for seed in range(10):
        a, b = (_unit(m - m.T) for m in (_random(7, seed), _random(7, 100 + seed)))
        expected = np.sum(np.sort(linalg.eigvals(a).imag) * np.sort(linalg.eigvals(b).imag))
        assert _value(a, b, best_conjugation(a, b)) == pytest.approx(expected, abs=1e-10)


def test_finds_what_many_random_starts_find():
    missed = 0
    for seed in range(10):
        a, b = _random(6, seed), _random(6, 100 + seed)
        starts = ortho_group.rvs(6, size=100, random_state=seed)
        starts[50:, 0] *= -1
        _, values = orthogonal_conjugation._climb(a, b, starts, 500)
        found = _value(a, b, best_conjugation(a, b))
        assert found > values.max() - 0.02
        missed += found < values.max() - 1e-8
    assert missed <= 1


def test_climbing_never_descends_and_ends_where_the_gradient_vanishes():
    a, b = _random(8, 3), _random(8, 4)
    rotations = ortho_group.rvs(8, size=6, random_state=5)
    values = np.array([_value(a, b, c) for c in rotations])
    for _ in range(5):
        rotations, climbed = orthogonal_conjugation._climb(a, b, rotations, 3)
        assert np.all(climbed >= values - 1e-14)
        values = climbed
    rotations, values = orthogonal_conjugation._climb(a, b, rotations, 500)
    assert np.abs(orthogonal_conjugation._gradient(a, rotations @ b @ rotations.mT)).max() < 1e-8
    assert np.allclose(rotations @ rotations.mT, np.eye(8), atol=1e-10)
