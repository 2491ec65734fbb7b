"""The vanilla cell is h' = tanh(W h + B u + b)."""

import numpy as np
import pytest

from motorsim.checks import InputError
from motorsim.nn import Vanilla


def test_one_step_by_hand():
    cell = Vanilla(1, 2)
    parameters = {
        "recurrent_weights": np.array([[0.0, 2.0], [0.0, 0.0]]),
        "input_weights": np.array([[0.0], [3.0]]),
        "bias": np.array([0.1, -0.2]),
    }
    state, _ = cell.step(parameters, np.array([[0.3, 0.4]]), np.array([[0.5]]))
    np.testing.assert_allclose(state, np.tanh([[0.9, 1.3]]), rtol=1e-15)
    np.testing.assert_array_equal(cell.rates(state), state)


def test_impossible_settings_are_refused():
    with pytest.raises(InputError, match="n_units"):
        Vanilla(1, -2)
