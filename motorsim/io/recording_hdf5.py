"""Recordings as named arrays, for an HDF5 file that holds more beside them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from motorsim.checks import InputError
from motorsim.io.hdf5 import required
from motorsim.io.population import population_from_arrays, population_to_arrays
from motorsim.recording import SIGNALS, Recording
from motorsim.spikes import SpikeTrains

_COLUMNS = ("trials", "events_s", "notes")
_SPIKE_FIELDS = tuple(one.name for one in fields(SpikeTrains))


def recording_to_arrays(recording: Recording) -> dict[str, Any]:
    """Return the recording as nested arrays and texts.

    Groups: population, signals, trials, events_s, notes; spikes and units only where there are some,
    so that a recording without them is stored as it always was.
    """
    signals = {name: getattr(recording, name) for name in SIGNALS if getattr(recording, name) is not None}
    arrays: dict[str, Any] = {
        "population": population_to_arrays(recording.population),
        "signals": signals,
        **{name: dict(getattr(recording, name)) for name in _COLUMNS},
    }
    if recording.spikes is not None:
        arrays["spikes"] = {name: getattr(recording.spikes, name) for name in _SPIKE_FIELDS}
    if recording.units:
        arrays["units"] = dict(recording.units)
    return arrays


def recording_from_arrays(arrays: Mapping[str, Any]) -> Recording:
    """Rebuild what `recording_to_arrays` took apart; `InputError` if something is missing or unfit."""
    groups: dict[str, Any] = {name: _group(arrays, name) for name in ("population", "signals", *_COLUMNS)}
    signals = groups.pop("signals")
    unknown = set(signals) - set(SIGNALS)
    if unknown:
        raise InputError("signals", f"only {', '.join(SIGNALS)}", ", ".join(sorted(unknown)))
    if "units" in arrays:
        groups["units"] = _group(arrays, "units")
    if "spikes" in arrays:
        spikes = _group(arrays, "spikes")
        groups["spikes"] = SpikeTrains(**{name: required(spikes, name) for name in _SPIKE_FIELDS})
    return Recording(population_from_arrays(groups.pop("population")), **signals, **groups)


def _group(arrays: Mapping[str, Any], name: str) -> dict[str, Any]:
    group = required(arrays, name)
    if not isinstance(group, Mapping):
        raise InputError(name, "a group", "a dataset")
    return dict(group)
