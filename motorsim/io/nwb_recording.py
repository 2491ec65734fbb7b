"""Recordings that motorsim wrote as NWB, read back as they were."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from motorsim.checks import InputError
from motorsim.io.nwb_tables import plain_columns, ragged_column, single_column
from motorsim.io.session_clock import trial_of
from motorsim.population import Population
from motorsim.recording import Recording
from motorsim.spikes import SpikeTrains

if TYPE_CHECKING:
    from motorsim.types import FloatArray

MODULE = "motorsim"
SCHEMA_VERSION = 1
_TRIAL_COLUMNS = ("start_time", "stop_time", "trial_clock_zero", "condition_label")
RESERVED = (
    *("id", "colnames", "description", "namespace", "neurodata_type", "object_id", "meanings_tables"),
    *(*_TRIAL_COLUMNS, "tags", "tags_index", "timeseries", "timeseries_index", "label"),
    *("spike_times", "spike_times_index", "spike_times_in_trial", "spike_times_in_trial_index"),
    *("obs_intervals", "obs_intervals_index", "electrodes", "electrodes_index", "electrode_group"),
    *("waveform_mean", "waveform_sd", "waveforms", "waveforms_index", "waveforms_index_index"),
)
_TOLERANCE_S = 1e-9


def event_column(event: str) -> str:
    """Return the name of the trials column that holds an event on the session's clock."""
    return f"{event}_time"


def recording_from_nwb(file: Any) -> Recording:
    """Return the recording in a file of `motorsim.io.save_recording`.

    Parameters
    ----------
    file
        The ``NWBFile`` as pynwb read it.

    Raises
    ------
    InputError
        If the layout is newer, something is missing, or what is there does not fit together.
    """
    tables = file.processing[MODULE].data_interfaces
    layout = {name: values[0].item() for name, values in plain_columns(_required(tables, "layout")).items()}
    _check_version(layout)
    events_s, notes = (_pairs(tables.get(name)) for name in ("events_s", "notes"))
    rate_units = plain_columns(_required(tables, "rate_units"))
    samples_s = single_column(_required(tables, "samples"), "time_s")
    n_samples, n_times = len(file.trials), len(samples_s)
    rates = file.processing["population"]["rates"].data[:]
    population = Population(
        _by_trial("rates", rates, n_samples, n_times),
        samples_s,
        single_column(file.trials, "condition_label"),  # type: ignore[arg-type] # made a tuple there
        rate_units.pop("label"),  # type: ignore[arg-type]
        layout["sample_axis"],
        layout["quantity"],
        layout["zero"],
    )
    spikes = None if file.units is None else _spikes(file, layout)
    return Recording(
        population,
        **{name: _by_trial(name, data, n_samples, n_times) for name, data in _signals(file).items()},
        trials=plain_columns(file.trials, leave_out=(*_TRIAL_COLUMNS, *map(event_column, events_s))),
        events_s=events_s,
        notes=notes,
        spikes=spikes,
        units=rate_units if file.units is None else plain_columns(file.units),
    )


def _required(tables: Any, name: str) -> Any:
    if name not in tables:
        raise InputError(f"processing/{MODULE}", f"a table {name}", ", ".join(sorted(tables)) or "none")
    return tables[name]


def _check_version(layout: dict[str, Any]) -> None:
    version = layout.get("schema_version")
    if not isinstance(version, int):
        raise InputError("layout", "a schema_version", repr(version))
    if version > SCHEMA_VERSION:
        got = f"layout {version}, written by motorsim {layout.get('motorsim_version', '(unknown)')}"
        raise InputError(
            "path", f"layout {SCHEMA_VERSION} or an older one", got, "upgrade motorsim to read it"
        )


def _pairs(table: Any) -> dict[str, Any]:
    if table is None:
        return {}
    columns = plain_columns(table)
    return dict(zip(columns["entry"].tolist(), columns["value"].tolist(), strict=True))


def _signals(file: Any) -> dict[str, FloatArray]:
    if "behavior" not in file.processing:
        return {}
    held = file.processing["behavior"].data_interfaces
    found = {}
    if "Position" in held:
        found["hand_position_m"] = held["Position"]["hand_position"].data[:]
    others = held["BehavioralTimeSeries"].time_series if "BehavioralTimeSeries" in held else {}
    for name, series in (("hand_velocity_m_s", "hand_velocity"), ("torque_nm", "torque")):
        if series in others:
            found[name] = others[series].data[:]
    return found


def _by_trial(name: str, data: FloatArray, n_samples: int, n_times: int) -> FloatArray:
    if data.ndim != 2 or len(data) != n_samples * n_times:
        raise InputError(name, f"{n_samples} trials of {n_times} samples", f"shape {data.shape}")
    return data.reshape(n_samples, n_times, -1)


def _spikes(file: Any, layout: dict[str, Any]) -> SpikeTrains:
    session_s, boundaries = ragged_column(file.units, "spike_times")
    own_s, own_boundaries = ragged_column(file.units, "spike_times_in_trial")
    zeros_s = single_column(file.trials, "trial_clock_zero")
    start_s, stop_s = layout["spikes_start_s"], layout["spikes_stop_s"]
    trial = trial_of(session_s, zeros_s + start_s)
    same = np.array_equal(boundaries, own_boundaries) and (trial >= 0).all()
    if not same or (np.abs(zeros_s[trial] + own_s - session_s) > _TOLERANCE_S).any():
        raise InputError(
            "spike_times",
            "the spikes of spike_times_in_trial",
            "others",
            "change both columns, or remove processing/motorsim to read the file as one of other origin",
        )
    unit = np.repeat(np.arange(len(file.units)), np.diff(boundaries))
    shape = {"n_trials": len(file.trials), "n_units": len(file.units)}
    return SpikeTrains.from_events(trial, unit, own_s, **shape, start_s=start_s, stop_s=stop_s)
