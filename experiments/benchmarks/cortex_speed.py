"""Measure how fast the spiking cortex runs, beside NEST on the same network, and how its cost grows.

    python experiments/benchmarks/cortex_speed.py [--quick] [--no-nest] [--rounds 7] [--results results]

The network is the cortex's fast one, slow coupling cut: 8,000 leaky integrate-and-fire neurons with 100
excitatory and 100 inhibitory inputs each, 0.1 ms steps, all spikes kept; first without noise, then with the
same background Poisson input to both. ``nest_network.py`` gives the same to NEST
(``pip install 'motorsim[peers]'``) and says what differs: how a background spike reaches the membrane. NEST
computes in double precision, the cortex holds its state in single.

Every contender runs in turn in every round; compiling and wiring are timed apart. Of a trial of the cortex
all is counted: the start of its process, loading the synapses, reading back the spikes. NEST keeps its
network from one trial to the next, currents and refractory neurons included, which costs it nothing.
``<results>/benchmarks/cortex_speed.csv`` holds every number printed.
"""

from __future__ import annotations

import argparse
import concurrent.futures
import contextlib
import csv
import functools
import importlib.util
import multiprocessing
import os
import platform
import resource
import sys
import tempfile
import time
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from nest_network import LAYOUTS, NestTrials

from motorsim.analysis import interval_cv
from motorsim.cortex.brian_mode import CACHE_VARIABLE
from motorsim.cortex.spiking.network import TICK_S, SpikingModel, initial_voltage_mv
from motorsim.cortex.spiking.neurons import LIFNeurons
from motorsim.cortex.spiking.runner import TrialRunner
from motorsim.cortex.spiking.trial import TrialInput, TrialJob, TrialSpikes
from motorsim.files import atomic_path
from motorsim.memory import PeakMemory

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from motorsim.types import FloatArray, IntArray

CORES = 2
SETTLE_S = 0.2
BACKGROUND_HZ = 2000.0
TOLERANCE = 0.05
COLUMNS = ("part", "case", "runner", "quantity", "median", "lowest", "highest")


@dataclass(frozen=True)
class Case:
    """A network and the length of a trial."""

    n_pools: int = 200
    n_per_pool: int = 40
    duration_s: float = 1.5
    background_hz: float = 0.0

    @property
    def model(self) -> SpikingModel:
        """The model that both simulators run."""
        neurons = LIFNeurons(background_hz=self.background_hz)
        excitatory = np.arange(self.n_pools) < self.n_pools // 2
        n_ticks = round(self.duration_s / TICK_S)
        return SpikingModel(excitatory, self.n_per_pool, neurons, tau_s=0.2, n_ticks=n_ticks, seed=1)

    @property
    def name(self) -> str:
        """The kind of noise."""
        return f"background {self.background_hz:g} Hz" if self.background_hz else "no noise"


class Contender(Protocol):
    """A simulator that is ready to run trials."""

    name: str
    setup_s: float

    def run(self, seeds: Sequence[int]) -> list[TrialSpikes]:
        """Run a trial from the initial voltages of each seed."""
        ...

    def close(self) -> None:
        """End its processes."""
        ...


def trial_input(model: SpikingModel, seed: int) -> TrialInput:
    """Return a trial of the cortex with the slow coupling cut."""
    start = {
        "neurons.v": initial_voltage_mv(model, np.random.default_rng(seed)),
        "neurons.key": np.array([seed]),
    }
    return TrialInput(start | {"pools.hz_per_mv": np.ones(1)})


class CortexTrials:
    """The spiking cortex, compiled to C++, one process a trial."""

    def __init__(self, case: Case, workers: int = CORES) -> None:
        self.name = f"motorsim, {workers} worker" + "s" * (workers > 1)
        begun = time.perf_counter()
        self._model = case.model
        self._runner = TrialRunner(self._model, mode="cpp_standalone", workers=workers)
        self._runner.compile()
        self.setup_s = time.perf_counter() - begun

    def run(self, seeds: Sequence[int]) -> list[TrialSpikes]:
        """Run a trial from the initial voltages of each seed."""
        jobs = [
            TrialJob(f"trial {seed}", functools.partial(trial_input, self._model, seed), _all_spikes)
            for seed in seeds
        ]
        return self._runner.run(jobs)

    def close(self) -> None:
        """Nothing runs between trials."""


def _all_spikes(spikes: TrialSpikes) -> TrialSpikes:
    return spikes


def rate_and_cv(trials: Sequence[TrialSpikes], n_neurons: int, duration_s: float) -> tuple[float, float]:
    """Return mean rate in Hz and mean coefficient of variation of the intervals, after `SETTLE_S`."""
    count, interval_s, neuron = 0, [], []
    for spikes in trials:
        order = np.lexsort((spikes.time_s, spikes.neuron))
        order = order[spikes.time_s[order] >= SETTLE_S]
        same = np.diff(spikes.neuron[order]) == 0
        count += len(order)
        interval_s.append(np.diff(spikes.time_s[order])[same])
        neuron.append(spikes.neuron[order][1:][same])
    joined = np.concatenate(neuron)
    cv = interval_cv(
        np.maximum(np.concatenate(interval_s), 0.0),
        np.zeros_like(joined),
        joined,
        n_units=n_neurons,
        conditions=[0],
    )
    rate_hz = count / (len(trials) * n_neurons * (duration_s - SETTLE_S))
    return rate_hz, float(np.nanmean(cv.value))


def same_until_s(one: TrialSpikes, other: TrialSpikes, dt_s: float) -> float:
    """Return the time of the first spike that only one of two trials has; infinity where there is none."""
    first, second = (_stamps(spikes, dt_s) for spikes in (one, other))
    apart = np.setxor1d(first, second)
    return float((apart[0] >> 32) * dt_s) if len(apart) else np.inf


def _stamps(spikes: TrialSpikes, dt_s: float) -> IntArray:
    return (np.rint(spikes.time_s / dt_s).astype(np.int64) << 32) + spikes.neuron


def race(contenders: Sequence[Contender], *, rounds: int, n_trials: int) -> dict[str, FloatArray]:
    """Let all run the same number of trials in every round, first one and then another in front.

    Returns trials per minute of wall time, (round,), of each by name.
    """
    found: dict[str, list[float]] = {contender.name: [] for contender in contenders}
    for number in range(rounds):
        turn = number % len(contenders)
        for contender in [*contenders[turn:], *contenders[:turn]]:
            seeds = range(1 + number * n_trials, 1 + (number + 1) * n_trials)
            begun = time.perf_counter()
            contender.run(seeds)
            found[contender.name].append(60.0 * n_trials / (time.perf_counter() - begun))
    return {name: np.array(values) for name, values in found.items()}


class Table:
    """Rows of the result, printed as they come and written together."""

    def __init__(self) -> None:
        self.rows: list[tuple[Any, ...]] = []

    def add(self, part: str, case: str, runner: str, quantity: str, values: Any) -> None:
        """Add the median and the range of some values."""
        values = np.atleast_1d(values)
        low, median, high = values.min(), np.median(values), values.max()
        self.rows.append((part, case, runner, quantity, f"{median:.6g}", f"{low:.6g}", f"{high:.6g}"))
        spread = f"   ({low:.4g} to {high:.4g})" if len(values) > 1 else ""
        print(f"{case:20s} {runner:46s} {quantity:28s} {median:10.4g}{spread}", flush=True)

    def write(self, path: Path) -> None:
        """Write the rows as comma-separated values."""
        with atomic_path(path) as partial, partial.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows([COLUMNS, *self.rows])


def compare_activity(case: Case, contenders: Sequence[Contender], table: Table, *, n_trials: int) -> None:
    """Put rate, irregularity and shared spikes of all beside those of the first.

    Raises
    ------
    SystemExit
        If rates or coefficients of variation differ by more than a twentieth: then speeds cannot be compared.
    """
    first: list[TrialSpikes] = []
    expected = np.zeros(2)
    for contender in contenders:
        trials = contender.run(range(n_trials))
        found = np.array(rate_and_cv(trials, case.model.n_neurons, case.duration_s))
        table.add("agreement", case.name, contender.name, "rate Hz", found[0])
        table.add("agreement", case.name, contender.name, "interval CV", found[1])
        if not first:
            first, expected = trials, found
            continue
        if not case.background_hz:
            shared_s = same_until_s(first[0], trials[0], case.model.neurons.dt_s)
            table.add("agreement", case.name, contender.name, "same spikes until s", shared_s)
        if not (np.abs(found - expected) <= TOLERANCE * expected).all():
            sys.exit(f"{contender.name}: rate and CV {found} are not {expected} of {contenders[0].name}")


def compare_with_nest(case: Case, table: Table, *, rounds: int, n_trials: int) -> None:
    """Check that both make the same activity, then time them in turn."""
    neurons = case.model.neurons
    contenders: list[Contender] = [CortexTrials(case)]
    try:
        # The network's own synapse is NEST's fastest; one that decays within a step is the nearest to a jump.
        for decay_s in (None, neurons.dt_s) if case.background_hz else (None,):
            contenders += [
                NestTrials(case.model, layout=layout, background_decay_s=decay_s) for layout in LAYOUTS
            ]
        compare_activity(case, contenders, table, n_trials=n_trials)
        for contender in contenders:
            table.add("speed", case.name, contender.name, "set-up s", contender.setup_s)
        found = race(contenders, rounds=rounds, n_trials=n_trials)
    finally:
        for contender in contenders:
            contender.close()
    for name, per_minute in found.items():
        table.add("speed", case.name, name, "trials per minute", per_minute)
    add_ratios(case, found, table)


def add_ratios(case: Case, found: dict[str, FloatArray], table: Table) -> None:
    """Divide the first one's trials per minute by those of each other and of the best, round by round."""
    own, *others = found
    for name in others:
        table.add("speed", case.name, own, f"times {name}", found[own] / found[name])
    best = max(others, key=lambda name: float(np.median(found[name])))
    table.add("speed", case.name, own, "times the fastest NEST", found[own] / found[best])


def in_fresh_process(function: Callable[..., Any], *arguments: Any) -> Any:
    """Call a function in a process of its own, whose memory is its alone."""
    context = multiprocessing.get_context("spawn")
    with concurrent.futures.ProcessPoolExecutor(1, mp_context=context) as pool:
        return pool.submit(function, *arguments).result()


def build(case: Case) -> tuple[float, int]:
    """Compile a network; return the seconds and the peak memory in bytes of the process that describes it."""
    memory = PeakMemory()
    return CortexTrials(case).setup_s, memory.bytes()


def run_compiled(case: Case, workers: int, n_trials: int) -> tuple[float, int]:
    """Run trials of a compiled network; return the seconds and an upper bound of all memory in bytes.

    The system tells the peak of the largest child, which counts this process at the moment it started it.
    """
    memory = PeakMemory()
    cortex = CortexTrials(case, workers)
    begun = time.perf_counter()
    cortex.run(range(n_trials))
    seconds = time.perf_counter() - begun
    child = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    return seconds, memory.bytes() + workers * child


def measure_scaling(
    sizes: Sequence[int], table: Table, *, duration_s: float, trials: tuple[int, int]
) -> None:
    """Time some and more trials of every size with one and two workers, and fit the powers they grow by."""
    seconds: dict[tuple[int, int], list[float]] = {}
    for size in sizes:
        case = Case(n_per_pool=size // Case.n_pools, duration_s=duration_s)
        name = f"{size} neurons"
        built_s, built_bytes = in_fresh_process(build, case)
        table.add("scaling", name, "compiling", "s", built_s)
        table.add("scaling", name, "compiling", "peak memory GB", built_bytes / 1e9)
        for workers in range(1, CORES + 1):
            runner = f"{workers} worker" + "s" * (workers > 1)
            for n_trials in trials:
                taken_s, used = in_fresh_process(run_compiled, case, workers, n_trials)
                seconds.setdefault((workers, n_trials), []).append(taken_s)
                per_second = taken_s / (n_trials * duration_s)
                table.add("scaling", name, runner, f"s a trial-second, {n_trials} trials", per_second)
            table.add("scaling", name, runner, "peak memory GB", used / 1e9)
    for workers in range(1, CORES + 1):
        fewer, more = (np.array(seconds[workers, n_trials]) for n_trials in trials)
        runner = f"{workers} worker" + "s" * (workers > 1)
        exponent = np.polyfit(np.log(sizes), np.log(more), 1)[0] if len(sizes) > 1 else np.nan
        table.add("scaling", "all sizes", runner, "power of neurons", exponent)
        power = np.log(more / fewer) / np.log(trials[1] / trials[0])
        table.add("scaling", "all sizes", runner, "power of trials", power)


@contextlib.contextmanager
def cache_of_its_own() -> Iterator[None]:
    """Compile into a folder that goes away, so that all is compiled anew and no other build pruned."""
    before = os.environ.get(CACHE_VARIABLE)
    with tempfile.TemporaryDirectory(prefix="motorsim-speed-") as folder:
        os.environ[CACHE_VARIABLE] = folder
        try:
            yield
        finally:
            del os.environ[CACHE_VARIABLE]
            if before is not None:
                os.environ[CACHE_VARIABLE] = before


def measure(options: argparse.Namespace, table: Table) -> None:
    """Run the race without and with background input, then the scaling."""
    quick = options.quick
    case = Case(n_per_pool=10, duration_s=0.8) if quick else Case()
    rounds, n_trials = (2, 2) if quick else (7, 4)
    for background_hz in () if options.no_nest else (0.0, BACKGROUND_HZ):
        noisy = replace(case, background_hz=background_hz)
        compare_with_nest(noisy, table, rounds=options.rounds or rounds, n_trials=n_trials)
    sizes = (1000, 3000) if quick else (2000, 5000, 10000, 20000)
    measure_scaling(sizes, table, duration_s=case.duration_s, trials=(2, 4) if quick else (4, 8))


def describe_machine(*, with_nest: bool) -> str:
    """Return what the numbers depend on, in a few lines."""
    nest = f"NEST {version('nest-simulator')}, double precision" if with_nest else "without NEST"
    load = ", ".join(f"{value:.2f}" for value in os.getloadavg())
    return (
        f"motorsim {version('motorsim')} on Brian2 {version('brian2')}, single precision; {nest}\n"
        f"Python {platform.python_version()}, {platform.machine()}, {os.cpu_count()} cores; "
        f"load averages before the start {load} (other work makes every number worse)"
    )


def main(arguments: Sequence[str] | None = None) -> None:
    """Run both parts, print as it goes, write the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument(
        "--quick", action="store_true", help="small networks and short trials: a check that all works"
    )
    parser.add_argument("--no-nest", action="store_true", help="only the scaling table")
    parser.add_argument("--rounds", type=int, help="how often every contender runs (7; 2 with --quick)")
    parser.add_argument("--results", type=Path, default=Path("results"))
    options = parser.parse_args(arguments)
    if options.rounds is not None and options.rounds < 1:
        parser.error(f"--rounds: expected a number of at least 1, got {options.rounds}")
    if not options.no_nest and importlib.util.find_spec("nest") is None:
        parser.error("NEST is not installed: pip install 'motorsim[peers]', or leave it out with --no-nest")
    print(describe_machine(with_nest=not options.no_nest))
    table = Table()
    with cache_of_its_own():
        measure(options, table)
    path = options.results / "benchmarks" / "cortex_speed.csv"
    table.write(path)
    print(f"written to {path}")


if __name__ == "__main__":
    main()
