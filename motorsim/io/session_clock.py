"""Session clock: trials, each on its own clock, laid one after another."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from motorsim.recording import Recording
    from motorsim.types import FloatArray, IntArray

GAP_S = 1.0
_GRID_S = 0.125  # a binary fraction, so that the zeros of the trials are exact


def span_s(recording: Recording) -> tuple[float, float]:
    """Return when a trial begins and ends on its own clock: the samples and the spikes' window."""
    times_s, spikes = recording.population.times_s, recording.spikes
    first_s, last_s = float(times_s[0]), float(times_s[-1])
    if spikes is None:
        return first_s, last_s
    return min(first_s, spikes.start_s), max(last_s, spikes.stop_s)


def trial_zeros_s(n_trials: int, start_s: float, stop_s: float) -> FloatArray:
    """Return where the clocks of the trials are zero on the session's clock, (trial,).

    Trials last from ``start_s`` to ``stop_s`` on their own clocks; on the session's they follow one
    another with a gap of at least 1 s, and none begins before 0.
    """
    period_s = _GRID_S * np.ceil((stop_s - start_s + GAP_S) / _GRID_S)
    first_s = _GRID_S * np.ceil(max(0.0, -start_s) / _GRID_S)
    zeros_s: FloatArray = first_s + period_s * np.arange(n_trials)
    return zeros_s


def trial_of(times_s: FloatArray, starts_s: FloatArray) -> IntArray:
    """Return the trial that each time on the session's clock belongs to, given when trials start."""
    return np.searchsorted(starts_s, times_s, side="right") - 1
