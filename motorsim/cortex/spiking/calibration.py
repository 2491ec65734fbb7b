"""Calibration: what the neurons of a pool make of the current they get, measured by running them."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from motorsim.analysis import interval_cv
from motorsim.checks import InputError, MotorsimError
from motorsim.cortex.spiking.network import TICK_S, initial_voltage_mv
from motorsim.cortex.spiking.trial import TrialInput, TrialJob
from motorsim.spikes import SpikeTrains
from motorsim.streams import stream

if TYPE_CHECKING:
    from collections.abc import Callable

    from motorsim.cortex.spiking.network import SpikingModel
    from motorsim.cortex.spiking.runner import TrialRunner
    from motorsim.cortex.spiking.trial import TrialSpikes
    from motorsim.types import FloatArray, IntArray

PROBE_HZ = 7.0
"""Where the lag is measured: the frequency of the circuit's fastest modes."""
SETTLE_S = 0.3
"""How long the neurons run before anything is measured."""
_LEVELS_MV = (-4.0, 4.0)
_REPEATS = 2


@dataclass(frozen=True, eq=False)
class Calibration:
    """The neurons as a rate unit sees them, the slow coupling cut.

    Parameters
    ----------
    baseline_hz
        Mean rate of each pool without input, (pool,).
    hz_per_mv
        Gain: change of a pool's rate a mV of current into its neurons, at `PROBE_HZ`.
    lag_s
        First-order lag of the rate behind the current at that frequency. Half a tick of it comes from
        currents that are held for a tick, here as in the closed loop; counting a tick's spikes adds none.
    interval_cv
        Mean coefficient of variation of the inter-spike intervals of a neuron.
    count_noise
        Variance over mean of a pool's spike counts in windows of 0.2 s: 1 for Poisson neurons that know
        nothing of each other.
    input_mv, rate_hz
        Rate against constant current, (level,), over all pools.
    """

    baseline_hz: FloatArray
    hz_per_mv: float
    lag_s: float
    interval_cv: float
    count_noise: float
    input_mv: FloatArray
    rate_hz: FloatArray


def calibrate(
    runner: TrialRunner,
    *,
    rng: int,
    probe_mv: float = 1.0,
    on_progress: Callable[[float], None] | None = None,
) -> Calibration:
    """Measure gain, lag, baseline and irregularity of the pools with the slow coupling cut.

    Three kinds of trial run: without input; with a sine of 7 Hz into every pool, phases spread evenly so that
    the mean of the network stays as it is; with a constant current a pool, levels spread evenly likewise.

    Parameters
    ----------
    runner
        Runs trials of the model.
    rng
        Seed of initial voltages and of which pool gets which phase and level.
    probe_mv
        Amplitude of the sine.
    on_progress
        Told the fraction done.

    Raises
    ------
    MotorsimError
        If the neurons are silent, or the trial is too short to measure in.
    """
    model = runner.model
    duration_s = model.n_ticks * TICK_S - SETTLE_S
    if duration_s < 2.0 / PROBE_HZ:
        raise InputError(
            "n_ticks", f"trials of at least {SETTLE_S + 2.0 / PROBE_HZ:.2f} s", f"{model.n_ticks} ms"
        )
    levels = _levels(model, rng)
    turns = stream(rng, "calibration phases").permutation(model.n_pools) / model.n_pools
    phases = 2.0 * np.pi * turns
    times_s = TICK_S * np.arange(model.n_ticks + 1)[:, None]
    inputs = [
        np.zeros((len(times_s), model.n_pools)),
        probe_mv * np.sin(2.0 * np.pi * PROBE_HZ * times_s + phases),
        np.broadcast_to(levels, (len(times_s), model.n_pools)),
    ]
    jobs = [
        TrialJob(
            f"calibration trial {kind + 1}, repeat {repeat + 1}",
            functools.partial(_open_loop, model, given, rng, repeat),
            functools.partial(_summary, model, phases),
        )
        for kind, given in enumerate(inputs)
        for repeat in range(_REPEATS)
    ]
    done: list[int] = []

    def count(number: int, _: dict[str, Any]) -> None:
        done.append(number)
        if on_progress is not None:
            on_progress(len(done) / len(jobs))

    found = runner.run(jobs, on_result=count)
    return _calibration(found, levels, probe_mv)


def _levels(model: SpikingModel, rng: int) -> FloatArray:
    spread = np.linspace(*_LEVELS_MV, model.n_pools)
    return spread[stream(rng, "calibration levels").permutation(model.n_pools)]


def _open_loop(model: SpikingModel, input_mv: FloatArray, rng: int, repeat: int) -> TrialInput:
    """Return a trial in which pools get currents (tick, pool) and their slow states stay at 0."""
    draws = stream(rng, f"calibration trial {repeat}")
    return TrialInput(
        {
            "neurons.v": initial_voltage_mv(model, draws),
            "neurons.key": np.array([draws.integers(2**31)]),
            "pools.hz_per_mv": np.ones(1),
            "direct.values": input_mv,
        }
    )


def _summary(model: SpikingModel, phases: FloatArray, spikes: TrialSpikes) -> dict[str, Any]:
    """Return rates, response to the sine, intervals and count variance of a trial."""
    settled = spikes.time_s >= SETTLE_S
    neuron, time_s = spikes.neuron[settled], spikes.time_s[settled]
    pool = neuron // model.n_per_pool
    # Whole periods, so that a constant rate leaves no trace in the Fourier sum.
    whole_s = np.floor((model.n_ticks * TICK_S - SETTLE_S) * PROBE_HZ + 1e-9) / PROBE_HZ
    inside = time_s < SETTLE_S + whole_s
    turn = np.exp(-2j * np.pi * PROBE_HZ * time_s[inside] - 1j * (phases[pool[inside]] - np.pi / 2.0))
    duration_s = model.n_ticks * TICK_S - SETTLE_S
    return {
        "rate_hz": np.bincount(pool, minlength=model.n_pools) / (model.n_per_pool * duration_s),
        "response": 2.0 * turn.sum() / (model.n_neurons * whole_s),
        "interval_cv": _interval_cv(neuron, time_s, model),
        "count_noise": _count_noise(pool, time_s - SETTLE_S, model.n_pools, duration_s),
    }


def _interval_cv(neuron: IntArray, time_s: FloatArray, model: SpikingModel) -> float:
    """Mean coefficient of variation over neurons of at least five spikes; NaN where there is none."""
    trains = SpikeTrains.from_events(
        np.zeros(len(neuron), np.int64),
        neuron,
        time_s,
        n_trials=1,
        n_units=model.n_neurons,
        start_s=SETTLE_S,
        stop_s=model.n_ticks * TICK_S,
    )
    found = interval_cv(*trains.intervals(), n_units=model.n_neurons, conditions=[0], minimum=4)
    known = np.isfinite(found.value)
    return float(found.value[known].mean()) if known.any() else np.nan


def _count_noise(pool: IntArray, time_s: FloatArray, n_pools: int, duration_s: float) -> float:
    n_windows = int(duration_s / 0.2 + 1e-9)
    if n_windows < 2:
        return float("nan")
    window = (time_s / 0.2).astype(np.int64)
    inside = window < n_windows
    counts = np.bincount(pool[inside] * n_windows + window[inside], minlength=n_pools * n_windows)
    counts = counts.reshape(n_pools, n_windows)
    return float(counts.var(axis=1, ddof=1).mean() / counts.mean()) if counts.any() else float("nan")


def _calibration(found: list[dict[str, Any]], levels: FloatArray, probe_mv: float) -> Calibration:
    rest, sine, constant = (found[k * _REPEATS : (k + 1) * _REPEATS] for k in range(3))
    baseline_hz = np.mean([trial["rate_hz"] for trial in rest], axis=0)
    if not (baseline_hz > 0).all():
        raise MotorsimError("some pools of neurons are silent at rest; raise neurons.drive_mv")
    response = complex(np.mean([trial["response"] for trial in sine])) / probe_mv
    lag_s = np.tan(-np.angle(response)) / (2.0 * np.pi * PROBE_HZ)
    order = np.argsort(levels)
    return Calibration(
        baseline_hz=baseline_hz,
        hz_per_mv=float(abs(response)),
        lag_s=float(max(lag_s, 0.0)),
        interval_cv=float(np.mean([trial["interval_cv"] for trial in rest])),
        count_noise=float(np.mean([trial["count_noise"] for trial in rest])),
        input_mv=levels[order],
        rate_hz=np.mean([trial["rate_hz"] for trial in constant], axis=0)[order],
    )
