"""Activations: values known in closed form, slopes from the output alone, and no overflow."""

import numpy as np
import pytest

from motorsim.checks import InputError
from motorsim.nn import ACTIVATIONS, activation_named

POINTS = np.array([-3.0, -0.7, -1e-3, 1e-3, 0.4, 2.0])


@pytest.mark.parametrize("activation", ACTIVATIONS.values(), ids=ACTIVATIONS)
def test_slope_from_the_output_is_the_complex_step_derivative(activation, complex_step):
    expected = complex_step(lambda x: activation.apply(x, None).sum(), POINTS)
    slope = activation.slope(activation.apply(POINTS, None), None)
    np.testing.assert_allclose(slope, expected, rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("activation", ACTIVATIONS.values(), ids=ACTIVATIONS)
@pytest.mark.parametrize("dtype", ["float32", "float64", "complex128"])
def test_writing_into_the_input_gives_the_same(activation, dtype):
    points = POINTS.astype(dtype)
    expected = activation.apply(points, None)
    expected_slope = activation.slope(expected, None)
    assert expected.dtype == expected_slope.dtype == dtype
    assert activation.apply(points, points) is points
    np.testing.assert_array_equal(points, expected)
    out = np.empty_like(points)
    assert activation.slope(points, out) is out
    np.testing.assert_array_equal(out, expected_slope)
    assert activation.slope(points, points) is points
    np.testing.assert_array_equal(points, expected_slope)


@pytest.mark.parametrize("activation", ACTIVATIONS.values(), ids=ACTIVATIONS)
def test_far_from_zero_nothing_overflows(activation):
    far = np.array([-1e4, 1e4], np.float32)
    values = activation.apply(far, None)
    expected = {
        "tanh": [-1, 1],
        "sigmoid": [0, 1],
        "relu": [0, 1e4],
        "softplus": [0, 1e4],
        "linear": [-1e4, 1e4],
    }
    np.testing.assert_allclose(values, expected[activation.name])
    assert np.isfinite(activation.slope(values, None)).all()


def test_unknown_name_is_refused():
    with pytest.raises(InputError, match="activation: expected one of linear, relu, sigmoid, softplus, tanh"):
        activation_named("swish")
