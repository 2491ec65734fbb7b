"""Overview: what a person is shown of a run, of all runs, and of the installation, as tables."""

from __future__ import annotations

import json
import platform
from collections import Counter
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from motorsim.checks import InputError
from motorsim.workspace import PROVENANCE_NAME

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from rich.console import Console
    from rich.text import Text

    from motorsim.pipeline.runner import RunResult

_WIDTH_OF_A_PIPE = 120

# Stages whose notes hold no `summary`: words, and where in the notes the number stands.
_FOUND = {
    "circuit": (("spectral abscissa {:.3f}", "spectral_abscissa"),),
    "fit": (
        ("held-out variance explained: data-driven {:.3f}", "data-driven.variance_explained_test"),
        ("goal-driven {:.3f}", "goal-driven.variance_explained_test"),
    ),
    "compare": (
        ("held-out CCA: data-driven {:.2f}", "test.cca_test.data-driven"),
        ("goal-driven {:.2f}", "test.cca_test.goal-driven"),
        ("untrained {:.2f}", "test.cca_test.untrained"),
    ),
}


@dataclass(frozen=True)
class RunEntry:
    """What is known of a run in the results folder."""

    name: str
    stages: tuple[str, ...]
    seed: int | None
    finished_at: str


def what_was_found(stage: str, notes: Mapping[str, Any]) -> str:
    """Return the main numbers of a stage's notes: its own ``summary``, or those known of it."""
    if isinstance(notes.get("summary"), str):
        return str(notes["summary"])
    values = [(words, _look_up(notes, path)) for words, path in _FOUND.get(stage, ())]
    return ", ".join(words.format(value) for words, value in values if isinstance(value, int | float))


def _look_up(notes: Mapping[str, Any], path: str) -> Any:
    value: Any = notes
    for part in path.split("."):
        value = value.get(part) if isinstance(value, dict) else None
    return value


def list_runs(results: Path) -> list[RunEntry]:
    """Return the runs in a results folder by name; none where there is no such folder.

    Raises
    ------
    InputError
        If ``results`` is a file.
    """
    if results.exists() and not results.is_dir():
        raise InputError("--results", "a folder", f"the file {results}")
    records = sorted(results.glob(f"*/{PROVENANCE_NAME}"))
    return [_read_entry(record) for record in records]


def _read_entry(path: Path) -> RunEntry:
    """Read without the lock: the record is replaced whole, so a run in progress does no harm."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        stages = content["stages"]
        finished_at = max((stage["finished_at"] for stage in stages.values()), default="")
        return RunEntry(path.parent.name, tuple(stages), content.get("seed"), finished_at)
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return RunEntry(path.parent.name, ("(damaged record)",), None, "")


def installation() -> dict[str, str]:
    """Return versions, platform, Brian2's target, compiler, cores, BLAS and cache folder, in words."""
    from motorsim.cortex import find_compiler, resolve_mode  # noqa: PLC0415 - SciPy comes along
    from motorsim.cortex.brian_mode import cache_folder  # noqa: PLC0415
    from motorsim.provenance import available_cores, environment  # noqa: PLC0415

    found = environment()
    versions = {name: version or "not installed" for name, version in found["versions"].items()}
    blas = {f"{library['internal_api']} {library['version']}" for library in found["blas"]}
    return versions | {
        "platform": platform.platform(),
        "commit": f"{found['commit']}{' (changed)' if found['dirty'] else ''}"
        if found["commit"]
        else "no checkout",
        "Brian2 target": f"{resolve_mode('auto')} (mode auto)",
        "compiler": find_compiler() or "none found",
        "cores": str(available_cores()),
        "BLAS": f"{', '.join(sorted(blas))}; 1 thread while a stage runs",
        "cache": str(cache_folder()),
    }


def show_run(result: RunResult, stages: Sequence[str]) -> None:
    """Print time, peak memory and main numbers of these stages of a run, and where their files lie."""
    rows, files = [], []
    for name in stages:
        record = result.records[name]
        took = f"{record.wall_s:.1f} s" + ("" if name in result.computed else " (earlier)")
        memory = f"{record.peak_memory_bytes / 1e6:.0f} MB"
        rows.append((name, took, memory, what_was_found(name, record.notes)))
        files += _places(result.folder, record.outputs)
    _print_table(rows, ("stage", "time", "peak memory", "found"))
    _print_lines(["", *files])


def _places(folder: Path, outputs: Iterable[str]) -> list[str]:
    """Return the path of each file, and of each folder of files once, with how many are in it."""
    places = Counter(folder / PurePosixPath(output).parts[0] for output in outputs)
    folders = {folder / PurePosixPath(output).parts[0] for output in outputs if "/" in output}
    return [f"{place}/ ({n} files)" if place in folders else str(place) for place, n in places.items()]


def show_runs(entries: Sequence[RunEntry], results: Path) -> None:
    """Print the runs of a results folder."""
    if not entries:
        _print_lines([f"no runs in {results}"])
        return
    rows = [
        (entry.name, " ".join(entry.stages), "" if entry.seed is None else str(entry.seed), entry.finished_at)
        for entry in entries
    ]
    _print_table(rows, ("run", "finished stages", "seed", "last finished"))


def show_installation() -> None:
    """Print what `installation` returns."""
    _print_table(list(installation().items()))


def _print_table(rows: Sequence[Sequence[str]], header: Sequence[str] = ()) -> None:
    from rich.table import Table  # noqa: PLC0415 - not for `--version`

    table = Table(*header, box=None, show_header=bool(header), header_style="bold", pad_edge=False)
    for row in rows:
        table.add_row(*(_plain(cell) for cell in row))
    _console().print(table)


def _print_lines(lines: Sequence[str]) -> None:
    console = _console()
    for line in lines:
        # A path stays on one line, however narrow the terminal is, so that it can be copied.
        console.print(_plain(line), soft_wrap=True)


def _plain(text: str) -> Text:
    from rich.text import Text  # noqa: PLC0415

    return Text(text)


def _console() -> Console:
    from rich.console import Console  # noqa: PLC0415

    console = Console(highlight=False)
    return console if console.is_terminal else Console(highlight=False, width=_WIDTH_OF_A_PIPE)
