import numpy as np
import pytest

from motorsim.analysis import tuning_model
from motorsim.checks import InputError


def _targets(n_directions=16, distances=(0.06, 0.10)):
    directions, lengths = np.meshgrid(2 * np.pi * np.arange(n_directions) / n_directions, distances)
    return directions.ravel(), lengths.ravel()


def _tuned_rates(directions, distances, n_harmonics=2, seed=0):
    """Rates of which direction and distance are all there is to know."""
    rng = np.random.default_rng(seed)
    rates = 20 + rng.standard_normal((9, 5))
    for harmonic in range(1, n_harmonics + 1):
        phase = harmonic * directions
        for wave in (np.cos(phase), np.sin(phase)):
            level, slope = rng.standard_normal((2, 9, 5))
            rates = rates + wave[:, None, None] * (level + slope * distances[:, None, None] * 20)
    return rates


def test_tuned_rates_are_predicted_at_targets_it_never_saw():
    directions, distances = _targets()
    rates = _tuned_rates(directions, distances)
    train = np.arange(32) % 4 != 1
    model = tuning_model(rates[train], directions[train], distances[train])
    predicted = model.predict(directions[~train], distances[~train])
    assert predicted.shape == rates[~train].shape
    assert np.allclose(predicted, rates[~train], atol=1e-4)
    assert np.allclose(model.predict(directions + 2 * np.pi, distances), model.predict(directions, distances))


def test_too_few_harmonics_miss_the_second_one():
    directions, distances = _targets()
    rates = _tuned_rates(directions, distances)
    model = tuning_model(rates, directions, distances, n_harmonics=1)
    assert np.abs(model.predict(directions, distances) - rates).max() > 0.5


def test_distance_enters_with_its_degree():
    directions, distances = _targets(distances=(0.05, 0.08, 0.12))
    rates = np.tile((distances[:, None, None] * 100) ** 2 + np.cos(directions)[:, None, None], (1, 4, 2))
    straight = tuning_model(rates, directions, distances, ridge=0.0).predict(directions, distances)
    curved = tuning_model(rates, directions, distances, distance_degree=2, ridge=0.0).predict(
        directions, distances
    )
    assert np.abs(straight - rates).max() > 1
    assert np.allclose(curved, rates, atol=1e-8)


def test_noise_is_shrunk_by_the_ridge_that_left_out_conditions_choose():
    directions, distances = _targets()
    rng = np.random.default_rng(1)
    noise = rng.standard_normal((32, 9, 5))
    chosen = tuning_model(noise, directions, distances, n_harmonics=7)
    least_squares = tuning_model(noise, directions, distances, n_harmonics=7, ridge=0.0)
    assert chosen.ridge >= 1.0
    assert np.abs(chosen.coefficients).max() < 0.5 * np.abs(least_squares.coefficients).max()


def test_single_distance_needs_degree_zero():
    directions, distances = _targets(distances=(0.1,))
    rates = 10 + np.tile(np.cos(directions)[:, None, None], (1, 3, 2))
    with pytest.raises(InputError, match="at least 2 different distances for degree 1, got 1; use a lower"):
        tuning_model(rates, directions, distances)
    model = tuning_model(rates, directions, distances, distance_degree=0, ridge=0.0)
    assert np.allclose(model.predict(np.array([0.3]), np.array([0.1])), 10 + np.cos(0.3))


def test_unusable_input_is_refused():
    directions, distances = _targets()
    rates = _tuned_rates(directions, distances)
    with pytest.raises(InputError, match="directions_rad"):
        tuning_model(rates, directions[:-1], distances)
    with pytest.raises(InputError, match="distances_m"):
        tuning_model(rates, directions, distances[:-1])
    with pytest.raises(InputError, match="at least 17 different directions for 8 harmonics, got 16"):
        tuning_model(rates, directions, distances, n_harmonics=8)
    with pytest.raises(InputError, match="distance_degree: expected an integer of at least 0"):
        tuning_model(rates, directions, distances, distance_degree=-1)
    with pytest.raises(InputError, match="rates that differ between conditions"):
        tuning_model(np.tile(rates[:1], (32, 1, 1)), directions, distances)
    with pytest.raises(InputError, match="distances_m: expected finite"):
        tuning_model(rates, directions, np.where(distances > 0.08, np.nan, distances))
