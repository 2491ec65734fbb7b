"""A session of spiking trials: how each trial is driven, and what is kept of its spikes."""

from __future__ import annotations

import functools
import hashlib
import logging
import zipfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from motorsim.checks import check_integer
from motorsim.cortex.spiking.network import TICK_S, initial_voltage_mv
from motorsim.cortex.spiking.standalone import made_by
from motorsim.cortex.spiking.trial import TrialInput, TrialJob
from motorsim.files import atomic_path
from motorsim.spikes import SpikeTrains
from motorsim.streams import stream

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from motorsim.cortex.spiking.network import SpikingModel
    from motorsim.cortex.spiking.runner import TrialRunner
    from motorsim.cortex.spiking.trial import TrialSpikes
    from motorsim.types import BoolArray, FloatArray, IntArray

logger = logging.getLogger(__name__)

SETTLE_S = 0.2
"""How long a trial runs before its clock starts, so that initial voltages are forgotten."""
SILENCING_MV = -100.0
"""Current into silenced neurons: ten times what takes them from rest to threshold."""


@dataclass(frozen=True, eq=False)
class SlowDrive:
    """What drives the slow states of the pools, the same in every repeat.

    Parameters
    ----------
    weights
        W, (pool, pool), row postsynaptic.
    drive_hz
        Input h of every condition, (condition, tick, pool), from the start of the trial's clock.
    feedback
        F, (pool, pool), or None.
    gate
        Whether F acts, (tick,).
    silenced
        Which pools are silenced, boolean (tick, pool), or None.
    spread_hz
        A root of the covariance of the slow states at rest, (pool, pool): trials start from states drawn so.
    noise_hz
        Standard deviation that the input noise would give an isolated pool, (tick,).
    baseline_hz, hz_per_mv
        Of the calibration.
    light_mv, light_course
        Current into each neuron at full light, (neuron,), and its course, (tick,); or None.
    """

    weights: FloatArray
    drive_hz: FloatArray
    feedback: FloatArray | None
    gate: FloatArray
    silenced: BoolArray | None
    spread_hz: FloatArray
    noise_hz: FloatArray
    baseline_hz: FloatArray
    hz_per_mv: float
    light_mv: FloatArray | None = None
    light_course: FloatArray | None = None

    def digest(self) -> str:
        """Return a digest of all numbers."""
        seen = hashlib.sha256()
        for name, value in vars(self).items():
            seen.update(name.encode())
            if value is not None:
                seen.update(np.ascontiguousarray(value).tobytes())
        return seen.hexdigest()

    def trial(self, model: SpikingModel, condition: int, seed: int) -> Callable[[], TrialInput]:
        """Return what makes the input of a trial; it carries the numbers of its condition alone."""
        own = replace(self, drive_hz=self.drive_hz[condition : condition + 1])
        return functools.partial(_trial_input, model, own, seed)


def _trial_input(model: SpikingModel, given: SlowDrive, seed: int) -> TrialInput:
    draws = stream(seed, "spiking trial")
    n_settle = round(SETTLE_S / TICK_S)
    n_rows = model.n_ticks + 1

    def on_clock(values: FloatArray) -> FloatArray:
        """Put 0 before the trial's clock, hold the last value after it."""
        rows = np.zeros((n_rows, *values.shape[1:]))
        held = values[: n_rows - n_settle]
        rows[n_settle : n_settle + len(held)] = held
        rows[n_settle + len(held) :] = held[-1]
        return rows

    values: dict[str, np.ndarray] = {
        "neurons.v": initial_voltage_mv(model, draws),
        "neurons.key": np.array([draws.integers(2**31)]),
        "pools.x": given.spread_hz @ draws.standard_normal(model.n_pools),
        "pools.closed": np.ones(1),
        "pools.baseline_hz": given.baseline_hz,
        "pools.hz_per_mv": np.full(1, given.hz_per_mv),
        "recurrent_matrix.weight": given.weights.T.ravel(),
        "drive.values": on_clock(given.drive_hz[0]),
    }
    if given.noise_hz.any():
        # From the first tick on, so that what the slow states were drawn from lasts until the clock starts.
        size = on_clock(given.noise_hz)
        size[:n_settle] = given.noise_hz[0]
        size *= np.sqrt(2.0 * model.tau_s / TICK_S)
        values["drive.values"] += size[:, None] * draws.standard_normal((n_rows, model.n_pools))
    if given.feedback is not None:
        values["fed_back_matrix.weight"] = given.feedback.T.ravel()
        values["gate.values"] = on_clock(given.gate)
    if given.silenced is not None:
        values["direct.values"] = SILENCING_MV * on_clock(given.silenced.astype(np.float64))
    if given.light_mv is not None and given.light_course is not None:
        values["neurons.light_mv"] = given.light_mv
        values["light.values"] = on_clock(given.light_course)
    return TrialInput(values)


@dataclass(frozen=True, eq=False)
class KeptTrial:
    """What is kept of a trial's spikes.

    ``pool_counts`` (time, pool) in the bins of `Sampling`; ``unit`` and ``time_s`` (spike,) of the neurons
    recorded one by one, on the trial's clock.
    """

    pool_counts: IntArray
    unit: IntArray
    time_s: FloatArray


@dataclass(frozen=True, eq=False)
class Sampling:
    """What is recorded: pool counts at ``n_times`` samples ``dt_s`` apart, and single neurons, (unit,).

    Bins are centred on the samples; where ``causal``, they end with them, so that nothing later is counted.
    """

    n_times: int
    dt_s: float
    recorded: IntArray
    causal: bool = False

    @property
    def n_ticks(self) -> int:
        """Ticks a trial must last for the last bin to be whole."""
        return round((SETTLE_S + self.n_times * self.dt_s) / TICK_S)

    def keep(self, model: SpikingModel, spikes: TrialSpikes) -> KeptTrial:
        """Bin and select the spikes of a trial."""
        clock_s = spikes.time_s - SETTLE_S
        # A millionth of a bin, or rounding would move spikes on an edge to either side of it.
        first_end = (1.0 if self.causal else 0.5) + 1e-6
        sample = np.floor(clock_s / self.dt_s + first_end).astype(np.int64)
        inside = (sample >= 0) & (sample < self.n_times)
        flat = sample[inside] * model.n_pools + spikes.neuron[inside] // model.n_per_pool
        counts = np.bincount(flat, minlength=self.n_times * model.n_pools)
        unit_of = np.full(model.n_neurons, -1)
        unit_of[self.recorded] = np.arange(len(self.recorded))
        unit = unit_of[spikes.neuron]
        last = np.floor(clock_s / self.dt_s + 1e-6)
        chosen = (unit >= 0) & (last >= 0) & (last < self.n_times)
        return KeptTrial(
            counts.reshape(self.n_times, model.n_pools).astype(np.int32),
            unit[chosen],
            np.maximum(clock_s[chosen], 0.0),
        )

    def trains(self, trials: Sequence[KeptTrial]) -> SpikeTrains:
        """Return the spikes of the neurons recorded, all trials together."""
        sizes = [len(trial.time_s) for trial in trials]
        return SpikeTrains.from_events(
            np.repeat(np.arange(len(trials)), sizes),
            np.concatenate([trial.unit for trial in trials]),
            np.concatenate([trial.time_s for trial in trials]),
            n_trials=len(trials),
            n_units=len(self.recorded),
            start_s=0.0,
            stop_s=self.n_times * self.dt_s,
        )


def recorded_neurons(model: SpikingModel, n_recorded: int) -> IntArray:
    """Draw neurons to record one by one, (unit,), increasing; as evenly from the pools as can be."""
    n_recorded = check_integer("n_recorded", n_recorded, maximum=model.n_neurons)
    draws = stream(model.seed, "recorded neurons")
    within = draws.random((model.n_pools, model.n_per_pool)).argsort(axis=1)
    pools = draws.permutation(model.n_pools)
    dealt = (pools * model.n_per_pool)[:, None] + within[pools]
    return np.sort(dealt.T.ravel()[:n_recorded])


def run_session(
    runner: TrialRunner,
    slow: SlowDrive,
    sampling: Sampling,
    *,
    n_conditions: int,
    n_trials: int,
    seed: int,
    keep_in: Path | None,
    on_progress: Callable[[float], None] | None,
) -> list[KeptTrial]:
    """Run every condition ``n_trials`` times, conditions fastest; trials kept in a folder are not run again.

    Raises
    ------
    TrialError, DiskFullError, CompileError
        See `TrialRunner.run`. Trials finished before are in ``keep_in`` by then.
    """
    numbers = range(n_conditions * n_trials)
    kept: dict[int, KeptTrial] = {}
    paths: dict[int, Path] = {}
    if keep_in is not None:
        name = _session_name(runner.model, slow, sampling, seed)
        paths = _paths(Path(keep_in), runner.used_mode, name, numbers)
        if not all(path.exists() for path in paths.values()):
            runner.compile()  # now, since falling back changes the mode
            paths = _paths(Path(keep_in), runner.used_mode, name, numbers)
        found = {number: _load(path) for number, path in paths.items()}
        kept = {number: trial for number, trial in found.items() if trial is not None}
        if kept and on_progress is not None:
            on_progress(len(kept) / len(numbers))
    missing = [number for number in numbers if number not in kept]
    seeds = stream(seed, "spiking trials").integers(2**62, size=len(numbers))
    jobs = [
        TrialJob(
            f"trial {number} (condition {number % n_conditions}, repeat {number // n_conditions})",
            slow.trial(runner.model, number % n_conditions, int(seeds[number])),
            functools.partial(sampling.keep, runner.model),
        )
        for number in missing
    ]

    def done(job: int, trial: KeptTrial) -> None:
        number = missing[job]
        kept[number] = trial
        if paths:
            _save(paths[number], trial)
        if on_progress is not None:
            on_progress(len(kept) / len(numbers))

    runner.run(jobs, on_result=done)
    return [kept[number] for number in numbers]


def _session_name(model: SpikingModel, slow: SlowDrive, sampling: Sampling, seed: int) -> str:
    """Name what trials depend on, but for their number and the mode."""
    parts = [
        slow.digest(),
        *(f"{given} {np.asarray(value).tolist()}" for given, value in vars(model).items()),
    ]
    parts += [f"{given} {np.asarray(value).tolist()}" for given, value in vars(sampling).items()]
    own = hashlib.sha256(Path(__file__).read_bytes()).hexdigest()
    return hashlib.sha256(" ".join([*parts, f"{seed} {own} {made_by()}"]).encode()).hexdigest()[:20]


def _paths(folder: Path, mode: str, name: str, numbers: range) -> dict[int, Path]:
    return {number: folder / f"{mode}-{name}-{number}.npz" for number in numbers}


def _save(path: Path, trial: KeptTrial) -> None:
    with atomic_path(path) as temporary:
        np.savez(temporary, pool_counts=trial.pool_counts, unit=trial.unit, time_s=trial.time_s)


def _load(path: Path) -> KeptTrial | None:
    """Return a trial that was kept, or None where there is none or its file is damaged: it is run again."""
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as stored:
            return KeptTrial(stored["pool_counts"], stored["unit"], stored["time_s"])
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
        logger.warning("%s is damaged: its trial is run again", path)
        return None
