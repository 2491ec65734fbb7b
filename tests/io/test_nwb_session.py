from __future__ import annotations

import datetime as dt
import logging

import numpy as np
import pynwb
import pytest

from motorsim.checks import InputError
from motorsim.io import load_recording, save_recording

ONSETS_S = np.array([1.0, np.nan, 5.0, 7.0, 9.0])
N_TRIALS, N_UNITS = 5, 3
HAND_S = np.arange(0.0, 10.0, 0.001)


def spike_times_s(unit):
    """Return spikes all over the session, some at start, event and end of the third trial's window."""
    rng = np.random.default_rng(unit)
    return np.sort(np.append(rng.uniform(0.0, 10.0, 400), [4.75, 5.0, 5.45]))


def hand_mm(times_s):
    return np.stack([100 * np.sin(times_s), 30 * times_s], axis=-1)


def behaviour(unit="mm", per_s="mm/s", seconds=HAND_S):
    velocity = np.stack([100 * np.cos(seconds), np.full(seconds.size, 30.0)], axis=-1)
    return [
        pynwb.TimeSeries(name="hand_pos", data=hand_mm(seconds), unit=unit, timestamps=seconds),
        pynwb.TimeSeries(name="hand_vel", data=velocity, unit=per_s, timestamps=seconds),
        pynwb.TimeSeries(name="eye_pos", data=velocity, unit="mm", timestamps=seconds),
    ]


def session(path, *, series=(), observed=((5.0, 8.0), (0.0, 5.0), (8.9, 10.0)), trials=True, units=True):
    """Write a session in the layout of DANDI set 000128.

    The last trial is not wholly observed, intervals touch and are in no order, as are the last unit's spikes.
    """
    file = pynwb.NWBFile(
        session_description="Maze.",
        identifier="J",
        session_start_time=dt.datetime(2009, 9, 12, tzinfo=dt.UTC),
    )
    if units:
        file.add_unit_column("heldout", "Held out of the benchmark's input.")
        for unit in range(N_UNITS):
            order = -1 if unit == N_UNITS - 1 else 1
            file.add_unit(
                spike_times=spike_times_s(unit)[::order], obs_intervals=np.array(observed), heldout=unit == 1
            )
    if trials:
        for name in ("go_cue_time", "move_onset_time", "trial_type", "trial_version", "success"):
            file.add_trial_column(name, name)
        file.add_trial_column("target_pos", "One position a target.", index=True)
        for trial, onset_s in enumerate(ONSETS_S):
            middle_s = 1.0 + 2 * trial
            file.add_trial(
                start_time=middle_s - 0.9,
                stop_time=middle_s + 0.9,
                go_cue_time=middle_s - 0.3,
                move_onset_time=onset_s,
                trial_type=trial % 2,
                trial_version=trial,
                success=trial != 0,
                target_pos=np.zeros((1 + trial % 2, 2)),
            )
    if series:
        module = file.create_processing_module("behavior", "Behaviour.")
        for one in series:
            module.add(one)
    with pynwb.NWBHDF5IO(path, "w") as io:
        io.write(file)
    return path


def test_trials_are_cut_around_the_event_and_counted_in_bins(tmp_path, caplog):
    with caplog.at_level(logging.WARNING, logger="motorsim"):
        recording = load_recording(session(tmp_path / "a.nwb", series=behaviour()))
    kept_s = np.array([1.0, 5.0, 7.0])
    spikes, population = recording.spikes, recording.population
    assert (spikes.n_trials, spikes.n_units, spikes.start_s, spikes.stop_s) == (3, 3, -0.25, 0.45)
    for trial, onset_s in enumerate(kept_s):
        for unit in range(N_UNITS):
            own_s = spike_times_s(unit) - onset_s
            own_s = own_s[(own_s >= -0.25) & (own_s < 0.45)]
            np.testing.assert_array_equal(spikes.trial_unit(trial, unit), own_s)
    assert {-0.25, 0.0} <= set(spikes.trial_unit(1, 0))
    assert population.rates.shape == (3, 70, 3)
    assert population.times_s[0] == pytest.approx(-0.245)
    np.testing.assert_allclose(population.rates.sum(axis=1) * 0.01, spikes.counts([-0.25, 0.45])[:, 0])
    assert population.rates[1, 25, 0] >= 100
    assert (population.sample_axis, population.zero, population.unit_labels) == (
        "trial",
        "move_onset",
        ("0", "1", "2"),
    )
    assert population.condition_labels == ("0, 0", "0, 2", "1, 3")
    assert "1 of 5 trials have no move_onset_time" in caplog.text
    assert "1 of 5 trials were not observed throughout the window" in caplog.text


def test_the_hand_comes_in_metres_at_the_middle_of_the_bins(tmp_path):
    recording = load_recording(session(tmp_path / "a.nwb", series=behaviour()))
    at_s = np.array([1.0, 5.0, 7.0])[:, None] + recording.population.times_s
    np.testing.assert_allclose(recording.hand_position_m, 1e-3 * hand_mm(at_s), atol=1e-7)
    np.testing.assert_allclose(recording.hand_velocity_m_s[..., 0], 0.1 * np.cos(at_s), atol=1e-7)
    assert recording.torque_nm is None


def test_a_series_with_a_rate_and_a_conversion_is_the_same_hand(tmp_path):
    series = pynwb.TimeSeries(
        name="hand_pos", data=hand_mm(HAND_S), unit="m", conversion=1e-3, rate=1000.0, starting_time=0.0
    )
    recording = load_recording(session(tmp_path / "a.nwb", series=[series]))
    at_s = np.array([1.0, 5.0, 7.0])[:, None] + recording.population.times_s
    np.testing.assert_allclose(recording.hand_position_m, 1e-3 * hand_mm(at_s), atol=1e-7)


def test_a_spike_at_the_event_counts_as_after_it(tmp_path):
    recording = load_recording(session(tmp_path / "a.nwb"), window_s=(-0.1, 0.2), dt_s=0.02)
    after_s = recording.spikes.trial_unit(1, 0)
    assert recording.population.rates[1, 5, 0] == ((after_s >= 0) & (after_s < 0.02)).sum() / 0.02


def test_columns_come_along_with_times_on_the_trials_clock(tmp_path):
    recording = load_recording(session(tmp_path / "a.nwb"))
    np.testing.assert_allclose(recording.trials["go_cue_s"], -0.3)
    np.testing.assert_allclose(recording.trials["start_s"], -0.9)
    np.testing.assert_array_equal(recording.trials["move_onset_s"], 0.0)
    np.testing.assert_array_equal(recording.trials["success"], [False, True, True])
    np.testing.assert_array_equal(recording.units["heldout"], [False, True, False])
    assert "target_pos" not in recording.trials
    assert recording.events_s == {"move_onset": 0.0}
    assert recording.notes == {"nwb_identifier": "J", "nwb_session_description": "Maze."}
    assert (recording.hand_position_m, recording.hand_velocity_m_s) == (None, None)


def test_a_real_session_can_be_saved_and_read_back(tmp_path, assert_same_recording):
    recording = load_recording(session(tmp_path / "a.nwb", series=behaviour()))
    save_recording(tmp_path / "b.nwb", recording, session_description="Maze.")
    assert_same_recording(load_recording(tmp_path / "b.nwb"), recording)


def test_another_event_window_and_bin_may_be_chosen(tmp_path):
    path = session(tmp_path / "a.nwb", observed=((0.0, 10.0),))
    recording = load_recording(
        path, align_to="go_cue_time", window_s=(-0.1, 0.4), dt_s=0.05, condition_columns=("success", "x")
    )
    assert recording.population.rates.shape == (5, 10, 3)
    assert recording.population.zero == "go_cue"
    assert recording.population.condition_labels == ("False", "True", "True", "True", "True")
    assert np.isnan(recording.trials["move_onset_s"]).sum() == 1
    alone = load_recording(path, condition_columns=())
    assert set(alone.population.condition_labels) == {"all"}


def test_windows_may_overlap_and_share_their_spikes(tmp_path):
    path = session(tmp_path / "a.nwb", observed=((0.0, 10.0),))
    spikes = load_recording(path, align_to="go_cue_time", window_s=(0.0, 2.5), dt_s=0.1).spikes
    early, late = spikes.trial_unit(0, 0) + 0.7, spikes.trial_unit(1, 0) + 2.7
    shared = early[early >= 2.7]
    assert shared.size > 0
    np.testing.assert_allclose(late[: shared.size], shared)


@pytest.mark.parametrize(
    ("seen", "conditions"),
    [
        ((HAND_S < 4.9) | (HAND_S > 5.2), ("0, 0", "1, 3")),
        (HAND_S > 0.9, ("0, 2", "1, 3")),
        (HAND_S < 7.4, ("0, 0", "0, 2")),
    ],
)
def test_a_hand_that_is_not_there_throughout_costs_the_trial_and_is_said(tmp_path, caplog, seen, conditions):
    with caplog.at_level(logging.WARNING, logger="motorsim"):
        recording = load_recording(session(tmp_path / "a.nwb", series=behaviour(seconds=HAND_S[seen])))
    assert recording.population.condition_labels == conditions
    assert "1 of 5 trials have no hand throughout the window" in caplog.text


def test_a_hand_in_unknown_units_is_left_out_and_said(tmp_path, caplog):
    with caplog.at_level(logging.WARNING, logger="motorsim"):
        recording = load_recording(session(tmp_path / "a.nwb", series=behaviour(unit="pixels")))
    assert recording.hand_position_m is None
    assert recording.hand_velocity_m_s is not None
    assert "hand_pos of shape (10000, 2) in 'pixels' is left out" in caplog.text


@pytest.mark.parametrize(
    ("written", "asked", "message"),
    [
        ({"units": False}, {}, "units: expected a table of that name in the file"),
        ({"trials": False}, {}, "trials: expected a table of that name in the file"),
        ({}, {"align_to": "peak_time"}, "align_to: expected .* which has start_time, stop_time, go_cue_time"),
        ({}, {"align_to": "target_pos"}, "align_to: expected a column of times"),
        ({}, {"window_s": (0.0, 0.015)}, "window_s: expected a window that lasts a multiple of 0.01 s"),
        ({}, {"window_s": (0.4, 0.0)}, "window_s: expected a window that lasts"),
        ({}, {"window_s": (0.0, np.nan)}, "window_s: expected a finite number"),
        ({}, {"dt_s": 0.0}, "dt_s: expected a number above 0"),
        ({"observed": ((0.0, 0.5),)}, {}, "trials: expected a trial observed from -0.25 to 0.45 s, got none"),
    ],
)
def test_a_session_that_cannot_be_cut_is_refused_with_its_name(tmp_path, written, asked, message):
    path = session(tmp_path / "a.nwb", **written)
    with pytest.raises(InputError, match=message) as caught:
        load_recording(path, **asked)
    assert str(path) in str(caught.value)
