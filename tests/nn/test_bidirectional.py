"""A bidirectional layer is two cells, one of which runs from the end."""

import numpy as np
import pytest

from motorsim.checks import InputError
from motorsim.nn import Bidirectional, Vanilla


def _problem():
    rng = np.random.default_rng(1)
    cell = Bidirectional(Vanilla(3, 4), Vanilla(3, 2))
    parameters = {name: rng.normal(size=shape) for name, shape in cell.parameter_shapes.items()}
    return cell, parameters, rng.normal(size=(5, 6)), rng.normal(size=(8, 5, 3))


def test_backward_cell_sees_time_reversed_and_its_rates_stand_at_their_own_time(run):
    cell, parameters, start, inputs = _problem()
    back = {name[9:]: array for name, array in parameters.items() if name.startswith("backward.")}
    expected = run(cell.backward, back, start[:, 4:], inputs[::-1])[0][::-1]
    np.testing.assert_array_equal(run(cell, parameters, start, inputs)[0][..., 4:], expected)


def test_reversing_time_swaps_the_directions(run):
    cell, parameters, start, inputs = _problem()
    swapped = Bidirectional(cell.backward, cell.forward)
    other = {
        name.replace("forward", "x").replace("backward", "forward").replace("x", "backward"): array
        for name, array in parameters.items()
    }
    rates = run(cell, parameters, start, inputs)[0]
    turned = run(swapped, other, np.roll(start, 2, axis=1), inputs[::-1])[0][::-1]
    np.testing.assert_array_equal(np.roll(turned, -2, axis=2), rates)


def test_every_time_knows_the_whole_sequence(run):
    cell, parameters, start, inputs = _problem()
    for changed in (0, 7):
        moved = inputs.copy()
        moved[changed] += 1.0
        difference = run(cell, parameters, start, moved)[0] - run(cell, parameters, start, inputs)[0]
        assert np.all(np.abs(difference).max(axis=(1, 2)) > 0.0)


def test_states_stand_in_the_order_of_time(run):
    cell, parameters, start, inputs = _problem()
    rates, _, states, _ = run(cell, parameters, start, inputs)
    np.testing.assert_array_equal(states[0, :, :4], start[:, :4])
    np.testing.assert_array_equal(states[-1, :, 4:], start[:, 4:])
    np.testing.assert_array_equal(states[1:, :, :4], rates[..., :4])
    np.testing.assert_array_equal(states[:-1, :, 4:], rates[..., 4:])


def test_cells_of_different_inputs_are_refused():
    with pytest.raises(InputError, match=r"backward: expected a cell of 3 inputs.*got 2"):
        Bidirectional(Vanilla(3, 4), Vanilla(2, 4))
