import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from motorsim.analysis import cca, procrustes
from motorsim.analysis.shape_distance import compare_shapes, shape, shape_distance, shape_distances
from motorsim.checks import InputError

ALPHAS = (0.0, 0.3, 1.0)
MEASURES = ("angular", "euclidean")


def _rates(seed, shape=(6, 10, 5)):
    return np.random.default_rng(seed).standard_normal(shape)


def _rotation(n_units, seed):
    return np.linalg.qr(np.random.default_rng(seed).standard_normal((n_units, n_units)))[0]


def _linear_map(n_units, seed):
    return _rotation(n_units, seed) * np.logspace(-1, 1, n_units) @ _rotation(n_units, seed + 1)


def test_alpha_one_is_procrustes():
    a, b = _rates(0), _rates(1, (6, 10, 8))
    found, expected = shape_distance(a, b), procrustes(a, b)
    assert found.distance == pytest.approx(expected.angular_distance_rad, abs=1e-12)
    assert found.similarity == pytest.approx(expected.similarity, abs=1e-12)


def test_alpha_zero_is_canonical_correlation():
    a, b = _rates(2), _rates(3, (6, 10, 8))
    expected = cca(a, b).correlations.sum() / np.sqrt(5 * 8)
    found = shape_distance(a, b, 0.0)
    assert found.similarity == pytest.approx(expected, abs=1e-12)
    assert found.distance == pytest.approx(np.arccos(expected), abs=1e-12)


@pytest.mark.parametrize("alpha", [0.0, 0.25, 0.7, 1.0])
def test_between_them_it_is_the_partially_whitened_angle(alpha):
    originals = _rates(4, (50, 3)) * [1, 2, 5], _rates(5, (50, 4)) * [1, 1, 3, 9]
    whitened = []
    for x in (original - original.mean(axis=0) for original in originals):
        values, vectors = np.linalg.eigh(x.T @ x)
        size = np.linalg.norm(x) / np.sqrt(x.shape[1])
        mixed = alpha * np.eye(x.shape[1]) + (1 - alpha) * size * (vectors / np.sqrt(values)) @ vectors.T
        whitened.append(x @ mixed)
    a, b = whitened
    norm_a, norm_b = np.linalg.norm(a), np.linalg.norm(b)
    overlap = np.linalg.svd(a.T @ b, compute_uv=False).sum()
    assert shape_distance(*originals, alpha).similarity == pytest.approx(overlap / norm_a / norm_b, abs=1e-12)
    euclidean = np.sqrt((norm_a**2 + norm_b**2 - 2 * overlap) / 50)
    assert shape_distance(*originals, alpha, measure="euclidean").distance == pytest.approx(
        euclidean, abs=1e-12
    )


def test_angle_of_known_ellipses():
    # Principal lengths (1, 0) and (cos t, sin t) along the same axes are at the angle t.
    columns = np.linalg.qr(np.column_stack([np.ones(20), _rates(6, (20, 2))]))[0][:, 1:]
    for angle in (1e-9, 1e-5, 1e-3, 0.1, 0.7):
        found = shape_distance(columns[:, :1], columns * [np.cos(angle), np.sin(angle)])
        assert found.distance == pytest.approx(angle, rel=1e-6)


@pytest.mark.parametrize("alpha", ALPHAS)
@pytest.mark.parametrize("measure", MEASURES)
def test_a_population_is_at_no_distance_from_itself_turned(alpha, measure):
    for seed in range(10):
        a = _rates(seed)
        turned = a @ _rotation(5, seed) + 4
        assert shape_distance(a, a, alpha, measure=measure).distance < 1e-12
        assert shape_distance(a, turned, alpha, measure=measure).distance < 1e-12


@pytest.mark.parametrize("alpha", ALPHAS)
@pytest.mark.parametrize("measure", MEASURES)
def test_is_a_metric_over_different_numbers_of_units(alpha, measure):
    rng = np.random.default_rng(7)
    for _ in range(200):
        centre = rng.standard_normal((16, 5))
        x, y, z = (
            (centre + 10 ** rng.uniform(-2, 1) * rng.standard_normal((16, 5)))[:, : rng.integers(2, 6)]
            for _ in range(3)
        )
        pairs = ((x, y), (y, z), (x, z), (y, x))
        xy, yz, xz, yx = (shape_distance(*pair, alpha, measure=measure).distance for pair in pairs)
        assert xy == pytest.approx(yx, abs=1e-12)
        assert xz <= xy + yz + 1e-12


@given(seed=st.integers(0, 10_000), scale=st.floats(1e-3, 1e3), alpha=st.floats(0, 1))
def test_angle_ignores_rotation_scale_and_shift_for_every_alpha(seed, scale, alpha):
    a, b = _rates(seed), _rates(seed + 1, (6, 10, 3))
    moved = shape_distance(scale * a @ _rotation(5, seed) + 2, b @ _rotation(3, seed) - 9, alpha)
    assert moved.distance == pytest.approx(shape_distance(a, b, alpha).distance, abs=1e-9)


@given(seed=st.integers(0, 10_000))
def test_only_alpha_zero_ignores_linear_maps(seed):
    a, b = _rates(seed), _rates(seed + 1)
    mapped = a @ _linear_map(5, seed)
    assert shape_distance(mapped, a, 0.0).distance < 1e-6
    assert shape_distance(mapped, b, 0.0).distance == pytest.approx(
        shape_distance(a, b, 0.0).distance, abs=1e-9
    )
    assert shape_distance(mapped, a, 0.5).distance > 0.05
    assert shape_distance(mapped, a, 1.0).distance > shape_distance(mapped, a, 0.5).distance


def test_euclidean_distance_is_in_the_unit_of_the_rates_and_counts_size():
    a = _rates(8)
    length = np.sqrt(np.sum((a - a.mean(axis=(0, 1))) ** 2) / 60)
    assert shape_distance(a, 3 * a, measure="euclidean").distance == pytest.approx(2 * length, rel=1e-12)
    twice = np.concatenate([a, a])
    assert shape_distance(twice, 3 * twice, measure="euclidean").distance == pytest.approx(
        2 * length, rel=1e-12
    )


def test_silent_and_repeated_units_do_not_add_rank():
    a, b = _rates(9), _rates(10)
    wide = np.concatenate([a, np.zeros((6, 10, 2)), a[..., :1]], axis=2)
    assert shape_distance(wide, b, 0.0).distance == pytest.approx(
        shape_distance(a, b, 0.0).distance, abs=1e-9
    )
    silent = np.concatenate([a, np.zeros((6, 10, 2))], axis=2)
    for alpha in ALPHAS:
        expected = shape_distance(a, b, alpha).distance
        assert shape_distance(silent, b, alpha).distance == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("measure", MEASURES)
def test_all_pairs_are_the_single_ones(measure):
    populations = [_rates(seed, (6, 10, 3 + seed % 3)) for seed in range(5)]
    found = shape_distances(populations, 0.3, measure=measure, n_workers=2).values
    expected = [
        [shape_distance(a, b, 0.3, measure=measure).distance for b in populations] for a in populations
    ]
    assert np.allclose(found, expected, atol=1e-12)


def test_unusable_input_is_refused():
    a = _rates(11)
    for alpha in (-0.1, 1.1, "half"):
        with pytest.raises(InputError, match="alpha"):
            shape_distance(a, a, alpha)
    with pytest.raises(InputError, match="measure: expected one of angular, euclidean"):
        shape_distance(a, a, measure="cosine")
    with pytest.raises(InputError, match="b: expected the conditions and times of a"):
        shape_distance(a, a[:5])
    with pytest.raises(InputError, match="b: expected rates that vary, got all 5 units constant"):
        shape_distance(a, np.ones_like(a))
    with pytest.raises(InputError, match="more samples than both ranks together, 10, got 10; reduce both"):
        shape_distance(a[:1], _rates(12)[:1] @ np.diag([1, 1, 1, 1, 2]), 0.0)
    assert shape_distance(a[:1], a[:1], 0.5).distance < 1e-12
    with pytest.raises(InputError, match=r"b: expected a shape made with alpha 0\.5, got 1\.0"):
        compare_shapes(shape(a, 0.5), shape(a, 1.0))
    with pytest.raises(InputError, match="b: expected the 60 samples of a, got 50"):
        compare_shapes(shape(a), shape(a[:5]))
