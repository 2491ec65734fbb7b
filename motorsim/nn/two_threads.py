"""Two threads: the halves of a large batch side by side, each with one BLAS thread."""

from __future__ import annotations

import contextvars
import threading
from functools import cache
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

    from threadpoolctl import ThreadpoolController

Result = TypeVar("Result")

_LEAST_ROWS = 32
_LEAST_DRIVES = 40_000
_LEAST_TIMES = 10

_limiting = threading.Lock()


def split_rows(batch: int, n_times: int, n_drives: int) -> list[slice]:
    """Return the rows to run apart: two halves of a large batch, else all in one.

    A product over the whole batch on two cores is as fast as two halves side by side, but what lies between
    products (activations, gates) runs on one core, while threads hinder each other between short operations.
    With 40,000 drives a step (units, or units of all gates, times rows) halves begin to win. Sizes alone
    decide.

    Parameters
    ----------
    batch, n_times
        Sizes of the data.
    n_drives
        Width of the widest recurrent product.
    """
    if batch < _LEAST_ROWS or batch * n_drives < _LEAST_DRIVES or n_times < _LEAST_TIMES:
        return [slice(None)]
    return [slice(0, batch // 2), slice(batch // 2, batch)]


def run_together(work: Callable[[int], Result], n_parts: int) -> list[Result]:
    """Return ``work(0)``, ``work(1)`` ..., run in as many threads where BLAS may use more than one.

    An exception in any of them is raised here when all have ended.
    """
    if n_parts == 1:
        return [work(0)]
    controller = _controller()
    allowed = max(
        (pool["num_threads"] for pool in controller.info() if pool["user_api"] == "blas"), default=1
    )
    if allowed == 1:
        return [work(index) for index in range(n_parts)]
    # Limits that overlap would leave BLAS at one thread: the later one takes 1 for what was there before.
    with _limiting, controller.limit(limits=1, user_api="blas"):
        return _in_threads(work, n_parts)


def _in_threads(work: Callable[[int], Result], n_parts: int) -> list[Result]:
    results: dict[int, Result] = {}
    errors: list[BaseException] = []

    def run(index: int) -> None:
        try:
            results[index] = work(index)
        except BaseException as error:  # noqa: BLE001  raised again below, in the caller's thread
            errors.append(error)

    # Each thread sees the caller's context, NumPy's error state with it.
    contexts = [contextvars.copy_context() for _ in range(1, n_parts)]
    threads = [
        threading.Thread(target=context.run, args=(run, index))
        for index, context in enumerate(contexts, start=1)
    ]
    for thread in threads:
        thread.start()
    run(0)
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]
    return [results[index] for index in range(n_parts)]


@cache
def _controller() -> ThreadpoolController:
    from threadpoolctl import ThreadpoolController  # noqa: PLC0415  asks the system for its libraries

    return ThreadpoolController()
