from dataclasses import replace

import numpy as np
import pytest

from motorsim.analysis.inferred_inputs import inferred_inputs
from motorsim.analysis.input_model import InputModel, NoiseLevels
from motorsim.checks import InputError

N_TIMES = 60


def _rotation(angle, modulus=0.95):
    return modulus * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])


def _pulse(n_times=N_TIMES):
    """A smooth input that comes and goes, in one direction, (time, state)."""
    course = np.exp(-0.5 * ((np.arange(n_times) - 30) / 6) ** 2)
    return np.stack([course, -0.5 * course], axis=-1)


def _driven(matrix, inputs, seed, *, noise=0.05):
    n_trials, state_noise = 6, 0.02
    rng = np.random.default_rng(seed)
    states = np.zeros((n_trials, len(inputs), len(matrix)))
    states[:, 0] = rng.standard_normal((n_trials, len(matrix)))
    for time in range(len(inputs) - 1):
        states[:, time + 1] = states[:, time] @ matrix.T + inputs[time]
        states[:, time + 1] += state_noise * rng.standard_normal(states[:, time].shape)
    return states, states + noise * rng.standard_normal(states.shape)


def _from_model(order, levels, n_trials, seed):
    """States with inputs and rates drawn from the model of the smoother itself."""
    rng = np.random.default_rng(seed)
    augmented = InputModel(_rotation(0.3), np.eye(2), order, 1.0)
    spread = np.zeros(2 + 2 * order)
    spread[:2], spread[-2:] = levels.state, levels.input_change
    z = [0.3 * rng.standard_normal((n_trials, 2 + 2 * order))]
    for _ in range(29):
        z.append(z[-1] @ augmented.transition.T + np.sqrt(spread) * rng.standard_normal(z[0].shape))
    truth = np.stack(z, axis=1)
    return truth, truth[..., :2] + np.sqrt(levels.observation) * rng.standard_normal((n_trials, 30, 2))


def _correlation(a, b):
    return np.corrcoef(a.ravel(), b.ravel())[0, 1]


@pytest.mark.parametrize("smoothness", ["random walk", "integrated random walk"])
def test_a_planted_input_is_recovered_with_its_size_and_at_its_time(smoothness):
    matrix, inputs = _rotation(0.2), _pulse()
    _, rates = _driven(matrix, inputs, 0)
    found = inferred_inputs(rates, matrix, smoothness=smoothness)
    assert found.converged
    mean = found.inputs.mean(axis=0)
    assert mean.shape == (N_TIMES - 1, 2)
    assert np.abs(mean - inputs[:-1]).max() < 0.1
    late, early = np.abs(mean[1:] - inputs[:-2]).max(), np.abs(mean[:-1] - inputs[1:-1]).max()
    assert np.abs(mean - inputs[:-1]).max() < min(late, early)


def test_no_input_where_the_recurrence_explains_everything():
    matrix = _rotation(0.2)
    _, rates = _driven(matrix, np.zeros((N_TIMES, 2)), 1)
    found = inferred_inputs(rates, matrix)
    assert np.sqrt(np.mean(found.inputs**2)) < 0.01
    assert found.noise.state == pytest.approx(0.02**2, rel=0.5)
    assert found.noise.observation == pytest.approx(0.05**2, rel=0.2)


def test_a_wrong_recurrence_is_made_good_by_an_input():
    matrix = _rotation(0.2)
    states, rates = _driven(matrix, np.zeros((N_TIMES, 2)), 2)
    found = inferred_inputs(rates, np.eye(2), smoothness="integrated random walk")
    missing = states[:, :-1] @ (matrix - np.eye(2)).T
    assert _correlation(found.inputs, missing) > 0.9


def test_a_smoother_input_follows_a_smooth_truth_more_closely():
    matrix, inputs = _rotation(0.2), _pulse()
    _, rates = _driven(matrix, inputs, 3, noise=0.2)
    errors = [
        np.mean((inferred_inputs(rates, matrix, smoothness=kind).inputs - inputs[:-1]) ** 2)
        for kind in ("integrated random walk", "random walk")
    ]
    assert errors[0] < 0.8 * errors[1]


def test_noise_levels_found_are_the_most_likely_and_near_the_truth():
    matrix = _rotation(0.3)
    _, rates = _from_model(1, NoiseLevels(0.02, 0.1, 0.003), 40, 4)
    found = inferred_inputs(rates, matrix)
    assert found.converged
    assert inferred_inputs(rates, matrix, noise=found.noise).log_likelihood == found.log_likelihood
    for name, truth in (("state", 0.02), ("observation", 0.1), ("input_change", 0.003)):
        assert getattr(found.noise, name) == pytest.approx(truth, rel=0.3)
        for factor in (0.9, 1.1):
            levels = replace(found.noise, **{name: factor * getattr(found.noise, name)})
            assert inferred_inputs(rates, matrix, noise=levels).log_likelihood < found.log_likelihood


@pytest.mark.parametrize("order", [1, 2])
def test_gradient_of_the_likelihood_is_its_central_difference(order):
    matrix = _rotation(0.3)
    _, rates = _driven(matrix, _pulse(12), 9)
    model, logs, step = InputModel(matrix, np.eye(2), order, 0.1), np.log([0.02, 0.03, 0.004]), 1e-4

    def smoothed(shift):
        levels = NoiseLevels(*np.exp(logs + shift))
        return levels, model.at(levels).smooth(rates)

    levels, at = smoothed(0.0)
    gradient = model.gradient(levels, at, rates)
    for index, unit in enumerate(np.eye(3)):
        high, low = (smoothed(sign * step * unit)[1].log_likelihood for sign in (1, -1))
        assert gradient[index] == pytest.approx((high - low) / (2 * step), rel=1e-5, abs=1e-4)


def test_a_search_that_is_cut_short_says_so():
    _, rates = _driven(_rotation(0.3), _pulse(), 10)
    assert not inferred_inputs(rates, _rotation(0.3), n_iterations=1).converged


@pytest.mark.parametrize(("order", "smoothness"), [(1, "random walk"), (2, "integrated random walk")])
def test_standard_deviations_are_those_of_the_errors_of_data_from_the_model(order, smoothness):
    levels = NoiseLevels(0.02, 0.1, 0.003)
    truth, rates = _from_model(order, levels, 400, 5)
    found = inferred_inputs(rates, _rotation(0.3), noise=levels, smoothness=smoothness)
    assert found.converged
    for errors, sd in (
        (found.inputs - truth[:, :-1, 2:4], found.inputs_sd),
        (found.states - truth[..., :2], found.states_sd),
    ):
        np.testing.assert_allclose(errors[:, 5:-5].std(axis=0), sd[5:-5], rtol=0.15)


def test_states_seen_through_more_units_give_the_same_input():
    matrix, inputs = _rotation(0.2), _pulse()
    axes = np.linalg.qr(np.random.default_rng(6).standard_normal((9, 2)))[0]
    _, rates = _driven(matrix, inputs, 7)
    levels = NoiseLevels(4e-4, 2.5e-3, 1e-2)
    direct = inferred_inputs(rates, matrix, noise=levels)
    through = inferred_inputs(rates @ axes.T, matrix, observation=axes, noise=levels)
    np.testing.assert_allclose(through.inputs, direct.inputs, atol=1e-3)


def _nan():
    rates = _driven(_rotation(0.2), _pulse(), 8)[1]
    rates[0, 3, 1] = np.nan
    return rates


@pytest.mark.parametrize(
    ("rates", "matrix", "keywords", "message"),
    [
        (_nan(), np.eye(2), {}, "NaN or infinity in units 1"),
        (np.ones((2, 10, 2)), np.eye(2), {}, "rates that vary, got all 2 units constant"),
        (np.eye(4)[None, :3, :2], np.eye(2), {}, "at least 4 times a condition, got 3"),
        (np.eye(6)[None], np.eye(2), {}, "6 states, one a unit, got 2; give the observation matrix"),
        (np.eye(6)[None], np.ones((2, 3)), {}, "a square matrix"),
        (np.eye(6)[None], np.eye(2), {"observation": np.ones((5, 2))}, r"of shape \(6, 2\)"),
        (np.eye(6)[None], np.eye(2), {"observation": np.ones((6, 2))}, "determine the input, got 2 of the 4"),
        (np.eye(6)[None], np.eye(6), {"smoothness": "rough"}, "one of integrated random walk, random walk"),
        (np.eye(6)[None], np.eye(6), {"n_iterations": 0}, "n_iterations: expected an integer of at least 1"),
    ],
)
def test_unusable_input_is_refused(rates, matrix, keywords, message):
    with pytest.raises(InputError, match=message):
        inferred_inputs(rates, matrix, **keywords)


def test_noise_levels_must_be_variances():
    with pytest.raises(InputError, match="observation: expected a number above 0"):
        NoiseLevels(0.0, 0.0, 1.0)
    with pytest.raises(InputError, match="state: expected a number of at least 0"):
        NoiseLevels(-1.0, 1.0, 1.0)
