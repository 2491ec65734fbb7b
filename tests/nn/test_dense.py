"""A dense layer is y = f(W x + b), scaled so that what passes through keeps its variance."""

import numpy as np
import pytest

from motorsim.checks import InputError
from motorsim.nn.dense import Dense


def test_outputs_are_the_activation_of_weighted_sums_plus_bias():
    parameters = {
        "weights": np.array([[1.0, -2.0], [0.5, 0.0], [0.0, 1.0]]),
        "bias": np.array([0.0, 1.0, -4.0]),
    }
    outputs, _ = Dense(2, 3, "relu").forward(parameters, np.array([[3.0, 1.0], [0.0, 5.0]]))
    np.testing.assert_array_equal(outputs, [[1.0, 2.5, 0.0], [0.0, 1.0, 1.0]])


def test_rectifiers_that_are_silent_get_no_error():
    parameters = {"weights": np.array([[1.0], [-1.0]]), "bias": np.zeros(2)}
    layer, inputs = Dense(1, 2, "relu"), np.array([[2.0]])
    _, cache = layer.forward(parameters, inputs)
    grad_inputs, gradients = layer.vjp(parameters, cache, np.array([[1.0, 1.0]]))
    np.testing.assert_array_equal(gradients["weights"], [[2.0], [0.0]])
    np.testing.assert_array_equal(grad_inputs, [[1.0]])


@pytest.mark.parametrize(("activation", "variance"), [("tanh", 2 / 700), ("relu", 2 / 300)])
def test_initial_weights_are_those_of_glorot_and_for_rectifiers_of_he(activation, variance):
    drawn = Dense(300, 400, activation, gain=1.5).initial_parameters(rng=1)
    assert drawn["weights"].var() == pytest.approx(1.5**2 * variance, rel=0.02)
    np.testing.assert_array_equal(drawn["bias"], 0.0)


def test_he_scaling_keeps_the_mean_square_through_ten_rectified_layers():
    rng = np.random.default_rng(2)
    signal = rng.normal(size=(20, 300))
    for depth in range(10):
        layer = Dense(300, 300, "relu")
        signal, _ = layer.forward(layer.initial_parameters(rng=depth), signal)
    assert 0.5 < np.mean(signal**2) < 2.0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((0, 3), "n_inputs: expected an integer of at least 1, got 0"),
        ((3, 2.5), "n_outputs: expected an integer"),
        ((3, 2, "relus"), "activation: expected one of linear, relu"),
        ((3, 2, "relu", -1.0), "gain: expected a number of at least 0"),
    ],
)
def test_what_makes_no_layer_is_refused(arguments, message):
    with pytest.raises(InputError, match=message):
        Dense(*arguments)


def test_inputs_of_another_size_are_refused():
    with pytest.raises(InputError, match=r"input_shape: expected \(4,\), got \(5,\)"):
        Dense(4, 2).output_shape((5,))
    with pytest.raises(InputError, match=r"got \(2, 2\); put Flatten\(\) before it"):
        Dense(4, 2).output_shape((2, 2))
