from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from motorsim.analysis.kalman_smoother import LinearGaussian
from motorsim.checks import InputError

N_STATES, N_UNITS, N_TIMES = 2, 3, 5


def _covariance(rng, size):
    root = rng.standard_normal((size, size))
    return root @ root.T + 0.1 * np.eye(size)


def _model(seed):
    rng = np.random.default_rng(seed)
    return LinearGaussian(
        transition=0.6 * rng.standard_normal((N_STATES, N_STATES)),
        transition_covariance=_covariance(rng, N_STATES),
        observation=rng.standard_normal((N_UNITS, N_STATES)),
        observation_covariance=_covariance(rng, N_UNITS),
        initial_mean=rng.standard_normal(N_STATES),
        initial_covariance=_covariance(rng, N_STATES),
    )


def _joint(model, n_times=N_TIMES):
    """Mean and covariance of all states of a trial, stacked by time, and the matrix that shows them."""
    means, n = [model.initial_mean], len(model.transition)
    covariance = np.zeros((n_times, n, n_times, n))
    covariance[0, :, 0] = model.initial_covariance
    for time in range(1, n_times):
        means.append(model.transition @ means[-1])
        for earlier in range(time):
            covariance[time, :, earlier] = model.transition @ covariance[time - 1, :, earlier]
            covariance[earlier, :, time] = covariance[time, :, earlier].T
        covariance[time, :, time] = (
            model.transition @ covariance[time - 1, :, time - 1] @ model.transition.T
            + model.transition_covariance
        )
    seen = np.kron(np.eye(n_times), model.observation)
    return np.concatenate(means), covariance.reshape(n_times * n, -1), seen


def _observations(seed, n_trials=4):
    return np.random.default_rng(seed).standard_normal((n_trials, N_TIMES, N_UNITS))


def test_smoothed_states_are_those_of_the_whole_gaussian_conditioned_on_all_observations():
    model, y = _model(0), _observations(1)
    mean, covariance, seen = _joint(model)
    noise = np.kron(np.eye(N_TIMES), model.observation_covariance)
    gain = covariance @ seen.T @ np.linalg.inv(seen @ covariance @ seen.T + noise)
    expected = mean + (y.reshape(len(y), -1) - seen @ mean) @ gain.T
    left = (covariance - gain @ seen @ covariance).reshape(N_TIMES, N_STATES, N_TIMES, N_STATES)
    smoothed = model.smooth(y)
    np.testing.assert_allclose(smoothed.means.reshape(len(y), -1), expected, atol=1e-10)
    for time in range(N_TIMES):
        np.testing.assert_allclose(smoothed.covariances[time], left[time, :, time], atol=1e-10)
    for time in range(N_TIMES - 1):
        np.testing.assert_allclose(smoothed.lagged_covariances[time], left[time + 1, :, time], atol=1e-10)


def test_log_likelihood_is_the_density_of_the_observations():
    model, y = _model(2), _observations(3)
    mean, covariance, seen = _joint(model)
    noise = np.kron(np.eye(N_TIMES), model.observation_covariance)
    density = stats.multivariate_normal(seen @ mean, seen @ covariance @ seen.T + noise)
    expected = density.logpdf(y.reshape(len(y), -1)).sum()
    assert model.smooth(y).log_likelihood == pytest.approx(expected, rel=1e-12)


def test_local_level_settles_at_the_closed_form_of_a_random_walk_in_noise():
    """In the middle of a long trial the smoothed variance solves 1/V = 1/P + 1/P' - 1/q, both ways alike."""
    q, r = 0.5, 2.0
    one = np.ones((1, 1))
    walk = LinearGaussian(one, q * one, one, r * one, np.zeros(1), one)
    predicted = q / 2 + np.sqrt(q**2 / 4 + q * r)
    smoothed = walk.smooth(np.zeros((1, 201, 1))).covariances[100, 0, 0]
    assert smoothed == pytest.approx(1 / (2 / predicted + 1 / r), rel=1e-10)


def test_states_without_noise_run_exactly_along_their_dynamics():
    model = replace(_model(4), transition_covariance=np.zeros((N_STATES, N_STATES)))
    means = model.smooth(_observations(5)).means
    np.testing.assert_allclose(means[:, 1:], means[:, :-1] @ model.transition.T, atol=1e-9)


def test_trials_do_not_know_of_each_other():
    model, y = _model(6), _observations(7)
    alone = model.smooth(y[2:3])
    together = model.smooth(y)
    np.testing.assert_allclose(together.means[2], alone.means[0], atol=1e-12)
    parts = sum(model.smooth(y[trial : trial + 1]).log_likelihood for trial in range(len(y)))
    assert together.log_likelihood == pytest.approx(parts, rel=1e-12)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"transition": np.ones((3, 3))}, r"transition: expected an array of shape \(2, 2\)"),
        ({"transition_covariance": np.array([[1.0, 2.0], [2.0, 1.0]])}, "one with a negative eigenvalue"),
        ({"initial_covariance": np.array([[1.0, 0.5], [0.0, 1.0]])}, "initial_covariance: .* symmetric"),
        ({"observation_covariance": np.zeros((3, 3))}, "a singular one; give every direction some noise"),
        ({"initial_mean": np.array([0.0, np.nan])}, "initial_mean: expected finite numbers"),
    ],
)
def test_models_that_cannot_be_are_refused(change, message):
    with pytest.raises(InputError, match=message):
        replace(_model(8), **change)


def test_unusable_observations_are_refused():
    with pytest.raises(InputError, match="expected 3 units, got 2"):
        _model(9).smooth(np.ones((1, 4, 2)))
    y = _observations(10)
    y[0, 0, 1] = np.nan
    with pytest.raises(InputError, match="NaN or infinity in units 1"):
        _model(9).smooth(y)
