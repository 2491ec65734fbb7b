"""Time warping: trials of different durations brought onto one clock by the events they share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from motorsim.analysis.samples import check_rates
from motorsim.checks import InputError, check_array

if TYPE_CHECKING:
    from motorsim.types import FloatArray

_TOLERANCE = 1e-6


@dataclass(frozen=True, eq=False)
class TimeWarp:
    """Rates on a clock on which every event has one time.

    Attributes
    ----------
    rates
        Warped rates, (trial, time, unit), in the unit of the rates given: values are moved, not rescaled.
    times_s
        Times on the common clock, (time,).
    template_s
        Time of each event on the common clock, (event,).
    stretch
        Duration on the common clock over the trial's own, between neighbouring events, (trial, event - 1).
    """

    rates: FloatArray
    times_s: FloatArray
    template_s: FloatArray
    stretch: FloatArray


def time_warp(
    rates: Any, times_s: Any, events_s: Any, *, template_s: Any = None, warped_times_s: Any = None
) -> TimeWarp:
    """Warp each trial linearly between its events, and shift it before the first and after the last.

    A single event is plain alignment. Values between samples are interpolated linearly.

    Parameters
    ----------
    rates
        (trial, time, unit).
    times_s
        Time of each sample, (time,), evenly spaced.
    events_s
        When the events came in each trial, (trial, event), rising in each.
    template_s
        Where to put the events, (event,), rising; their medians over trials where not given.
    warped_times_s
        Times wanted on the common clock, (time,); by default those of ``times_s`` at which every trial has
        data.

    Returns
    -------
    TimeWarp
        The warped rates and their clock.

    Raises
    ------
    InputError
        If shapes do not fit, times are not evenly spaced, events do not rise, or a wanted time lies outside
        the data of a trial.
    """
    checked = check_rates("rates", rates, least_times=2)
    clock = check_array("times_s", times_s, ("time",), shape=(checked.shape[1],))
    steps = np.diff(clock)
    if steps.min() <= 0 or np.ptp(steps) > _TOLERANCE * steps.mean():
        got = f"steps of {steps.min():g} to {steps.max():g} s"
        raise InputError("times_s", "increasing, evenly spaced times", got, "resample onto an even grid")
    shape = (len(checked), None)
    events = check_array("events_s", events_s, ("trial", "event"), shape=shape, minimum_sizes=(1, 1))
    template = np.median(events, axis=0) if template_s is None else template_s
    template = check_array("template_s", template, ("event",), shape=events.shape[1:])
    _check_rise("events_s", events)
    _check_rise("template_s", template[None])
    wanted = clock if warped_times_s is None else check_array("warped_times_s", warped_times_s, ("time",))
    source = np.stack([_map(wanted, template, own) for own in events])
    slack = _TOLERANCE * steps.mean()
    inside = (source >= clock[0] - slack) & (source <= clock[-1] + slack)
    if warped_times_s is None:
        kept = inside.all(axis=0)
        wanted, source, inside = wanted[kept], source[:, kept], inside[:, kept]
    if not inside.all() or not wanted.size:
        _refuse_outside(inside, wanted)
    warped = _interpolate(checked, (source - clock[0]) / steps.mean())
    return TimeWarp(warped, wanted, template, np.diff(template) / np.diff(events, axis=1))


def warp_times(times_s: Any, events_s: Any, template_s: Any) -> FloatArray:
    """Map times of one trial, such as its spikes, onto the common clock.

    Parameters
    ----------
    times_s
        Times in the trial, (time,).
    events_s, template_s
        When the events came in the trial and where the common clock has them, (event,), rising.

    Returns
    -------
    FloatArray
        Times on the common clock, (time,).

    Raises
    ------
    InputError
        If shapes do not fit, a value is not finite or the events do not rise.
    """
    times = check_array("times_s", times_s, ("time",))
    events = check_array("events_s", events_s, ("event",), minimum_sizes=(1,))
    template = check_array("template_s", template_s, ("event",), shape=events.shape)
    _check_rise("events_s", events[None])
    _check_rise("template_s", template[None])
    return _map(times, events, template)


def _check_rise(name: str, events: FloatArray) -> None:
    falls = (np.diff(events, axis=1) <= 0).any(axis=1)
    if falls.any():
        trial = int(np.flatnonzero(falls)[0])
        got = f"{events[trial]} s" + (f" in trial {trial}" if len(events) > 1 else "")
        raise InputError(name, "events each later than the one before", got, "leave such trials out")


def _refuse_outside(inside: np.ndarray, wanted: FloatArray) -> None:
    if not wanted.size:
        expected = "trials that share a stretch of time around their events"
        raise InputError("rates", expected, "none", "give longer windows")
    trial, sample = (int(i) for i in np.argwhere(~inside)[0])
    expected = "times at which every trial has data"
    got = f"{wanted[sample]:g} s, outside trial {trial}"
    raise InputError("warped_times_s", expected, got, "ask for fewer times or give longer trials")


def _map(times: FloatArray, source: FloatArray, target: FloatArray) -> FloatArray:
    """Return where times on the clock of ``source`` events fall on that of ``target`` events."""
    inner = np.interp(times, source, target)
    before, after = np.minimum(times - source[0], 0.0), np.maximum(times - source[-1], 0.0)
    mapped: FloatArray = inner + before + after
    return mapped


def _interpolate(rates: FloatArray, position: FloatArray) -> FloatArray:
    """Return rates (trial, time, unit) at fractional sample numbers (trial, time)."""
    lower = np.clip(np.floor(position).astype(np.int64), 0, rates.shape[1] - 2)
    share = np.clip(position - lower, 0.0, 1.0)[:, :, None]
    trial = np.arange(len(rates))[:, None]
    between: FloatArray = (1 - share) * rates[trial, lower] + share * rates[trial, lower + 1]
    return between
