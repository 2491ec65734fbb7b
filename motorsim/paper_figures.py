"""Paper figures: the scripts of a checkout's ``figures/`` folder, one after the other."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from motorsim.checks import InputError, MotorsimError

if TYPE_CHECKING:
    from motorsim.progress import Progress

_CHECKOUT = Path(__file__).parents[1]
_STYLE = "style.py"


def draw_paper_figures(progress: Progress, *, checkout: Path = _CHECKOUT) -> None:
    """Run every script of ``figures/`` but the style file, in order of their names.

    Raises
    ------
    InputError
        If the package is not in a checkout, or there are no scripts in it.
    MotorsimError
        If a script fails.
    """
    folder = checkout / "figures"
    # Beside an installed package there may be somebody else's folder of that name.
    in_checkout = (checkout / "pyproject.toml").is_file()
    scripts = sorted(path for path in folder.glob("*.py") if path.name != _STYLE) if in_checkout else []
    if not scripts:
        expected = "a checkout of motorsim with figures/*.py beside the package"
        raise InputError(
            "--paper", expected, f"none at {folder}", "clone the repository and run it from there"
        )
    for script in scripts:
        progress.say(f"figures/{script.name}")
        done = subprocess.run([sys.executable, str(script)], cwd=checkout, check=False)  # noqa: S603 - our own scripts
        if done.returncode != 0:
            raise MotorsimError(f"figures/{script.name} ended with status {done.returncode}")
