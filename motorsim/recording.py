"""Recording: one session, simulated or real: activity, trials, hand and torques on one clock."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from motorsim.checks import InputError, check_array, check_number

if TYPE_CHECKING:
    from collections.abc import Mapping

    from motorsim.population import Population
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

    Raises
    ------
    InputError
        If a signal does not share the population's trials and times, a column is not made of
        numbers, booleans or texts, an event is not a finite time, or a note is no text.
    """

    population: Population
    hand_position_m: FloatArray | None = None
    hand_velocity_m_s: FloatArray | None = None
    torque_nm: FloatArray | None = None
    trials: Mapping[str, np.ndarray] = field(default_factory=dict)
    events_s: Mapping[str, float] = field(default_factory=dict)
    notes: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Check every signal, column, event and note against the population."""
        samples, times = self.population.n_samples, self.population.n_times
        axis = self.population.sample_axis
        for name in SIGNALS:
            value = getattr(self, name)
            if value is not None:
                checked = check_array(name, value, (axis, "time", "dimension"), shape=(samples, times, 2))
                object.__setattr__(self, name, checked)
        trials = {name: _column(name, column, samples, axis) for name, column in self.trials.items()}
        events_s = {
            name: check_number(f"events_s[{name!r}]", time_s) for name, time_s in self.events_s.items()
        }
        for name, note in self.notes.items():
            if not isinstance(note, str):
                raise InputError(f"notes[{name!r}]", "a text", repr(note))
        object.__setattr__(self, "trials", trials)
        object.__setattr__(self, "events_s", events_s)
        object.__setattr__(self, "notes", dict(self.notes))


def _column(name: str, column: Any, n_samples: int, axis: str) -> np.ndarray:
    expected = f"{n_samples} numbers, booleans or texts, one a {axis}"
    try:
        array = np.asarray(column)
    except ValueError:
        raise InputError(f"trials[{name!r}]", expected, f"{type(column).__name__} that is no array") from None
    if array.dtype.kind not in "buifU" or array.shape[:1] != (n_samples,):
        raise InputError(f"trials[{name!r}]", expected, f"shape {array.shape} of type {array.dtype}")
    return array
