"""Pooling keeps the largest or the mean of every window, and sends gradients back where they came from."""

import numpy as np
import pytest

from motorsim.checks import InputError
from motorsim.nn.pooling import AvgPool2D, MaxPool2D

IMAGE = np.arange(20.0).reshape(1, 4, 5, 1)


def _pull_back(layer, images, grad=1.0):
    outputs, cache = layer.forward({}, images)
    return layer.vjp({}, cache, np.full_like(outputs, grad))[0]


def test_windows_do_not_overlap_unless_asked_and_the_rest_of_the_image_is_dropped():
    largest, _ = MaxPool2D(2).forward({}, IMAGE)
    np.testing.assert_array_equal(largest[0, :, :, 0], [[6.0, 8.0], [16.0, 18.0]])
    mean, _ = AvgPool2D(2).forward({}, IMAGE)
    np.testing.assert_array_equal(mean[0, :, :, 0], [[3.0, 5.0], [13.0, 15.0]])
    assert _pull_back(AvgPool2D(2), IMAGE)[..., 4, :].sum() == 0.0


def test_stride_moves_the_windows():
    largest, _ = MaxPool2D(2, stride=1).forward({}, IMAGE)
    np.testing.assert_array_equal(largest[0, :, :, 0], IMAGE[0, 1:, 1:, 0])
    mean, _ = AvgPool2D((1, 2), stride=(2, 3)).forward({}, IMAGE)
    np.testing.assert_array_equal(mean[0, :, :, 0], [[0.5, 3.5], [10.5, 13.5]])


def test_channels_are_pooled_apart():
    images = np.stack([IMAGE[..., 0], -IMAGE[..., 0]], axis=-1)
    largest, _ = MaxPool2D(2).forward({}, images)
    np.testing.assert_array_equal(largest[0, 0, 0], [6.0, 0.0])


def test_the_first_of_equal_pixels_takes_the_whole_gradient():
    image = np.array([[0.0, 3.0], [3.0, 3.0]]).reshape(1, 2, 2, 1)
    np.testing.assert_array_equal(_pull_back(MaxPool2D(2), image, 5.0)[0, :, :, 0], [[0.0, 5.0], [0.0, 0.0]])


def test_a_pixel_that_wins_several_windows_gets_the_sum_of_their_gradients():
    image = np.zeros((1, 3, 3, 1))
    image[0, 1, 1, 0] = 1.0
    grad = _pull_back(MaxPool2D(2, stride=1), image)
    assert grad[0, 1, 1, 0] == grad.sum() == 4.0


def test_the_mean_shares_its_gradient_and_loses_none():
    grad = _pull_back(AvgPool2D(2), np.ones((1, 4, 6, 3)), 8.0)
    np.testing.assert_array_equal(grad, 2.0)


@pytest.mark.parametrize("place", range(4))
@pytest.mark.parametrize("layer", [MaxPool2D(2), AvgPool2D(2)])
def test_what_is_not_a_number_stays_so(layer, place):
    image = np.array([3.0, -1.0, 2.0, 7.0])
    image[place] = np.nan
    outputs, _ = layer.forward({}, image.reshape(1, 2, 2, 1))
    assert np.isnan(outputs).all()


@pytest.mark.parametrize("layer", [MaxPool2D, AvgPool2D])
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((0,), "size: expected an integer of at least 1, got 0"),
        ((2.0,), "size: expected an integer"),
        (((2, 2, 2),), r"size: expected an integer or \(height, width\)"),
        ((2, 0), "stride: expected an integer of at least 1, got 0"),
        ((2, -1), "stride: expected an integer of at least 1, got -1"),
    ],
)
def test_what_makes_no_window_is_refused(layer, arguments, message):
    with pytest.raises(InputError, match=message):
        layer(*arguments)


@pytest.mark.parametrize("layer", [MaxPool2D(3), AvgPool2D(3)])
@pytest.mark.parametrize("shape", [(2, 4, 1), (4, 2, 1), (4, 4)])
def test_images_smaller_than_a_window_are_refused(layer, shape):
    with pytest.raises(InputError, match=r"expected \(height, width, channel\), at least 3 x 3 pixels"):
        layer.output_shape(shape)
