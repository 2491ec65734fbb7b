"""Provenance: what made a result: versions, machine, commit, and the digests that decide what is current."""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import os
import platform
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

from motorsim import __version__
from motorsim.checks import InputError

if TYPE_CHECKING:
    from collections.abc import Mapping

_PACKAGE = Path(__file__).parent
_DISTRIBUTIONS = ("numpy", "scipy", "brian2", "h5py", "matplotlib", "pandas", "scikit-learn", "pynwb")


def environment() -> dict[str, Any]:
    """Return versions, platform, cores, BLAS threads and commit, all fit for JSON and free of paths."""
    return {
        "versions": versions(),
        "platform": platform.platform(),
        "cores": available_cores(),
        "blas": _blas_threads(),
        **_checkout(),
    }


def versions() -> dict[str, str | None]:
    """Return the versions of Python and of the packages behind a result, without importing them."""
    found: dict[str, str | None] = {"python": platform.python_version(), "motorsim": __version__}
    for name in _DISTRIBUTIONS:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            found[name] = None
    return found


def available_cores() -> int:
    """Return how many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _blas_threads() -> list[dict[str, Any]]:
    import threadpoolctl  # noqa: PLC0415 - only here

    libraries = threadpoolctl.threadpool_info()
    return [
        {name: library[name] for name in ("internal_api", "version", "num_threads")} for library in libraries
    ]


def _checkout() -> dict[str, Any]:
    """Return the commit and whether the tree differs from it; None outside a checkout."""
    root, git = _PACKAGE.parent, shutil.which("git")
    if git is None or not (root / ".git").exists():
        return {"commit": None, "dirty": None}

    def ask(*arguments: str) -> str | None:
        command = [git, "-C", str(root), *arguments]
        done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)  # noqa: S603 - no shell
        return done.stdout.strip() if done.returncode == 0 else None

    commit, changes = ask("rev-parse", "--verify", "HEAD"), ask("status", "--porcelain")
    return {"commit": commit, "dirty": None if commit is None or changes is None else bool(changes)}


def stage_key(name: str, parameters: Mapping[str, Any], inputs: Mapping[str, str], code: str) -> str:
    """Return the digest of all that a stage's outputs depend on; they are current while it stays the same.

    Parameters
    ----------
    name
        The stage.
    parameters
        Its slice of the configuration, fit for JSON.
    inputs
        Digest of each thing that it reads.
    code
        What `code_digest` returned.

    Raises
    ------
    InputError
        If the parameters are not fit for JSON (NaN is not).
    """
    content = {"name": name, "parameters": parameters, "inputs": dict(inputs), "code": code}
    try:
        text = json.dumps(content, sort_keys=True, allow_nan=False, separators=(",", ":"))
    except (TypeError, ValueError) as error:
        raise InputError("parameters", "numbers, texts, lists and mappings", str(error)) from None
    return hashlib.sha256(text.encode()).hexdigest()


def code_digest(*names: str) -> str:
    """Return the digest of the package's own files (code and data) under ``names``.

    Parameters
    ----------
    *names
        Rooms or modules relative to the package: ``"cortex"``, ``"io.hdf5"``, ``"checks"``.

    Raises
    ------
    InputError
        If there is no such room or module.
    """
    files: set[Path] = set()
    for name in names:
        place = _PACKAGE.joinpath(*name.split("."))
        module = place.with_name(place.name + ".py")
        if not place.is_dir() and not module.is_file():
            raise InputError("names", "rooms or modules of motorsim", repr(name))
        files |= {path for path in place.rglob("*") if path.is_file()} if place.is_dir() else {module}
    digest = hashlib.sha256()
    for path in sorted(files):
        if "__pycache__" not in path.parts:
            content = path.read_bytes()
            digest.update(f"{path.relative_to(_PACKAGE).as_posix()}\0{len(content)}\0".encode() + content)
    return digest.hexdigest()
