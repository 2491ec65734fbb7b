"""The vanilla cell is h' = f(W h + B u + b)."""

import numpy as np
import pytest

from motorsim.checks import InputError
from motorsim.nn import Vanilla


@pytest.mark.parametrize(
    ("activation", "function"),
    [
        ("tanh", np.tanh),
        ("sigmoid", lambda x: 1 / (1 + np.exp(-x))),
        ("relu", lambda x: np.maximum(x, 0)),
        ("softplus", lambda x: np.log(1 + np.exp(x))),
        ("linear", lambda x: x),
    ],
)
def test_one_step_by_hand(activation, function):
    cell = Vanilla(1, 2, activation=activation)
    parameters = {
        "recurrent_weights": np.array([[0.0, 2.0], [0.0, 0.0]]),
        "input_weights": np.array([[0.0], [3.0]]),
        "bias": np.array([0.1, -0.2]),
    }
    state, _ = cell.step(parameters, np.array([[0.3, -0.4]]), np.array([[0.5]]))
    np.testing.assert_allclose(state, function(np.array([[-0.7, 1.3]])), rtol=1e-14)
    np.testing.assert_array_equal(cell.rates(state), state)


def test_impossible_settings_are_refused():
    with pytest.raises(InputError, match="n_units"):
        Vanilla(1, -2)
