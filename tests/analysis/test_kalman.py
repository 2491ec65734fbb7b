import numpy as np
import pytest

from motorsim.analysis.kalman import fit_kalman
from motorsim.checks import InputError

A = np.array([[0.98, 0.1], [-0.1, 0.9]])
W = np.array([[0.02, 0.005], [0.005, 0.05]])
H = np.random.default_rng(0).standard_normal((6, 2))
Q = 0.5 * np.eye(6) + 0.2


def _simulate(n_trials=40, n_times=50, seed=1):
    rng = np.random.default_rng(seed)
    states = np.zeros((n_trials, n_times, 2))
    states[:, 0] = rng.standard_normal((n_trials, 2)) + np.array([1.0, 0.0])
    for t in range(1, n_times):
        states[:, t] = states[:, t - 1] @ A.T + rng.multivariate_normal([0, 0], W, n_trials)
    noise = rng.multivariate_normal(np.zeros(6), Q, (n_trials, n_times))
    return 10 + states @ H.T + noise, states


def test_the_matrices_of_a_known_system_are_recovered():
    rates, states = _simulate(n_trials=600)
    found = fit_kalman(rates, states)
    np.testing.assert_allclose(found.transition, A, atol=0.01)
    np.testing.assert_allclose(found.transition_covariance, W, atol=0.002)
    np.testing.assert_allclose(found.observation, H, atol=0.03)
    np.testing.assert_allclose(found.observation_covariance, Q, atol=0.02)
    np.testing.assert_allclose(found.initial_covariance, np.eye(2), atol=0.15)
    np.testing.assert_allclose(found.mean_rate, rates.mean(axis=(0, 1)))


def test_covariances_divide_by_the_number_of_samples():
    rates, states = _simulate(n_trials=3, n_times=6)
    found = fit_kalman(rates, states)
    x, z = states - states.mean(axis=(0, 1)), rates - rates.mean(axis=(0, 1))
    before, after = x[:, :-1].reshape(-1, 2), x[:, 1:].reshape(-1, 2)
    weights = np.linalg.solve(before.T @ before, before.T @ after)
    np.testing.assert_allclose(found.transition, weights.T, rtol=1e-9)
    step_noise = after - before @ weights
    np.testing.assert_allclose(found.transition_covariance, step_noise.T @ step_noise / 15, rtol=1e-9)
    flat_x, flat_z = x.reshape(-1, 2), z.reshape(-1, 6)
    rate_noise = flat_z - flat_x @ np.linalg.solve(flat_x.T @ flat_x, flat_x.T @ flat_z)
    np.testing.assert_allclose(found.observation_covariance, rate_noise.T @ rate_noise / 18, rtol=1e-9)


def test_the_filter_is_the_textbook_recursion():
    rates, states = _simulate()
    model = fit_kalman(rates, states)
    found = model.predict(rates[:3])
    m = model
    for trial in range(3):
        x, covariance = m.initial_state, m.initial_covariance
        for t in range(50):
            if t:
                x = m.transition @ x
                covariance = m.transition @ covariance @ m.transition.T + m.transition_covariance
            spread = m.observation @ covariance @ m.observation.T + m.observation_covariance
            gain = covariance @ m.observation.T @ np.linalg.inv(spread)
            x = x + gain @ (rates[trial, t] - m.mean_rate - m.observation @ x)
            covariance = (np.eye(2) - gain @ m.observation) @ covariance
            np.testing.assert_allclose(found.states[trial, t], x + m.mean_state, atol=1e-10)
            np.testing.assert_allclose(found.covariance[t], covariance, atol=1e-12)


def test_the_last_estimate_is_the_regression_on_all_rates_at_once():
    """Conditioning the joint Gaussian of all states and rates gives the same answer without a recursion."""
    rates, states = _simulate()
    m, n_times = fit_kalman(rates, states), 5
    powers = [np.linalg.matrix_power(m.transition, k) for k in range(n_times)]
    covariance = np.zeros((2 * n_times, 2 * n_times))
    marginal = m.initial_covariance
    for t in range(n_times):
        for later in range(t, n_times):
            block = powers[later - t] @ marginal
            covariance[2 * later : 2 * later + 2, 2 * t : 2 * t + 2] = block
            covariance[2 * t : 2 * t + 2, 2 * later : 2 * later + 2] = block.T
        marginal = m.transition @ marginal @ m.transition.T + m.transition_covariance
    mean = np.concatenate([power @ m.initial_state for power in powers])
    observe = np.kron(np.eye(n_times), m.observation)
    spread = observe @ covariance @ observe.T + np.kron(np.eye(n_times), m.observation_covariance)
    innovation = (rates[0, :n_times] - m.mean_rate).ravel() - observe @ mean
    expected = mean + covariance @ observe.T @ np.linalg.solve(spread, innovation)
    found = m.predict(rates[:1, :n_times]).states[0, -1]
    np.testing.assert_allclose(found, expected[-2:] + m.mean_state, atol=1e-9)


def test_estimates_are_causal_and_better_than_regression_on_the_present():
    rates, states = _simulate()
    held_out, truth = _simulate(seed=2)
    model = fit_kalman(rates, states)
    found = model.predict(held_out).states
    np.testing.assert_allclose(model.predict(held_out[:, :20]).states, found[:, :20], atol=1e-12)
    features = np.concatenate([rates, np.ones((40, 50, 1))], axis=2).reshape(-1, 7)
    weights = np.linalg.lstsq(features, states.reshape(-1, 2), rcond=None)[0]
    static = np.concatenate([held_out, np.ones((40, 50, 1))], axis=2) @ weights
    assert np.mean((found - truth) ** 2) < 0.6 * np.mean((static - truth) ** 2)


def test_the_stated_covariance_is_that_of_the_error():
    model = fit_kalman(*_simulate(n_trials=400))
    rates, truth = _simulate(n_trials=2000, n_times=20, seed=3)
    estimate = model.predict(rates)
    error = (estimate.states - truth)[:, -1]
    np.testing.assert_allclose(error.T @ error / 2000, estimate.covariance[-1], rtol=0.15, atol=0.003)


def test_turning_or_scaling_the_units_changes_nothing():
    rates, states = _simulate()
    mix = np.random.default_rng(4).standard_normal((6, 6))
    found, mixed = fit_kalman(rates, states), fit_kalman(rates @ mix + 3, states)
    np.testing.assert_allclose(
        mixed.predict(rates[:2] @ mix + 3).states, found.predict(rates[:2]).states, atol=1e-8
    )


def test_unusable_input_is_refused():
    rates, states = _simulate(n_trials=3, n_times=8)
    constant = rates.copy()
    constant[:, :, 2] = 4.0
    wide = np.random.default_rng(5).standard_normal((3, 8, 30))
    twice = np.repeat(states[:, :, :1], 2, axis=2)
    for arguments, match in (
        ((rates[:1], states[:1]), "rates: expected at least 2 conditions"),
        ((rates[:, :1], states[:, :1]), "rates: expected at least 2 times"),
        ((rates, states[:, :-1]), "states: expected an array"),
        ((rates, twice), "states: expected 2 states that vary independently"),
        ((constant, states), "rates: expected noise in every unit, got none in units 2"),
        ((wide, states), "rates: expected noise in every direction, got 30 units in 24 samples"),
    ):
        with pytest.raises(InputError, match=match):
            fit_kalman(*arguments)
    with pytest.raises(InputError, match="rates: expected 6 units"):
        fit_kalman(rates, states).predict(rates[:, :, :5])
