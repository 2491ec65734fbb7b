"""Workers: processes that tasks are shared out to, and that end with what started them."""

from __future__ import annotations

import contextlib
import signal
from typing import TYPE_CHECKING

from threadpoolctl import threadpool_limits

if TYPE_CHECKING:
    from collections.abc import Iterator
    from concurrent.futures import Executor


def begin_worker() -> None:
    """Take one core, and leave Ctrl-C to the script, which ends its workers."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threadpool_limits(1)


@contextlib.contextmanager
def ending_at_once(pool: Executor) -> Iterator[Executor]:
    """Use a pool; if anything is raised meanwhile, end its processes and drop the tasks that wait.

    The pool itself would finish every task, hours after Ctrl-C.
    """
    try:
        yield pool
    except BaseException:
        # There is no public way to end them; a pool of threads has none.
        for process in list((getattr(pool, "_processes", None) or {}).values()):
            process.terminate()
        pool.shutdown(wait=True, cancel_futures=True)
        raise
    pool.shutdown()
