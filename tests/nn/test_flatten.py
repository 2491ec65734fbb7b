"""Flattening keeps every sample's numbers in order."""

import numpy as np

from motorsim.nn.flatten import Flatten


def test_rows_then_columns_then_channels():
    images = np.arange(24.0).reshape(2, 3, 2, 2)
    outputs, cache = Flatten().forward({}, images)
    np.testing.assert_array_equal(outputs, np.arange(24.0).reshape(2, 12))
    np.testing.assert_array_equal(Flatten().vjp({}, cache, outputs)[0], images)


def test_what_is_flat_already_stays():
    assert Flatten().output_shape((5,)) == (5,)
    assert Flatten().output_shape((3, 2, 2)) == (12,)
