"""Clipping keeps the direction and bounds the norm."""

import numpy as np
import pytest

from motorsim.checks import InputError
from motorsim.nn import clip_by_global_norm, global_norm

GRADIENTS = {"a": np.array([[3.0, 0.0]]), "b": np.array([4.0])}


def test_norm_is_taken_over_all_arrays_together():
    assert global_norm(GRADIENTS) == pytest.approx(5.0)


def test_long_gradients_are_scaled_alike_and_short_ones_left():
    clipped = clip_by_global_norm(GRADIENTS, 1.0)
    np.testing.assert_allclose(clipped["a"], [[0.6, 0.0]])
    np.testing.assert_allclose(clipped["b"], [0.8])
    left = clip_by_global_norm(GRADIENTS, 5.5)
    np.testing.assert_array_equal(left["b"], GRADIENTS["b"])


def test_norm_of_single_precision_gradients_does_not_overflow():
    assert global_norm({"a": np.full(4, 1e30, dtype=np.float32)}) == pytest.approx(2e30, rel=1e-6)


def test_norm_of_a_gradient_that_is_not_finite_is_not_finite():
    assert not np.isfinite(global_norm({"a": np.array([1.0, np.nan])}))


def test_largest_norm_of_zero_is_refused():
    with pytest.raises(InputError, match="maximum_norm"):
        clip_by_global_norm(GRADIENTS, 0.0)
