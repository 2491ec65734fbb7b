from __future__ import annotations

import datetime as dt
from dataclasses import replace
from pathlib import Path

import h5py
import numpy as np
import pynwb
import pytest

from motorsim.checks import InputError
from motorsim.io import load_recording, save_recording
from motorsim.io.nwb_recording import RESERVED
from motorsim.population import Population
from motorsim.recording import Recording

STORED = Path(__file__).parents[1] / "data" / "recording_schema1.nwb"
ABOUT = {"session_description": "Simulated reaches."}


def bare(**fields):
    return Recording(Population(np.ones((2, 3, 4)), 0.1 * np.arange(3), ("left", "right")), **fields)


@pytest.fixture
def written(tmp_path, whole_recording):
    """Return a file with a recording that has everything."""
    save_recording(tmp_path / "cortex.nwb", whole_recording, **ABOUT)
    return tmp_path / "cortex.nwb"


def datasets(path):
    """Return every array and attribute of a file but the identifiers that NWB draws at random."""
    found = {}

    def keep(name, item):
        for key, value in item.attrs.items():
            if key not in {"object_id", ".specloc"} and not isinstance(value, h5py.Reference):
                found[f"{name}@{key}"] = np.asarray(value).tolist()
        if isinstance(item, h5py.Dataset):
            # As text, in which NaN equals NaN.
            found[name] = repr(np.asarray(item[()]).tolist())

    with h5py.File(path) as file:
        file.visititems(keep)
    return {name: value for name, value in found.items() if not name.startswith("specifications")}


def test_a_recording_comes_back_to_the_last_bit(written, whole_recording, assert_same_recording):
    assert_same_recording(load_recording(written), whole_recording)


def test_a_bare_recording_comes_back(tmp_path, assert_same_recording):
    for recording in (bare(), bare(units={"excitatory": np.array([True, True, False, False])})):
        save_recording(tmp_path / "a.nwb", recording, **ABOUT)
        assert_same_recording(load_recording(tmp_path / "a.nwb"), recording)


def test_columns_keep_their_types_and_may_be_named_like_parts_of_a_table(tmp_path, assert_same_recording):
    columns = {name: np.arange(4).reshape(2, 2).astype(name) for name in ("i1", "u2", "i4", "u8", "f4", "?")}
    recording = bare(trials=columns | {"name": np.array([["a", "b"], ["", "ç"]]), "columns": np.arange(2)})
    save_recording(tmp_path / "a.nwb", recording, **ABOUT)
    assert_same_recording(load_recording(tmp_path / "a.nwb"), recording)


def test_many_spikes_are_compressed_and_still_the_same(tmp_path, whole_recording, assert_same_recording):
    rng = np.random.default_rng(4)
    n_spikes = 20_000
    spikes = whole_recording.spikes.from_events(
        rng.integers(3, size=n_spikes),
        rng.integers(4, size=n_spikes),
        0.0001 * rng.integers(-3000, 7000, n_spikes),
        n_trials=3,
        n_units=4,
        start_s=-0.3,
        stop_s=0.7,
    )
    recording = replace(whole_recording, spikes=spikes)
    save_recording(tmp_path / "a.nwb", recording, **ABOUT)
    with h5py.File(tmp_path / "a.nwb") as file:
        assert file["units/spike_times"].compression == "gzip"
    assert_same_recording(load_recording(tmp_path / "a.nwb"), recording)


def test_layout_1_stays_readable(whole_recording, assert_same_recording):
    assert STORED.stat().st_size < 200_000
    assert_same_recording(load_recording(STORED), whole_recording)


def test_others_find_spikes_events_and_signals_on_one_clock(written, whole_recording):
    spikes = whole_recording.spikes
    with pynwb.NWBHDF5IO(written, "r") as io:
        file = io.read()
        trials = file.trials.to_dataframe()
        starts_s, stops_s = trials["start_time"].to_numpy(), trials["stop_time"].to_numpy()
        assert (starts_s[1:] > stops_s[:-1]).all()
        for trial in range(spikes.n_trials):
            zero_s = starts_s[trial] - spikes.start_s
            assert trials["go_cue_time"][trial] == pytest.approx(zero_s + 0.3)
            for unit in range(spikes.n_units):
                train_s = file.units.get_unit_spike_times(unit, in_interval=(starts_s[trial], stops_s[trial]))
                np.testing.assert_allclose(train_s, zero_s + spikes.trial_unit(trial, unit))
                np.testing.assert_allclose(
                    file.units["obs_intervals"][unit], np.stack([starts_s, stops_s], 1)
                )
        rates, hand = (
            file.processing["population"]["rates"],
            file.processing["behavior"]["Position"]["hand_position"],
        )
        expected_s = starts_s[:, None] - spikes.start_s + whole_recording.population.times_s
        np.testing.assert_allclose(rates.timestamps[:], expected_s.ravel())
        np.testing.assert_array_equal(hand.timestamps[:], rates.timestamps[:])
        np.testing.assert_array_equal(hand.data[:], whole_recording.hand_position_m.reshape(-1, 2))
        others = file.processing["behavior"]["BehavioralTimeSeries"].time_series
        units = {name: series.unit for name, series in others.items()}
        assert (rates.unit, hand.unit, units) == ("Hz", "meters", {"hand_velocity": "m/s", "torque": "N*m"})


def test_the_file_is_valid(written):
    assert pynwb.validate(path=str(written)) == []


def test_the_inspector_finds_nothing_critical(written):
    inspector = pytest.importorskip("nwbinspector")
    found = inspector.inspect_nwbfile(nwbfile_path=written)
    least = inspector.Importance.CRITICAL.value
    assert [one for one in found if one.importance.value >= least] == []


def test_the_same_recording_gives_the_same_content_whenever_it_is_written(tmp_path, whole_recording):
    for name in ("a", "b"):
        save_recording(tmp_path / f"{name}.nwb", whole_recording, **ABOUT)
    assert datasets(tmp_path / "a.nwb") == datasets(tmp_path / "b.nwb")
    changed = replace(whole_recording, notes={"seed": "8"})
    save_recording(tmp_path / "c.nwb", changed, **ABOUT)
    assert datasets(tmp_path / "c.nwb")["identifier"] != datasets(tmp_path / "b.nwb")["identifier"]


def test_what_is_said_about_the_session_is_stored(tmp_path):
    start = dt.datetime(2012, 5, 3, 9, tzinfo=dt.UTC)
    subject = {"subject_id": "J", "species": "Macaca mulatta"}
    save_recording(
        tmp_path / "a.nwb", bare(), identifier="J-1", session_start_time=start, subject=subject, **ABOUT
    )
    with pynwb.NWBHDF5IO(tmp_path / "a.nwb", "r") as io:
        file = io.read()
        assert (file.identifier, file.session_start_time) == ("J-1", start)
        assert file.session_description == ABOUT["session_description"]
        assert file.subject.species == "Macaca mulatta"


@pytest.mark.parametrize(
    ("recording", "about", "message"),
    [
        ({"trials": {"start_time": np.ones(2)}}, {}, r"trials\['start_time'\]: expected a name"),
        ({"trials": {"go_time": np.ones(2)}, "events_s": {"go": 0.1}}, {}, r"trials\['go_time'\]"),
        ({"trials": {"a": np.ones(2), "a_index": np.ones(2)}}, {}, r"trials\['a'\]"),
        ({"trials": {"a/b": np.ones(2)}}, {}, "column: expected a name without slash"),
        ({"trials": {"a": np.ones(2, np.float16)}}, {}, "a: expected numbers of 4 or 8 bytes"),
        ({"trials": {"a": np.array(["x\0y", ""])}}, {}, "a: expected texts without null characters"),
        ({"notes": {"a": "\ud800"}}, {}, "value: expected texts without null characters"),
        ({"units": {"label": np.ones(4)}}, {}, r"units\['label'\]"),
        ({}, {"session_description": " "}, "session_description: expected a text"),
        ({}, {"identifier": ""}, "identifier: expected a text"),
        ({}, {"session_start_time": dt.datetime(2020, 1, 1)}, "session_start_time: expected .* zone"),  # noqa: DTZ001
        ({}, {"subject": {"name": "J"}}, "subject: expected only subject_id"),
    ],
)
def test_what_cannot_be_stored_is_refused_and_nothing_written(tmp_path, recording, about, message):
    with pytest.raises(InputError, match=message):
        save_recording(tmp_path / "a.nwb", bare(**recording), **(ABOUT | about))
    assert list(tmp_path.iterdir()) == []


def test_names_that_nwb_gives_a_meaning_are_refused_for_units_of_spikes(tmp_path, whole_recording):
    assert {"spike_times", "obs_intervals", "electrodes", "id", "description"} <= set(RESERVED)
    recording = replace(whole_recording, units={"electrodes": np.ones(4)})
    with pytest.raises(InputError, match=r"units\['electrodes'\]"):
        save_recording(tmp_path / "a.nwb", recording, **ABOUT)


def test_another_suffix_is_refused(tmp_path):
    with pytest.raises(InputError, match=r"path: expected a name that ends in \.nwb"):
        save_recording(tmp_path / "a.h5", bare(), **ABOUT)


def test_a_failure_keeps_the_old_file(written, monkeypatch):
    before = written.read_bytes()

    def fail(self, _):
        raise KeyboardInterrupt

    monkeypatch.setattr(Path, "write_bytes", fail)
    with pytest.raises(KeyboardInterrupt):
        save_recording(written, bare(), **ABOUT)
    assert written.read_bytes() == before
    assert list(written.parent.iterdir()) == [written]


def test_the_wrong_file_is_named_for_what_it_is(tmp_path, written):
    path = tmp_path / "other.nwb"
    with pytest.raises(InputError, match="no such file"):
        load_recording(path)
    path.write_text("no HDF5")
    with pytest.raises(InputError, match=r"other\.nwb, got a file that does not begin like one"):
        load_recording(path)
    with h5py.File(path, "w") as file:
        file["x"] = 1
    with pytest.raises(InputError, match=r"path: expected a whole NWB file, .*other\.nwb"):
        load_recording(path)
    path.write_bytes(written.read_bytes()[:-3000])
    with pytest.raises(InputError, match=r"path: expected a whole NWB file, .*other\.nwb, .*truncated"):
        load_recording(path)


def replace_dataset(file, name, values):
    attributes = dict(file[name].attrs)
    del file[name]
    file[name] = values
    file[name].attrs.update(attributes)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            lambda file: replace_dataset(file, "processing/population/rates/data", np.ones((5, 2))),
            "path: expected a whole NWB file",
        ),
        (
            lambda file: [
                replace_dataset(file, f"processing/motorsim/samples/{name}", np.arange(5))
                for name in ("id", "time_s")
            ],
            r"rates: expected 3 trials of 5 samples, got shape \(18, 2\)",
        ),
        (
            lambda file: replace_dataset(
                file, "processing/behavior/Position/hand_position/data", np.ones((18, 3))
            ),
            "hand_position_m: expected an array",
        ),
        (
            lambda file: file["units/spike_times"].write_direct(
                file["units/spike_times"][:] + 1e-3 * (np.arange(60) == 30)
            ),
            "spike_times: expected the spikes of spike_times_in_trial",
        ),
        (
            lambda file: file["units/spike_times_in_trial"].write_direct(np.full(60, np.nan)),
            "spike_times: expected|time_s: expected finite",
        ),
        (
            lambda file: file["units/spike_times_index"].write_direct(np.arange(4, dtype="u8")),
            r"units\['spike_times'\]: expected an index that rises to 60",
        ),
        (
            lambda file: file["processing/motorsim/layout/schema_version"].write_direct(np.array([9])),
            "layout 9, written by motorsim .*upgrade",
        ),
        (
            lambda file: file["processing/motorsim"].pop("samples"),
            "processing/motorsim: expected a table samples",
        ),
    ],
)
def test_content_that_does_not_fit_is_named_with_the_file(written, change, message):
    with h5py.File(written, "a") as file:
        change(file)
    with pytest.raises(InputError, match=message) as caught:
        load_recording(written)
    assert str(written) in str(caught.value)


def test_a_damaged_file_gives_a_recording_or_one_error(written):
    rng = np.random.default_rng(6)
    whole = written.read_bytes()
    refused = 0
    for _ in range(25):
        damaged = bytearray(whole)
        for _ in range(5):
            damaged[rng.integers(rng.choice([2000, 20_000, len(damaged)]))] = rng.integers(256)
        written.write_bytes(damaged)
        try:
            load_recording(written)
        except InputError:
            refused += 1
    assert refused > 5
