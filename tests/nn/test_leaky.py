"""The leaky cell is Euler's method for a leaky integrator with tanh feedback."""

import numpy as np
import pytest

from motorsim.checks import InputError
from motorsim.nn import Leaky, Vanilla, Workspace
from motorsim.nn.unroll import unroll


def _without_recurrence(cell, rng):
    parameters = {name: rng.normal(size=shape) for name, shape in cell.parameter_shapes.items()}
    return parameters | {"recurrent_weights": np.zeros((cell.n_units, cell.n_units))}


def test_without_recurrence_state_relaxes_as_powers_of_one_minus_the_leak():
    rng = np.random.default_rng(1)
    cell = Leaky(3, 5, 0.01, 0.04)
    parameters = _without_recurrence(cell, rng)
    start, constant_input = rng.normal(size=(2, 5)), rng.normal(size=(2, 3))
    inputs = np.repeat(constant_input[None], 30, axis=0)
    states = unroll(cell, parameters, start, inputs, Workspace().empty).states

    drive = constant_input @ parameters["input_weights"].T + parameters["bias"]
    remaining = (1 - 0.25) ** np.arange(31)[:, None, None]
    np.testing.assert_allclose(states, drive + remaining * (start - drive), atol=1e-12)


def test_shorter_steps_approach_the_exponential_at_first_order():
    rng = np.random.default_rng(2)
    start = rng.normal(size=(1, 4))
    errors = []
    for n_steps in (50, 100, 200):
        cell = Leaky(1, 4, 0.1 / n_steps, 0.05)
        parameters = {name: np.zeros(shape) for name, shape in cell.parameter_shapes.items()}
        states = unroll(cell, parameters, start, np.zeros((n_steps, 1, 1)), Workspace().empty).states
        errors.append(np.abs(states[-1] - start * np.exp(-2)).max())
    orders = np.log2(np.array(errors[:-1]) / errors[1:])
    np.testing.assert_allclose(orders, 1.0, atol=0.05)


def test_leak_of_one_is_the_vanilla_cell():
    rng = np.random.default_rng(3)
    leaky, vanilla = Leaky(3, 5, 0.02, 0.02), Vanilla(3, 5)
    parameters = {name: rng.normal(size=shape) for name, shape in leaky.parameter_shapes.items()}
    start, inputs = rng.normal(size=(2, 5)), rng.normal(size=(9, 2, 3))
    expected = unroll(vanilla, parameters, np.tanh(start), inputs, Workspace().empty).rates
    rates = unroll(leaky, parameters, start, inputs, Workspace().empty).rates
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


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"n_units": 0}, "n_units: expected an integer of at least 1, got 0"),
        ({"n_inputs": 2.0}, "n_inputs: expected an integer"),
        ({"dt_s": -0.01}, "dt_s: expected a number above 0"),
        ({"tau_s": float("nan")}, "tau_s: expected a number above 0"),
        ({"dt_s": 0.2}, "dt_s: expected at most tau_s = 0.1"),
        ({"gain": -1.0}, "gain: expected a number of at least 0"),
        ({"learn_initial_state": 1}, "learn_initial_state: expected True or False"),
    ],
)
def test_impossible_settings_are_refused(change, message):
    settings = {"n_inputs": 1, "n_units": 2, "dt_s": 0.01, "tau_s": 0.1}
    with pytest.raises(InputError, match=message):
        Leaky(**{**settings, **change})
