"""Progress: bars with rate and remaining time on a terminal, plain lines elsewhere, silence if asked for."""

from __future__ import annotations

import contextlib
import sys
import time
from typing import TYPE_CHECKING, Any, Protocol, TextIO

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from rich.console import Console

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
    """Lines for a log: the state of each bar every ten seconds, and its end where it took a second or more.

    Parameters
    ----------
    stream
        Where the lines go; standard error by default.
    """

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream or sys.stderr

    def say(self, line: str) -> None:
        """Write a line."""
        print(line, file=self._stream, flush=True)

    @contextlib.contextmanager
    def bar(self, description: str, total: float) -> Iterator[Update]:
        """Write how far the job is and how long it will take, and when it has ended."""
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
    """Bars on a terminal, by rich; one at a time.

    Parameters
    ----------
    console
        Where they are drawn, a `rich.console.Console`; standard error by default.
    """

    def __init__(self, console: Console | None = None) -> None:
        if console is None:
            from rich.console import Console  # noqa: PLC0415 - only where there is a terminal

            console = Console(stderr=True)
        self._console = console

    def say(self, line: str) -> None:
        """Print a line above the bars."""
        self._console.print(line, highlight=False, markup=False)

    @contextlib.contextmanager
    def bar(self, description: str, total: float) -> Iterator[Update]:
        """Show a bar with the share done, the rate and the time left, or taken at the end."""
        from rich import progress  # noqa: PLC0415 - only where there is a terminal
        from rich.table import Column  # noqa: PLC0415

        def fixed(width: int) -> Column:
            # On a narrow terminal the note gives way, not the time that is left.
            return Column(no_wrap=True, min_width=width)

        columns: list[Any] = [
            progress.TextColumn("  {task.description}", table_column=fixed(24)),
            progress.BarColumn(bar_width=12, table_column=fixed(12)),
            progress.TaskProgressColumn(table_column=fixed(4)),
            progress.TextColumn("{task.fields[rate]}", table_column=fixed(8)),
            progress.TimeRemainingColumn(compact=True, elapsed_when_finished=True, table_column=fixed(5)),
            progress.TextColumn("{task.fields[note]}", table_column=Column(no_wrap=True)),
        ]
        with progress.Progress(*columns, console=self._console, transient=False) as bars:
            task = bars.add_task(description, total=total, note="", rate="")

            def update(completed: float, note: str = "") -> None:
                bars.update(task, completed=completed, note=note, rate=_rate(bars.tasks[0].speed, total))

            yield update
            bars.update(task, completed=total)


def choose_progress(*, quiet: bool = False) -> Progress:
    """Return bars on a terminal, plain lines elsewhere, silence where ``quiet``."""
    if quiet:
        return Silent()
    return Bars() if sys.stderr.isatty() else Plain()


def _rate(speed: float | None, total: float) -> str:
    """Return steps a second, or percent a second where the whole job counts as 1."""
    if speed is None:
        return ""
    return f"{speed:.0%}/s" if total <= 1 else f"{speed:.1f}/s"


def _tail(note: str) -> str:
    return f", {note}" if note else ""
