"""A convolutional layer is the cross-correlation of images with filters, and moves with the image."""

import numpy as np
import pytest
from scipy.signal import correlate

from motorsim.checks import InputError
from motorsim.nn.conv2d import Conv2D


def _draw(layer, seed=1):
    rng = np.random.default_rng(seed)
    return {name: rng.normal(size=shape) for name, shape in layer.parameter_shapes.items()}


@pytest.mark.parametrize("kernel", [1, 2, 3, (2, 5)])
@pytest.mark.parametrize("stride", [1, 2, (3, 1)])
def test_valid_places_equal_the_cross_correlation_of_scipy(kernel, stride):
    layer = Conv2D(3, 4, kernel, stride=stride, padding="valid")
    parameters, images = _draw(layer), np.random.default_rng(2).normal(size=(2, 9, 8, 3))
    outputs, _ = layer.forward(parameters, images)
    down, across = stride if isinstance(stride, tuple) else (stride, stride)
    for sample in range(2):
        for number, weights in enumerate(parameters["weights"]):
            expected = correlate(images[sample], weights, mode="valid")[::down, ::across, 0]
            expected = expected + parameters["bias"][number]
            np.testing.assert_allclose(outputs[sample, :, :, number], expected, atol=1e-12)


@pytest.mark.parametrize("kernel", [1, 3, 5])
def test_same_padding_equals_the_cross_correlation_of_scipy_with_zeros_around(kernel):
    layer = Conv2D(1, 1, kernel)
    parameters, image = _draw(layer), np.random.default_rng(3).normal(size=(7, 6))
    outputs, _ = layer.forward(parameters, image[None, :, :, None])
    expected = correlate(image, parameters["weights"][0, :, :, 0], mode="same") + parameters["bias"]
    np.testing.assert_allclose(outputs[0, :, :, 0], expected, atol=1e-12)


def test_the_odd_zero_of_same_padding_lies_at_the_lower_right():
    parameters = {"weights": np.array([[[[1.0]], [[10.0]]], [[[100.0]], [[1000.0]]]])[None, :, :, :, 0]}
    parameters["bias"] = np.zeros(1)
    outputs, _ = Conv2D(1, 1, 2).forward(parameters, np.ones((1, 2, 2, 1)))
    np.testing.assert_array_equal(outputs[0, :, :, 0], [[1111.0, 101.0], [11.0, 1.0]])


def test_what_is_moved_in_the_image_is_moved_in_the_output():
    layer = Conv2D(2, 3, 3, activation="relu")
    parameters = _draw(layer) | {"bias": np.zeros(3)}
    image = np.zeros((1, 14, 14, 2))
    image[:, 4:8, 3:7] = np.random.default_rng(4).normal(size=(4, 4, 2))
    outputs, _ = layer.forward(parameters, image)
    moved, _ = layer.forward(parameters, np.roll(image, (3, 5), axis=(1, 2)))
    np.testing.assert_allclose(moved, np.roll(outputs, (3, 5), axis=(1, 2)), atol=1e-13)
    assert np.abs(outputs).max() > 0.1


@pytest.mark.parametrize("length", [5, 6, 7, 8])
@pytest.mark.parametrize("stride", [1, 2, 3])
@pytest.mark.parametrize("kernel", [1, 2, 4])
def test_sizes_of_the_output(length, stride, kernel):
    same = Conv2D(1, 2, kernel, stride=stride).output_shape((length, 9, 1))
    assert same == (-(-length // stride), -(-9 // stride), 2)
    valid = Conv2D(1, 2, kernel, stride=stride, padding="valid").output_shape((length, 9, 1))
    assert valid == ((length - kernel) // stride + 1, (9 - kernel) // stride + 1, 2)


@pytest.mark.parametrize(("activation", "variance"), [("tanh", 2 / (16 * 40)), ("relu", 2 / (16 * 30))])
def test_initial_weights_are_scaled_by_what_a_place_sees(activation, variance):
    weights = Conv2D(30, 10, 4, activation=activation, gain=2.0).initial_parameters(rng=1)["weights"]
    assert weights.var() == pytest.approx(4 * variance, rel=0.06)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"n_channels": 0}, "n_channels: expected an integer of at least 1, got 0"),
        ({"n_filters": True}, "n_filters: expected an integer"),
        ({"kernel_size": 0}, "kernel_size: expected an integer of at least 1, got 0"),
        ({"kernel_size": (3, 3, 1)}, r"kernel_size: expected an integer or \(height, width\)"),
        ({"stride": (1, 0)}, "stride: expected an integer of at least 1, got 0"),
        ({"padding": "full"}, "padding: expected one of same, valid, got 'full'"),
        ({"activation": "swish"}, "activation: expected one of"),
        ({"gain": np.nan}, "gain: expected a number of at least 0, got nan"),
    ],
)
def test_what_makes_no_layer_is_refused(change, message):
    with pytest.raises(InputError, match=message):
        Conv2D(**{"n_channels": 1, "n_filters": 2, "kernel_size": 3, **change})


@pytest.mark.parametrize(
    ("padding", "shape"), [("same", (8, 8, 2)), ("same", (8, 8)), ("valid", (2, 8, 1)), ("valid", (8, 2, 1))]
)
def test_images_of_other_channels_or_smaller_than_the_filter_are_refused(padding, shape):
    with pytest.raises(InputError, match=r"input_shape: expected \(height, width, 1\), at least"):
        Conv2D(1, 2, 3, padding=padding).output_shape(shape)
