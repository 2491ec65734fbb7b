"""Unrolling: whole sequences equal steps, and gradients reach inputs, initial and last states."""

import numpy as np
import pytest

from motorsim.nn import GRU, LSTM, Bidirectional, Leaky, Stacked, Vanilla, Workspace
from motorsim.nn.unroll import Steps, as_recurrent
from motorsim.types import Cell, Recurrent, SequenceCell

CELLS = {
    "leaky": Leaky(3, 6, 0.01, 0.025, gain=1.4),
    "leaky, own time constants": Leaky(3, 6, 0.01, (0.02, 0.03, 0.05, 0.02, 0.1, 0.2), activation="softplus"),
    "leaky, learned time constants": Leaky(
        3, 6, 0.01, 0.025, learn_time_constants=True, activation="sigmoid"
    ),
    "vanilla": Vanilla(3, 6, gain=1.4),
    "vanilla, linear": Vanilla(3, 6, activation="linear", initialisation="orthogonal"),
    "lstm": LSTM(3, 6),
    "lstm with peepholes": LSTM(3, 6, peepholes=True),
    "gru": GRU(3, 6),
    "stacked": Stacked((Leaky(3, 4, 0.01, 0.025), LSTM(4, 3), Vanilla(3, 6))),
}
BOTH_WAYS = {
    "bidirectional": Bidirectional(Vanilla(3, 4), Leaky(3, 2, 0.01, 0.03)),
    "stacked bidirectional": Stacked((Bidirectional(GRU(3, 2), LSTM(3, 3)), Vanilla(5, 6))),
}
RECURRENT = CELLS | BOTH_WAYS


def _problem(cell, rng, n_times=7):
    """Return parameters, an initial state, inputs, and gradients of the rates and of the last state."""
    parameters = {name: rng.normal(size=shape) * 0.5 for name, shape in cell.parameter_shapes.items()}
    n_states = cell.initial_state(parameters, 1).shape[1]
    shapes = ((2, n_states), (n_times, 2, 3), (n_times, 2, 6), (2, n_states))
    return parameters, *(rng.normal(size=shape) for shape in shapes)


def test_cells_meet_their_protocols():
    assert all(isinstance(cell, SequenceCell) for cell in CELLS.values())
    assert all(isinstance(cell, Recurrent) for cell in BOTH_WAYS.values())
    assert not isinstance(BOTH_WAYS["bidirectional"], Cell)


@pytest.mark.parametrize("n_times", [1, 2, 50])
@pytest.mark.parametrize("cell", CELLS.values(), ids=CELLS)
def test_whole_sequence_equals_steps(cell, n_times, run):
    parameters, state, inputs, grad_rates, grad_last = _problem(cell, np.random.default_rng(1), n_times)
    rates, last, states, tape = run(cell, parameters, state, inputs)
    expected_rates, expected_last, expected_states, expected_tape = run(
        Steps(cell), parameters, state, inputs
    )
    np.testing.assert_allclose(rates, expected_rates, atol=1e-12)
    np.testing.assert_allclose(last, expected_last, atol=1e-12)
    np.testing.assert_allclose(states, expected_states, atol=1e-12)

    arguments = {"grad_last": grad_last}
    expected = Steps(cell).sequence_vjp(
        parameters, expected_tape, grad_rates.copy(), Workspace().empty, **arguments
    )
    got = cell.sequence_vjp(parameters, tape, grad_rates, Workspace().empty, **arguments)
    np.testing.assert_allclose(got[0], expected[0], atol=1e-12)
    np.testing.assert_allclose(got[1], expected[1], atol=1e-12)
    assert set(got[2]) == set(expected[2])
    for name, gradient in got[2].items():
        np.testing.assert_allclose(gradient, expected[2][name], rtol=1e-11, atol=1e-11, err_msg=name)


@pytest.mark.parametrize("cell", RECURRENT.values(), ids=RECURRENT)
@pytest.mark.parametrize("last_counts", [False, True])
def test_gradients_of_inputs_and_initial_state_equal_central_differences(
    cell, last_counts, gradient_error, run
):
    parameters, state, inputs, grad_rates, grad_last = _problem(cell, np.random.default_rng(2))

    def objective(state, inputs):
        rates, last, _, _ = run(cell, parameters, state, inputs)
        return np.sum(grad_rates * rates) + last_counts * np.sum(grad_last * last)

    tape = run(cell, parameters, state, inputs)[3]
    grad_state, grad_inputs, _ = cell.sequence_vjp(
        parameters,
        tape,
        grad_rates.copy(),
        Workspace().empty,
        grad_last=grad_last.copy() if last_counts else None,
    )
    assert gradient_error(grad_state, lambda moved: objective(moved, inputs), state) < 1e-6
    assert gradient_error(grad_inputs, lambda moved: objective(state, moved), inputs) < 1e-6


@pytest.mark.parametrize("cell", RECURRENT.values(), ids=RECURRENT)
def test_leaving_out_the_gradient_of_the_inputs_changes_no_other(cell, run):
    parameters, state, inputs, grad_rates, _ = _problem(cell, np.random.default_rng(3))
    results = []
    for want_inputs in (True, False):
        tape = run(cell, parameters, state, inputs)[3]
        results.append(
            cell.sequence_vjp(parameters, tape, grad_rates.copy(), Workspace().empty, want_inputs=want_inputs)
        )
    assert results[1][1] is None
    np.testing.assert_array_equal(results[0][0], results[1][0])
    for name, gradient in results[0][2].items():
        np.testing.assert_array_equal(gradient, results[1][2][name])


@pytest.mark.parametrize("cell", CELLS.values(), ids=CELLS)
def test_jacobian_equals_central_differences_for_each_sequence(cell, gradient_error):
    parameters, state, inputs, *_ = _problem(cell, np.random.default_rng(4))
    jacobian = cell.jacobian(parameters, state, inputs[0])
    assert jacobian.shape == (2, state.shape[1], state.shape[1])
    for row, unit in np.ndindex(state.shape):

        def next_state(start, row=row, unit=unit):
            return cell.step(parameters, start[None], inputs[0][row : row + 1])[0][0, unit]

        assert gradient_error(jacobian[row, unit], next_state, state[row]) < 1e-6


@pytest.mark.parametrize("cell", CELLS.values(), ids=CELLS)
def test_jacobian_and_step_vjp_are_transposes(cell):
    parameters, state, inputs, _, grad_last = _problem(cell, np.random.default_rng(5))
    _, cache = cell.step(parameters, state, inputs[0])
    grad_state, _, _ = cell.step_vjp(parameters, cache, grad_last)
    jacobian = cell.jacobian(parameters, state, inputs[0])
    np.testing.assert_allclose(grad_state, np.einsum("bi,bij->bj", grad_last, jacobian), atol=1e-13)


@pytest.mark.parametrize("cell", CELLS.values(), ids=CELLS)
def test_rates_of_the_states_are_the_rates_of_the_sequence(cell, run):
    parameters, state, inputs, *_ = _problem(cell, np.random.default_rng(6))
    rates, last, states, _ = run(cell, parameters, state, inputs)
    np.testing.assert_array_equal(states[0], state)
    np.testing.assert_array_equal(states[-1], last)
    np.testing.assert_allclose(np.stack([cell.rates(now) for now in states[1:]]), rates, atol=1e-15)


@pytest.mark.parametrize(("cell", "n_arrays"), [(CELLS["leaky"], 1), (CELLS["vanilla"], 1)])
def test_number_of_arrays_over_time_that_a_sequence_holds(cell, n_arrays, run):
    parameters, state, inputs, grad_rates, _ = _problem(cell, np.random.default_rng(7), n_times=20)
    sizes = []

    def record(name, shape, dtype):
        sizes.append(np.prod(shape))
        return np.empty(shape, dtype)

    _, _, tape = as_recurrent(cell).sequence(parameters, state, inputs, record)
    cell.sequence_vjp(parameters, tape, grad_rates, record, want_inputs=False)
    assert round(sum(sizes) / grad_rates.size) == n_arrays
