import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import linalg

from motorsim.analysis.principal_angles import principal_angles, random_principal_angles
from motorsim.checks import InputError


def _axes(n, n_units, seed):
    return np.random.default_rng(seed).standard_normal((n, n_units))


@pytest.mark.parametrize("sizes", [(3, 3), (2, 5), (5, 2)])
def test_agrees_with_scipy(sizes):
    a, b = _axes(sizes[0], 12, 0), _axes(sizes[1], 12, 1)
    angles = principal_angles(a, b).angles_rad
    assert np.allclose(angles, np.sort(linalg.subspace_angles(a.T, b.T)), atol=1e-12)
    assert (np.diff(angles) >= 0).all()


def test_planted_angles_are_found_however_small():
    planted = np.array([1e-9, 0.3, np.pi / 2])
    a = np.eye(3, 6)
    b = np.cos(planted)[:, None] * np.eye(3, 6) + np.sin(planted)[:, None] * np.eye(3, 6, 3)
    found = principal_angles(a, np.array([[2.0, 1, 0], [0, 1, 1], [1, 0, 3]]) @ b)
    assert np.allclose(found.angles_rad, planted, rtol=1e-6, atol=1e-15)
    assert found.geodesic_distance_rad == pytest.approx(np.sqrt(np.sum(planted**2)))
    assert found.chordal_distance == pytest.approx(np.sqrt(np.sum(np.sin(planted) ** 2)))


def test_vectors_lie_in_their_subspaces_and_enclose_the_angles():
    a, b = _axes(3, 9, 2), _axes(4, 9, 3)
    found = principal_angles(a, b)
    assert np.allclose(found.vectors_a @ found.vectors_b.T, np.diag(np.cos(found.angles_rad)), atol=1e-12)
    for vectors, axes in ((found.vectors_a, a), (found.vectors_b, b)):
        assert np.allclose(vectors @ linalg.pinv(axes) @ axes, vectors)


@given(seed=st.integers(0, 1000))
@settings(max_examples=20, deadline=None)
def test_symmetric_and_blind_to_rotation_and_choice_of_basis(seed):
    rng = np.random.default_rng(seed)
    a, b, turn = rng.standard_normal((3, 8)), rng.standard_normal((2, 8)), linalg.qr(rng.random((8, 8)))[0]
    angles = principal_angles(a, b).angles_rad
    assert np.allclose(principal_angles(b, a).angles_rad, angles, atol=1e-10)
    mixed = rng.standard_normal((3, 3)) + 3 * np.eye(3)
    assert np.allclose(principal_angles(mixed @ a @ turn, b @ turn).angles_rad, angles, atol=1e-8)
    assert principal_angles(a, mixed @ a).geodesic_distance_rad < 1e-6


def test_random_lines_in_a_plane_enclose_every_angle_alike():
    angles = random_principal_angles(2, 1, 1, rng=0, n_random=4000)
    assert angles.shape == (4000, 1)
    assert np.allclose(
        np.percentile(angles, [25, 50, 75]), np.pi / 2 * np.array([0.25, 0.5, 0.75]), atol=0.05
    )


def test_random_subspaces_hold_their_share_of_each_other():
    angles = random_principal_angles(30, 6, 4, rng=1, n_random=500)
    assert angles.shape == (500, 4)
    assert np.mean(np.sum(np.cos(angles) ** 2, axis=1)) == pytest.approx(6 * 4 / 30, rel=0.03)
    assert np.array_equal(angles, random_principal_angles(30, 6, 4, rng=1, n_random=500))


def test_unusable_input_is_refused():
    a = _axes(2, 5, 4)
    with pytest.raises(InputError, match="b: expected axes over the 5 units of a, got 4"):
        principal_angles(a, a[:, :4])
    with pytest.raises(InputError, match="a: expected 3 linearly independent axes, got rank 2"):
        principal_angles(np.vstack([a, a[0] + a[1]]), a)
    with pytest.raises(InputError, match="b: expected finite numbers"):
        principal_angles(a, np.full((1, 5), np.nan))
    with pytest.raises(InputError, match="n_b: expected an integer from 1 to 5"):
        random_principal_angles(5, 2, 6, rng=0)
