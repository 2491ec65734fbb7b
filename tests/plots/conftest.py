"""Reaches, conditions and a clock that the panels are tested with."""

from __future__ import annotations

import numpy as np
import pytest

from motorsim.plots import Conditions, TimeAxis, new_figure, styled
from motorsim.task import center_out


@pytest.fixture
def ax():
    """Return one axes in the house style."""
    with styled():
        yield new_figure(height_mm=60.0).subplots()


@pytest.fixture
def reaches():
    """Return two distances in four directions, the far ones last."""
    return center_out(n_directions=4, distance_m=(0.06, 0.10))


@pytest.fixture
def held_out():
    """Return a mask that holds out one condition of each distance."""
    return np.array([False, True, False, False, False, False, True, False])


@pytest.fixture
def conditions(reaches, held_out):
    """Return the looks of the reaches."""
    return Conditions.of(reaches, held_out=held_out)


@pytest.fixture
def clock():
    """Return forty samples about the go cue."""
    events_s = {"target": -0.1, "go": 0.0, "move": 0.05, "late": 9.0}
    return TimeAxis(np.linspace(-0.2, 0.19, 40), zero="go cue", events_s=events_s)


@pytest.fixture
def traces():
    """Return smooth values (condition, time, 2)."""
    steps = np.random.default_rng(3).normal(size=(8, 40, 2))
    return np.cumsum(steps, axis=1)
