"""A recording with everything in it, and the comparison of two."""

from __future__ import annotations

import numpy as np
import pytest

from motorsim.population import Population
from motorsim.recording import SIGNALS, Recording
from motorsim.spikes import SpikeTrains

POPULATION_FIELDS = (
    *("rates", "times_s", "condition_labels", "unit_labels"),
    *("sample_axis", "quantity", "zero"),
)
N_TRIALS, N_TIMES, N_POOLS, N_NEURONS = 3, 6, 2, 4


def _equal(left, right):
    left, right = np.asarray(left), np.asarray(right)
    assert left.dtype.kind == right.dtype.kind
    assert left.dtype.kind == "U" or left.dtype == right.dtype
    np.testing.assert_array_equal(left, right)


def _assert_same(left, right):
    for name in POPULATION_FIELDS:
        _equal(getattr(left.population, name), getattr(right.population, name))
    for name in SIGNALS:
        assert (getattr(left, name) is None) == (getattr(right, name) is None)
        if getattr(left, name) is not None:
            _equal(getattr(left, name), getattr(right, name))
    for name in ("trials", "units"):
        assert set(getattr(left, name)) == set(getattr(right, name))
        for column, values in getattr(left, name).items():
            _equal(values, getattr(right, name)[column])
    assert left.events_s == right.events_s
    assert left.notes == right.notes
    assert (left.spikes is None) == (right.spikes is None)
    if left.spikes is not None:
        assert left.spikes.times_s.tobytes() == right.spikes.times_s.tobytes()
        _equal(left.spikes.boundaries, right.spikes.boundaries)
        for name in ("n_trials", "n_units", "start_s", "stop_s"):
            assert getattr(left.spikes, name) == getattr(right.spikes, name)


@pytest.fixture
def assert_same_recording():
    """Return a function that demands that two recordings are equal to the last bit."""
    return _assert_same


@pytest.fixture
def whole_recording():
    """Return three trials with spikes of four neurons from two pools, one of them silent."""
    rng = np.random.default_rng(8)
    n_spikes = 60
    spikes = SpikeTrains.from_events(
        rng.integers(N_TRIALS, size=n_spikes),
        rng.choice([0, 1, 3], size=n_spikes),
        rng.uniform(-0.3, 0.7, n_spikes),
        n_trials=N_TRIALS,
        n_units=N_NEURONS,
        start_s=-0.3,
        stop_s=0.7,
    )
    population = Population(
        rng.standard_normal((N_TRIALS, N_TIMES, N_POOLS)),
        -0.25 + 0.1 * np.arange(N_TIMES),
        ("0°", "180°", "0°"),
        ("first", "zweite"),
        "trial",
        zero="go cue",
    )
    return Recording(
        population,
        *(rng.standard_normal((N_TRIALS, N_TIMES, 2)) for _ in SIGNALS),
        trials={
            "target_m": rng.standard_normal((N_TRIALS, 2)),
            "reach_start_s": np.array([0.1, np.nan, 0.3]),
            "success": np.array([True, False, True]),
            "condition": np.array([0, 1, 0]),
            "kind": np.array(["ça", "", "b"]),
        },
        events_s={"target_onset": -0.2, "go_cue": 0.1 + 0.2},
        notes={"brian2_mode": "cython", "seed": "7", "source": "naïve\nlines"},
        spikes=spikes,
        units={
            "pool": np.array([0, 0, 1, 1]),
            "excitatory": np.array([True, True, False, False]),
            "depth_m": np.array([0.5, 0.25, 1e-3, 0.1], np.float32),
            "layer": np.array(["L5", "L5", "L2/3", ""]),
        },
    )
