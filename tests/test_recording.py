from __future__ import annotations

import numpy as np
import pytest

from motorsim.checks import InputError
from motorsim.population import Population
from motorsim.recording import Recording
from motorsim.spikes import SpikeTrains


def activity():
    return Population(np.ones((2, 5, 3)), 0.01 * np.arange(5), ("left", "right"))


def spikes(n_trials=2, n_units=4, start_s=0.0, stop_s=0.05):
    boundaries = np.zeros(n_trials * n_units + 1, np.int64)
    return SpikeTrains(np.zeros(0), boundaries, n_trials, n_units, start_s, stop_s)


def test_signals_and_columns_share_the_trials_and_times():
    hand = np.zeros((2, 5, 2), np.float32)
    recording = Recording(
        activity(), hand_position_m=hand, trials={"distance_m": [0.06, 0.1], "kind": ["a", "b"]}
    )
    assert recording.hand_position_m.dtype == np.float64
    assert recording.torque_nm is None
    np.testing.assert_array_equal(recording.trials["distance_m"], [0.06, 0.1])


def test_the_spiking_units_may_be_others_than_those_of_the_population():
    sample = Recording(activity(), spikes=spikes(), units={"pool": [0, 0, 1, 2]})
    assert sample.spikes.n_units == 4
    np.testing.assert_array_equal(sample.units["pool"], [0, 0, 1, 2])
    without = Recording(activity(), units={"excitatory": [True, False, True]})
    assert without.spikes is None
    assert without.units["excitatory"].dtype == bool


def test_what_the_caller_changes_later_stays_outside():
    trials, notes = {"distance_m": np.ones(2)}, {"mode": "numpy"}
    recording = Recording(activity(), trials=trials, notes=notes)
    trials["other"] = notes["other"] = np.ones(2)
    assert set(recording.trials) == {"distance_m"}
    assert set(recording.notes) == {"mode"}


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"hand_position_m": np.zeros((2, 5, 3))}, "hand_position_m: .*got shape"),
        ({"torque_nm": np.zeros((2, 4, 2))}, "torque_nm: .*got shape"),
        ({"hand_velocity_m_s": np.full((2, 5, 2), np.nan)}, "hand_velocity_m_s: expected finite"),
        (
            {"trials": {"a": np.ones(3)}},
            r"trials\['a'\]: expected 2 numbers, booleans or texts, one a condition",
        ),
        ({"trials": {"a": 1.0}}, r"trials\['a'\]"),
        ({"trials": {"a": [None, {}]}}, r"trials\['a'\]"),
        ({"trials": {"a": [[1], [1, 2]]}}, r"trials\['a'\]"),
        ({"units": {"pool": np.arange(4)}}, r"units\['pool'\]: expected 3 numbers, .* one a unit"),
        (
            {"spikes": spikes(), "units": {"pool": np.arange(3)}},
            r"units\['pool'\]: expected 4 numbers, .* one a unit",
        ),
        ({"spikes": spikes(n_trials=3)}, "spikes: expected 2 trials, one a condition, got 3"),
        ({"spikes": spikes(start_s=0.1, stop_s=0.2)}, "spikes: expected the population's clock"),
        ({"events_s": {"go_cue": np.nan}}, r"events_s\['go_cue'\]: expected a finite number"),
        ({"notes": {"seed": 7}}, r"notes\['seed'\]: expected a text"),
    ],
)
def test_what_does_not_belong_is_refused(fields, message):
    with pytest.raises(InputError, match=message):
        Recording(activity(), **fields)
