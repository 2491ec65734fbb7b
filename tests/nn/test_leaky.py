"""The leaky cell is Euler's method for a leaky integrator with feedback, and noise of its own."""

import numpy as np
import pytest

from motorsim.checks import InputError
from motorsim.nn import Leaky, Linear, Network, Vanilla, Workspace
from motorsim.types import Draws


def _without_recurrence(cell, rng):
    parameters = {name: rng.normal(size=shape) for name, shape in cell.parameter_shapes.items()}
    return parameters | {"recurrent_weights": np.zeros((cell.n_units, cell.n_units))}


def test_without_recurrence_state_relaxes_as_powers_of_one_minus_the_leak(run):
    rng = np.random.default_rng(1)
    cell = Leaky(3, 5, 0.01, 0.04)
    parameters = _without_recurrence(cell, rng)
    start, constant_input = rng.normal(size=(2, 5)), rng.normal(size=(2, 3))
    inputs = np.repeat(constant_input[None], 30, axis=0)
    states = run(cell, parameters, start, inputs)[2]

    drive = constant_input @ parameters["input_weights"].T + parameters["bias"]
    remaining = (1 - 0.25) ** np.arange(31)[:, None, None]
    np.testing.assert_allclose(states, drive + remaining * (start - drive), atol=1e-12)


def test_shorter_steps_approach_the_exponential_at_first_order(run):
    rng = np.random.default_rng(2)
    start = rng.normal(size=(1, 4))
    errors = []
    for n_steps in (50, 100, 200):
        cell = Leaky(1, 4, 0.1 / n_steps, 0.05)
        parameters = {name: np.zeros(shape) for name, shape in cell.parameter_shapes.items()}
        states = run(cell, parameters, start, np.zeros((n_steps, 1, 1)))[2]
        errors.append(np.abs(states[-1] - start * np.exp(-2)).max())
    orders = np.log2(np.array(errors[:-1]) / errors[1:])
    np.testing.assert_allclose(orders, 1.0, atol=0.05)


def test_leak_of_one_is_the_vanilla_cell(run):
    rng = np.random.default_rng(3)
    leaky, vanilla = Leaky(3, 5, 0.02, 0.02), Vanilla(3, 5)
    parameters = {name: rng.normal(size=shape) for name, shape in leaky.parameter_shapes.items()}
    start, inputs = rng.normal(size=(2, 5)), rng.normal(size=(9, 2, 3))
    expected = run(vanilla, parameters, np.tanh(start), inputs)[0]
    rates = run(leaky, parameters, start, inputs)[0]
    np.testing.assert_allclose(rates, expected, atol=1e-12)


def test_weights_act_from_column_to_row():
    cell = Leaky(1, 2, 0.01, 0.01)
    parameters = {name: np.zeros(shape) for name, shape in cell.parameter_shapes.items()}
    parameters["recurrent_weights"][1, 0] = 1.0
    state, _ = cell.step(parameters, np.array([[10.0, 0.0]]), np.zeros((1, 1)))
    np.testing.assert_allclose(state, [[0.0, np.tanh(10.0)]])


def test_gain_is_the_spectral_radius_of_a_large_initial_network():
    weights = Leaky(1, 400, 0.01, 0.1, gain=1.3).initial_parameters(rng=4)["recurrent_weights"]
    assert np.abs(np.linalg.eigvals(weights)).max() == pytest.approx(1.3, rel=0.08)


def test_initial_state_is_a_parameter_only_where_it_is_learned():
    learned, fixed = Leaky(1, 2, 0.01, 0.1), Leaky(1, 2, 0.01, 0.1, learn_initial_state=False)
    parameters = {"initial_state": np.array([1.0, 2.0]), "bias": np.zeros(2)}
    np.testing.assert_array_equal(learned.initial_state(parameters, 3), [[1.0, 2.0]] * 3)
    np.testing.assert_array_equal(fixed.initial_state({"bias": np.zeros(2)}, 3), np.zeros((3, 2)))
    assert "initial_state" not in fixed.parameter_shapes
    assert fixed.initial_state_vjp(parameters, np.ones((3, 2))) == {}


def test_orthogonal_start_keeps_every_length():
    weights = Leaky(1, 50, 0.01, 0.1, gain=0.7, initialisation="orthogonal").initial_parameters(rng=5)
    recurrent = weights["recurrent_weights"]
    np.testing.assert_allclose(recurrent @ recurrent.T, 0.49 * np.eye(50), atol=1e-12)
    # Drawn evenly from the group, so the mean of many has no preferred direction: trace 0 within sampling.
    cell = Leaky(1, 4, 0.01, 0.1, initialisation="orthogonal")
    traces = [np.trace(cell.initial_parameters(rng=s)["recurrent_weights"]) for s in range(400)]
    assert abs(np.mean(traces)) < 0.2
    assert np.var(traces) == pytest.approx(1.0, rel=0.3)


def test_each_unit_relaxes_with_its_own_time_constant(run):
    cell = Leaky(1, 2, 0.01, (0.02, 0.1))
    parameters = {name: np.zeros(shape) for name, shape in cell.parameter_shapes.items()}
    states = run(cell, parameters, np.ones((1, 2)), np.zeros((4, 1, 1)))[2]
    np.testing.assert_allclose(states[:, 0], np.stack([0.5 ** np.arange(5), 0.9 ** np.arange(5)], axis=1))
    np.testing.assert_allclose(cell.time_constants_s(parameters), [0.02, 0.1])


def test_learned_time_constants_start_at_those_given_and_stay_above_the_step():
    cell = Leaky(1, 2, 0.01, (0.02, 0.1), learn_time_constants=True)
    parameters = cell.initial_parameters(rng=1)
    np.testing.assert_allclose(cell.time_constants_s(parameters), [0.02, 0.1], rtol=1e-12)
    extreme = parameters | {"leak_logit": np.array([-30.0, 30.0])}
    assert np.all(cell.time_constants_s(extreme) >= 0.01)


def test_noise_has_the_stationary_variance_of_its_recursion(run):
    # x' = (1 - a) x + sqrt(2 a) s xi has the variance 2 a s^2 / (1 - (1 - a)^2) = s^2 / (1 - a / 2).
    cell = Leaky(1, 20, 0.01, 0.05, noise_std=0.3)
    parameters = {name: np.zeros(shape) for name, shape in cell.parameter_shapes.items()}
    draws = Draws.begin(np.random.default_rng(6))
    states = run(cell, parameters, np.zeros((50, 20)), np.zeros((300, 50, 1)), draws=draws)[2]
    assert states[100:].var() == pytest.approx(0.09 / 0.9, rel=0.02)
    assert np.corrcoef(states[100:, :, 0].ravel(), states[100:, :, 1].ravel())[0, 1] == pytest.approx(
        0, abs=0.12
    )


def test_noise_is_drawn_where_a_generator_is_given_and_nowhere_else():
    cell = Leaky(2, 4, 0.01, 0.05, noise_std=0.3)
    network = Network.initialise(cell, Linear(4, 1), rng=1)
    inputs, targets = np.ones((3, 8, 2)), np.zeros((3, 8, 1))
    quiet = Network.initialise(Leaky(2, 4, 0.01, 0.05), Linear(4, 1), rng=1)
    np.testing.assert_array_equal(network.forward(inputs).states, quiet.forward(inputs).states)
    noisy = [network.forward(inputs, rng=np.random.default_rng(seed)).states for seed in (1, 1, 2)]
    np.testing.assert_array_equal(noisy[0], noisy[1])
    assert np.all(noisy[0] != noisy[2])
    assert np.all(noisy[0][0] != noisy[0][1])
    losses = [network.loss_and_gradients(inputs, targets, rng=np.random.default_rng(s))[0] for s in (1, 1, 2)]
    assert losses[0] == losses[1] != losses[2]


@pytest.mark.parametrize("learn", [False, True])
def test_gradients_with_noise_equal_central_differences_of_the_same_noise(learn, gradient_error):
    cell = Leaky(2, 4, 0.01, 0.03, noise_std=0.5, learn_time_constants=learn)
    network = Network.initialise(cell, Linear(4, 1), rng=1)
    rng = np.random.default_rng(2)
    inputs, targets = rng.normal(size=(3, 8, 2)), rng.normal(size=(3, 8, 1))

    def value(name, array):
        changed = network.with_parameters({**network.parameters, name: array})
        return changed.loss_and_gradients(inputs, targets, rng=np.random.default_rng(3))

    for name, array in network.parameters.items():
        gradient = value(name, array)[1][name]
        assert gradient_error(gradient, lambda moved, name=name: value(name, moved)[0], array) < 1e-6, name


def test_states_are_computed_again_bit_for_bit(run):
    cell = Leaky(1, 20, 0.01, 0.05, gain=1.5, noise_std=0.3)
    parameters = {n: a.astype("float32") for n, a in cell.initial_parameters(rng=1).items()}
    inputs = np.random.default_rng(2).normal(size=(30, 5, 1)).astype("float32")
    start = cell.initial_state(parameters, 5)
    draws = Draws.begin(np.random.default_rng(3))
    rates, last, tape = cell.sequence(parameters, start, inputs, Workspace().empty, draws=draws)
    states = cell.states(tape)
    np.testing.assert_array_equal(states[-1], last)
    np.testing.assert_array_equal(np.tanh(states[1:]), rates)
    assert states.dtype == np.float32


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"n_units": 0}, "n_units: expected an integer of at least 1, got 0"),
        ({"n_inputs": 2.0}, "n_inputs: expected an integer"),
        ({"dt_s": -0.01}, "dt_s: expected a number above 0"),
        ({"tau_s": float("nan")}, "tau_s: expected a number above 0"),
        ({"dt_s": 0.2}, "dt_s: expected at most tau_s = 0.1"),
        ({"gain": -1.0}, "gain: expected a number of at least 0"),
        ({"noise_std": -1.0}, "noise_std: expected a number of at least 0"),
        (
            {"activation": "tan"},
            "activation: expected one of linear, relu, sigmoid, softplus, tanh, got 'tan'",
        ),
        ({"initialisation": "zero"}, "initialisation: expected one of gaussian, orthogonal"),
        ({"tau_s": (0.1, 0.2, 0.3)}, "tau_s: expected one time constant, or 2, one a unit, got 3"),
        ({"tau_s": (0.1, 0.005)}, "dt_s: expected at most tau_s = 0.005"),
        ({"tau_s": 0.01, "learn_time_constants": True}, "dt_s: expected below tau_s = 0.01"),
        ({"learn_initial_state": 1}, "learn_initial_state: expected True or False"),
    ],
)
def test_impossible_settings_are_refused(change, message):
    settings = {"n_inputs": 1, "n_units": 2, "dt_s": 0.01, "tau_s": 0.1}
    with pytest.raises(InputError, match=message):
        Leaky(**{**settings, **change})
