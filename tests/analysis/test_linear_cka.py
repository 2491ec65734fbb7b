import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from motorsim.analysis.linear_cka import linear_cka
from motorsim.checks import InputError


def _rates(seed, shape=(5, 8, 6)):
    return np.random.default_rng(seed).standard_normal(shape)


def _rotation(n_units, seed):
    return np.linalg.qr(np.random.default_rng(seed).standard_normal((n_units, n_units)))[0]


def test_equals_the_formula_on_gram_matrices():
    a, b = _rates(0, (40, 6)), _rates(1, (40, 9))
    centring = np.eye(40) - 1 / 40
    gram_a, gram_b = centring @ a @ a.T @ centring, centring @ b @ b.T @ centring
    expected = np.sum(gram_a * gram_b) / np.sqrt(np.sum(gram_a**2) * np.sum(gram_b**2))
    found = linear_cka(a, b)
    assert found.similarity == pytest.approx(expected, abs=1e-12)
    assert found.angular_distance_rad == pytest.approx(np.arccos(expected), abs=1e-12)


def test_known_value_of_uncorrelated_units_of_two_sizes():
    # Orthonormal, centred columns u: a = (u1, s u2) against u1 has cosine 1 / sqrt(1 + s^4).
    columns = np.linalg.qr(np.column_stack([np.ones(20), _rates(2, (20, 2))]))[0][:, 1:]
    for scale in (0.5, 1.0, 2.0):
        a = columns * np.array([1.0, scale])
        assert linear_cka(a, columns[:, :1]).similarity == pytest.approx(1 / np.sqrt(1 + scale**4), abs=1e-12)


def test_more_units_than_samples_take_the_other_way_to_the_same_number():
    a, b = _rates(3, (12, 30)), _rates(4, (12, 40))
    small = [x - x.mean(axis=0) for x in (a, b)]
    cross, own_a, own_b = (
        np.sum((x.T @ y) ** 2) for x, y in ((small[0], small[1]), (small[0],) * 2, (small[1],) * 2)
    )
    assert linear_cka(a, b).similarity == pytest.approx(cross / np.sqrt(own_a * own_b), abs=1e-12)


@given(seed=st.integers(0, 10_000), scale=st.floats(1e-3, 1e3), shift=st.floats(-100, 100))
def test_ignores_rotation_scale_and_shift(seed, scale, shift):
    a, b = _rates(seed), _rates(seed + 1, (5, 8, 4))
    moved = linear_cka(scale * a @ _rotation(6, seed) + shift, b @ _rotation(4, seed + 1) - shift)
    assert moved.similarity == pytest.approx(linear_cka(a, b).similarity, abs=1e-9)


def test_sees_the_scale_of_a_single_unit():
    a = _rates(5)
    assert linear_cka(a, a * np.array([10, 1, 1, 1, 1, 1])).similarity < 0.9


def test_a_population_is_at_no_distance_from_itself():
    for seed in range(10):
        found = linear_cka(_rates(seed), 3 * _rates(seed) @ _rotation(6, seed))
        assert found.angular_distance_rad < 1e-12
        assert found.similarity == pytest.approx(1.0, abs=1e-12)


def test_angle_is_a_metric():
    rng = np.random.default_rng(6)
    for _ in range(200):
        centre = rng.standard_normal((10, 4))
        x, y, z = (centre + 10 ** rng.uniform(-2, 1) * rng.standard_normal((10, 4)) for _ in range(3))
        xy, yz, xz = (linear_cka(*pair).angular_distance_rad for pair in ((x, y), (y, z), (x, z)))
        assert xy == pytest.approx(linear_cka(y, x).angular_distance_rad, abs=1e-12)
        assert xz <= xy + yz + 1e-12


def test_unusable_input_is_refused():
    a = _rates(7)
    with pytest.raises(InputError, match="b: expected the conditions and times of a"):
        linear_cka(a, _rates(8, (5, 7, 6)))
    with pytest.raises(InputError, match="a: expected rates that vary"):
        linear_cka(np.ones_like(a), a)
    with pytest.raises(InputError, match=r"b: expected finite numbers.*index \(0, 0, 3\)"):
        linear_cka(a, np.where(np.arange(6) == 3, np.nan, a))
