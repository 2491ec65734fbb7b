"""Progress: bars with rate and remaining time on a terminal, plain lines elsewhere, silence when asked for."""

from __future__ import annotations

import contextlib
import sys
import time
from typing import TYPE_CHECKING, Any, Protocol, TextIO

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Update = Callable[..., None]

_PLAIN_EVERY_S = 10.0


class Progress(Protocol):
    """What a long job tells: lines, and bars."""

    def say(self, line: str) -> None:
        """Show a line."""
        ...

    def bar(self, description: str, total: float) -> contextlib.AbstractContextManager[Update]:
        """Open a bar; call what it yields with what is completed and, if wanted, a note."""
        ...


class Silent:
    """No progress at all."""

    def say(self, line: str) -> None:
        """Show nothing."""

    @contextlib.contextmanager
    def bar(self, description: str, total: float) -> Iterator[Update]:  # noqa: ARG002 - the protocol's names
        """Yield a function that shows nothing."""
        yield lambda completed, note="": None  # noqa: ARG005


class Plain:
    """Lines for a log: the start and end of each bar, and its state every ten seconds.

    Parameters
    ----------
    stream
        Where the lines go; standard error by default.
    """

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream or sys.stderr

    def say(self, line: str) -> None:
        """Write a line."""
        print(line, file=self._stream, flush=True)  # noqa: T201 - this is the place that prints

    @contextlib.contextmanager
    def bar(self, description: str, total: float) -> Iterator[Update]:
        """Write when the job starts, every ten seconds, and when it ends."""
        started = told = time.monotonic()

        def update(completed: float, note: str = "") -> None:
            nonlocal told
            now = time.monotonic()
            if now - told >= _PLAIN_EVERY_S and completed > 0:
                told = now
                left_s = (now - started) * (total - completed) / completed
                self.say(f"  {description}: {completed / total:.0%}, {left_s:.0f} s left{_tail(note)}")

        yield update
        if time.monotonic() - started >= 1.0:
            self.say(f"  {description}: done in {time.monotonic() - started:.1f} s")


class Bars:
    """Bars on a terminal, by rich."""

    def __init__(self) -> None:
        from rich.console import Console  # noqa: PLC0415 - only where there is a terminal

        self._console = Console(stderr=True)

    def say(self, line: str) -> None:
        """Print a line above the bars."""
        self._console.print(line, highlight=False, markup=False)

    @contextlib.contextmanager
    def bar(self, description: str, total: float) -> Iterator[Update]:
        """Show a bar with the share done, the rate, the time gone and the time left."""
        from rich import progress  # noqa: PLC0415 - only where there is a terminal

        columns: list[Any] = [
            progress.TextColumn("  {task.description:<28}"),
            progress.BarColumn(bar_width=24),
            progress.TaskProgressColumn(show_speed=True),
            progress.TimeElapsedColumn(),
            progress.TimeRemainingColumn(compact=True),
            progress.TextColumn("{task.fields[note]}"),
        ]
        with progress.Progress(*columns, console=self._console, transient=False) as bars:
            task = bars.add_task(description, total=total, note="")
            yield lambda completed, note="": bars.update(task, completed=completed, note=note)
            bars.update(task, completed=total)


def choose_progress(*, quiet: bool = False) -> Progress:
    """Return bars on a terminal, plain lines elsewhere, silence where ``quiet``."""
    if quiet:
        return Silent()
    return Bars() if sys.stderr.isatty() else Plain()


def _tail(note: str) -> str:
    return f", {note}" if note else ""
