"""Layer normalisation takes mean and scale from each sample, and gives it gains and biases instead."""

import numpy as np
import pytest

from motorsim.checks import InputError
from motorsim.nn.layer_norm import LayerNorm


def _inputs(seed=1):
    return np.random.default_rng(seed).normal(2.0, 3.0, size=(6, 4, 9))


def test_features_have_mean_zero_and_variance_one_at_first():
    layer = LayerNorm(9, epsilon=1e-12)
    outputs, _ = layer.forward(layer.initial_parameters(rng=0), _inputs())
    np.testing.assert_allclose(outputs.mean(axis=-1), 0.0, atol=1e-13)
    np.testing.assert_allclose(outputs.var(axis=-1), 1.0, rtol=1e-10)


def test_shift_and_scale_of_a_sample_do_not_matter():
    layer, rng = LayerNorm(9, epsilon=1e-12), np.random.default_rng(2)
    parameters = {"gain": rng.normal(size=9), "bias": rng.normal(size=9)}
    shift, scale = rng.normal(size=(6, 4, 1)), rng.uniform(0.5, 4.0, size=(6, 4, 1))
    outputs, _ = layer.forward(parameters, _inputs())
    moved, _ = layer.forward(parameters, scale * _inputs() + shift)
    np.testing.assert_allclose(moved, outputs, rtol=1e-9, atol=1e-9)


def test_a_gradient_neither_shifts_nor_scales_the_inputs():
    layer, rng = LayerNorm(9, epsilon=1e-12), np.random.default_rng(3)
    parameters = {"gain": rng.normal(size=9), "bias": rng.normal(size=9)}
    outputs, cache = layer.forward(parameters, _inputs())
    grad, _ = layer.vjp(parameters, cache, rng.normal(size=outputs.shape))
    np.testing.assert_allclose(grad.sum(axis=-1), 0.0, atol=1e-12)
    np.testing.assert_allclose(np.sum(grad * _inputs(), axis=-1), 0.0, atol=1e-11)


def test_gain_and_bias_set_scale_and_mean():
    layer = LayerNorm(9, epsilon=1e-12)
    outputs, _ = layer.forward({"gain": np.full(9, 3.0), "bias": np.full(9, -1.0)}, _inputs())
    np.testing.assert_allclose(outputs.mean(axis=-1), -1.0, atol=1e-12)
    np.testing.assert_allclose(outputs.std(axis=-1), 3.0, rtol=1e-10)


def test_a_constant_sample_gives_the_bias():
    layer = LayerNorm(3)
    outputs, _ = layer.forward({"gain": np.ones(3), "bias": np.arange(3.0)}, np.full((2, 3), 7.0))
    np.testing.assert_array_equal(outputs, [[0.0, 1.0, 2.0]] * 2)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((0,), "n_features: expected an integer of at least 1"),
        ((3, 0.0), "epsilon: expected a number above 0"),
    ],
)
def test_what_makes_no_layer_is_refused(arguments, message):
    with pytest.raises(InputError, match=message):
        LayerNorm(*arguments)


@pytest.mark.parametrize("shape", [(), (4,), (3, 4)])
def test_inputs_of_other_features_are_refused(shape):
    with pytest.raises(InputError, match=r"input_shape: expected \(..., 3\)"):
        LayerNorm(3).output_shape(shape)
