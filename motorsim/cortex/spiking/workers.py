"""The workers that trials run in: compiled programs, this process, or Python processes."""

from __future__ import annotations

import concurrent.futures
import contextlib
import multiprocessing
import os
import signal
import threading
from concurrent.futures.process import BrokenProcessPool
from typing import TYPE_CHECKING, Any

from motorsim.checks import DiskFullError
from motorsim.cortex.spiking.in_process import InProcessNetwork, in_process_network
from motorsim.cortex.spiking.trial import Kept, TrialError

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable, Iterator, Sequence

    from motorsim.cortex.brian_mode import Mode
    from motorsim.cortex.spiking.network import SpikingModel
    from motorsim.cortex.spiking.standalone import CompiledNetwork
    from motorsim.cortex.spiking.trial import TrialJob


@contextlib.contextmanager
def _named(job: TrialJob[Any]) -> Iterator[None]:
    """Put the job's name before what went wrong."""
    try:
        yield
    except TrialError as error:
        raise TrialError(f"{job.name}: {error}") from error
    except (DiskFullError, MemoryError):
        raise
    except Exception as error:
        raise TrialError(f"{job.name}: {type(error).__name__}: {error}") from error


def _tell(futures: dict[concurrent.futures.Future[Kept], int], told: Callable[[int, Kept], None]) -> None:
    """Hand results on as they come in; at an error, first those that had come in beside it."""
    waiting = dict(futures)
    for future in concurrent.futures.as_completed(futures):
        number = waiting.pop(future)
        if future.exception() is not None:
            for other, its_number in waiting.items():
                if other.done() and not other.cancelled() and other.exception() is None:
                    told(its_number, other.result())
        told(number, future.result())


def run_programs(
    program: CompiledNetwork,
    jobs: Sequence[TrialJob[Kept]],
    workers: int,
    told: Callable[[int, Kept], None],
) -> None:
    """Run compiled trials, each in a process that a thread waits for; ``told`` is called in this thread."""
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
            _tell(futures, told)
        except BaseException:
            with lock:
                stopped.set()
                for process in running:
                    process.kill()
            pool.shutdown(wait=True, cancel_futures=True)
            raise


class _Worker:
    """The network of a process, made with its first trial: an error then has a trial's name."""

    def __init__(self, model: SpikingModel, mode: Mode) -> None:
        self._model, self._mode = model, mode
        self._network: InProcessNetwork | None = None
        # Held, since Brian2's preferences go back when it is closed or collected.
        self.session = contextlib.ExitStack()

    def run(self, job: TrialJob[Kept]) -> Kept:
        with _named(job):
            given = job.make_input()
            if self._network is None:
                self._network = self.session.enter_context(in_process_network(self._model, self._mode))
            return job.keep(self._network.run(given))


def run_here(
    model: SpikingModel, mode: Mode, jobs: Sequence[TrialJob[Kept]], told: Callable[[int, Kept], None]
) -> None:
    """Run trials one after the other in this process."""
    worker = _Worker(model, mode)
    with worker.session:
        for number, job in enumerate(jobs):
            told(number, worker.run(job))


_WORKER: list[_Worker] = []


def _start_worker(model: SpikingModel, mode: Mode) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the session, which ends its workers
    threading.Thread(target=_end_with_session, daemon=True).start()
    _WORKER.append(_Worker(model, mode))


def _end_with_session() -> None:
    """End this worker when the process that started it is gone, which the pool itself would not notice."""
    session = multiprocessing.parent_process()
    if session is not None:
        session.join()
        os._exit(1)


def _work(job: TrialJob[Kept]) -> Kept:
    return _WORKER[0].run(job)


def run_processes(
    model: SpikingModel,
    mode: Mode,
    jobs: Sequence[TrialJob[Kept]],
    workers: int,
    told: Callable[[int, Kept], None],
) -> None:
    """Run trials in Python processes, each with a network of its own."""
    context = multiprocessing.get_context("spawn")
    pool = concurrent.futures.ProcessPoolExecutor(
        workers, mp_context=context, initializer=_start_worker, initargs=(model, mode)
    )
    futures: dict[concurrent.futures.Future[Kept], int] = {}
    try:
        for number, job in enumerate(jobs):
            futures[pool.submit(_work, job)] = number
        _tell(futures, told)
    except BaseException as error:
        for process in list((pool._processes or {}).values()):  # there is no public way to end them
            process.terminate()
        pool.shutdown(wait=True, cancel_futures=True)
        if isinstance(error, BrokenProcessPool):
            raise TrialError(_lost(jobs, futures)) from error
        raise
    pool.shutdown()


def _lost(jobs: Sequence[TrialJob[Kept]], futures: dict[concurrent.futures.Future[Kept], int]) -> str:
    """Say which trial lost its worker, as far as the pool tells: the first that did not come back."""
    back = [
        number
        for future, number in futures.items()
        if future.done() and not future.cancelled() and future.exception() is None
    ]
    first = min(set(range(len(jobs))) - set(back))
    said = f"{jobs[first].name} or one run beside it: its worker was ended"
    if not back:
        said += "; a script that runs a session has to do so under `if __name__ == '__main__':`"
    return said
