"""LSTM: its equations, its pull-backs, and sequences equal to steps."""

import numpy as np
import pytest

from motorsim.checks import InputError
from motorsim.nn.lstm import LSTM
from motorsim.nn.unroll import Steps
from motorsim.nn.workspace import Workspace
from motorsim.types import SequenceCell

CELLS = {"plain": LSTM(3, 5), "peepholes": LSTM(3, 5, peepholes=True)}
each_cell = pytest.mark.parametrize("cell", CELLS.values(), ids=CELLS)


def _problem(cell, rng, n_times=7, batch=2):
    """Return parameters, an initial state, inputs and gradients of rates and last state, time-major."""
    parameters = {name: 0.5 * rng.normal(size=shape) for name, shape in cell.parameter_shapes.items()}
    return (
        parameters,
        rng.normal(size=(batch, 10)),
        rng.normal(size=(n_times, batch, 3)),
        rng.normal(size=(n_times, batch, 5)),
        rng.normal(size=(batch, 10)),
    )


def _sigmoid(x):
    return 1.0 / (1.0 + np.exp(-x))


def _objective(cell, parameters, state, inputs, grads):
    grad_rates, grad_last = grads
    rates, last, _ = cell.sequence(parameters, state, inputs, Workspace().empty)
    return np.sum(grad_rates * rates) + np.sum(grad_last * last)


def _pull_back(cell, parameters, state, inputs, grads):
    grad_rates, grad_last = grads
    _, _, tape = cell.sequence(parameters, state, inputs, Workspace().empty)
    return cell.sequence_vjp(parameters, tape, grad_rates, Workspace().empty, grad_last=grad_last)


@each_cell
def test_is_a_sequence_cell(cell):
    assert isinstance(cell, SequenceCell)


@each_cell
def test_step_follows_the_published_equations(cell):
    parameters, state, inputs, _, _ = _problem(cell, np.random.default_rng(1))
    drive = parameters["recurrent_weights"] @ state[0, :5] + parameters["input_weights"] @ inputs[0, 0]
    i, f, g, o = np.split(drive + parameters["bias"], 4)
    memory = state[0, 5:]
    peep_i, peep_f, peep_o = parameters.get("peephole_weights", np.zeros((3, 5)))
    following = _sigmoid(f + peep_f * memory) * memory + _sigmoid(i + peep_i * memory) * np.tanh(g)
    rates = _sigmoid(o + peep_o * following) * np.tanh(following)
    got, _ = cell.step(parameters, state, inputs[0])
    np.testing.assert_allclose(got[0], np.concatenate([rates, following]), rtol=1e-13)
    np.testing.assert_array_equal(cell.rates(got), got[:, :5])


@pytest.mark.parametrize("n_times", [1, 2, 40])
@each_cell
def test_whole_sequence_equals_steps(cell, n_times):
    parameters, state, inputs, grad_rates, grad_last = _problem(cell, np.random.default_rng(2), n_times)
    steps, allocate = Steps(cell), Workspace().empty
    rates, last, tape = cell.sequence(parameters, state, inputs, allocate)
    expected_rates, expected_last, expected_tape = steps.sequence(parameters, state, inputs, allocate)
    np.testing.assert_allclose(rates, expected_rates, rtol=0, atol=1e-12)
    np.testing.assert_allclose(last, expected_last, rtol=0, atol=1e-12)
    np.testing.assert_allclose(cell.states(tape), expected_tape.states, rtol=0, atol=1e-12)

    got = cell.sequence_vjp(parameters, tape, grad_rates, allocate, grad_last=grad_last)
    expected = steps.sequence_vjp(parameters, expected_tape, grad_rates, allocate, grad_last=grad_last)
    np.testing.assert_allclose(got[0], expected[0], rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(got[1], expected[1], rtol=1e-12, atol=1e-12)
    assert set(got[2]) == set(expected[2]) == set(cell.parameter_shapes) - {"initial_state"}
    for name, gradient in got[2].items():
        np.testing.assert_allclose(gradient, expected[2][name], rtol=1e-12, atol=1e-12)


@each_cell
def test_gradients_equal_central_differences(cell, gradient_error):
    parameters, state, inputs, *grads = _problem(cell, np.random.default_rng(3))
    grad_state, grad_inputs, gradients = _pull_back(cell, parameters, state, inputs, grads)
    error = gradient_error(
        grad_state, lambda moved: _objective(cell, parameters, moved, inputs, grads), state
    )
    assert error < 1e-6
    error = gradient_error(
        grad_inputs, lambda moved: _objective(cell, parameters, state, moved, grads), inputs
    )
    assert error < 1e-6
    for name, gradient in gradients.items():

        def of_parameter(moved, name=name):
            return _objective(cell, parameters | {name: moved}, state, inputs, grads)

        assert gradient_error(gradient, of_parameter, parameters[name]) < 1e-6


@each_cell
def test_gradients_equal_complex_steps(cell):
    rng = np.random.default_rng(4)
    parameters, state, inputs, *grads = _problem(cell, rng)
    _, _, gradients = _pull_back(cell, parameters, state, inputs, grads)
    for name, gradient in gradients.items():
        direction = rng.normal(size=gradient.shape)
        turned = {key: value.astype(complex) for key, value in parameters.items()}
        turned[name] = turned[name] + 1e-30j * direction
        value = _objective(cell, turned, state.astype(complex), inputs.astype(complex), grads)
        assert value.imag / 1e-30 == pytest.approx(np.sum(gradient * direction), rel=1e-12)


@each_cell
def test_jacobian_equals_complex_steps_and_the_pull_back(cell):
    parameters, state, inputs, _, grad = _problem(cell, np.random.default_rng(5))
    jacobian = cell.jacobian(parameters, state, inputs[0])
    assert jacobian.shape == (2, 10, 10)
    for index in range(10):
        turned = state.astype(complex)
        turned[:, index] += 1e-30j
        following, _ = cell.step(parameters, turned, inputs[0])
        np.testing.assert_allclose(jacobian[:, :, index], following.imag / 1e-30, rtol=1e-12, atol=1e-14)
    _, cache = cell.step(parameters, state, inputs[0])
    pulled, _, _ = cell.step_vjp(parameters, cache, grad)
    np.testing.assert_allclose(pulled, np.einsum("bi,bij->bj", grad, jacobian), rtol=1e-12, atol=1e-14)


def test_gradient_of_the_rates_reaches_h_and_not_the_memory():
    cell, rng = CELLS["plain"], np.random.default_rng(6)
    grad = rng.normal(size=(2, 5))
    pulled = cell.rates_vjp(rng.normal(size=(2, 10)), grad)
    np.testing.assert_array_equal(pulled, np.concatenate([grad, np.zeros((2, 5))], axis=1))


def test_open_forget_gate_and_shut_input_gate_keep_the_memory():
    cell = LSTM(3, 5)
    parameters, state, inputs, _, _ = _problem(cell, np.random.default_rng(7), n_times=30)
    parameters["recurrent_weights"][:10] = parameters["input_weights"][:10] = 0.0
    parameters["bias"][:5], parameters["bias"][5:10] = -60.0, 60.0
    _, last, _ = cell.sequence(parameters, state, inputs, Workspace().empty)
    np.testing.assert_allclose(last[:, 5:], state[:, 5:], rtol=1e-14)


def test_far_drives_saturate_without_warning():
    cell = CELLS["plain"]
    parameters, state, inputs, *grads = _problem(cell, np.random.default_rng(8))
    parameters["bias"] *= 1e4
    assert all(
        np.isfinite(gradient).all()
        for gradient in _pull_back(cell, parameters, state, inputs, grads)[2].values()
    )


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.complex128])
@each_cell
def test_keeps_the_type_of_the_numbers(cell, dtype):
    parameters, *arrays = _problem(cell, np.random.default_rng(9))
    parameters = {name: array.astype(dtype) for name, array in parameters.items()}
    state, inputs, grad_rates, grad_last = (array.astype(dtype) for array in arrays)
    rates, last, tape = cell.sequence(parameters, state, inputs, Workspace().empty)
    pulled = cell.sequence_vjp(parameters, tape, grad_rates, Workspace().empty, grad_last=grad_last)
    stepped, cache = cell.step(parameters, state, inputs[0])
    back = cell.step_vjp(parameters, cache, grad_last)
    made = [rates, last, *pulled[:2], *pulled[2].values(), stepped, *back[:2], *back[2].values()]
    made += [cell.jacobian(parameters, state, inputs[0]), cell.initial_state(parameters, 2)]
    assert {array.dtype for array in made} == {np.dtype(dtype)}


def test_a_sequence_holds_six_arrays_and_a_copy_of_the_inputs():
    cell, n_times, batch = LSTM(3, 50), 40, 4
    rng, asked = np.random.default_rng(10), []

    def allocate(name, shape, dtype):
        asked.append(np.prod(shape))
        return np.empty(shape, dtype)

    parameters = cell.initial_parameters(rng=1)
    inputs = rng.normal(size=(n_times, batch, 3))
    rates, _, tape = cell.sequence(parameters, cell.initial_state(parameters, batch), inputs, allocate)
    cell.sequence_vjp(parameters, tape, np.ones(rates.shape), allocate, want_inputs=False)
    held = sum(asked) - (n_times + 1) * batch * (3 + 1)
    assert held == (6 * n_times + 2) * batch * 50


def test_without_wanted_inputs_their_gradient_is_left_out_and_the_rest_is_the_same():
    cell = CELLS["plain"]
    parameters, state, inputs, grad_rates, grad_last = _problem(cell, np.random.default_rng(11))
    expected = _pull_back(cell, parameters, state, inputs, (grad_rates, grad_last))
    _, _, tape = cell.sequence(parameters, state, inputs, Workspace().empty)
    got = cell.sequence_vjp(
        parameters, tape, grad_rates, Workspace().empty, grad_last=grad_last, want_inputs=False
    )
    assert got[1] is None
    np.testing.assert_array_equal(got[0], expected[0])
    np.testing.assert_array_equal(got[2]["recurrent_weights"], expected[2]["recurrent_weights"])


def test_neither_way_changes_what_came_in():
    cell = CELLS["peepholes"]
    parameters, *arrays = _problem(cell, np.random.default_rng(12))
    for array in (*parameters.values(), *arrays):
        array.setflags(write=False)
    _pull_back(cell, parameters, *arrays[:2], arrays[2:])


def test_a_tape_is_pulled_back_once():
    cell = CELLS["plain"]
    parameters, state, inputs, grad_rates, _ = _problem(cell, np.random.default_rng(13))
    _, _, tape = cell.sequence(parameters, state, inputs, Workspace().empty)
    states = cell.states(tape)
    cell.sequence_vjp(parameters, tape, grad_rates, Workspace().empty)
    np.testing.assert_array_equal(cell.states(tape), states)
    with pytest.raises(InputError, match="tape: expected one not yet pulled back"):
        cell.sequence_vjp(parameters, tape, grad_rates, Workspace().empty)


def test_initial_parameters_are_as_documented():
    parameters = LSTM(40, 200, gain=1.5, forget_bias=2.0, peepholes=True).initial_parameters(rng=1)
    assert parameters["recurrent_weights"].std() == pytest.approx(1.5 / np.sqrt(200), rel=0.02)
    assert parameters["input_weights"].std() == pytest.approx(1.0 / np.sqrt(40), rel=0.02)
    np.testing.assert_array_equal(parameters["bias"], np.repeat([0.0, 2.0, 0.0, 0.0], 200))
    assert not parameters["peephole_weights"].any()
    assert not parameters["initial_state"].any()


def test_orthogonal_initialisation_makes_each_gate_a_rotation():
    weights = LSTM(2, 8, gain=1.5, initialisation="orthogonal").initial_parameters(rng=1)["recurrent_weights"]
    blocks = np.split(weights, 4)
    for block in blocks:
        np.testing.assert_allclose(block @ block.T, 1.5**2 * np.eye(8), atol=1e-12)
    assert not np.allclose(blocks[0], blocks[1])


def test_learned_initial_state_is_repeated_and_its_gradient_summed():
    cell, rng = CELLS["plain"], np.random.default_rng(14)
    learned, grad = rng.normal(size=10), rng.normal(size=(3, 10))
    parameters = cell.initial_parameters(rng=1) | {"initial_state": learned}
    np.testing.assert_array_equal(cell.initial_state(parameters, 3), [learned] * 3)
    np.testing.assert_allclose(cell.initial_state_vjp(parameters, grad)["initial_state"], grad.sum(axis=0))
    fixed = LSTM(3, 5, learn_initial_state=False)
    parameters = fixed.initial_parameters(rng=1)
    assert "initial_state" not in parameters
    np.testing.assert_array_equal(fixed.initial_state(parameters, 3), np.zeros((3, 10)))
    assert fixed.initial_state_vjp(parameters, grad) == {}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("n_inputs", 0),
        ("n_units", 2.0),
        ("gain", -1.0),
        ("forget_bias", np.nan),
        ("peepholes", 1),
        ("learn_initial_state", "yes"),
        ("initialisation", "uniform"),
    ],
)
def test_bad_settings_are_named(name, value):
    with pytest.raises(InputError) as raised:
        LSTM(**{"n_inputs": 3, "n_units": 5, name: value})
    assert raised.value.name == name
