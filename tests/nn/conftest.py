"""Shared by the tests of networks: numerical derivatives."""

from __future__ import annotations

import numpy as np
import pytest


def _central_differences(function, array, step=1e-5):
    gradient = np.empty_like(array)
    for index in np.ndindex(array.shape):
        up, down = array.copy(), array.copy()
        up[index] += step
        down[index] -= step
        gradient[index] = (function(up) - function(down)) / (2 * step)
    return gradient


@pytest.fixture
def gradient_error():
    """Return the distance of a gradient from central differences, relative to their norm."""

    def error(gradient, function, array):
        expected = _central_differences(function, array)
        return np.linalg.norm(gradient - expected) / np.linalg.norm(expected)

    return error
