"""Every layer keeps its contract: gradients, floating-point type, shapes, and what PyTorch computes."""

from pathlib import Path

import numpy as np
import pytest

from motorsim.nn.conv2d import Conv2D
from motorsim.nn.dense import Dense
from motorsim.nn.dropout import Dropout
from motorsim.nn.flatten import Flatten
from motorsim.nn.layer_norm import LayerNorm
from motorsim.nn.pooling import AvgPool2D, MaxPool2D
from motorsim.nn.sequential import Sequential
from motorsim.types import Layer

with np.load(Path(__file__).parent / "torch_values" / "layers.npz") as stored_values:
    TORCH = dict(stored_values)
IMAGE = (7, 6, 2)
LAYERS = {
    **{
        f"dense {name}": (Dense(5, 4, name), (5,))
        for name in ("linear", "tanh", "sigmoid", "softplus", "relu")
    },
    "conv same": (Conv2D(2, 3, 3, activation="tanh"), IMAGE),
    "conv same strided": (Conv2D(2, 3, 4, stride=(3, 2)), IMAGE),
    "conv valid": (Conv2D(2, 3, (3, 2), padding="valid", activation="relu"), IMAGE),
    "conv valid strided": (Conv2D(2, 3, 2, stride=(2, 3), padding="valid", activation="softplus"), IMAGE),
    "max pool": (MaxPool2D(2), IMAGE),
    "max pool overlapping": (MaxPool2D((3, 2), stride=(2, 1)), IMAGE),
    "max pool with gaps": (MaxPool2D(2, stride=3), IMAGE),
    "average pool": (AvgPool2D(2), IMAGE),
    "average pool overlapping": (AvgPool2D((3, 2), stride=(2, 1)), IMAGE),
    "dropout": (Dropout(0.4), IMAGE),
    "layer norm": (LayerNorm(5), (5,)),
    "layer norm of images": (LayerNorm(2), IMAGE),
    "flatten": (Flatten(), IMAGE),
    "sequential": (
        Sequential(
            (
                Conv2D(2, 3, 3, activation="tanh"),
                MaxPool2D(2),
                Flatten(),
                LayerNorm(27),
                Dropout(0.3),
                Dense(27, 4, "softplus"),
            )
        ),
        IMAGE,
    ),
}


def _problem(name, dtype=np.float64):
    """Return a layer, parameters, inputs and a gradient of the outputs."""
    layer, shape = LAYERS[name]
    rng = np.random.default_rng(5)
    parameters = {key: rng.normal(size=size).astype(dtype) for key, size in layer.parameter_shapes.items()}
    inputs = rng.normal(size=(3, *shape)).astype(dtype)
    return layer, parameters, inputs, rng.normal(size=(3, *layer.output_shape(shape))).astype(dtype)


def _forward(layer, parameters, inputs):
    # The same numbers are dropped at every call, or there would be no derivative.
    return layer.forward(parameters, inputs, rng=np.random.default_rng(9))


def _arrays_and_gradients(name):
    """Yield every array that a layer's outputs depend on, its gradient, and the objective as its function."""
    layer, parameters, inputs, grad = _problem(name)
    _, cache = _forward(layer, parameters, inputs)
    grad_inputs, gradients = layer.vjp(parameters, cache, grad)
    assert set(gradients) == set(parameters)

    def of_inputs(moved):
        return np.sum(grad * _forward(layer, parameters, moved)[0])

    yield inputs, grad_inputs, of_inputs
    for key in parameters:

        def of_parameter(moved, key=key):
            cast = {other: array.astype(moved.dtype) for other, array in parameters.items()}
            return np.sum(grad * _forward(layer, cast | {key: moved}, inputs.astype(moved.dtype))[0])

        yield parameters[key], gradients[key], of_parameter


def _complex_step(function, array):
    gradient = np.empty_like(array)
    for index in np.ndindex(array.shape):
        moved = array.astype(np.complex128)
        moved[index] += 1e-30j
        gradient[index] = function(moved).imag / 1e-30
    return gradient


@pytest.mark.parametrize("name", LAYERS)
def test_gradients_equal_central_differences(name, gradient_error):
    for array, gradient, function in _arrays_and_gradients(name):
        assert gradient.shape == array.shape
        assert gradient_error(gradient, function, array) < 1e-6


@pytest.mark.parametrize("name", LAYERS)
def test_gradients_equal_the_complex_step_derivative(name):
    for array, gradient, function in _arrays_and_gradients(name):
        expected = _complex_step(function, array)
        assert np.linalg.norm(gradient - expected) < 1e-12 * np.linalg.norm(expected)


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.complex128])
@pytest.mark.parametrize("name", LAYERS)
def test_floating_point_type_is_kept(name, dtype):
    layer, parameters, inputs, grad = _problem(name, dtype)
    outputs, cache = _forward(layer, parameters, inputs)
    grad_inputs, gradients = layer.vjp(parameters, cache, grad)
    assert outputs.dtype == grad_inputs.dtype == dtype
    assert {gradient.dtype for gradient in gradients.values()} <= {np.dtype(dtype)}


@pytest.mark.parametrize("name", LAYERS)
def test_single_precision_drops_and_computes_the_same(name):
    results = []
    for dtype in (np.float32, np.float64):
        layer, parameters, inputs, grad = _problem(name, dtype)
        outputs, cache = _forward(layer, parameters, inputs)
        results.append((outputs, layer.vjp(parameters, cache, grad)[0]))
    for single, double in zip(*results, strict=True):
        np.testing.assert_allclose(single, double, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("name", LAYERS)
def test_outputs_have_the_announced_shape_and_nothing_handed_in_is_changed(name):
    layer, parameters, inputs, grad = _problem(name)
    handed_in = [inputs, grad, *parameters.values()]
    copies = [array.copy() for array in handed_in]
    outputs, cache = _forward(layer, parameters, inputs)
    layer.vjp(parameters, cache, grad)
    assert outputs.shape == grad.shape
    for array, copy in zip(handed_in, copies, strict=True):
        np.testing.assert_array_equal(array, copy)


@pytest.mark.parametrize("name", LAYERS)
def test_samples_do_not_mix(name):
    layer, parameters, inputs, _ = _problem(name)
    together, _ = layer.forward(parameters, inputs)
    alone = [layer.forward(parameters, inputs[k : k + 1])[0] for k in range(len(inputs))]
    np.testing.assert_allclose(np.concatenate(alone), together, rtol=1e-13, atol=1e-14)


@pytest.mark.parametrize("name", LAYERS)
def test_layers_meet_the_protocol_and_draw_what_they_announce(name):
    layer = LAYERS[name][0]
    assert isinstance(layer, Layer)
    drawn = layer.initial_parameters(rng=3)
    assert {key: array.shape for key, array in drawn.items()} == layer.parameter_shapes
    again, other = layer.initial_parameters(rng=3), layer.initial_parameters(rng=4)
    for key, array in drawn.items():
        np.testing.assert_array_equal(array, again[key])
        assert not key.endswith("weights") or np.all(array != other[key])


def _from_torch(array):
    """Turn (sample, channel, height, width) or (filter, channel, height, width) into channels last."""
    return np.moveaxis(array, 1, -1)


def _zeros_around(image):
    return np.pad(image, ((0, 0), (1, 1), (1, 1), (0, 0)))


@pytest.mark.parametrize(
    ("name", "layer"),
    [
        ("conv2d", Conv2D(2, 3, (3, 2), padding="valid")),
        ("conv2d_same", Conv2D(2, 3, 3)),
        ("conv2d_strided_padded", Conv2D(2, 3, (3, 2), stride=(2, 3), padding="valid")),
        ("max_pool2d", MaxPool2D(2)),
        ("max_pool2d_overlapping", MaxPool2D((3, 2), stride=(2, 1))),
        ("avg_pool2d", AvgPool2D(2)),
        ("avg_pool2d_overlapping", AvgPool2D((3, 2), stride=(2, 1))),
    ],
)
def test_images_are_filtered_and_pooled_as_by_torch(name, layer):
    stored = {key.removeprefix(f"{name}/"): TORCH[key] for key in TORCH if key.startswith(f"{name}/")}
    inputs = _from_torch(stored["inputs"])
    padded = _zeros_around(inputs) if name.endswith("padded") else inputs
    parameters = {}
    if layer.parameter_shapes:
        parameters = {"weights": _from_torch(stored["weight"]), "bias": stored["bias"]}
    outputs, cache = layer.forward(parameters, padded)
    grad_inputs, gradients = layer.vjp(parameters, cache, _from_torch(stored["grad_outputs"]))
    if name.endswith("padded"):
        grad_inputs = grad_inputs[:, 1:-1, 1:-1]
    np.testing.assert_allclose(outputs, _from_torch(stored["outputs"]), rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(grad_inputs, _from_torch(stored["gradient/inputs"]), rtol=1e-5, atol=1e-6)
    if parameters:
        expected = _from_torch(stored["gradient/weight"])
        np.testing.assert_allclose(gradients["weights"], expected, rtol=1e-5, atol=1e-5)
        np.testing.assert_allclose(gradients["bias"], stored["gradient/bias"], rtol=1e-5, atol=1e-5)


def test_layer_norm_is_that_of_torch():
    stored = {key.removeprefix("layer_norm/"): TORCH[key] for key in TORCH if key.startswith("layer_norm/")}
    layer, parameters = LayerNorm(7), {"gain": stored["weight"], "bias": stored["bias"]}
    outputs, cache = layer.forward(parameters, stored["inputs"])
    grad_inputs, gradients = layer.vjp(parameters, cache, stored["grad_outputs"])
    np.testing.assert_allclose(outputs, stored["outputs"], rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(grad_inputs, stored["gradient/inputs"], rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(gradients["gain"], stored["gradient/weight"], rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(gradients["bias"], stored["gradient/bias"], rtol=1e-5, atol=1e-5)
