"""Layers in sequence compose, keep their parameters apart, and are refused where they do not fit."""

import numpy as np
import pytest

from motorsim.checks import InputError
from motorsim.nn.conv2d import Conv2D
from motorsim.nn.dense import Dense
from motorsim.nn.dropout import Dropout
from motorsim.nn.flatten import Flatten
from motorsim.nn.layer_norm import LayerNorm
from motorsim.nn.pooling import MaxPool2D
from motorsim.nn.sequential import Sequential


def test_each_layer_takes_what_the_one_before_gives():
    layers = (Dense(3, 5, "tanh"), Dense(5, 2))
    chain = Sequential(layers)
    parameters = chain.initial_parameters(rng=1)
    inputs = np.random.default_rng(2).normal(size=(4, 3))
    hidden = np.tanh(inputs @ parameters["0.weights"].T)
    outputs, _ = chain.forward(parameters, inputs)
    np.testing.assert_allclose(outputs, hidden @ parameters["1.weights"].T, atol=1e-14)


def test_a_sequence_within_a_sequence_computes_the_same():
    flat = Sequential((Dense(3, 5, "tanh"), LayerNorm(5), Dense(5, 2)))
    nested = Sequential((Dense(3, 5, "tanh"), Sequential((LayerNorm(5), Dense(5, 2)))))
    parameters = flat.initial_parameters(rng=3)
    names = {"0.weights": "0.weights", "0.bias": "0.bias", "1.0.gain": "1.gain", "1.0.bias": "1.bias"}
    names |= {"1.1.weights": "2.weights", "1.1.bias": "2.bias"}
    assert nested.parameter_shapes == {new: flat.parameter_shapes[old] for new, old in names.items()}
    renamed = {new: parameters[old] for new, old in names.items()}
    inputs, grad = np.random.default_rng(4).normal(size=(6, 3)), np.ones((6, 2))
    outputs, cache = flat.forward(parameters, inputs)
    again, nested_cache = nested.forward(renamed, inputs)
    np.testing.assert_array_equal(again, outputs)
    grad_inputs, gradients = flat.vjp(parameters, cache, grad)
    nested_inputs, nested_gradients = nested.vjp(renamed, nested_cache, grad)
    np.testing.assert_array_equal(nested_inputs, grad_inputs)
    for new, old in names.items():
        np.testing.assert_array_equal(nested_gradients[new], gradients[old])


def test_layers_of_one_size_draw_different_weights_from_one_seed():
    drawn = Sequential((Dense(4, 4), Dense(4, 4))).initial_parameters(rng=5)
    assert np.all(drawn["0.weights"] != drawn["1.weights"])


def test_more_than_ten_layers_keep_their_parameters_apart():
    chain = Sequential(tuple(Dense(2, 2) for _ in range(11)))
    parameters = {name: np.zeros(shape) for name, shape in chain.parameter_shapes.items()}
    parameters["10.bias"] = np.ones(2)
    np.testing.assert_array_equal(chain.forward(parameters, np.ones((1, 2)))[0], 1.0)


def test_only_dropout_hears_of_the_generator():
    chain = Sequential((Dense(3, 200), Dropout(0.5)))
    parameters, inputs = chain.initial_parameters(rng=6), np.ones((2, 3))
    silent, _ = chain.forward(parameters, inputs)
    noisy, _ = chain.forward(parameters, inputs, rng=np.random.default_rng(7))
    kept = noisy != 0.0
    assert 0.4 < kept.mean() < 0.6
    np.testing.assert_allclose(noisy[kept], 2.0 * silent[kept], rtol=1e-14)


def test_shape_of_what_comes_out():
    chain = Sequential((Conv2D(1, 4, 3), MaxPool2D(2), Flatten(), Dense(256, 8)))
    assert chain.output_shape((16, 16, 1)) == (8,)


@pytest.mark.parametrize(
    ("layers", "message"),
    [
        ((), "layers: expected a tuple of at least one layer"),
        ([Dense(2, 3)], "layers: expected a tuple"),
        ((Dense(2, 3), Dense), r"layers\[1\]: expected a layer such as Dense\(2, 4\)"),
        ((Dense(2, 3), "relu"), r"layers\[1\]: expected a layer"),
        (
            (Dense(2, 3), Dense(4, 1)),
            r"layers\[1\]: expected Dense to follow inputs of shape \(4,\), got \(3,\)",
        ),
        ((Flatten(), Dense(2, 3), LayerNorm(4)), r"layers\[2\]: expected LayerNorm"),
        ((Dense(2, 9), MaxPool2D(3)), r"layers\[1\]: expected MaxPool2D"),
    ],
)
def test_what_makes_no_chain_is_refused(layers, message):
    with pytest.raises(InputError, match=message):
        Sequential(layers)


def test_the_layer_that_does_not_fit_the_inputs_is_named():
    with pytest.raises(InputError, match=r"layers\[2\]: .*Dense.*\(256,\), got \(225,\)"):
        Sequential((Conv2D(1, 1, 2, padding="valid"), Flatten(), Dense(256, 8))).output_shape((16, 16, 1))
