"""The spiking network as a C++ program: compiled once, run for every trial in a process of its own."""

from __future__ import annotations

import hashlib
import json
import logging
import os
import platform
import shutil
import signal
import subprocess
import tempfile
import time
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from filelock import FileLock

from motorsim.checks import DiskFullError, MotorsimError
from motorsim.cortex.brian_mode import CACHE_VARIABLE, brian_session, cache_folder, find_compiler
from motorsim.cortex.spiking.network import build_network
from motorsim.cortex.spiking.trial import TrialError, TrialSpikes

if TYPE_CHECKING:
    from collections.abc import Callable

    from motorsim.cortex.spiking.network import SpikingModel
    from motorsim.cortex.spiking.trial import TrialInput

logger = logging.getLogger(__name__)

_KEPT_BUILDS = 6
_IDLE_S = 3600.0
_TYPES_FILE = "settable.json"
_BUILDING = ".building-"
_NOT_WRITTEN = 3
_SPIKE = np.dtype([("neuron", "<i4"), ("time_s", "<f8")])
# Brian2 would write every array of the network, tens of megabytes a trial, at the end of a run.
_WRITE_SPIKES = """
{{
    std::ofstream file(brian::results_dir + "spikes.bin", std::ios::out | std::ios::binary);
    for (size_t k = 0; k < brian::{neuron}.size(); k++) {{
        const int32_t neuron = brian::{neuron}[k];
        const double time_s = brian::{time}[k];
        file.write(reinterpret_cast<const char*>(&neuron), sizeof neuron);
        file.write(reinterpret_cast<const char*>(&time_s), sizeof time_s);
    }}
    file.close();
    return file ? 0 : {failed};
}}
"""


class CompileError(MotorsimError):
    """The C++ program could not be built; the message ends with the compiler's last lines."""


@dataclass(frozen=True, eq=False)
class CompiledNetwork:
    """A built network in ``folder``; ``types`` are the C++ types of what a trial may set, by name."""

    folder: Path
    types: dict[str, str]

    def run(self, trial: TrialInput, *, started: Callable[[subprocess.Popen[bytes]], None]) -> TrialSpikes:
        """Run a trial in a process of its own.

        ``started`` is told the process, so that it can be ended from elsewhere.

        Raises
        ------
        TrialError
            If the program fails or is killed.
        DiskFullError
            If its input or its spikes could not be written.
        """
        (self.folder / _TYPES_FILE).touch()  # still in use: see `_prune`
        with tempfile.TemporaryDirectory(prefix="motorsim-trial-") as scratch:
            arguments = [str(self.folder / "main"), "--results_dir", f"{scratch}/"]
            for number, (name, value) in enumerate(sorted(trial.values.items())):
                path = Path(scratch, f"value{number}.bin")
                try:
                    np.ascontiguousarray(value, dtype=self.types[name]).tofile(path)
                except OSError as error:
                    raise _no_room("input", f": {error}") from error
                arguments.append(f"{name}={path}")
            with subprocess.Popen(  # noqa: S603 - our own program
                arguments, cwd=self.folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
            ) as process:
                started(process)
                said, _ = process.communicate()
            _check_exit(process.returncode, said.decode(errors="replace"))
            spikes = np.fromfile(Path(scratch, "spikes.bin"), dtype=_SPIKE)
        return TrialSpikes(spikes["neuron"].astype(np.int64), spikes["time_s"].astype(np.float64))


def _check_exit(code: int, said: str) -> None:
    if code == _NOT_WRITTEN:
        raise _no_room("spikes")
    if code < 0:
        raise TrialError(f"its worker was ended by {signal.Signals(-code).name}")
    if code > 0 or "Error reading" in said:
        raise TrialError(f"its worker failed with exit code {code}: {said.strip() or 'it said nothing'}")


def _no_room(kind: str, said: str = "") -> DiskFullError:
    folder = tempfile.gettempdir()
    return DiskFullError(f"no room for a trial's {kind} in {folder}{said}; set TMPDIR to a larger disk")


def compiled_network(model: SpikingModel) -> CompiledNetwork:
    """Return the model's program, built now unless a build is at hand; the builds used last are kept.

    Raises
    ------
    CompileError
        If compiling fails, or the build cannot be written.
    """
    builds = cache_folder() / "standalone"
    try:
        return _cached(model, builds)
    except OSError as error:
        said = f"cannot build the network in {builds}: {error}; ${CACHE_VARIABLE} names another folder"
        raise CompileError(said) from error


def _cached(model: SpikingModel, builds: Path) -> CompiledNetwork:
    builds.mkdir(parents=True, exist_ok=True)
    folder = builds / _key(model)
    with FileLock(f"{folder}.lock"):
        if not (folder / _TYPES_FILE).exists():
            shutil.rmtree(folder, ignore_errors=True)
            with tempfile.TemporaryDirectory(prefix=_BUILDING, dir=builds) as fresh:
                _build(model, Path(fresh) / "project")
                (Path(fresh) / "project").rename(folder)
        (folder / _TYPES_FILE).touch()
        types = json.loads((folder / _TYPES_FILE).read_text(encoding="utf-8"))
    _prune(builds)
    return CompiledNetwork(folder, types)


def _key(model: SpikingModel) -> str:
    """Name the build after all that is compiled into it, and the machine it was optimised for."""
    parts: dict[str, Any] = {
        "neurons": asdict(model.neurons),
        "excitatory": np.asarray(model.excitatory).astype(int).tolist(),
        "n_per_pool": model.n_per_pool,
        "tau_s": model.tau_s,
        "n_ticks": model.n_ticks,
        "seed": model.seed,
        "made_by": made_by(),
    }
    text = json.dumps(parts, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:24]


def made_by() -> list[str | None]:
    """Return what the spikes depend on beside the model: code, versions, compiler and processor."""
    seen = hashlib.sha256()
    for name in ("background", "network", "neurons", "standalone", "wiring"):
        seen.update(Path(__file__).with_name(f"{name}.py").read_bytes())
    versions = [version(name) for name in ("brian2", "numpy", "motorsim")]
    return [seen.hexdigest(), *versions, find_compiler(), platform.machine(), _processor_flags()]


def _processor_flags() -> str:
    """Return what this processor can do: a build for one may not run on another."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return platform.processor()
    return next((line for line in lines if line.startswith(("flags", "Features"))), platform.processor())


def _build(model: SpikingModel, folder: Path) -> None:
    # Brian2 looks for values beyond 1e50 in single precision, where that is infinite.
    with np.errstate(over="ignore"), brian_session("cpp_standalone", directory=folder, single=True) as brian:
        objects = build_network(brian, model)
        objects.network.run(objects.duration, namespace={})
        device = brian.get_device()
        names = {
            name: device.get_array_name(objects.spikes.variables[source], access_data=False)
            for name, source in (("neuron", "i"), ("time", "t"))
        }
        device.insert_code("before_end", _WRITE_SPIKES.format(**names, failed=_NOT_WRITTEN))
        device.build(directory=str(folder), compile=False, run=False)
        types = {
            f"{owner}.{name}": np.dtype(variable.dtype).str
            for owner, thing in objects.settable.items()
            for name, variable in _arrays(thing).items()
        }
    _compile(folder)
    (folder / _TYPES_FILE).write_text(json.dumps(types), encoding="utf-8")


def _arrays(thing: Any) -> dict[str, Any]:
    """Return what can be set of a group or a timed array, by name."""
    if hasattr(thing, "values"):
        return {"values": thing.values}
    return {
        name: variable
        for name, variable in thing.variables.items()
        if hasattr(variable, "set_value") and not variable.read_only and hasattr(variable, "dtype")
    }


def _compile(folder: Path) -> None:
    environment = dict(os.environ)
    environment.setdefault("CXX", find_compiler() or "g++")
    try:
        done = subprocess.run(  # noqa: S603
            ["make", f"-j{os.cpu_count() or 1}"],  # noqa: S607
            cwd=folder,
            env=environment,
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
        )
    except OSError as error:
        raise CompileError(f"`make` could not be run: {error}") from error
    if done.returncode != 0:
        last = "\n  ".join((done.stdout + done.stderr).strip().splitlines()[-8:])
        raise CompileError(f"compiling the network failed; the last lines were\n  {last}")


def _prune(builds: Path) -> None:
    """Remove all but the builds used last, and what killed builds left.

    What was used within the hour may be in use in another process.
    """
    used = {path.parent: path.stat().st_mtime for path in builds.glob(f"*/{_TYPES_FILE}")}
    spare = sorted(used, key=lambda path: used[path], reverse=True)[_KEPT_BUILDS:]
    used |= {path: path.stat().st_mtime for path in builds.glob(f"{_BUILDING}*")}
    for old, used_at_s in used.items():
        if (old in spare or old.name.startswith(_BUILDING)) and time.time() - used_at_s > _IDLE_S:
            shutil.rmtree(old, ignore_errors=True)
            Path(f"{old}.lock").unlink(missing_ok=True)
