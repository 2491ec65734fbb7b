import numpy as np
import pytest
from scipy import linalg, optimize

from motorsim.analysis.orthogonal_subspaces import orthogonal_subspaces
from motorsim.analysis.principal_angles import principal_angles
from motorsim.checks import InputError


def _epoch(axes, seed, scales):
    """Rates whose covariance is exactly diag(scales^2) along the axes (component, unit)."""
    white = np.random.default_rng(seed).standard_normal((160, len(scales)))
    white = np.linalg.qr(white - white.mean(axis=0))[0] * np.sqrt(160)
    return (white * scales @ axes).reshape(8, 20, -1)


def _axes(n_units, n, seed):
    return np.linalg.qr(np.random.default_rng(seed).standard_normal((n_units, n)))[0].T


def test_planted_orthogonal_subspaces_are_found_in_full():
    axes = _axes(20, 5, 0)
    found = orthogonal_subspaces(
        _epoch(axes[:2], 1, (3.0, 2.0)), _epoch(axes[2:], 2, (5.0, 2.0, 1.0)), 2, 3, rng=0
    )
    assert np.allclose(found.captured, np.eye(2), atol=1e-9)
    assert principal_angles(found.preparation_axes, axes[:2]).angles_rad.max() < 1e-4
    assert principal_angles(found.movement_axes, axes[2:]).angles_rad.max() < 1e-4
    assert np.allclose(found.variance_ratio, np.eye(2), atol=1e-9)


def test_bases_are_orthonormal_and_mutually_orthogonal():
    rng = np.random.default_rng(3)
    found = orthogonal_subspaces(rng.random((6, 9, 15)), rng.random((6, 12, 15)), 4, 6, rng=0)
    basis = np.vstack([found.preparation_axes, found.movement_axes])
    assert np.allclose(basis @ basis.T, np.eye(10), atol=1e-12)
    assert found.objective == pytest.approx(found.start_objectives.max())
    assert found.objective <= 2


@pytest.mark.parametrize("angle", [0.2, 0.9, 1.5])
def test_two_lines_in_a_plane_share_the_loss_as_in_closed_form(angle):
    """cos^2 p + sin^2(p - angle), the epochs' lines an angle apart, is at most 1 + sin(angle)."""
    lines = np.array([[1.0, 0.0], [np.cos(angle), np.sin(angle)]])
    found = orthogonal_subspaces(_epoch(lines[:1], 4, (2.0,)), _epoch(lines[1:], 5, (7.0,)), 1, 1, rng=0)
    assert found.objective == pytest.approx(1 + np.sin(angle), abs=1e-9)
    assert found.captured[0, 0] == pytest.approx(found.captured[1, 1], abs=1e-5)


def test_no_general_optimiser_finds_more():
    rng = np.random.default_rng(6)
    a, b = rng.standard_normal((5, 8, 5)) * [3, 2, 1, 1, 1], rng.standard_normal((5, 8, 5)) * [3, 1, 2, 1, 1]
    found = orthogonal_subspaces(a, b, 2, 2, rng=0, n_starts=10)
    covariances = [np.cov(epoch.reshape(-1, 5).T) for epoch in (a, b)]
    most = [np.linalg.eigvalsh(c)[-2:].sum() for c in covariances]
    upper = np.triu_indices(5, 1)

    def loss(entries):
        skew = np.zeros((5, 5))
        skew[upper] = entries
        turn = linalg.expm(skew - skew.T)
        return -sum(
            np.trace(q.T @ c @ q) / m
            for q, c, m in zip((turn[:, :2], turn[:, 2:4]), covariances, most, strict=True)
        )

    best = min(optimize.minimize(loss, rng.standard_normal(10)).fun for _ in range(4))
    assert found.objective == pytest.approx(-best, abs=1e-6)


def test_scale_of_either_epoch_and_means_do_not_matter():
    rng = np.random.default_rng(7)
    a, b, turn = rng.random((6, 9, 8)), rng.random((6, 9, 8)), _axes(8, 8, 8)
    plain = orthogonal_subspaces(a, b, 2, 3, rng=0)
    other = orthogonal_subspaces(100 * a @ turn + 3, b @ turn - 1, 2, 3, rng=0)
    assert np.allclose(other.captured, plain.captured, atol=1e-5)
    assert principal_angles(other.preparation_axes, plain.preparation_axes @ turn).angles_rad.max() < 1e-2


def test_captured_variance_is_over_the_most_that_could_be():
    axes = np.eye(4)
    found = orthogonal_subspaces(
        _epoch(axes[:3], 9, (3.0, 2.0, 1.0)), _epoch(axes[3:], 10, (1.0,)), 1, 1, rng=0
    )
    assert found.captured[0, 0] == pytest.approx(1.0)
    assert found.variance_ratio[0, 0] == pytest.approx(9 / 14)
    assert np.allclose(np.abs(found.preparation_axes[0]), [1, 0, 0, 0], atol=1e-5)
    assert found.preparation_axes[0, 0] > 0


def test_unusable_input_is_refused():
    rng = np.random.default_rng(11)
    a, b = rng.random((4, 5, 6)), rng.random((4, 5, 6))
    with pytest.raises(InputError, match="movement: expected the 6 units of preparation, got 5"):
        orthogonal_subspaces(a, b[..., :5], 1, 1, rng=0)
    with pytest.raises(InputError, match="at most the 6 units in both subspaces together, got 7"):
        orthogonal_subspaces(a, b, 3, 4, rng=0)
    with pytest.raises(InputError, match="at most the rank of the centred rates, 2, got 3"):
        orthogonal_subspaces(_epoch(_axes(6, 2, 12), 13, (1.0, 1.0)), b, 3, 1, rng=0)
    with pytest.raises(InputError, match="movement: expected rates that vary"):
        orthogonal_subspaces(a, np.ones_like(b), 1, 1, rng=0)
    with pytest.raises(InputError, match="tolerance"):
        orthogonal_subspaces(a, b, 1, 1, rng=0, tolerance=0)
