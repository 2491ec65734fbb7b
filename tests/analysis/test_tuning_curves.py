import numpy as np
import pytest

from motorsim.analysis import circular_spread, preferred_direction_change, tuning_curves
from motorsim.checks import InputError

DIRECTIONS = 2 * np.pi * np.arange(8) / 8


def _wrapped(angle):
    return np.angle(np.exp(1j * angle))


def test_cosine_tuning_is_recovered():
    rng = np.random.default_rng(0)
    preferred, depth = rng.uniform(-np.pi, np.pi, (3, 20)), rng.uniform(1, 10, (3, 20))
    rates = 12 + depth * np.cos(DIRECTIONS[:, None, None] - preferred)
    found = tuning_curves(rates, DIRECTIONS)
    np.testing.assert_allclose(found.baseline, 12)
    np.testing.assert_allclose(found.modulation_depth, depth)
    np.testing.assert_allclose(_wrapped(found.preferred_direction_rad - preferred), 0, atol=1e-12)
    np.testing.assert_allclose(found.r2, 1)
    assert (found.p < 1e-12).all()


def test_r2_is_the_share_of_the_first_harmonic():
    rates = 9 + 3 * np.cos(DIRECTIONS - 1) + 4 * np.cos(2 * DIRECTIONS)
    found = tuning_curves(rates[:, None, None], DIRECTIONS)
    assert found.r2[0, 0] == pytest.approx(9 / 25)


def test_untuned_units_are_called_tuned_as_often_as_the_level_says():
    rng = np.random.default_rng(1)
    counts = rng.poisson(5.0, (80, 1, 4000))
    found = tuning_curves(counts, np.tile(DIRECTIONS, 10))
    assert np.mean(found.p < 0.05) == pytest.approx(0.05, abs=0.012)
    assert np.mean(found.p < 0.5) == pytest.approx(0.5, abs=0.03)


def test_a_unit_that_does_not_vary_has_no_preferred_direction():
    rates = np.full((8, 1, 2), 7.0)
    rates[:, 0, 1] += np.cos(DIRECTIONS)
    found = tuning_curves(rates, DIRECTIONS)
    assert np.isnan([found.preferred_direction_rad[0, 0], found.r2[0, 0], found.p[0, 0]]).all()
    assert found.preferred_direction_rad[0, 1] == pytest.approx(0.0)


def test_directions_spread_evenly_have_no_resultant_and_bunched_ones_have():
    even = circular_spread(DIRECTIONS)
    assert even.resultant_length == pytest.approx(0, abs=1e-12)
    assert even.p_rayleigh > 0.9
    alike = circular_spread(np.full(10, 2.0))
    assert alike.resultant_length == pytest.approx(1)
    assert alike.p_rayleigh < 1e-4
    opposite = circular_spread(np.array([0.3, 0.3 + np.pi] * 10))
    assert opposite.resultant_length == pytest.approx(0, abs=1e-12)
    assert opposite.axial_resultant_length == pytest.approx(1)
    assert opposite.p_rayleigh_axial < 1e-6 < opposite.p_rayleigh


def test_uniform_directions_fail_the_rayleigh_test_as_often_as_the_level_says():
    rng = np.random.default_rng(2)
    p = [circular_spread(rng.uniform(0, 2 * np.pi, 30)).p_rayleigh for _ in range(2000)]
    assert np.mean(np.array(p) < 0.05) == pytest.approx(0.05, abs=0.015)


def test_a_common_turn_keeps_the_circular_correlation_at_one_and_a_mirror_makes_it_minus_one():
    angles = np.random.default_rng(3).uniform(-np.pi, np.pi, 40)
    turned = preferred_direction_change(angles, angles + 3.0)
    assert turned.correlation == pytest.approx(1)
    np.testing.assert_allclose(turned.change_rad, 3.0)
    assert turned.median_absolute_rad == pytest.approx(3.0)
    assert preferred_direction_change(angles, 1.0 - angles).correlation == pytest.approx(-1)


def test_the_correlation_is_the_sum_over_pairs_of_fisher_and_lee():
    rng = np.random.default_rng(4)
    a, b = rng.uniform(-np.pi, np.pi, (2, 12))
    b = a + 0.8 * b
    i, j = np.triu_indices(12, 1)
    first, second = np.sin(a[i] - a[j]), np.sin(b[i] - b[j])
    expected = np.sum(first * second) / np.sqrt(np.sum(first**2) * np.sum(second**2))
    assert preferred_direction_change(a, b).correlation == pytest.approx(expected)


def test_unrelated_directions_change_by_a_right_angle_in_the_median():
    rng = np.random.default_rng(5)
    change = preferred_direction_change(*rng.uniform(-np.pi, np.pi, (2, 4000)))
    assert change.correlation == pytest.approx(0, abs=0.05)
    assert change.median_absolute_rad == pytest.approx(np.pi / 2, abs=0.06)
    assert np.isnan(preferred_direction_change([1.0, 1.0], [0.0, 1.0]).correlation)


def test_unusable_input_is_refused():
    rates = np.ones((8, 1, 2))
    with pytest.raises(InputError, match="directions_rad: expected at least 3 different directions"):
        tuning_curves(rates, np.tile([0.0, np.pi], 4))
    with pytest.raises(InputError, match="directions_rad: expected an array"):
        tuning_curves(rates, DIRECTIONS[:-1])
    with pytest.raises(InputError, match="rates: expected finite"):
        tuning_curves(rates * np.nan, DIRECTIONS)
    with pytest.raises(InputError, match="rates: expected at least 4"):
        tuning_curves(rates[:3], DIRECTIONS[:3])
    with pytest.raises(InputError, match="directions_rad: expected at least 1"):
        circular_spread([])
    with pytest.raises(InputError, match="second_rad"):
        preferred_direction_change([0.0, 1.0], [0.0])
