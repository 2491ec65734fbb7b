"""Running many trials: one process a core, the same spikes whatever their number, finished trials kept."""

from __future__ import annotations

import concurrent.futures
import contextlib
import logging
import multiprocessing
import os
import threading
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from motorsim.checks import DiskFullError, MotorsimError, check_integer
from motorsim.cortex.brian_mode import Mode, resolve_mode
from motorsim.cortex.spiking.in_process import InProcessNetwork, in_process_network
from motorsim.cortex.spiking.standalone import CompiledNetwork, CompileError, compiled_network
from motorsim.cortex.spiking.trial import TrialError

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable, Iterator, Sequence

    from motorsim.cortex.spiking.network import SpikingModel
    from motorsim.cortex.spiking.trial import TrialInput, TrialSpikes

logger = logging.getLogger(__name__)

Kept = TypeVar("Kept")


@dataclass(frozen=True, eq=False)
class TrialJob(Generic[Kept]):
    """One trial to run: its name in words, how its input is made, and what is kept of its spikes.

    Both callables are pickled where trials run in Python processes. The input is made only when its turn comes,
    so that the inputs of all trials are never in memory together.
    """

    name: str
    make_input: Callable[[], TrialInput]
    keep: Callable[[TrialSpikes], Kept]


def available_cores() -> int:
    """Return how many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def spiking_mode(mode: Mode) -> Mode:
    """Turn ``"auto"`` into C++ standalone where a compiler is found and NumPy where none is."""
    return resolve_mode("cpp_standalone" if mode == "auto" else mode)


@dataclass(frozen=True, eq=False)
class TrialRunner:
    """Runs trials of one model.

    Parameters
    ----------
    model
        The network.
    mode
        ``"auto"``, ``"cpp_standalone"``, ``"cython"`` or ``"numpy"``.
    workers
        Processes at once; one a core where None. The spikes do not depend on it.
    """

    model: SpikingModel
    mode: Mode = "auto"
    workers: int | None = None
    _state: dict[str, Mode] = field(default_factory=dict, repr=False)

    @property
    def used_mode(self) -> Mode:
        """The mode that trials run in, after falling back where compiling failed."""
        return self._state.get("mode") or spiking_mode(self.mode)

    def run(
        self, jobs: Sequence[TrialJob[Kept]], *, on_result: Callable[[int, Kept], None] | None = None
    ) -> list[Kept]:
        """Run all jobs and return what they keep, in their order.

        ``on_result`` is told a job's number and what it keeps as soon as it is done, in this thread. At the first
        error, or Ctrl-C, the workers are ended; what was told stays told.

        Raises
        ------
        TrialError
            If a trial fails, with its name and what its worker said.
        DiskFullError
            If a trial's spikes could not be written.
        CompileError
            If compiling fails and the mode was asked for by name.
        """
        mode = self.used_mode
        workers = min(check_integer("workers", self.workers or available_cores()), max(len(jobs), 1))
        kept: dict[int, Kept] = {}

        def told(number: int, result: Kept) -> None:
            kept[number] = result
            if on_result is not None:
                on_result(number, result)

        if mode == "cpp_standalone" and jobs:
            try:
                program = compiled_network(self.model)
            except CompileError as error:
                if self.mode != "auto":
                    raise
                logger.warning("%s\nBrian2 runs on its NumPy target instead, more slowly", error)
                mode = self._state["mode"] = "numpy"
            else:
                _run_programs(program, jobs, workers, told)
        if mode != "cpp_standalone" and jobs:
            if workers == 1:
                _run_here(self.model, mode, jobs, told)
            else:
                _run_processes(self.model, mode, jobs, workers, told)
        return [kept[number] for number in range(len(jobs))]


@contextlib.contextmanager
def _named(job: TrialJob[Any]) -> Iterator[None]:
    """Put the job's name before what went wrong."""
    try:
        yield
    except TrialError as error:
        raise TrialError(f"{job.name}: {error}") from error
    except (DiskFullError, MotorsimError, MemoryError):
        raise
    except Exception as error:
        raise TrialError(f"{job.name}: {type(error).__name__}: {error}") from error


def _run_programs(
    program: CompiledNetwork,
    jobs: Sequence[TrialJob[Kept]],
    workers: int,
    told: Callable[[int, Kept], None],
) -> None:
    """Run compiled trials, each in a process that a thread waits for."""
    running: set[subprocess.Popen[bytes]] = set()
    stopped = threading.Event()
    lock = threading.Lock()

    def started(process: subprocess.Popen[bytes]) -> None:
        with lock:
            running.add(process)
            if stopped.is_set():
                process.kill()

    def one(job: TrialJob[Kept]) -> Kept:
        with _named(job):
            return job.keep(program.run(job.make_input(), started=started))

    with concurrent.futures.ThreadPoolExecutor(workers) as pool:
        futures = {pool.submit(one, job): number for number, job in enumerate(jobs)}
        try:
            for future in concurrent.futures.as_completed(futures):
                told(futures[future], future.result())
        except BaseException:
            with lock:
                stopped.set()
                for process in running:
                    process.kill()
            pool.shutdown(wait=True, cancel_futures=True)
            raise


def _run_here(
    model: SpikingModel, mode: Mode, jobs: Sequence[TrialJob[Kept]], told: Callable[[int, Kept], None]
) -> None:
    with in_process_network(model, mode) as network:
        for number, job in enumerate(jobs):
            with _named(job):
                result = job.keep(network.run(job.make_input()))
            told(number, result)


_WORKER: dict[str, InProcessNetwork] = {}


def _start_worker(model: SpikingModel, mode: Mode) -> None:
    stack = contextlib.ExitStack()
    _WORKER["network"] = stack.enter_context(in_process_network(model, mode))


def _work(job: TrialJob[Kept]) -> Kept:
    with _named(job):
        return job.keep(_WORKER["network"].run(job.make_input()))


def _run_processes(
    model: SpikingModel,
    mode: Mode,
    jobs: Sequence[TrialJob[Kept]],
    workers: int,
    told: Callable[[int, Kept], None],
) -> None:
    context = multiprocessing.get_context("spawn")
    pool = concurrent.futures.ProcessPoolExecutor(
        workers, mp_context=context, initializer=_start_worker, initargs=(model, mode)
    )
    futures = {pool.submit(_work, job): number for number, job in enumerate(jobs)}
    try:
        for future in concurrent.futures.as_completed(futures):
            try:
                result = future.result()
            except BrokenProcessPool as error:
                first = min(number for done, number in futures.items() if _lost(done))
                raise TrialError(f"{jobs[first].name} or one after it: its worker was ended") from error
            told(futures[future], result)
    except BaseException:
        for process in list((pool._processes or {}).values()):  # noqa: SLF001 - the pool has no public way to end them
            process.terminate()
        pool.shutdown(wait=True, cancel_futures=True)
        raise
    pool.shutdown()


def _lost(future: concurrent.futures.Future[Any]) -> bool:
    return future.done() and not future.cancelled() and isinstance(future.exception(), BrokenProcessPool)
