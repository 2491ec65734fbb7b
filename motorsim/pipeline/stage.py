"""Stage: what one step of the line reads, writes and depends on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from motorsim.files import file_digest
from motorsim.provenance import code_digest, stage_key

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from motorsim.config import RunConfig
    from motorsim.progress import Progress


@dataclass(frozen=True)
class StageContext:
    """What a running stage is handed.

    Parameters
    ----------
    config
        The whole configuration.
    folder
        The results folder, to read the files of earlier stages from.
    staging
        The folder to write to.
    kept
        A folder for parts of the work that an interrupted stage takes up again; the stage makes it where it
        wants one, and it goes once the stage is done.
    progress
        Where to tell how far it is.
    """

    config: RunConfig
    folder: Path
    staging: Path
    kept: Path
    progress: Progress


@dataclass(frozen=True)
class Stage:
    """One step of the line.

    Parameters
    ----------
    name
        Its name, a command too.
    title
        What it does, in words for the person who waits.
    reads
        Result files of earlier stages, or patterns.
    outputs
        Files or patterns that it writes.
    code
        Rooms and modules whose change makes its results outdated.
    parameters
        Its slice of the configuration, fit for JSON.
    run
        Does the work; returns notes for the provenance.
    files
        Files outside the results folder that it reads.
    """

    name: str
    title: str
    reads: tuple[str, ...]
    outputs: tuple[str, ...]
    code: tuple[str, ...]
    parameters: Callable[[RunConfig], Mapping[str, Any]]
    run: Callable[[StageContext], Mapping[str, Any]]
    files: Callable[[RunConfig], tuple[Path, ...]] = lambda _config: ()

    def inputs(self, config: RunConfig, folder: Path) -> dict[str, str]:
        """Return the digest of each file that the stage reads.

        Raises
        ------
        InputError
            If a file is missing or cannot be read.
        """
        found = {
            path.relative_to(folder).as_posix(): path
            for name in self.reads
            for path in sorted(folder.glob(name)) or [folder / name]
        }
        digests = {name: file_digest(path) for name, path in found.items()}
        return digests | {
            f"file {number}": file_digest(path) for number, path in enumerate(self.files(config))
        }

    def key(self, config: RunConfig, inputs: Mapping[str, str]) -> str:
        """Return what `motorsim.provenance.stage_key` makes of parameters, inputs and code."""
        return stage_key(self.name, self.parameters(config), inputs, code_digest(*self.code))
