"""Shared by the tests of training: a small problem, and whether two networks are equal."""

from __future__ import annotations

import numpy as np
import pytest

from motorsim.nn import Leaky, Linear, Network


def _damped_oscillations(seed, n_sequences=8):
    starts = np.random.default_rng(seed).uniform(-1, 1, size=(n_sequences, 2))
    times_s = np.arange(1, 21) / 20
    rotation = np.exp((-1.5 + 2j * np.pi) * times_s)
    course = (starts[:, :1] + 1j * starts[:, 1:]) * rotation
    inputs = np.zeros((n_sequences, 20, 2))
    inputs[:, :2] = starts[:, None]
    return inputs, np.stack([course.real, course.imag], axis=-1)


@pytest.fixture
def oscillations():
    """Return a function of a seed: inputs that say where an oscillator of 1 Hz starts, and its course."""
    return _damped_oscillations


@pytest.fixture
def small_network():
    """Return a function that draws a network for the oscillations."""

    def draw(seed=0, dtype="float64", **options):
        cell = Leaky(2, 12, 0.05, 0.1, gain=1.2, **options)
        return Network.initialise(cell, Linear(12, 2), rng=seed, dtype=dtype)

    return draw


@pytest.fixture
def assert_same_fit():
    """Return a function that compares two fits bit for bit."""

    def check(first, second):
        for name, array in first.network.parameters.items():
            assert array.tobytes() == second.network.parameters[name].tobytes(), name
        for history in ("training_loss", "validation_loss", "evaluated_at", "stage_starts"):
            assert getattr(first, history).tobytes() == getattr(second, history).tobytes(), history
        assert (first.stopped, first.best_iteration, first.message) == (
            second.stopped,
            second.best_iteration,
            second.message,
        )

    return check
