"""Recording: one session, simulated or real: activity, trials, hand and torques on one clock."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from motorsim.checks import InputError, check_array, check_number

if TYPE_CHECKING:
    from collections.abc import Mapping

    from motorsim.population import Population
    from motorsim.spikes import SpikeTrains
    from motorsim.types import FloatArray

SIGNALS = ("hand_position_m", "hand_velocity_m_s", "torque_nm")


@dataclass(frozen=True, eq=False)
class Recording:
    """One session, simulated or real.

    Parameters
    ----------
    population
        Rates, (condition | trial, time, unit), on the clock that all signals share.
    hand_position_m, hand_velocity_m_s
        Hand in the plane, (condition | trial, time, 2), or None.
    torque_nm
        Shoulder and elbow torque, (condition | trial, time, 2), or None.
    trials
        One column an attribute of the trials (target, cue times, ...), each (condition | trial,) or
        with more axes behind: numbers, booleans or texts.
    events_s
        Times common to all trials on the population's clock, for instance ``{"go_cue": 0.8}``.
    notes
        What made the recording: mode, seed, versions.
    spikes
        Spikes of single units in the same trials on the same clock, or None. Their units need not be
        the population's: they may be a sample of the neurons whose pools the population holds.
    units
        One column an attribute of the units of ``spikes`` (pool, excitatory, depth, ...), or of the
        population's units where there are no spikes; each (unit,) or with more axes behind.

    Raises
    ------
    InputError
        If a signal does not share the population's trials and times, the spikes have other trials
        or were observed at other times, a column is not made of numbers, booleans or texts, an event
        is not a finite time, or a note is no text.
    """

    population: Population
    hand_position_m: FloatArray | None = None
    hand_velocity_m_s: FloatArray | None = None
    torque_nm: FloatArray | None = None
    trials: Mapping[str, np.ndarray] = field(default_factory=dict)
    events_s: Mapping[str, float] = field(default_factory=dict)
    notes: Mapping[str, str] = field(default_factory=dict)
    spikes: SpikeTrains | None = None
    units: Mapping[str, np.ndarray] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Check every signal, column, event and note against the population."""
        samples, times = self.population.n_samples, self.population.n_times
        axis = self.population.sample_axis
        for name in SIGNALS:
            value = getattr(self, name)
            if value is not None:
                checked = check_array(name, value, (axis, "time", "dimension"), shape=(samples, times, 2))
                object.__setattr__(self, name, checked)
        if self.spikes is not None:
            _check_spikes(self.spikes, self.population)
        n_units = self.population.n_units if self.spikes is None else self.spikes.n_units
        events_s = {
            name: check_number(f"events_s[{name!r}]", time_s) for name, time_s in self.events_s.items()
        }
        for name, note in self.notes.items():
            if not isinstance(note, str):
                raise InputError(f"notes[{name!r}]", "a text", repr(note))
        object.__setattr__(self, "trials", _columns("trials", self.trials, samples, axis))
        object.__setattr__(self, "units", _columns("units", self.units, n_units, "unit"))
        object.__setattr__(self, "events_s", events_s)
        object.__setattr__(self, "notes", dict(self.notes))


def _check_spikes(spikes: SpikeTrains, population: Population) -> None:
    if spikes.n_trials != population.n_samples:
        axis = population.sample_axis
        raise InputError("spikes", f"{population.n_samples} trials, one a {axis}", f"{spikes.n_trials}")
    first_s, last_s = float(population.times_s[0]), float(population.times_s[-1])
    if last_s < spikes.start_s or first_s > spikes.stop_s:
        observed = f"spikes observed from {spikes.start_s} to {spikes.stop_s} s"
        expected = f"the population's clock, {first_s} to {last_s} s"
        raise InputError("spikes", expected, observed, "shift one clock to the other's zero")


def _columns(table: str, columns: Mapping[str, Any], size: int, axis: str) -> dict[str, np.ndarray]:
    return {name: _column(f"{table}[{name!r}]", column, size, axis) for name, column in columns.items()}


def _column(name: str, column: Any, size: int, axis: str) -> np.ndarray:
    expected = f"{size} numbers, booleans or texts, one a {axis}"
    try:
        array = np.asarray(column)
    except ValueError:
        raise InputError(name, expected, f"{type(column).__name__} that is no array") from None
    if array.dtype.kind not in "buifU" or array.shape[:1] != (size,):
        raise InputError(name, expected, f"shape {array.shape} of type {array.dtype}")
    return array
