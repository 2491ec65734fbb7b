"""Huber's loss is a square near zero and a straight line further out."""

import numpy as np
import pytest

from motorsim.checks import InputError
from motorsim.nn import Huber, mse


def test_near_differences_cost_half_their_square():
    outputs, targets = np.random.default_rng(1).uniform(-0.4, 0.4, (2, 3, 5, 4))
    value, gradient = Huber(1.0)(outputs, targets)
    squared, gradient_of_squares = mse(outputs, targets)
    assert value == pytest.approx(squared / 2, rel=1e-13)
    np.testing.assert_allclose(gradient, gradient_of_squares / 2, rtol=1e-13)


def test_a_far_difference_pulls_with_delta_and_no_more():
    value, gradient = Huber(0.5)(np.array([[10.0, -10.0]]), np.zeros((1, 2)))
    assert value == pytest.approx(0.5 * (10.0 - 0.25))
    np.testing.assert_allclose(gradient, [[0.25, -0.25]])


@pytest.mark.parametrize("delta", [0.0, -1.0, np.nan])
def test_a_delta_that_is_not_positive_is_refused(delta):
    with pytest.raises(InputError, match="delta"):
        Huber(delta)


def test_a_delta_of_double_precision_keeps_single_precision():
    outputs = np.random.default_rng(2).normal(size=(3, 4)).astype(np.float32)
    value, gradient = Huber(np.float64(0.3))(outputs, np.zeros_like(outputs))
    assert {value.dtype, gradient.dtype} == {np.dtype("float32")}
