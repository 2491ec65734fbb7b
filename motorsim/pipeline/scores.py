"""What stage *simulate* says of the cortex in numbers: its reaches, its firing, how its two forms agree."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from motorsim.analysis import interval_cv
from motorsim.task import score_reaches

if TYPE_CHECKING:
    from collections.abc import Mapping

    from motorsim.recording import Recording
    from motorsim.spikes import SpikeTrains
    from motorsim.task import DelayedReach
    from motorsim.types import BoolArray, FloatArray

AFTER_GO_S, PREPARED_S = 0.4, 0.1
"""How long after the go cue, and before it, spiking and rate form are compared."""

_POOR_ERROR, _POOR_DRIFT_MM, _POOR_TORQUE_PERCENT = 0.2, 5.0, 2.0
_POOR_TRIAL_DRIFT_MM, _POOR_SUCCESS = 15.0, 0.5


def describe_reaches(recording: Recording, released: DelayedReach, test: BoolArray) -> dict[str, Any]:
    """Return the hand's errors in mm and mm/s, and how quiet rest and preparation were.

    Mean, median and greatest over conditions, or over trials where the recording holds trials; torque up to
    the go cue is relative to the peak of the same condition or trial.

    Parameters
    ----------
    recording
        A session of the task, conditions fastest.
    released
        The task, its go cue when movement was released.
    test
        Conditions that nothing was fitted on, boolean (condition,).
    """
    position, velocity, torque = recording.hand_position_m, recording.hand_velocity_m_s, recording.torque_nm
    assert position is not None  # noqa: S101 - a simulated session has a hand
    assert velocity is not None  # noqa: S101
    assert torque is not None  # noqa: S101
    n_trials = len(position) // released.n_conditions
    every = np.tile(np.arange(released.n_conditions), n_trials)
    held_out = test[every]
    score = score_reaches(replace(released, reaches=released.reaches.select(every)), position, velocity)
    size = np.abs(torque).max(axis=2)
    before = size[:, released.times_from_go_s <= 0].max(axis=1) / size.max(axis=1)
    measured = {
        "hand_error_{}_mm": 1e3 * score.error_m,
        "end_speed_{}_mm_s": 1e3 * score.speed_m_s,
        "peak_end_speed_{}_mm_s": 1e3 * score.peak_end_speed_m_s,
    }
    return {
        **{
            name.format(part): _summary(values[chosen])
            for name, values in measured.items()
            for part, chosen in (("fitted", ~held_out), ("test", held_out))
        },
        "preparatory_drift_mm": _summary(1e3 * score.drift_m),
        "torque_up_to_go_cue_percent_of_peak": _summary(100 * before),
        "mean_rate_hz": float(recording.population.rates.mean()),
    }


def describe_trials(recording: Recording, test: BoolArray) -> dict[str, Any]:
    """Return the share of single trials that end within 2 cm, and rate and irregularity of the neurons."""
    condition, success = recording.trials["condition"], recording.trials["success"]
    assert recording.spikes is not None  # noqa: S101 - a spiking session has spikes
    rate_hz, cv = unit_statistics(recording.spikes, condition)
    return {
        "success_fitted": float(success[~test[condition]].mean()),
        "success_test": float(success[test[condition]].mean()),
        "unit_rate_hz": float(rate_hz.mean()),
        "unit_interval_cv": float(np.nanmedian(cv)) if np.isfinite(cv).any() else None,
    }


def unit_statistics(spikes: SpikeTrains, condition: np.ndarray) -> tuple[FloatArray, FloatArray]:
    """Return mean rate in Hz and interval CV of every unit, (unit,); CV is NaN where spikes are too few."""
    intervals = spikes.intervals()
    counts = np.diff(spikes.boundaries).reshape(spikes.n_trials, spikes.n_units).sum(axis=0)
    rate_hz = counts / (spikes.n_trials * (spikes.stop_s - spikes.start_s))
    cv = interval_cv(
        intervals.interval_s, intervals.trial, intervals.unit, n_units=spikes.n_units, conditions=condition
    )
    return rate_hz, cv.value


def rate_changes(recording: Recording, released: DelayedReach) -> FloatArray:
    """Return how far rates (condition, time, unit) are from each unit's mean at rest."""
    rates = recording.population.rates
    changes: FloatArray = rates - rates[:, released.epoch("rest")].mean(axis=(0, 1))
    return changes


def rate_form_correlation(
    spiking: Recording, rate_form: Recording, released: DelayedReach
) -> dict[str, float | None]:
    """Correlate the pools' changes of rate, averages over trials, with those of the rate form.

    ``after_go``: over conditions, units and the samples of the first 0.4 s; ``after_go_tuned``: the same less
    what all conditions share, such as the answer to a go trigger; ``preparation``: over conditions and units,
    means of the last 0.1 s. None where one of the two stands still.
    """
    times_s = released.times_from_go_s
    after = (times_s >= -1e-9) & (times_s < AFTER_GO_S - 1e-9)
    before = (times_s >= -PREPARED_S - 1e-9) & (times_s < -1e-9)
    both = [rate_changes(each, released) for each in (spiking, rate_form)]
    moving = [changes[:, after] for changes in both]
    return {
        "after_go": _correlation(*moving),
        "after_go_tuned": _correlation(*(changes - changes.mean(axis=0) for changes in moving)),
        "preparation": _correlation(*(changes[:, before].mean(axis=1) for changes in both)),
    }


def warnings_of(notes: Mapping[str, Any], distance_m: float) -> list[str]:
    """Say in words what makes this cortex unfit as a model of reaching.

    Of a spiking cortex, whose single trials are noisy, the rate form tells whether the circuit makes the
    reaches at all, and the median trial whether preparation is quiet.
    """
    spiking = "rate_form" in notes
    error_mm = notes.get("rate_form", notes)["hand_error_fitted_mm"]["mean"]
    found = []
    if error_mm > 1e3 * _POOR_ERROR * distance_m:
        found.append(
            f"this circuit does not make the reaches: the hand misses fitted targets by {error_mm:.0f} mm"
        )
    drift_mm = notes["preparatory_drift_mm"]["median" if spiking else "max"]
    torque = notes["torque_up_to_go_cue_percent_of_peak"]["max"]
    if spiking and drift_mm > _POOR_TRIAL_DRIFT_MM:
        found.append(f"preparation is not quiet: the hand drifts by {drift_mm:.0f} mm in the median trial")
    if not spiking and (drift_mm > _POOR_DRIFT_MM or torque > _POOR_TORQUE_PERCENT):
        found.append(f"preparation is not quiet: drift {drift_mm:.1f} mm, torque {torque:.1f} % of its peak")
    if spiking and notes["success_fitted"] < _POOR_SUCCESS:
        found.append(
            f"only {notes['success_fitted']:.0%} of single trials end within 2 cm of fitted targets: "
            "take more neurons or a greater preparatory_norm_hz"
        )
    return found


def _correlation(one: FloatArray, other: FloatArray) -> float | None:
    if np.ptp(one) == 0 or np.ptp(other) == 0:
        return None
    return float(np.corrcoef(one.ravel(), other.ravel())[0, 1])


def _summary(values: FloatArray) -> dict[str, float]:
    return {"mean": float(values.mean()), "median": float(np.median(values)), "max": float(values.max())}
