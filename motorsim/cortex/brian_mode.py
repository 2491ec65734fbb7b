"""How Brian2 runs: NumPy, Cython or C++ standalone; where it compiles; nothing left changed behind it."""

from __future__ import annotations

import contextlib
import logging
import os
import shutil
import sysconfig
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, cast

import numpy as np

from motorsim.checks import check_choice

if TYPE_CHECKING:
    from collections.abc import Iterator

MODES = ("auto", "numpy", "cython", "cpp_standalone")
Mode: TypeAlias = Literal["auto", "numpy", "cython", "cpp_standalone"]
CACHE_VARIABLE = "MOTORSIM_CACHE"
_PREFERENCES = (
    "codegen.target",
    "codegen.runtime.cython.cache_dir",
    "core.stop_on_keyboard_interrupt",
    "core.default_float_dtype",
)

logger = logging.getLogger(__name__)


def find_compiler() -> str | None:
    """Return the path of the C++ compiler that Brian2 would use, or None.

    Where ``CXX`` is set only that one counts, since the build obeys it.
    """
    chosen = os.environ.get("CXX", "").split()
    if chosen:
        return shutil.which(chosen[0])
    configured = str(sysconfig.get_config_var("CXX") or "").split()
    return next((path for name in [*configured[:1], "g++", "c++"] if (path := shutil.which(name))), None)


def resolve_mode(mode: Mode, *, warn: bool = True) -> Mode:
    """Turn ``"auto"`` into Cython where a compiler is found and NumPy where none is.

    A compiled mode that was asked for by name falls back to NumPy too; ``warn`` says so in one line.
    """
    check_choice("mode", mode, MODES)
    if mode == "numpy":
        return mode
    if find_compiler() is None:
        if warn:
            logger.warning(
                "no C++ compiler found: Brian2 runs on its NumPy target (slower, same results to rounding)"
            )
        return "numpy"
    return cast("Mode", "cython" if mode == "auto" else mode)


def cache_folder() -> Path:
    """Return where Brian2 keeps what it compiled: $MOTORSIM_CACHE, or ./.motorsim_cache."""
    return Path(os.environ.get(CACHE_VARIABLE, ".motorsim_cache")).resolve() / "brian2"


def _writable(cache: Path, instead: Path) -> Path:
    """Return the cache if it can be written, else a folder that lasts for this run alone."""
    try:
        cache.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=cache):
            return cache
    except OSError as error:
        said = "%s: %s; compiling for this run alone, $%s names another folder"
        logger.warning(said, cache, error.strerror, CACHE_VARIABLE)
        return instead


@contextlib.contextmanager
def brian_session(
    mode: Mode, *, seed: int | None = None, directory: Path | None = None, single: bool = False
) -> Iterator[Any]:
    """Yield the ``brian2`` module set to run in ``mode``; put preferences and random state back after.

    Parameters
    ----------
    mode
        A resolved mode, not ``"auto"``.
    seed
        Seed of Brian2's random numbers; None where the model draws none.
    directory
        Where C++ standalone mode puts its project, which then is neither built by running the network nor
        removed afterwards; None for a folder of this session's own.
    single
        Hold the state of a model in single precision.
    """
    import brian2  # noqa: PLC0415 - slow to import, and only needed here

    prefs = brian2.prefs
    before = {name: prefs[name] for name in _PREFERENCES}
    random_state = np.random.get_state()  # noqa: NPY002 - Brian2's NumPy target draws from the global generator
    standalone = mode == "cpp_standalone"
    with tempfile.TemporaryDirectory(prefix="motorsim-build-") as build_folder:
        try:
            # Brian2 would end the run at Ctrl-C and hand back a part of it as if it were the whole.
            prefs["core.stop_on_keyboard_interrupt"] = False
            if standalone:
                project = str(directory or build_folder)
                brian2.set_device("cpp_standalone", directory=project, build_on_run=directory is None)
            else:
                prefs["codegen.target"] = mode
                cache = cache_folder() / "cython"
                if mode == "cython":
                    prefs["codegen.runtime.cython.cache_dir"] = str(_writable(cache, Path(build_folder)))
            if single:
                prefs["core.default_float_dtype"] = np.float32
            if seed is not None:
                brian2.seed(seed)
            yield brian2
        except Exception:
            # The error says what went wrong; that its objects never ran is no news.
            brian2.BrianLogger.suppress_name("unused_brian_object")
            raise
        finally:
            if standalone:
                brian2.get_device().reinit()
                brian2.set_device("runtime")
            for name, value in before.items():
                prefs[name] = value
            np.random.set_state(random_state)  # noqa: NPY002
