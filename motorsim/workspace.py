"""Workspace: one results folder, one run at a time, each stage's files kept whole and known by digest."""

from __future__ import annotations

import contextlib
import fnmatch
import json
import os
import platform
import shutil
import time
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any, Literal, Self

import filelock

from motorsim.checks import InputError
from motorsim.files import atomic_write_text, file_digest, readable_write_errors, remove_partial_files, sync
from motorsim.memory import PeakMemory
from motorsim.provenance import environment, versions

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from types import TracebackType

SCHEMA_VERSION = 1
PROVENANCE_NAME = "provenance.json"
_STAGING = ".staging-"
_LOCK_NAME, _HOLDER_NAME = ".lock", ".lock-holder"


@dataclass(frozen=True)
class StageRecord:
    """What is known of a finished stage.

    Parameters
    ----------
    key
        Digest of all that its outputs depend on.
    inputs
        Digest of each thing that it read.
    outputs
        SHA-256 of each file that it wrote, by path inside the results folder.
    wall_s
        Time that it took, in seconds.
    peak_memory_bytes
        Largest resident memory of the process.
    peak_memory_of
        ``"stage"`` where the system lets the peak be reset, else ``"process"``, the peak since its start.
    finished_at
        UTC, ISO 8601.
    versions
        Versions of Python and packages that made it.
    notes
        What the stage had to say, fit for JSON.
    """

    key: str
    inputs: Mapping[str, str]
    outputs: Mapping[str, str]
    wall_s: float
    peak_memory_bytes: int
    peak_memory_of: str
    finished_at: str
    versions: Mapping[str, str | None]
    notes: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Check that every output lies inside the results folder."""
        for output in self.outputs:
            path = PurePosixPath(output)
            if path.is_absolute() or ".." in path.parts:
                raise InputError("outputs", "paths inside the results folder", repr(output))


class Workspace:
    """One results folder, locked while it is open as a context manager.

    Parameters
    ----------
    folder
        The results folder; made on entry.

    Raises
    ------
    InputError
        On entry: if the folder cannot be made or written, another run holds it, or its provenance
        record is damaged or of a newer motorsim.
    """

    def __init__(self, folder: str | os.PathLike[str]) -> None:
        self.folder = Path(folder)
        self._lock = filelock.FileLock(self.folder / _LOCK_NAME)
        self._head: dict[str, Any] = {}
        self._stages: dict[str, StageRecord] = {}

    def __enter__(self) -> Self:
        """Make and lock the folder, clear what a killed run left, and read the record."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            self._lock.acquire(blocking=False)
        except filelock.Timeout:
            got = f"one in use{self._holder()}"
            raise InputError(
                "folder", f"a results folder of its own, {self.folder}", got, "wait or name another"
            ) from None
        except OSError as error:
            raise InputError(
                "folder", f"a results folder that can be written, {self.folder}", error.strerror or str(error)
            ) from error
        try:
            self._open()
        except BaseException:
            self._close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Unlock the folder."""
        self._close()

    def _open(self) -> None:
        with readable_write_errors(self.folder):
            holder = f"pid {os.getpid()} on {platform.node()} since {_now()}"
            (self.folder / _HOLDER_NAME).write_text(holder, encoding="utf-8")
            remove_partial_files(self.folder)
            for leftover in self.folder.glob(f"{_STAGING}*"):
                shutil.rmtree(leftover)
        self._head, self._stages = _read_record(self.folder / PROVENANCE_NAME)

    def _close(self) -> None:
        with contextlib.suppress(OSError):
            (self.folder / _HOLDER_NAME).unlink(missing_ok=True)
        self._lock.release()

    def _holder(self) -> str:
        try:
            return f" by {(self.folder / _HOLDER_NAME).read_text(encoding='utf-8')}"
        except (OSError, UnicodeDecodeError):
            return ""

    @property
    def stages(self) -> Mapping[str, StageRecord]:
        """The finished stages by name."""
        return dict(self._stages)

    def describe_run(self, *, seed: int, configuration_hash: str, **facts: Any) -> None:
        """Record what this run is: environment, seed, configuration hash and further facts fit for JSON."""
        head = environment() | facts | {"seed": seed, "configuration_hash": configuration_hash}
        self._write_record(head, self._stages)

    def status(self, name: str, key: str) -> Literal["current", "stale", "missing"]:
        """Return whether a stage's outputs stand as ``key`` demands.

        Raises
        ------
        InputError
            If the key matches but a file is not the one that the stage wrote.
        """
        record = self._stages.get(name)
        if record is None or not all((self.folder / output).is_file() for output in record.outputs):
            return "missing"
        if record.key != key:
            return "stale"
        for output, digest in record.outputs.items():
            found = file_digest(self.folder / output)
            if found != digest:
                raise InputError(
                    str(self.folder / output),
                    f"the file that `{name}` wrote ({digest[:12]})",
                    f"another ({found[:12]})",
                    "delete it, and it is computed again",
                )
        return "current"

    def run_stage(
        self,
        name: str,
        key: str,
        outputs: Sequence[str],
        function: Callable[[Path], Mapping[str, Any] | None],
        *,
        inputs: Mapping[str, str] | None = None,
    ) -> StageRecord:
        """Run a stage and put its files and its record in place.

        The files are written to a staging folder. Then the old record goes, the files are moved in, and
        the new record is written: a kill at any point leaves finished files with their record, or files
        without one, which are computed again.

        Parameters
        ----------
        name
            The stage.
        key
            What `motorsim.provenance.stage_key` returned for it.
        outputs
            Paths or patterns (``"figures/*.pdf"``); each must be met, and nothing else may be written.
        function
            Takes the staging folder, writes the files there, returns notes fit for JSON or None.
        inputs
            Digest of each thing that the stage read.

        Raises
        ------
        InputError
            If an output is missing or one was not announced.
        DiskFullError
            If the disk is full; finished stages stand.
        """
        staging = self.folder / f"{_STAGING}{name}"
        with readable_write_errors(self.folder):
            try:
                staging.mkdir()
                memory, start_s = PeakMemory(), time.perf_counter()
                notes = function(staging)
                wall_s, peak_memory_bytes = time.perf_counter() - start_s, memory.bytes()
                written = _written_files(name, staging, outputs)
                record = StageRecord(
                    key=key,
                    inputs=dict(inputs or {}),
                    outputs={output: file_digest(staging / output) for output in written},
                    wall_s=wall_s,
                    peak_memory_bytes=peak_memory_bytes,
                    peak_memory_of=memory.scope,
                    finished_at=_now(),
                    versions=versions(),
                    notes=dict(notes or {}),
                )
                self._publish(name, staging, record)
            finally:
                shutil.rmtree(staging, ignore_errors=True)
        return record

    def _publish(self, name: str, staging: Path, record: StageRecord) -> None:
        _as_json(asdict(record))  # notes that JSON cannot hold must not cost the old record
        for output in record.outputs:
            sync(staging / output)
        others = {other: kept for other, kept in self._stages.items() if other != name}
        outdated = set(self._stages[name].outputs if name in self._stages else ()) - set(record.outputs)
        self._write_record(self._head, others)
        for output in outdated:
            (self.folder / output).unlink(missing_ok=True)
        for output in record.outputs:
            target = self.folder / output
            target.parent.mkdir(parents=True, exist_ok=True)
            (staging / output).replace(target)
        for parent in {(self.folder / output).parent for output in record.outputs}:
            sync(parent)
        self._write_record(self._head, others | {name: record})

    def _write_record(self, head: Mapping[str, Any], stages: Mapping[str, StageRecord]) -> None:
        content = {
            "schema_version": SCHEMA_VERSION,
            **head,
            "stages": {name: asdict(record) for name, record in stages.items()},
        }
        atomic_write_text(self.folder / PROVENANCE_NAME, _as_json(content))
        self._head, self._stages = dict(head), dict(stages)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def _as_json(content: Mapping[str, Any]) -> str:
    try:
        return json.dumps(content, indent=2, allow_nan=False) + "\n"
    except (TypeError, ValueError) as error:
        raise InputError(
            "provenance", "facts and notes of numbers, texts, lists and mappings", str(error)
        ) from None


def _written_files(name: str, staging: Path, outputs: Sequence[str]) -> list[str]:
    written = sorted(path.relative_to(staging).as_posix() for path in staging.rglob("*") if path.is_file())
    for pattern in outputs:
        if not fnmatch.filter(written, pattern):
            raise InputError("outputs", f"`{name}` to write {pattern}", ", ".join(written) or "no file")
    strangers = [
        path for path in written if not any(fnmatch.fnmatchcase(path, pattern) for pattern in outputs)
    ]
    if strangers:
        raise InputError("outputs", f"`{name}` to write only {', '.join(outputs)}", ", ".join(strangers))
    return written


def _read_record(path: Path) -> tuple[dict[str, Any], dict[str, StageRecord]]:
    if not path.exists():
        return {}, {}
    remedy = "delete it, and every stage is computed again"
    try:
        head = json.loads(path.read_text(encoding="utf-8"))
        version = int(head.pop("schema_version"))
        if version <= SCHEMA_VERSION:
            stages = {name: StageRecord(**record) for name, record in head.pop("stages").items()}
            return head, stages
    except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise InputError(str(path), "a provenance record", f"a damaged one ({error})", remedy) from error
    raise InputError(
        str(path), f"layout {SCHEMA_VERSION} or older", f"layout {version}", "upgrade motorsim to use it"
    )
