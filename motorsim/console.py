"""Console: how a command ends: one line on standard error, a log, an exit status."""

from __future__ import annotations

import contextlib
import logging
import signal
import sys
import threading
from typing import TYPE_CHECKING, NoReturn

from motorsim.checks import MotorsimError
from motorsim.progress import choose_progress

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path
    from types import FrameType

    from motorsim.progress import Progress

logger = logging.getLogger(__name__)

DEFECT, BAD_INPUT, INTERRUPTED, TERMINATED = 1, 2, 130, 143
"""Exit statuses; the last two are those of a shell for a process that SIGINT or SIGTERM ended."""


class Terminated(KeyboardInterrupt):
    """The system asked the process to end (SIGTERM)."""


def run_command(
    function: Callable[[Progress], None],
    *,
    quiet: bool = False,
    verbose: bool = False,
    log_file: Path | None = None,
) -> None:
    """Run the body of a command; turn whatever ends it into one line and an exit status.

    Parameters
    ----------
    function
        Takes the progress to tell; returns nothing.
    quiet
        No progress; warnings and errors are still shown.
    verbose
        Show what is logged as information, and tracebacks.
    log_file
        Where all that is logged goes too, tracebacks with it; added to what the file holds.

    Raises
    ------
    SystemExit
        With status 2 for input that cannot be used, 1 for a defect of motorsim, 130 after Ctrl-C, and 143
        after SIGTERM.
    """
    try:
        with _sigterm_as_exception(), _logging(verbose=verbose, log_file=log_file):
            try:
                function(choose_progress(quiet=quiet))
            except BaseException as error:
                logger.info("the command ended early", exc_info=error)
                raise
    except BrokenPipeError:
        raise
    except KeyboardInterrupt as error:
        word, status = (
            ("terminated", TERMINATED) if isinstance(error, Terminated) else ("interrupted", INTERRUPTED)
        )
        where = " ".join([word, *_where(error)])
        _end(f"{where}; finished stages are kept, and the same command (`motorsim run ...`) resumes", status)
    except MotorsimError as error:
        _end(str(error), BAD_INPUT)
    except OSError as error:
        _end(": ".join(str(part) for part in (error.filename, error.strerror or error) if part), BAD_INPUT)
    except Exception as error:  # noqa: BLE001 - the last resort of a command
        where = " ".join(["unexpected", type(error).__name__, *_where(error)])
        _end(f"{where}: {error}; {_traceback_place(verbose=verbose, log_file=log_file)}", DEFECT)


def _where(error: BaseException) -> list[str]:
    """Return the stage that the runner noted on the exception."""
    return [note for note in getattr(error, "__notes__", ()) if note.startswith("in stage ")]


def _traceback_place(*, verbose: bool, log_file: Path | None) -> str:
    if log_file is not None:
        return f"the traceback is in {log_file}"
    return "the traceback is above" if verbose else "--log-file PATH or -v keeps the traceback"


def _end(message: str, status: int) -> NoReturn:
    sys.stderr.write(f"motorsim: {message}\n")
    raise SystemExit(status)


@contextlib.contextmanager
def _sigterm_as_exception() -> Iterator[None]:
    """Let SIGTERM end the command as Ctrl-C does, so that locks and half written files go."""

    def terminate(_number: int, _frame: FrameType | None) -> NoReturn:
        raise Terminated

    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, terminate)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


class _StandardError(logging.Handler):
    """One line a record on whatever standard error is at the time: a bar may have put itself before it."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write the record."""
        try:
            sys.stderr.write(self.format(record) + "\n")
        except Exception:  # noqa: BLE001 - as every handler of the standard library
            self.handleError(record)


@contextlib.contextmanager
def _logging(*, verbose: bool, log_file: Path | None) -> Iterator[None]:
    """Show warnings (information too where ``verbose``), write everything to the file, and undo it after.

    What other packages warn of goes to the file alone: a person who reaches has no use for it.
    """
    shown = _StandardError(logging.INFO if verbose else logging.WARNING)
    shown.setFormatter(logging.Formatter("motorsim: %(levelname)s: %(message)s"))
    own = logging.getLogger("motorsim")
    attached: list[tuple[logging.Logger, logging.Handler]] = [(own, shown)]
    if log_file is not None:
        written = logging.FileHandler(log_file, encoding="utf-8")
        written.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
        attached += [(logging.getLogger(name), written) for name in ("motorsim", "py.warnings", "brian2")]
    level = own.level
    own.setLevel(logging.DEBUG if log_file is not None else shown.level)
    for name, handler in attached:
        name.addHandler(handler)
    logging.captureWarnings(capture=True)
    try:
        yield
    finally:
        logging.captureWarnings(capture=False)
        own.setLevel(level)
        for name, handler in attached:
            name.removeHandler(handler)
            handler.close()
