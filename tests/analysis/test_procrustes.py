import numpy as np
import pytest
from scipy.spatial import procrustes as peer_procrustes

from motorsim.analysis import procrustes
from motorsim.checks import InputError


def _shape(seed, shape=(5, 12, 6)):
    return np.random.default_rng(seed).standard_normal(shape)


def _rotation(n_units, seed):
    return np.linalg.qr(np.random.default_rng(seed).standard_normal((n_units, n_units)))[0]


def test_self_distance_is_zero_beyond_what_arccos_can_tell():
    for seed in range(10):
        assert procrustes(_shape(seed), _shape(seed)).angular_distance_rad < 1e-12


def test_undoes_rotation_reflection_scale_and_shift():
    a = _shape(0)
    reflection = _rotation(6, 1) @ np.diag([-1, 1, 1, 1, 1, 1])
    b = 4.0 * a @ reflection + np.arange(6)
    fit = procrustes(a, b)
    assert fit.angular_distance_rad < 1e-7
    assert fit.r2 == pytest.approx(1.0, abs=1e-12)
    assert fit.scale == pytest.approx(0.25)
    assert np.allclose(fit.rotation, reflection.T, atol=1e-10)
    assert np.allclose(fit.transform(b), a, atol=1e-10)
    assert np.allclose(fit.scale * b @ fit.rotation + fit.translation, a, atol=1e-10)


def test_distance_ignores_similarity_transforms_of_either():
    a, b = _shape(2), _shape(3)
    moved = procrustes(0.1 * a @ _rotation(6, 4) - 3, 70 * b @ _rotation(6, 5) + 1)
    assert moved.angular_distance_rad == pytest.approx(procrustes(a, b).angular_distance_rad, abs=1e-10)


def test_distance_sees_a_shear():
    a = _shape(6)
    assert procrustes(a, a * np.array([5, 1, 1, 1, 1, 1])).angular_distance_rad > 0.3


def test_orthogonal_samples_are_at_a_right_angle():
    samples = np.linalg.qr(np.random.default_rng(7).standard_normal((20, 5)))[0]
    samples = np.linalg.qr(samples - samples.mean(axis=0))[0]
    fit = procrustes(samples[:, :2], samples[:, 2:4])
    assert fit.angular_distance_rad == pytest.approx(np.pi / 2, abs=1e-10)
    assert fit.similarity == pytest.approx(0.0, abs=1e-10)


def test_metric_symmetry_and_triangle_inequality():
    rng = np.random.default_rng(8)
    for _ in range(200):
        centre = rng.standard_normal((10, 4))
        x, y, z = (centre + 10 ** rng.uniform(-2, 1) * rng.standard_normal((10, 4)) for _ in range(3))
        xy, yz, xz = (procrustes(*pair).angular_distance_rad for pair in ((x, y), (y, z), (x, z)))
        assert xy == pytest.approx(procrustes(y, x).angular_distance_rad, abs=1e-12)
        assert xz <= xy + yz + 1e-12


def test_triangle_inequality_over_different_numbers_of_units():
    rng = np.random.default_rng(9)
    for _ in range(50):
        x, y, z = (rng.standard_normal((9, n)) for n in rng.permutation([2, 4, 7]))
        xy, yz, xz = (procrustes(*pair).angular_distance_rad for pair in ((x, y), (y, z), (x, z)))
        assert xz <= xy + yz + 1e-12


def test_silent_units_change_nothing():
    a, b = _shape(10), _shape(11)
    wide = np.concatenate([b, np.zeros((5, 12, 3))], axis=2)
    fit = procrustes(a, wide)
    assert fit.angular_distance_rad == pytest.approx(procrustes(a, b).angular_distance_rad, abs=1e-12)
    assert fit.r2_of(a, wide) == pytest.approx(fit.r2, abs=1e-12)


def test_disparity_agrees_with_scipy():
    a, b = _shape(12, (40, 6)), _shape(13, (40, 6))
    fit = procrustes(a, b)
    assert 1 - fit.r2 == pytest.approx(peer_procrustes(a, b)[2], abs=1e-12)
    assert fit.similarity == pytest.approx(np.cos(fit.angular_distance_rad), abs=1e-12)


def test_r2_of_the_fitted_samples_is_r2_and_held_out_ones_are_scored_about_the_fitted_mean():
    rng = np.random.default_rng(14)
    a = rng.standard_normal((40, 30, 6))
    b = a @ _rotation(6, 15) + 0.3 * rng.standard_normal(a.shape)
    fit = procrustes(a[:20], b[:20])
    assert fit.r2_of(a[:20], b[:20]) == pytest.approx(fit.r2, abs=1e-12)
    error = np.sum((a[20:] - fit.transform(b[20:])) ** 2)
    assert fit.r2_of(a[20:], b[20:]) == pytest.approx(
        1 - error / np.sum((a[20:] - fit.mean_a) ** 2), abs=1e-12
    )
    assert fit.r2_of(a[20:], b[20:]) > 0.85
    assert fit.r2_of(a[20:], -b[20:]) < 0


def test_unusable_input_is_refused():
    a = _shape(16)
    with pytest.raises(InputError, match="b: expected the conditions and times of a"):
        procrustes(a, _shape(17, (5, 11, 6)))
    with pytest.raises(InputError, match="a: expected rates that vary"):
        procrustes(np.ones_like(a), a)
    with pytest.raises(InputError, match="b: expected finite numbers"):
        procrustes(a, np.full_like(a, np.inf))
    fit = procrustes(a, a)
    with pytest.raises(InputError, match="b: expected the 6 units of the fit"):
        fit.transform(a[..., :5])
    with pytest.raises(InputError, match="a: expected the 6 units of the fit, got 5"):
        fit.r2_of(a[..., :5], a)
    with pytest.raises(InputError, match="samples that depart from the fitted mean"):
        fit.r2_of(np.broadcast_to(fit.mean_a, a.shape), a)
