"""Real sessions: trials cut out of an NWB file of other origin, around an event."""

from __future__ import annotations

import itertools
import logging
from typing import TYPE_CHECKING, Any

import numpy as np

from motorsim.checks import InputError, check_number, check_positive
from motorsim.io.nwb_tables import plain_columns, ragged_column
from motorsim.population import Population
from motorsim.recording import Recording
from motorsim.spikes import SpikeTrains

if TYPE_CHECKING:
    from collections.abc import Sequence

    from motorsim.types import BoolArray, FloatArray, IntArray

logger = logging.getLogger(__name__)

DEFAULT_WINDOW_S = (-0.25, 0.45)
_SERIES = {"hand_position_m": ("hand_pos", ""), "hand_velocity_m_s": ("hand_vel", "/s")}
_METRES = {"m": 1.0, "meters": 1.0, "metres": 1.0, "cm": 1e-2, "mm": 1e-3}
_ROUNDING_S = 1e-6


def recording_from_session(
    file: Any,
    *,
    align_to: str,
    window_s: tuple[float, float],
    dt_s: float,
    condition_columns: Sequence[str],
) -> Recording:
    """Cut trials around an event; the parameters are those of `motorsim.io.load_recording`.

    Columns ``..._time`` of the trials table become ``..._s`` on the trial's clock; ragged columns are
    left out.

    Raises
    ------
    InputError
        If units, trials or the event's column are missing, the window is no multiple of ``dt_s``, or
        no trial is left.
    """
    edges_s = _edges(window_s, dt_s)
    trials = _trials(file, align_to)
    zeros_s = trials[align_to].astype(np.float64)
    kept = np.isfinite(zeros_s)
    _say(kept, f"have no {align_to}")
    windows_s = zeros_s[:, None] + edges_s[[0, -1]]
    observed = kept & _observed(file.units, windows_s)
    _say(observed | ~kept, "were not observed throughout the window")
    times_s = (edges_s[:-1] + edges_s[1:]) / 2
    hand, whole = _hand(file, zeros_s, times_s, observed)
    if not whole.any():
        raise InputError("trials", f"a trial observed from {window_s[0]} to {window_s[1]} s", "none")
    spikes = _spikes(file.units, zeros_s[whole], edges_s)
    event = align_to.removesuffix("_time")
    labels = _condition_labels(trials, condition_columns, whole)
    units = tuple(str(one) for one in file.units.id[:])
    rates_hz = spikes.counts(edges_s) / dt_s
    return Recording(
        Population(rates_hz, times_s, labels, units, "trial", zero=event),
        **{name: values[whole] for name, values in hand.items()},
        trials={_renamed(name): _shifted(name, trials[name], zeros_s)[whole] for name in trials},
        events_s={event: 0.0},
        notes={"nwb_identifier": file.identifier, "nwb_session_description": file.session_description},
        spikes=spikes,
        units=plain_columns(file.units),
    )


def _edges(window_s: tuple[float, float], dt_s: float) -> FloatArray:
    dt_s = check_positive("dt_s", dt_s)
    if len(window_s) != 2:
        raise InputError("window_s", "two times", f"{len(window_s)}")
    start_s, stop_s = (check_number("window_s", end_s) for end_s in window_s)
    n_bins = round((stop_s - start_s) / dt_s)
    if n_bins < 1 or abs(n_bins * dt_s - (stop_s - start_s)) > _ROUNDING_S:
        raise InputError("window_s", f"a window that lasts a multiple of {dt_s} s", f"{window_s}")
    # Rounded, so that an edge meant to be at the event is: a spike there belongs to the bin after it.
    return np.round(np.linspace(start_s, stop_s, n_bins + 1), 12)


def _trials(file: Any, align_to: str) -> dict[str, np.ndarray]:
    for name in ("units", "trials"):
        if getattr(file, name) is None or not len(getattr(file, name)):
            raise InputError(name, "a table of that name in the file", "none or an empty one")
    trials = plain_columns(file.trials)
    if align_to not in trials or trials[align_to].dtype.kind not in "iuf" or trials[align_to].ndim != 1:
        times = ", ".join(name for name in trials if name.endswith("_time")) or "no times"
        expected = f"a column of times in the trials table, which has {times}"
        raise InputError("align_to", expected, f"{align_to!r}")
    return trials


def _say(kept: BoolArray, why: str) -> None:
    lost = int((~kept).sum())
    if lost:
        logger.warning("%d of %d trials %s and are left out", lost, kept.size, why)


def _observed(units: Any, windows_s: FloatArray) -> BoolArray:
    """Whether each window (trial, 2) lies in the observation intervals of every unit, (trial,)."""
    observed = np.ones(len(windows_s), dtype=bool)
    if "obs_intervals" not in units.colnames:
        return observed
    intervals_s, boundaries = ragged_column(units, "obs_intervals")
    bounds = itertools.pairwise(boundaries)
    distinct = {intervals_s[first:last].tobytes(): (first, last) for first, last in bounds}
    for first, last in distinct.values():
        observed &= _covered(windows_s, intervals_s[first:last])
    return observed


def _covered(windows_s: FloatArray, intervals_s: FloatArray) -> BoolArray:
    """Whether each window lies in one interval, where intervals that touch count as one."""
    if not len(intervals_s):
        return np.zeros(len(windows_s), dtype=bool)
    starts_s, stops_s = intervals_s[np.argsort(intervals_s[:, 0], kind="stable")].T
    reach_s = np.maximum.accumulate(stops_s)
    begins = np.concatenate([[True], starts_s[1:] > reach_s[:-1] + _ROUNDING_S])
    ends = np.concatenate([begins[1:], [True]])
    at = np.searchsorted(starts_s[begins], windows_s[:, 0] + _ROUNDING_S, side="right") - 1
    covered: BoolArray = (at >= 0) & (windows_s[:, 1] <= reach_s[ends][at] + _ROUNDING_S)
    return covered


def _hand(
    file: Any, zeros_s: FloatArray, times_s: FloatArray, observed: BoolArray
) -> tuple[dict[str, FloatArray], BoolArray]:
    """Return position and velocity, (trial, time, 2), and which of the observed trials have them whole."""
    held = file.processing["behavior"].data_interfaces if "behavior" in file.processing else {}
    found, whole = {}, observed
    for name, (series, per_time) in _SERIES.items():
        if series not in held:
            continue
        shape, unit = held[series].data.shape, held[series].unit
        scale = _METRES.get(unit.replace(" ", "").removesuffix(per_time))
        if scale is None or len(shape) != 2 or shape[0] < 2 or shape[1] != 2:
            logger.warning("%s of shape %s in %r is left out: not a hand in the plane", series, shape, unit)
            continue
        found[name] = scale * _sampled(held[series], zeros_s[:, None] + times_s)
        whole = whole & np.isfinite(found[name]).all(axis=(1, 2))
    _say(whole | ~observed, "have no hand throughout the window")
    return found, whole


def _sampled(series: Any, times_s: FloatArray) -> FloatArray:
    """Interpolate a series at times (trial, time); NaN beyond its ends, in gaps and where it is NaN."""
    data = np.asarray(series.data[:], dtype=np.float64) * series.conversion + (series.offset or 0.0)
    if series.timestamps is None:
        at_s = (series.starting_time or 0.0) + np.arange(len(data)) / series.rate
    else:
        at_s = np.asarray(series.timestamps[:], dtype=np.float64)
    sampled = np.stack([np.interp(times_s, at_s, column) for column in data.T], axis=-1)
    right = np.clip(np.searchsorted(at_s, times_s), 1, len(at_s) - 1)
    step_s = np.diff(at_s)
    gap = step_s[right - 1] > 2 * np.median(step_s)
    outside = ~((times_s >= at_s[0] - _ROUNDING_S) & (times_s <= at_s[-1] + _ROUNDING_S))
    sampled[gap | outside] = np.nan
    return sampled


def _spikes(units: Any, zeros_s: FloatArray, edges_s: FloatArray) -> SpikeTrains:
    session_s, boundaries = ragged_column(units, "spike_times")
    found: list[tuple[IntArray, IntArray, FloatArray]] = []
    for unit, (first, last) in enumerate(itertools.pairwise(boundaries)):
        train_s = np.sort(session_s[first:last])
        low = np.searchsorted(train_s, zeros_s + edges_s[0] - _ROUNDING_S)
        counts = np.searchsorted(train_s, zeros_s + edges_s[-1] + _ROUNDING_S) - low
        trial = np.repeat(np.arange(zeros_s.size), counts)
        at = np.arange(counts.sum()) + np.repeat(low - np.cumsum(counts) + counts, counts)
        own_s = train_s[at] - zeros_s[trial]
        inside = (own_s >= edges_s[0]) & (own_s < edges_s[-1])
        found.append((trial[inside], np.full(inside.sum(), unit), own_s[inside]))
    trial, unit_of, own_s = (np.concatenate(parts) for parts in zip(*found, strict=True))
    return SpikeTrains.from_events(
        *(trial, unit_of, own_s),
        n_trials=zeros_s.size,
        n_units=len(found),
        start_s=float(edges_s[0]),
        stop_s=float(edges_s[-1]),
    )


def _condition_labels(
    trials: dict[str, np.ndarray], columns: Sequence[str], kept: BoolArray
) -> tuple[str, ...]:
    used = [trials[name][kept].tolist() for name in columns if name in trials]
    if not used:
        return ("all",) * int(kept.sum())
    return tuple(", ".join(str(part) for part in parts) for parts in zip(*used, strict=True))


def _renamed(name: str) -> str:
    return f"{name.removesuffix('_time')}_s" if name.endswith("_time") else name


def _shifted(name: str, values: np.ndarray, zeros_s: FloatArray) -> np.ndarray:
    is_time = name.endswith("_time") and values.dtype.kind in "iuf" and values.ndim == 1
    return values - zeros_s if is_time else values
