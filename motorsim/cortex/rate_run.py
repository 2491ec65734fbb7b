"""Running the rate network in the mode asked for, or on Brian2's NumPy target where compiling fails."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from motorsim.checks import InputError, MotorsimError
from motorsim.cortex.brian_mode import Mode, resolve_mode
from motorsim.cortex.rate_network import RateRun, run_rate_network

if TYPE_CHECKING:
    from collections.abc import Callable

    from motorsim.cortex.rate_equation import RateEquation
    from motorsim.types import FloatArray

logger = logging.getLogger(__name__)


def run_in_mode(
    equation: RateEquation,
    run: RateRun,
    *,
    mode: Mode,
    seed: int,
    on_progress: Callable[[float], None] | None,
) -> tuple[FloatArray, Mode]:
    """Return the activations, see `run_rate_network`, and the mode that they were had in.

    Where the mode was left to the program (``"auto"``) and compiling fails, the NumPy target takes over with
    a warning. An error of ``on_progress`` comes back as it is.

    Raises
    ------
    InputError
        If compiling fails in a mode that was asked for by name.
    """
    used = resolve_mode(mode)
    refused: list[Exception] = []

    def told(fraction: float) -> None:
        try:
            if on_progress is not None:
                on_progress(fraction)
        except Exception as error:
            refused.append(error)
            raise

    watched = None if on_progress is None else told
    try:
        return run_rate_network(equation, run, mode=used, seed=seed, on_progress=watched), used
    except (MotorsimError, MemoryError):
        raise
    except Exception as error:
        if refused:
            raise refused[0] from None
        if used == "numpy":
            raise
        said = _last_line(error)
        if mode != "auto":
            expected = f"a C++ compiler that works for {used}"
            raise InputError("mode", expected, said, "set CXX, or take numpy") from error
        logger.warning("compiling failed (%s): Brian2 runs on its NumPy target", said)
    return run_rate_network(equation, run, mode="numpy", seed=seed, on_progress=watched), "numpy"


def _last_line(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return f"{type(error).__name__}: {lines[-1] if lines else ''}"
