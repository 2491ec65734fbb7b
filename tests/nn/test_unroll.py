"""Unrolling: whole sequences equal steps, and gradients reach inputs and initial states."""

import numpy as np
import pytest

from motorsim.nn import Leaky, Vanilla, Workspace
from motorsim.nn.unroll import unroll, unroll_steps, unroll_steps_vjp, unroll_vjp
from motorsim.types import Cell, SequenceCell

CELLS = {"leaky": Leaky(3, 6, 0.01, 0.025, gain=1.4), "vanilla": Vanilla(3, 6, gain=1.4)}


def _problem(cell, rng, n_times=7):
    """Return parameters, an initial state, inputs and a gradient of the rates, time-major."""
    parameters = {name: rng.normal(size=shape) * 0.5 for name, shape in cell.parameter_shapes.items()}
    return (
        parameters,
        rng.normal(size=(2, 6)),
        rng.normal(size=(n_times, 2, 3)),
        rng.normal(size=(n_times, 2, 6)),
    )


def test_cells_meet_their_protocols():
    assert all(isinstance(cell, Cell) for cell in CELLS.values())
    assert isinstance(CELLS["leaky"], SequenceCell)


@pytest.mark.parametrize("n_times", [1, 2, 50])
@pytest.mark.parametrize("cell", CELLS.values(), ids=CELLS)
def test_whole_sequence_equals_steps(cell, n_times):
    parameters, state, inputs, grad_rates = _problem(cell, np.random.default_rng(1), n_times)
    stepped = unroll_steps(cell, parameters, state, inputs)
    whole = unroll(cell, parameters, state, inputs, Workspace().empty)
    np.testing.assert_allclose(whole.states, stepped.states, atol=1e-12)
    np.testing.assert_allclose(whole.rates, stepped.rates, atol=1e-12)

    expected = unroll_steps_vjp(cell, parameters, stepped, grad_rates)
    got = unroll_vjp(cell, parameters, whole, grad_rates, Workspace().empty)
    np.testing.assert_allclose(got[0], expected[0], atol=1e-12)
    np.testing.assert_allclose(got[1], expected[1], atol=1e-12)
    assert set(got[2]) == set(expected[2])
    for name, gradient in got[2].items():
        np.testing.assert_allclose(gradient, expected[2][name], rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("cell", CELLS.values(), ids=CELLS)
def test_gradients_of_inputs_and_initial_state_equal_central_differences(cell, gradient_error):
    parameters, state, inputs, grad_rates = _problem(cell, np.random.default_rng(2))

    def objective(state, inputs):
        return np.sum(grad_rates * unroll(cell, parameters, state, inputs, Workspace().empty).rates)

    unrolled = unroll(cell, parameters, state, inputs, Workspace().empty)
    grad_state, grad_inputs, _ = unroll_vjp(cell, parameters, unrolled, grad_rates, Workspace().empty)
    assert gradient_error(grad_state, lambda moved: objective(moved, inputs), state) < 1e-6
    assert gradient_error(grad_inputs, lambda moved: objective(state, moved), inputs) < 1e-6


@pytest.mark.parametrize("cell", CELLS.values(), ids=CELLS)
def test_jacobian_equals_central_differences_for_each_sequence(cell, gradient_error):
    parameters, state, inputs, _ = _problem(cell, np.random.default_rng(3))
    jacobian = cell.jacobian(parameters, state, inputs[0])
    assert jacobian.shape == (2, 6, 6)
    for row, unit in np.ndindex(2, 6):

        def next_state(start, row=row, unit=unit):
            return cell.step(parameters, start[None], inputs[0][row : row + 1])[0][0, unit]

        assert gradient_error(jacobian[row, unit], next_state, state[row]) < 1e-6


@pytest.mark.parametrize("cell", CELLS.values(), ids=CELLS)
def test_jacobian_and_step_vjp_are_transposes(cell):
    parameters, state, inputs, grad_rates = _problem(cell, np.random.default_rng(4))
    _, cache = cell.step(parameters, state, inputs[0])
    grad_state, _, _ = cell.step_vjp(parameters, cache, grad_rates[0])
    jacobian = cell.jacobian(parameters, state, inputs[0])
    np.testing.assert_allclose(grad_state, np.einsum("bi,bij->bj", grad_rates[0], jacobian), atol=1e-13)
