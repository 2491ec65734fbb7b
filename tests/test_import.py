from __future__ import annotations

import logging
import subprocess
import sys

HEAVY = ("brian2", "matplotlib", "pandas", "scipy", "h5py", "sklearn", "numpy")


def test_importing_motorsim_takes_nothing_heavy_along():
    code = f"import sys, motorsim; print([name for name in {HEAVY!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)  # noqa: S603
    assert done.stdout.strip() == "[]"


def test_the_rooms_below_the_cortex_do_without_brian2_matplotlib_and_pandas():
    code = (
        "import sys, motorsim.io, motorsim.workspace, motorsim.population, motorsim.recording;"
        "import motorsim.types, motorsim.plant, motorsim.task, motorsim.nn, motorsim.analysis;"
        "print([name for name in ('brian2', 'matplotlib', 'pandas', 'sklearn') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)  # noqa: S603
    assert done.stdout.strip() == "[]"


def test_the_library_keeps_quiet_until_a_handler_is_added():
    import motorsim  # noqa: F401, PLC0415 - the import is what is tested

    assert any(isinstance(handler, logging.NullHandler) for handler in logging.getLogger("motorsim").handlers)
