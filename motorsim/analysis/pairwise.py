"""All pairs of populations by one metric, in parallel, with the same numbers for any number of workers."""

from __future__ import annotations

import concurrent.futures
import itertools
import multiprocessing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from motorsim.checks import InputError, check_choice, check_integer

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from motorsim.types import FloatArray

WORKERS = ("threads", "processes")
# In a worker process: the metric and the prepared populations, sent once instead of with every pair.
_SENT: list[Any] = []


@dataclass(frozen=True, eq=False)
class PairwiseMatrix:
    """A metric between all pairs of populations.

    Attributes
    ----------
    values
        (population, population): row the first argument of the metric, column the second.
    symmetric
        Whether only one of each two was computed and mirrored.
    """

    values: FloatArray
    symmetric: bool


def pairwise(
    populations: Sequence[Any],
    metric: Callable[[Any, Any], float],
    *,
    prepare: Callable[[Any], Any] | None = None,
    symmetric: bool = True,
    n_workers: int = 1,
    workers: str = "threads",
) -> PairwiseMatrix:
    """Compute a metric between all pairs, each with itself too.

    Parameters
    ----------
    populations
        Two or more of what ``prepare``, or else ``metric``, takes, such as arrays (condition, time, unit).
    metric
        Two populations, as prepared, in, one number out.
    prepare
        What need be done only once for each population, such as whitening.
    symmetric
        Compute each pair once and mirror it; False for a metric with a direction, such as R^2.
    n_workers
        How many pairs at a time. Linear algebra runs on one thread a worker, even if there is only one.
    workers
        ``"threads"`` where the time goes into NumPy, ``"processes"`` where it goes into Python. Processes
        start afresh: functions and populations must be such as can be pickled, and a script that asks for
        them needs ``if __name__ == "__main__"``.

    Returns
    -------
    PairwiseMatrix
        The values, in the order of the populations.

    Raises
    ------
    InputError
        For fewer than two populations, a number of workers below 1, or a metric that gives no finite number
        for a pair, which is named. What ``prepare`` or ``metric`` raises carries as a note whom it concerns.
    """
    check_integer("n_workers", n_workers)
    check_choice("workers", workers, WORKERS)
    n = len(populations)
    if n < 2:
        raise InputError("populations", "two or more", f"{n}")
    pairs = [(i, j) for i, j in itertools.product(range(n), repeat=2) if not symmetric or i <= j]
    from threadpoolctl import threadpool_limits  # noqa: PLC0415  asks the system for its libraries

    with threadpool_limits(1):
        ready = list(populations)
        if prepare is not None:
            with _pool(n_workers, workers) as pool:
                started = [pool.submit(prepare, population) for population in populations]
                ready = _gather(pool, [f"population {i}" for i in range(n)], started)
        # Threads see the populations; processes are sent them when they start, and then only whom to compare.
        sent = [] if workers == "threads" else [metric, ready]
        with _pool(n_workers, workers, sent) as pool:
            if sent:
                started = [pool.submit(_sent_value, i, j) for i, j in pairs]
            else:
                started = [pool.submit(metric, ready[i], ready[j]) for i, j in pairs]
            found = _gather(pool, [f"populations {i} and {j}" for i, j in pairs], started)
    values = np.empty((n, n))
    for (i, j), value in zip(pairs, found, strict=True):
        if not np.isfinite(value):
            raise InputError(
                "metric", "a finite number for each pair", f"{value} for populations {i} and {j}"
            )
        values[i, j] = value
        if symmetric:
            values[j, i] = value
    return PairwiseMatrix(values, symmetric)


def _pool(n_workers: int, workers: str, sent: Sequence[Any] = ()) -> concurrent.futures.Executor:
    if workers == "threads":
        return concurrent.futures.ThreadPoolExecutor(n_workers)
    # A fork would copy threads' locks in whatever state they are.
    return concurrent.futures.ProcessPoolExecutor(
        n_workers, multiprocessing.get_context("spawn"), initializer=_begin, initargs=(list(sent),)
    )


def _gather(
    pool: concurrent.futures.Executor, concerned: list[str], started: list[concurrent.futures.Future[Any]]
) -> list[Any]:
    results = []
    for whom, task in zip(concerned, started, strict=True):
        try:
            results.append(task.result())
        except Exception as error:
            pool.shutdown(cancel_futures=True)
            error.add_note(f"for {whom}")
            raise
    return results


def _begin(sent: list[Any]) -> None:
    from threadpoolctl import threadpool_limits  # noqa: PLC0415  asks the system for its libraries

    threadpool_limits(1)
    _SENT[:] = sent


def _sent_value(i: int, j: int) -> float:
    metric, populations = _SENT
    value: float = metric(populations[i], populations[j])
    return value
