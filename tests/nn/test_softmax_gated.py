"""The gated readout lets the rates through in shares that sum to 1."""

import numpy as np
import pytest

from motorsim.checks import InputError
from motorsim.nn import SoftmaxGated, Workspace
from motorsim.nn.softmax import softmax


def test_outputs_are_rates_times_gates():
    rng = np.random.default_rng(1)
    parameters = {"weights": rng.normal(size=(4, 4)), "bias": rng.normal(size=4)}
    rates = rng.normal(size=(5, 2, 4))
    outputs, _ = SoftmaxGated(4).read(parameters, rates, Workspace().empty)
    gates = softmax(rates @ parameters["weights"].T + parameters["bias"])
    np.testing.assert_allclose(outputs, gates * rates, atol=1e-15)


def test_magnitudes_of_the_outputs_of_tanh_units_sum_to_less_than_one():
    rng = np.random.default_rng(2)
    readout = SoftmaxGated(10)
    parameters = {name: 10 * rng.normal(size=shape) for name, shape in readout.parameter_shapes.items()}
    rates = np.tanh(3 * rng.normal(size=(200, 10)))
    outputs, _ = readout.read(parameters, rates, Workspace().empty)
    assert np.abs(outputs).sum(axis=-1).max() < 1.0


def test_a_size_that_is_not_positive_is_refused():
    with pytest.raises(InputError, match="n_units"):
        SoftmaxGated(0)
