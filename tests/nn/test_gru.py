"""GRU: its equations, its pull-backs, and sequences equal to steps."""

import numpy as np
import pytest

from motorsim.checks import InputError
from motorsim.nn.gru import GRU
from motorsim.nn.unroll import Steps
from motorsim.nn.workspace import Workspace
from motorsim.types import SequenceCell

CELL = GRU(3, 5)


def _problem(rng, n_times=7, batch=2):
    """Return parameters, an initial state, inputs and gradients of rates and last state, time-major."""
    parameters = {name: 0.5 * rng.normal(size=shape) for name, shape in CELL.parameter_shapes.items()}
    return (
        parameters,
        rng.normal(size=(batch, 5)),
        rng.normal(size=(n_times, batch, 3)),
        rng.normal(size=(n_times, batch, 5)),
        rng.normal(size=(batch, 5)),
    )


def _sigmoid(x):
    return 1.0 / (1.0 + np.exp(-x))


def _objective(parameters, state, inputs, grad_rates, grad_last):
    rates, last, _ = CELL.sequence(parameters, state, inputs, Workspace().empty)
    return np.sum(grad_rates * rates) + np.sum(grad_last * last)


def _pull_back(parameters, state, inputs, grad_rates, grad_last):
    _, _, tape = CELL.sequence(parameters, state, inputs, Workspace().empty)
    return CELL.sequence_vjp(parameters, tape, grad_rates, Workspace().empty, grad_last=grad_last)


def test_is_a_sequence_cell():
    assert isinstance(CELL, SequenceCell)


def test_step_follows_the_published_equations():
    parameters, state, inputs, _, _ = _problem(np.random.default_rng(1))
    by_state_r, by_state_z, by_state_n = np.split(parameters["recurrent_weights"] @ state[0], 3)
    by_input_r, by_input_z, by_input_n = np.split(
        parameters["input_weights"] @ inputs[0, 0] + parameters["bias"], 3
    )
    r, z = _sigmoid(by_state_r + by_input_r), _sigmoid(by_state_z + by_input_z)
    n = np.tanh(by_input_n + r * (by_state_n + parameters["recurrent_bias"]))
    got, _ = CELL.step(parameters, state, inputs[0])
    np.testing.assert_allclose(got[0], (1.0 - z) * n + z * state[0], rtol=1e-13)
    np.testing.assert_array_equal(CELL.rates(got), got)


@pytest.mark.parametrize("n_times", [1, 2, 40])
def test_whole_sequence_equals_steps(n_times):
    parameters, state, inputs, grad_rates, grad_last = _problem(np.random.default_rng(2), n_times)
    steps, allocate = Steps(CELL), Workspace().empty
    rates, last, tape = CELL.sequence(parameters, state, inputs, allocate)
    expected_rates, expected_last, expected_tape = steps.sequence(parameters, state, inputs, allocate)
    np.testing.assert_allclose(rates, expected_rates, rtol=0, atol=1e-12)
    np.testing.assert_allclose(last, expected_last, rtol=0, atol=1e-12)
    np.testing.assert_allclose(CELL.states(tape), expected_tape.states, rtol=0, atol=1e-12)

    got = CELL.sequence_vjp(parameters, tape, grad_rates, allocate, grad_last=grad_last)
    expected = steps.sequence_vjp(parameters, expected_tape, grad_rates, allocate, grad_last=grad_last)
    np.testing.assert_allclose(got[0], expected[0], rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(got[1], expected[1], rtol=1e-12, atol=1e-12)
    assert set(got[2]) == set(expected[2]) == set(CELL.parameter_shapes) - {"initial_state"}
    for name, gradient in got[2].items():
        np.testing.assert_allclose(gradient, expected[2][name], rtol=1e-12, atol=1e-12)


def test_gradients_equal_central_differences(gradient_error):
    parameters, state, inputs, *grads = _problem(np.random.default_rng(3))
    grad_state, grad_inputs, gradients = _pull_back(parameters, state, inputs, *grads)
    assert (
        gradient_error(grad_state, lambda moved: _objective(parameters, moved, inputs, *grads), state) < 1e-6
    )
    assert (
        gradient_error(grad_inputs, lambda moved: _objective(parameters, state, moved, *grads), inputs) < 1e-6
    )
    for name, gradient in gradients.items():

        def of_parameter(moved, name=name):
            return _objective(parameters | {name: moved}, state, inputs, *grads)

        assert gradient_error(gradient, of_parameter, parameters[name]) < 1e-6


def test_gradients_equal_complex_steps():
    rng = np.random.default_rng(4)
    parameters, state, inputs, *grads = _problem(rng)
    _, _, gradients = _pull_back(parameters, state, inputs, *grads)
    for name, gradient in gradients.items():
        direction = rng.normal(size=gradient.shape)
        turned = {key: value.astype(complex) for key, value in parameters.items()}
        turned[name] = turned[name] + 1e-30j * direction
        value = _objective(turned, state.astype(complex), inputs.astype(complex), *grads)
        assert value.imag / 1e-30 == pytest.approx(np.sum(gradient * direction), rel=1e-12)


def test_jacobian_equals_complex_steps_and_the_pull_back():
    parameters, state, inputs, _, grad = _problem(np.random.default_rng(5))
    jacobian = CELL.jacobian(parameters, state, inputs[0])
    assert jacobian.shape == (2, 5, 5)
    for index in range(5):
        turned = state.astype(complex)
        turned[:, index] += 1e-30j
        following, _ = CELL.step(parameters, turned, inputs[0])
        np.testing.assert_allclose(jacobian[:, :, index], following.imag / 1e-30, rtol=1e-12, atol=1e-14)
    _, cache = CELL.step(parameters, state, inputs[0])
    pulled, _, _ = CELL.step_vjp(parameters, cache, grad)
    np.testing.assert_allclose(pulled, np.einsum("bi,bij->bj", grad, jacobian), rtol=1e-12, atol=1e-14)


def test_open_update_gate_keeps_the_state():
    parameters, state, inputs, _, _ = _problem(np.random.default_rng(6), n_times=30)
    parameters["recurrent_weights"][5:10] = parameters["input_weights"][5:10] = 0.0
    parameters["bias"][5:10] = 60.0
    _, last, _ = CELL.sequence(parameters, state, inputs, Workspace().empty)
    np.testing.assert_allclose(last, state, rtol=1e-13)


def test_shut_reset_gate_makes_the_new_value_forget_the_state():
    parameters, state, inputs, _, _ = _problem(np.random.default_rng(7), n_times=1)
    parameters["recurrent_weights"][:10] = parameters["input_weights"][:10] = 0.0
    parameters["bias"][:10] = -800.0
    rates, _, _ = CELL.sequence(parameters, state, inputs, Workspace().empty)
    new = np.tanh(inputs[0] @ parameters["input_weights"][10:].T + parameters["bias"][10:])
    np.testing.assert_allclose(rates[0], new, rtol=1e-13)


def test_far_drives_saturate_without_warning():
    parameters, state, inputs, *grads = _problem(np.random.default_rng(8))
    parameters["bias"] *= 1e4
    _, _, gradients = _pull_back(parameters, state, inputs, *grads)
    assert all(np.isfinite(gradient).all() for gradient in gradients.values())


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.complex128])
def test_keeps_the_type_of_the_numbers(dtype):
    parameters, *arrays = _problem(np.random.default_rng(9))
    parameters = {name: array.astype(dtype) for name, array in parameters.items()}
    state, inputs, grad_rates, grad_last = (array.astype(dtype) for array in arrays)
    rates, last, tape = CELL.sequence(parameters, state, inputs, Workspace().empty)
    pulled = CELL.sequence_vjp(parameters, tape, grad_rates, Workspace().empty, grad_last=grad_last)
    stepped, cache = CELL.step(parameters, state, inputs[0])
    back = CELL.step_vjp(parameters, cache, grad_last)
    made = [rates, last, *pulled[:2], *pulled[2].values(), stepped, *back[:2], *back[2].values()]
    made += [CELL.jacobian(parameters, state, inputs[0]), CELL.initial_state(parameters, 2)]
    assert {array.dtype for array in made} == {np.dtype(dtype)}


def test_a_sequence_holds_five_arrays_and_a_copy_of_the_inputs():
    cell, n_times, batch = GRU(3, 50), 40, 4
    rng, asked = np.random.default_rng(10), []

    def allocate(name, shape, dtype):
        asked.append(np.prod(shape))
        return np.empty(shape, dtype)

    parameters = cell.initial_parameters(rng=1)
    inputs = rng.normal(size=(n_times, batch, 3))
    rates, _, tape = cell.sequence(parameters, cell.initial_state(parameters, batch), inputs, allocate)
    cell.sequence_vjp(parameters, tape, np.ones(rates.shape), allocate, want_inputs=False)
    held = sum(asked) - (n_times + 1) * batch * (3 + 1)
    assert held == (5 * n_times + 1) * batch * 50


def test_without_wanted_inputs_their_gradient_is_left_out_and_the_rest_is_the_same():
    parameters, state, inputs, grad_rates, grad_last = _problem(np.random.default_rng(11))
    expected = _pull_back(parameters, state, inputs, grad_rates, grad_last)
    _, _, tape = CELL.sequence(parameters, state, inputs, Workspace().empty)
    got = CELL.sequence_vjp(
        parameters, tape, grad_rates, Workspace().empty, grad_last=grad_last, want_inputs=False
    )
    assert got[1] is None
    np.testing.assert_array_equal(got[0], expected[0])
    np.testing.assert_array_equal(got[2]["recurrent_weights"], expected[2]["recurrent_weights"])


def test_neither_way_changes_what_came_in():
    parameters, *arrays = _problem(np.random.default_rng(12))
    for array in (*parameters.values(), *arrays):
        array.setflags(write=False)
    _pull_back(parameters, *arrays)


def test_a_tape_is_pulled_back_once():
    parameters, state, inputs, grad_rates, _ = _problem(np.random.default_rng(13))
    _, _, tape = CELL.sequence(parameters, state, inputs, Workspace().empty)
    states = CELL.states(tape).copy()
    CELL.sequence_vjp(parameters, tape, grad_rates, Workspace().empty)
    np.testing.assert_array_equal(CELL.states(tape), states)
    with pytest.raises(InputError, match="tape: expected one not yet pulled back"):
        CELL.sequence_vjp(parameters, tape, grad_rates, Workspace().empty)


def test_initial_parameters_are_as_documented():
    parameters = GRU(40, 200, gain=1.5).initial_parameters(rng=1)
    assert parameters["recurrent_weights"].std() == pytest.approx(1.5 / np.sqrt(200), rel=0.02)
    assert parameters["input_weights"].std() == pytest.approx(1.0 / np.sqrt(40), rel=0.02)
    assert not any(parameters[name].any() for name in ("bias", "recurrent_bias", "initial_state"))


def test_orthogonal_initialisation_makes_each_block_a_rotation():
    weights = GRU(2, 8, gain=1.5, initialisation="orthogonal").initial_parameters(rng=1)["recurrent_weights"]
    blocks = np.split(weights, 3)
    for block in blocks:
        np.testing.assert_allclose(block @ block.T, 1.5**2 * np.eye(8), atol=1e-12)
    assert not np.allclose(blocks[0], blocks[1])


def test_learned_initial_state_is_repeated_and_its_gradient_summed():
    rng = np.random.default_rng(14)
    learned, grad = rng.normal(size=5), rng.normal(size=(3, 5))
    parameters = CELL.initial_parameters(rng=1) | {"initial_state": learned}
    np.testing.assert_array_equal(CELL.initial_state(parameters, 3), [learned] * 3)
    np.testing.assert_allclose(CELL.initial_state_vjp(parameters, grad)["initial_state"], grad.sum(axis=0))
    fixed = GRU(3, 5, learn_initial_state=False)
    parameters = fixed.initial_parameters(rng=1)
    assert "initial_state" not in parameters
    np.testing.assert_array_equal(fixed.initial_state(parameters, 3), np.zeros((3, 5)))
    assert fixed.initial_state_vjp(parameters, grad) == {}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("n_inputs", 0),
        ("n_units", 2.0),
        ("gain", -1.0),
        ("learn_initial_state", "yes"),
        ("initialisation", "uniform"),
    ],
)
def test_bad_settings_are_named(name, value):
    with pytest.raises(InputError) as raised:
        GRU(**{"n_inputs": 3, "n_units": 5, name: value})
    assert raised.value.name == name
