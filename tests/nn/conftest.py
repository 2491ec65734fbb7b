"""Shared by the tests of networks: numerical derivatives, and runs of a cell on arrays."""

from __future__ import annotations

import numpy as np
import pytest

from motorsim.nn import Workspace
from motorsim.nn.unroll import as_recurrent


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


@pytest.fixture
def complex_step():
    """Return the derivative of an analytic function by a step along the imaginary axis."""

    def derivative(function, array):
        expected = np.empty_like(array)
        for index in np.ndindex(array.shape):
            moved = array.astype(complex)
            moved[index] += 1e-30j
            expected[index] = function(moved).imag / 1e-30
        return expected

    return derivative


@pytest.fixture
def run():
    """Run a cell over a time-major sequence; returns rates, last state, states and tape."""

    def run_cell(cell, parameters, state, inputs, *, draws=None):
        recurrent = as_recurrent(cell)
        rates, last, tape = recurrent.sequence(parameters, state, inputs, Workspace().empty, draws=draws)
        return rates, last, recurrent.states(tape), tape

    return run_cell
