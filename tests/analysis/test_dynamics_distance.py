from pathlib import Path

import numpy as np
import pytest
from scipy import linalg
from scipy.stats import ortho_group

from motorsim.analysis.dynamics_distance import dynamics_distance, eigenvalue_distance
from motorsim.checks import InputError


@pytest.fixture(scope="module")
def peer():
    """Return what experiments/peers/freeze_dsa_values.py wrote."""
    with np.load(Path(__file__).parent / "dsa_values.npz") as stored:
        return dict(stored)


def _random(size, seed):
    return np.random.default_rng(seed).standard_normal((size, size))


def _twins():
    """Return a non-normal matrix and the normal one of the same eigenvalues."""
    normal = linalg.block_diag([[0.9, -0.3], [0.3, 0.9]], [[0.7, -0.1], [0.1, 0.7]])
    coupling = np.zeros((4, 4))
    coupling[:2, 2:] = 1.0
    return normal + coupling, normal


def test_on_dsa_metrics_own_matrices_no_rotation_is_worse_than_its_own(peer):
    angles, eigenvalues = [], []
    for i, j in peer["pairs"]:
        a, b = peer["matrices"][i], peer["matrices"][j]
        angles.append(dynamics_distance(a, b).angular_distance_rad)
        eigenvalues.append(eigenvalue_distance(a, b) ** 2)
    # It computes in single precision, and stops short of the optimum.
    assert np.all(angles < peer["angular"] + 1e-5)
    assert np.allclose(angles, peer["angular"], atol=0.01)
    assert np.allclose(eigenvalues, peer["wasserstein"], atol=1e-6)


def test_a_non_normal_matrix_and_its_normal_twin_differ_but_not_in_eigenvalues():
    non_normal, normal = _twins()
    assert eigenvalue_distance(non_normal, normal) < 1e-12
    # |A| is 2.5 and |B| 1.67, and the coupling is orthogonal to all that a rotation of B can bring.
    found = dynamics_distance(non_normal, normal)
    assert found.angular_distance_rad > 0.5
    assert found.euclidean_distance > 1.0


def test_single_coordinates_have_closed_forms():
    found = dynamics_distance(np.array([[0.9]]), np.array([[0.4]]))
    assert (found.angular_distance_rad, found.euclidean_distance) == pytest.approx((0.0, 0.5), abs=1e-12)
    opposite = dynamics_distance(np.array([[0.9]]), np.array([[-0.4]]))
    assert (opposite.angular_distance_rad, opposite.similarity) == pytest.approx((np.pi, -1.0), abs=1e-12)
    assert opposite.euclidean_distance == pytest.approx(1.3, abs=1e-12)
    assert eigenvalue_distance(np.array([[0.9]]), np.array([[0.4]])) == pytest.approx(0.5, abs=1e-12)


def test_rotations_of_two_speeds_have_closed_forms():
    slow, fast = (np.array([[np.cos(w), -np.sin(w)], [np.sin(w), np.cos(w)]]) for w in (0.2, 0.9))
    found = dynamics_distance(slow, fast)
    assert found.angular_distance_rad == pytest.approx(0.7, abs=1e-12)
    assert found.euclidean_distance == pytest.approx(np.sqrt(8) * np.sin(0.35), abs=1e-12)
    # Turning the other way round is a reflection away.
    assert dynamics_distance(slow, fast.T).angular_distance_rad == pytest.approx(0.7, abs=1e-12)
    assert eigenvalue_distance(slow, fast) == pytest.approx(2 * np.sin(0.35), abs=1e-12)


def test_eigenvalues_are_matched_one_to_one():
    a, b = np.diag([1.0, 2.0, 5.0]), np.diag([2.0, 5.5, 1.2])
    assert eigenvalue_distance(a, b) == pytest.approx(np.sqrt((0.2**2 + 0.5**2) / 3), abs=1e-12)


@pytest.mark.parametrize("size", [2, 5, 12])
def test_a_matrix_is_at_no_distance_from_itself_in_other_axes(size):
    for seed in range(5):
        a = _random(size, seed)
        axes = ortho_group.rvs(size, random_state=seed)
        found = dynamics_distance(a, axes @ a @ axes.T)
        assert found.angular_distance_rad < 1e-6
        assert found.euclidean_distance < 1e-6
        assert np.allclose(found.rotation @ axes @ a @ axes.T @ found.rotation.T, a, atol=1e-5)
        assert eigenvalue_distance(a, axes @ a @ axes.T) < 1e-9


def test_scale_counts_in_the_euclidean_distance_alone():
    a, b = _random(4, 6), _random(4, 7)
    plain, scaled = dynamics_distance(a, b), dynamics_distance(a, 3 * b)
    assert scaled.angular_distance_rad == pytest.approx(plain.angular_distance_rad, abs=1e-9)
    norm_a, norm_b = np.linalg.norm(a), 3 * np.linalg.norm(b)
    expected = np.sqrt(norm_a**2 + norm_b**2 - 2 * norm_a * norm_b * plain.similarity)
    assert scaled.euclidean_distance == pytest.approx(expected, abs=1e-9)


def test_exchanging_the_two_changes_nothing_but_the_side_of_the_rotation():
    for seed in range(5):
        a, b = _random(5, seed), _random(5, 100 + seed)
        there, back = dynamics_distance(a, b), dynamics_distance(b, a)
        assert there.angular_distance_rad == back.angular_distance_rad
        assert there.euclidean_distance == back.euclidean_distance
        assert np.array_equal(there.rotation, back.rotation.T)
        turned = there.rotation @ b @ there.rotation.T
        assert np.linalg.norm(a - turned) == pytest.approx(there.euclidean_distance, abs=1e-12)


def test_all_three_are_metrics():
    rng = np.random.default_rng(8)
    for _ in range(200):
        centre = rng.standard_normal((3, 3))
        x, y, z = (centre + 10 ** rng.uniform(-2, 0.5) * rng.standard_normal((3, 3)) for _ in range(3))
        xy, yz, xz = (dynamics_distance(*pair) for pair in ((x, y), (y, z), (x, z)))
        assert xz.angular_distance_rad <= xy.angular_distance_rad + yz.angular_distance_rad + 1e-7
        assert xz.euclidean_distance <= xy.euclidean_distance + yz.euclidean_distance + 1e-7
        assert eigenvalue_distance(x, z) <= eigenvalue_distance(x, y) + eigenvalue_distance(y, z) + 1e-12
        assert eigenvalue_distance(x, z) == pytest.approx(eigenvalue_distance(z, x), abs=1e-12)


def test_unusable_input_is_refused():
    a = _random(3, 9)
    for function in (dynamics_distance, eigenvalue_distance):
        with pytest.raises(InputError, match=r"b: expected the size of a, \(3, 3\), got \(2, 2\); fit both"):
            function(a, a[:2, :2])
        with pytest.raises(InputError, match="a: expected a square matrix"):
            function(a[:2], a)
        with pytest.raises(InputError, match="b: expected dynamics, got a matrix of zeros"):
            function(a, np.zeros((3, 3)))
        with pytest.raises(InputError, match="b: expected finite numbers"):
            function(a, np.full((3, 3), np.nan))
