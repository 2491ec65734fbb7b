"""Neurodata Without Borders (NWB): recordings out and in. pynwb is imported here and nowhere else."""

from __future__ import annotations

import contextlib
import datetime as dt
import hashlib
import re
import secrets
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

import h5py
import numpy as np

from motorsim import __version__
from motorsim.checks import InputError
from motorsim.files import atomic_write_bytes
from motorsim.io.hdf5 import check_hdf5
from motorsim.io.nwb_recording import MODULE, RESERVED, SCHEMA_VERSION, event_column, recording_from_nwb
from motorsim.io.nwb_session import DEFAULT_WINDOW_S, recording_from_session
from motorsim.io.recording_hdf5 import recording_to_arrays
from motorsim.io.session_clock import span_s, trial_zeros_s

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from motorsim.recording import Recording
    from motorsim.types import FloatArray, IntArray

_NO_DATE = dt.datetime(2000, 1, 1, tzinfo=dt.UTC)
# Archives demand a sex and an age of every subject.
_NO_ANIMAL = {
    "subject_id": "simulated",
    "description": "A simulated motor cortex; no animal, so sex and age stand for nothing.",
    "sex": "U",
    "age": "P0D",
}
_SUBJECT = ("subject_id", "species", "sex", "age", "description")
_COMPRESSED_FROM_BYTES = 64_000
_DESCRIPTIONS = {
    "pool": "The pool of neurons that together realise one unit of the rate circuit.",
    "excitatory": "Whether the neuron excites its targets (true, E) or inhibits them (false, I).",
    "depth": "Where in the depth of the cortex the neuron lies.",
    "target_m": "Target of the reach in the plane, in metres from the shoulder.",
}


def save_recording(
    path: str | os.PathLike[str],
    recording: Recording,
    *,
    session_description: str,
    identifier: str | None = None,
    session_start_time: dt.datetime | None = None,
    subject: Mapping[str, str] | None = None,
) -> None:
    """Write a recording as an NWB file, whole or not at all.

    Trials follow one another on the session's clock with a gap of at least 1 s; each spike's time is kept
    on its trial's clock too, so that `load_recording` returns what was written to the last bit. The same
    arguments give the same content; only the ``object_id`` that NWB asks of every object differs.

    Parameters
    ----------
    path
        The file; its name ends in ``.nwb``.
    recording
        Rates go to ``processing/population``, hand and torque to ``processing/behavior``, spikes and
        their unit table to ``units``, the trials table with the common events to ``trials``.
    session_description
        What was done, in a sentence.
    identifier
        Name of the session, unique to it; the digest of the recording where none is given.
    session_start_time
        When the session began, with a time zone; 2000-01-01 UTC, which stands for none, for a simulation.
    subject
        Whom the recording is from: texts under ``subject_id``, ``species``, ``sex``, ``age`` and
        ``description`` as NWB wants them. Where it is not given: that it is a simulation.

    Raises
    ------
    InputError
        If the name does not end in ``.nwb``, a column's name or text cannot be stored, the time has
        no zone, or the file cannot be written.
    DiskFullError
        If the disk is full.
    """
    if Path(path).suffix != ".nwb":
        raise InputError("path", "a name that ends in .nwb", str(path))
    start = _NO_DATE if session_start_time is None else session_start_time
    identifier = _digest(recording) if identifier is None else identifier
    subject = _NO_ANIMAL if subject is None else subject
    _check_about(session_description, identifier, start, subject)
    from pynwb import NWBHDF5IO, NWBFile  # noqa: PLC0415 - takes half a second
    from pynwb.file import Subject  # noqa: PLC0415

    file = NWBFile(
        session_description=session_description,
        identifier=identifier,
        session_start_time=start,
        file_create_date=start,
        timestamps_reference_time=start,
        subject=Subject(**subject),
    )
    with _any_column_name():
        _fill(file, recording)
    # In memory first: a full disk then meets plain writes, not the HDF5 library in mid-close.
    with (
        h5py.File(secrets.token_hex(8), "w", driver="core", backing_store=False) as image,
        NWBHDF5IO(file=image, mode="w") as io,
    ):
        io.write(file)
        image.flush()
        content = image.id.get_file_image()
    atomic_write_bytes(path, content)


def load_recording(
    path: str | os.PathLike[str],
    *,
    align_to: str = "move_onset_time",
    window_s: tuple[float, float] = DEFAULT_WINDOW_S,
    dt_s: float = 0.01,
    condition_columns: Sequence[str] = ("trial_type", "trial_version"),
) -> Recording:
    """Read a recording from an NWB file.

    A file of `save_recording` comes back as it was, and the keywords do not matter. In a file of other
    origin, ``units``, ``trials`` and ``hand_pos``, ``hand_vel`` of ``processing/behavior`` are read
    (the layout of DANDI set 000128): trials are cut around an event, spikes counted in bins, the hand
    interpolated at the middle of the bins and given in metres. Trials without the event, not wholly
    observed (``obs_intervals``) or without a hand throughout are left out, with a warning in the log.

    Parameters
    ----------
    path
        The file.
    align_to
        Column of the trials table with the time that becomes zero.
    window_s
        From when to when around it.
    dt_s
        Width of a bin; the window is a multiple of it.
    condition_columns
        Columns of the trials table that together name a condition; those that are missing are passed over.

    Raises
    ------
    InputError
        If the file is missing, not NWB, truncated, damaged or of a newer layout, what it holds does not
        fit together, a column is missing, or no trial is left.
    """
    path = Path(path)
    check_hdf5(path)
    from pynwb import NWBHDF5IO  # noqa: PLC0415 - takes half a second

    try:
        with _any_column_name(), NWBHDF5IO(path, "r") as io:
            file = io.read()
            if MODULE in file.processing:
                return recording_from_nwb(file)
            return recording_from_session(
                file, align_to=align_to, window_s=window_s, dt_s=dt_s, condition_columns=condition_columns
            )
    except InputError as error:
        raise InputError(error.name, error.expected, f"{error.got} in {path}", error.mend) from error
    except Exception as error:
        # pynwb, hdmf and h5py raise whatever they stumble over.
        reason = str(error).splitlines()[0][:200] if str(error) else type(error).__name__
        got = f"one of another kind, truncated or damaged ({reason})"
        raise InputError("path", f"a whole NWB file, {path}", got) from error


def _check_about(
    session_description: str, identifier: str, start: dt.datetime, subject: Mapping[str, str]
) -> None:
    if not isinstance(start, dt.datetime) or start.tzinfo is None:
        raise InputError("session_start_time", "a datetime with a time zone", repr(start))
    if not set(subject) <= set(_SUBJECT):
        raise InputError("subject", f"only {', '.join(_SUBJECT)}", ", ".join(map(str, subject)))
    texts = {"session_description": session_description, "identifier": identifier, **subject}
    for name, text in texts.items():
        if not (isinstance(text, str) and text.strip()):
            raise InputError(name, "a text that is not empty", repr(text))


@contextlib.contextmanager
def _any_column_name() -> Iterator[None]:
    """Silence that a column named like an attribute of the table is no attribute; here none is asked for."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "An attribute '.*' already exists on", UserWarning)
        yield


def _digest(recording: Recording) -> str:
    """Return the SHA-256 of all that the recording holds."""
    digest = hashlib.sha256()
    todo = [("", recording_to_arrays(recording))]
    while todo:
        where, group = todo.pop()
        for name, value in sorted(group.items()):
            if isinstance(value, dict):
                todo.append((f"{where}/{name}", value))
                continue
            array = np.ascontiguousarray(value)
            digest.update(f"{where}/{name}\0{array.dtype.str}\0{array.shape}\0".encode())
            digest.update(array.tobytes())
    return digest.hexdigest()


def _fill(file: Any, recording: Recording) -> None:
    start_s, stop_s = span_s(recording)
    zeros_s = trial_zeros_s(recording.population.n_samples, start_s, stop_s)
    file.trials = _trials(recording, zeros_s, start_s, stop_s)
    if recording.spikes is not None:
        file.units = _units(recording, zeros_s)
    _add_behaviour(file, recording, _add_rates(file, recording, zeros_s))
    module = file.create_processing_module(MODULE, "What motorsim needs to read this file back as it was.")
    for table in _own_tables(recording):
        module.add(table)


def _trials(recording: Recording, zeros_s: FloatArray, start_s: float, stop_s: float) -> Any:
    from pynwb.epoch import TimeIntervals  # noqa: PLC0415

    events = {event_column(name): (name, zeros_s + time_s) for name, time_s in recording.events_s.items()}
    _check_names("trials", recording.trials, (*RESERVED, *events))
    columns = [
        _column("start_time", zeros_s + start_s, "Start of the trial on the session's clock, in seconds."),
        _column("stop_time", zeros_s + stop_s, "End of the trial on the session's clock, in seconds."),
        _column("trial_clock_zero", zeros_s, "Where the trial's own clock is zero, in seconds."),
        _column("condition_label", np.asarray(recording.population.condition_labels), "Condition."),
        *(_column(name, at_s, f"When {event} came, in seconds.") for name, (event, at_s) in events.items()),
        *_described(recording.trials, "of each trial; times are on the trial's own clock"),
    ]
    return TimeIntervals(name="trials", description="Trials, one after another.", columns=columns)


def _units(recording: Recording, zeros_s: FloatArray) -> Any:
    """Return the unit table, its ragged columns written as flat data with an index.

    Adding units one by one grows three datasets a unit at a time, which takes far longer.
    """
    from pynwb.misc import Units  # noqa: PLC0415

    spikes = recording.spikes
    assert spikes is not None  # noqa: S101 - asked by the caller
    _check_names("units", recording.units, RESERVED)
    counts = np.diff(spikes.boundaries).reshape(spikes.n_trials, spikes.n_units)
    trial = np.repeat(np.arange(spikes.n_trials), counts.sum(axis=1))
    unit = np.repeat(np.tile(np.arange(spikes.n_units), spikes.n_trials), counts.ravel())
    by_unit = np.argsort(unit, kind="stable")
    own_s, zero_s = spikes.times_s[by_unit], zeros_s[trial[by_unit]]
    ends = np.cumsum(counts.sum(axis=0))
    observed_s = zeros_s[:, None] + np.array([spikes.start_s, spikes.stop_s])
    all_observed_s = np.tile(observed_s, (spikes.n_units, 1))
    observed_ends = spikes.n_trials * np.arange(1, spikes.n_units + 1)
    columns = [
        *_ragged("spike_times", zero_s + own_s, ends, "Spike times on the session's clock, in seconds."),
        *_ragged("spike_times_in_trial", own_s, ends, "The same spikes on the clocks of their trials."),
        *_ragged("obs_intervals", all_observed_s, observed_ends, "When spikes could be seen, in seconds."),
        *_described(recording.units, "of each unit"),
    ]
    return Units(name="units", description="Units whose spikes were observed.", columns=columns)


def _add_rates(file: Any, recording: Recording, zeros_s: FloatArray) -> Any:
    """Add the rates and return their series, whose time stamps are those of all signals."""
    from pynwb import TimeSeries  # noqa: PLC0415

    population = recording.population
    unit = re.search(r"\(([^()]+)\)$", population.quantity)
    rates = TimeSeries(
        name="rates",
        description=f"{population.quantity}, one column a row of the table rate_units.",
        data=_stored(population.rates.reshape(-1, population.n_units)),
        unit=unit.group(1) if unit else "a.u.",
        timestamps=_stored((zeros_s[:, None] + population.times_s).ravel()),
    )
    module = file.create_processing_module("population", "Activity of the population, trial after trial.")
    module.add(rates)
    return rates


def _add_behaviour(file: Any, recording: Recording, rates: Any) -> None:
    """Add the hand and the torques, as far as there are any, at the time stamps of the rates."""
    from pynwb import TimeSeries  # noqa: PLC0415
    from pynwb.behavior import BehavioralTimeSeries, Position, SpatialSeries  # noqa: PLC0415

    def series(kind: Any, name: str, data: FloatArray | None, unit: str, text: str, **more: str) -> list[Any]:
        if data is None:
            return []
        flat = _stored(data.reshape(-1, 2))
        return [kind(name=name, description=text, data=flat, unit=unit, timestamps=rates, **more)]

    axes = "origin at the shoulder, x to the right, y away from the body"
    hand, velocity, torque = recording.hand_position_m, recording.hand_velocity_m_s, recording.torque_nm
    place = series(SpatialSeries, "hand_position", hand, "meters", "Hand: x and y.", reference_frame=axes)
    others = series(TimeSeries, "hand_velocity", velocity, "m/s", "Velocity of the hand: x and y.")
    others += series(TimeSeries, "torque", torque, "N*m", "Torque at shoulder and elbow.")
    if place or others:
        module = file.create_processing_module("behavior", "Hand and torque, trial after trial.")
    if place:
        module.add(Position(spatial_series=place))
    if others:
        module.add(BehavioralTimeSeries(time_series=others))


def _own_tables(recording: Recording) -> Iterable[Any]:
    population, spikes = recording.population, recording.spikes
    layout: dict[str, Any] = {
        "schema_version": SCHEMA_VERSION,
        "motorsim_version": __version__,
        "sample_axis": population.sample_axis,
        "quantity": population.quantity,
        "zero": population.zero,
    }
    if spikes is not None:
        layout |= {"spikes_start_s": spikes.start_s, "spikes_stop_s": spikes.stop_s}
    rate_units = {"label": np.asarray(population.unit_labels)}
    if spikes is None:
        _check_names("units", recording.units, RESERVED)
        rate_units |= recording.units
    yield _table("layout", "Layout of this file.", {name: np.asarray([one]) for name, one in layout.items()})
    yield _table("rate_units", "Units of processing/population/rates.", rate_units)
    yield _table("samples", "Samples of a trial on its own clock.", {"time_s": population.times_s})
    for name, content in (("events_s", recording.events_s), ("notes", recording.notes)):
        if content:
            columns = {"entry": np.asarray(list(content)), "value": np.asarray(list(content.values()))}
            yield _table(name, f"{name} of the recording.", columns)


def _table(name: str, description: str, columns: Mapping[str, np.ndarray]) -> Any:
    from pynwb.core import DynamicTable  # noqa: PLC0415

    return DynamicTable(name=name, description=description, columns=_described(columns, f"of {name}"))


def _described(columns: Mapping[str, np.ndarray], of_what: str) -> list[Any]:
    texts = {name: _DESCRIPTIONS.get(name, f"{name} {of_what}") for name in columns}
    return [_column(name, values, texts[name]) for name, values in columns.items()]


def _check_names(table: str, columns: Mapping[str, np.ndarray], taken: Sequence[str]) -> None:
    for name in columns:
        if name in taken or f"{name}_index" in columns:
            raise InputError(f"{table}[{name!r}]", "a name that has no meaning of its own in NWB", repr(name))


def _column(name: str, values: np.ndarray, description: str) -> Any:
    from pynwb.core import VectorData  # noqa: PLC0415

    if not isinstance(name, str) or name in {"", "."} or set(name) & set("/:\0"):
        raise InputError("column", "a name without slash and colon", repr(name))
    _check_storable(name, values)
    return VectorData(name=name, description=description, data=_stored(values))


def _check_storable(name: str, values: np.ndarray) -> None:
    if values.dtype.kind == "f" and values.dtype.itemsize not in (4, 8):
        raise InputError(name, "numbers of 4 or 8 bytes", str(values.dtype))
    if values.dtype.kind == "U":
        texts = "".join(values.ravel().tolist())
        if "\0" in texts or texts.encode("utf-8", "ignore").decode("utf-8") != texts:
            raise InputError(name, "texts without null characters that can be written as UTF-8", f"{values}")


def _ragged(name: str, values: FloatArray, ends: IntArray, description: str) -> tuple[Any, Any]:
    from pynwb.core import VectorIndex  # noqa: PLC0415

    column = _column(name, values, description)
    return column, VectorIndex(name=f"{name}_index", data=ends.astype(np.uint64), target=column)


def _stored(values: np.ndarray) -> Any:
    from pynwb import H5DataIO  # noqa: PLC0415

    if values.nbytes <= _COMPRESSED_FROM_BYTES or values.dtype.kind == "U":
        return values
    return H5DataIO(values, compression="gzip", compression_opts=1, shuffle=True)
