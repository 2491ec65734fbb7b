from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from motorsim.checks import InputError
from motorsim.io import read_arrays, recording_from_arrays, recording_to_arrays, write_arrays
from motorsim.population import Population
from motorsim.recording import Recording

STORED = Path(__file__).parents[1] / "data"


def recording(**fields):
    rng = np.random.default_rng(2)
    population = Population(rng.standard_normal((2, 5, 3)), 0.01 * np.arange(5), ("left", "right"))
    return Recording(population, **fields)


def test_a_recording_comes_back_from_a_file_that_holds_more(tmp_path):
    rng = np.random.default_rng(3)
    original = recording(
        hand_position_m=rng.standard_normal((2, 5, 2)),
        torque_nm=rng.standard_normal((2, 5, 2)),
        trials={"target_m": rng.standard_normal((2, 2)), "held_out": [True, False], "kind": ["ça", "b"]},
        events_s={"go_cue": 0.02},
        notes={"mode": "numpy"},
    )
    arrays = {"recording": recording_to_arrays(original), "weights": np.eye(3)}
    write_arrays(tmp_path / "cortex.h5", "cortex", arrays, schema_version=1)
    read = recording_from_arrays(
        read_arrays(tmp_path / "cortex.h5", "cortex", schema_version=1)[0]["recording"]
    )
    np.testing.assert_array_equal(read.population.rates, original.population.rates)
    np.testing.assert_array_equal(read.hand_position_m, original.hand_position_m)
    np.testing.assert_array_equal(read.torque_nm, original.torque_nm)
    assert read.hand_velocity_m_s is None
    assert set(read.trials) == set(original.trials)
    for name, column in original.trials.items():
        np.testing.assert_array_equal(read.trials[name], column)
        assert read.trials[name].dtype.kind == column.dtype.kind
    assert read.events_s == {"go_cue": 0.02}
    assert read.notes == {"mode": "numpy"}


def test_a_bare_recording_comes_back(tmp_path):
    write_arrays(tmp_path / "a.h5", "recording", recording_to_arrays(recording()), schema_version=1)
    read = recording_from_arrays(read_arrays(tmp_path / "a.h5", "recording", schema_version=1)[0])
    assert (read.trials, read.events_s, read.notes, read.torque_nm) == ({}, {}, {}, None)


def test_spikes_and_their_units_come_back(tmp_path, whole_recording, assert_same_recording):
    write_arrays(tmp_path / "a.h5", "recording", recording_to_arrays(whole_recording), schema_version=1)
    read = recording_from_arrays(read_arrays(tmp_path / "a.h5", "recording", schema_version=1)[0])
    assert_same_recording(read, whole_recording)


def test_the_layout_without_spikes_is_as_it_was():
    arrays = read_arrays(STORED / "recording_schema1.h5", "recording", schema_version=1)[0]
    read = recording_from_arrays(arrays)
    np.testing.assert_array_equal(read.population.rates.ravel(), np.arange(12.0))
    np.testing.assert_array_equal(read.hand_position_m.ravel(), 0.5 + np.arange(12.0))
    np.testing.assert_array_equal(read.trials["target_m"], np.eye(2))
    assert (read.events_s, read.notes) == ({"go_cue": 0.02}, {"brian2_mode": "numpy"})
    assert (read.spikes, read.units) == (None, {})
    assert set(recording_to_arrays(read)) == set(arrays)


def test_the_stored_layout_with_spikes_stays_readable(whole_recording, assert_same_recording):
    arrays = read_arrays(STORED / "recording_spikes_schema1.h5", "recording", schema_version=1)[0]
    assert_same_recording(recording_from_arrays(arrays), whole_recording)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"signals": {"pupil": np.ones(2)}}, "signals: expected only hand_position_m"),
        ({"signals": {"torque_nm": np.ones(2)}}, "torque_nm"),
        ({"trials": 3}, "trials: expected a group"),
        ({"units": 3}, "units: expected a group"),
        ({"spikes": {"times_s": np.zeros(0)}}, "boundaries: expected a dataset of that name"),
        ({"population": {}}, "rates: expected a dataset"),
    ],
)
def test_what_does_not_belong_is_refused(changes, message):
    with pytest.raises(InputError, match=message):
        recording_from_arrays(recording_to_arrays(recording()) | changes)


def test_a_missing_group_is_named():
    with pytest.raises(
        InputError, match="population: expected a dataset of that name in the file, got trials"
    ):
        recording_from_arrays({"trials": {}})
