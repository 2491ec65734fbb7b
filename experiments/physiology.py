"""Measure the physiology of simulated recordings and set it beside real motor cortex.

    python experiments/physiology.py [TOML]

reads recordings with spikes (cortex.nwb) and, where given, the same circuit in rate form (cortex.h5 or
.nwb), and writes results/<name>/: physiology.csv (property, simulated, interval, real range, source, inside
or not), physiology.h5 (what the figure shows), config.toml and provenance.json.
`python figures/physiology.py` draws it.
"""

from __future__ import annotations

import argparse
import os
import sys
from dataclasses import asdict, fields
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
import tomli_w
from pydantic import BaseModel, ConfigDict, Field
from threadpoolctl import threadpool_limits

from motorsim.checks import InputError, MotorsimError
from motorsim.compare import PhysiologySettings, measure_physiology, physiology_table
from motorsim.config import read_toml, validate
from motorsim.files import atomic_write_text, file_digest
from motorsim.io import load_recording, write_arrays
from motorsim.pipeline.simulated import load_cortex
from motorsim.progress import choose_progress
from motorsim.provenance import code_digest, stage_key
from motorsim.settings import FilePath  # noqa: TC001 - pydantic reads it
from motorsim.streams import stream
from motorsim.workspace import Workspace

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from motorsim.compare import Physiology
    from motorsim.progress import Progress
    from motorsim.recording import Recording
    from motorsim.workspace import StageRecord

CONFIG = Path(__file__).with_suffix(".toml")
STAGE, TABLE_FILE, ARRAYS_FILE, CONFIG_FILE = "physiology", "physiology.csv", "physiology.h5", "config.toml"
KIND, SCHEMA_VERSION = "physiology", 1
CODE = (
    "analysis",
    "checks",
    "compare",
    "io",
    "pipeline.simulated",
    "spikes",
    "population",
    "recording",
    "streams",
)


class Section(BaseModel):
    """A frozen table that knows its keys and no others, and takes no text or boolean for a number."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class RecordingFiles(Section):
    """One recording with spikes and, where there is one, its rate form."""

    spiking: FilePath
    rate_form: FilePath | None = None


class PhysiologyConfig(Section):
    """The whole experiment; ``settings`` are those of `PhysiologySettings`."""

    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$", max_length=80)]
    seed: Annotated[int, Field(ge=0, lt=2**63)] = 1
    recordings: Annotated[tuple[RecordingFiles, ...], Field(min_length=1, strict=False)]
    settings: dict[str, Any] = {}


def load_experiment(path: Path) -> PhysiologyConfig:
    """Read the configuration; paths start from its folder, and its name is the run's."""
    content = {"name": path.stem} | read_toml(path)
    recordings = content.get("recordings")
    for files in recordings if isinstance(recordings, list) else []:
        for key, file in files.items() if isinstance(files, dict) else []:
            if isinstance(file, str):
                files[key] = str(path.parent / file)
    return validate(PhysiologyConfig, content)


def settings_of(config: PhysiologyConfig) -> PhysiologySettings:
    """Return the settings, their windows as tuples."""
    known = {each.name for each in fields(PhysiologySettings)}
    unknown = set(config.settings) - known
    if unknown:
        raise InputError("settings", f"only {', '.join(sorted(known))}", ", ".join(sorted(unknown)))
    values = {
        name: tuple(value) if isinstance(value, list) else value for name, value in config.settings.items()
    }
    return PhysiologySettings(**values)


def load(path: Path) -> Recording:
    """Read a recording: NWB, or the rate form that the main job's simulate stage left in cortex.h5."""
    if not path.is_file():
        raise InputError("recordings", "a file that exists", f"{path}", "simulate the cortex first")
    return load_cortex(path.parent).rate_form if path.suffix == ".h5" else load_recording(path)


def measure(config: PhysiologyConfig, progress: Progress) -> list[Physiology]:
    """Measure one recording after the other."""
    settings = settings_of(config)
    found = []
    with progress.bar("recordings", len(config.recordings)) as update:
        for number, files in enumerate(config.recordings):
            rate_form = None if files.rate_form is None else load(files.rate_form)
            rng = stream(config.seed, f"recording {number}")
            found.append(
                measure_physiology(load(files.spiking), rng=rng, rate_form=rate_form, settings=settings)
            )
            update(number + 1)
    return found


def to_arrays(measured: Sequence[Physiology]) -> dict[str, Any]:
    """Return the arrays of every recording and its estimates (value, low, high), numbered from 0."""
    return {
        str(number): {
            "arrays": dict(each.arrays),
            "estimates": {name: np.array(estimate) for name, estimate in each.estimates.items()},
        }
        for number, each in enumerate(measured)
    }


def run(config: PhysiologyConfig, *, results: Path, force: bool = False, progress: Progress) -> StageRecord:
    """Bring results/<name>/ up to date and return what was recorded."""
    files = [
        file for pair in config.recordings for file in (pair.spiking, pair.rate_form) if file is not None
    ]
    for file in files:
        if not file.is_file():
            raise InputError("recordings", "a file that exists", f"{file}", "simulate the cortex first")
    inputs = {f"file {number}": file_digest(file) for number, file in enumerate(files)}
    inputs["script"] = file_digest(__file__)
    paired = [pair.rate_form is not None for pair in config.recordings]
    settings = {"seed": config.seed, "paired": paired, "settings": asdict(settings_of(config))}
    key = stage_key(STAGE, settings, inputs, code_digest(*CODE))
    folder = results / config.name

    def write(staging: Path) -> dict[str, Any]:
        measured = measure(config, progress)
        table = physiology_table(measured)
        atomic_write_text(staging / TABLE_FILE, table.to_csv(index=False, lineterminator="\n"))
        write_arrays(staging / ARRAYS_FILE, KIND, to_arrays(measured), schema_version=SCHEMA_VERSION)
        atomic_write_text(staging / CONFIG_FILE, tomli_w.dumps(_content(config, folder)))
        return {"table": describe(table)}

    # More threads only slow down matrices this small.
    with Workspace(folder) as workspace, threadpool_limits(1):
        if not force and workspace.status(STAGE, key) == "current":
            progress.say("up to date")
            return workspace.stages[STAGE]
        workspace.describe_run(seed=config.seed, configuration_hash=key)
        return workspace.run_stage(STAGE, key, (TABLE_FILE, ARRAYS_FILE, CONFIG_FILE), write, inputs=inputs)


def _content(config: PhysiologyConfig, folder: Path) -> dict[str, Any]:
    content = config.model_dump(mode="json", exclude_none=True)
    for files in content["recordings"]:
        for key, file in files.items():
            files[key] = os.path.relpath(file, folder)
    return content


def describe(table: pd.DataFrame) -> str:
    """Return the table as lines for a person, the interval in brackets behind the number."""
    header = ("property", "simulated (low to high)", "real range", "inside", "source")
    rows = [header]
    for row in table.to_dict("records"):
        interval = "" if np.isnan(row["low"]) else f" ({row['low']:.3g} to {row['high']:.3g})"
        known = not np.isnan(row["real_low"])
        inside = {True: "yes", False: "NO"}.get(row["inside"], "")
        real = _range(row["real_low"], row["real_high"]) if known else ""
        rows.append((row["property"], f"{row['simulated']:.3g}{interval}", real, inside, row["source"]))
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    lines = [
        " | ".join([*(cell.ljust(n) for cell, n in zip(row, widths, strict=False)), row[4]]) for row in rows
    ]
    judged = table["inside"].dropna()
    lines.append(f"{int(judged.sum())} of {len(judged)} properties with a real range lie inside it")
    return "\n".join(line.rstrip() for line in lines)


def _range(low: float, high: float) -> str:
    if np.isinf(low):
        return f"below {high:g}"
    return f"above {low:g}" if np.isinf(high) else f"{low:g} - {high:g}"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run from the command line; return the exit status: 2 for what cannot be used, 130 when interrupted."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("config", type=Path, nargs="?", default=CONFIG, help="default: %(default)s")
    parser.add_argument("--results", type=Path, default=Path("results"), help="folder of results folders")
    parser.add_argument("--force", action="store_true", help="compute again although nothing changed")
    parser.add_argument("--quiet", action="store_true", help="no progress")
    options = parser.parse_args(arguments)
    try:
        config = load_experiment(options.config)
        progress = choose_progress(quiet=options.quiet)
        record = run(config, results=options.results, force=options.force, progress=progress)
    except MotorsimError as error:
        print(f"physiology: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("interrupted; finished results are untouched", file=sys.stderr)
        return 130
    print(record.notes["table"])
    print(f"files: {options.results / config.name}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
