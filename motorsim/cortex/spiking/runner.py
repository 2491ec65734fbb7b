"""Running many trials: one process a core, the same spikes whatever their number, finished trials kept."""

from __future__ import annotations

import logging
import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from motorsim.checks import check_choice, check_integer
from motorsim.cortex.brian_mode import MODES, Mode, resolve_mode
from motorsim.cortex.spiking.standalone import CompiledNetwork, CompileError, compiled_network
from motorsim.cortex.spiking.workers import run_here, run_processes, run_programs

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from motorsim.cortex.spiking.network import SpikingModel
    from motorsim.cortex.spiking.trial import Kept, TrialJob

logger = logging.getLogger(__name__)


def available_cores() -> int:
    """Return how many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def spiking_mode(mode: Mode, *, warn: bool = True) -> Mode:
    """Turn ``"auto"`` into C++ standalone where a compiler is found and NumPy where none is."""
    return resolve_mode("cpp_standalone" if mode == "auto" else mode, warn=warn)


@dataclass(eq=False)
class TrialRunner:
    """Runs trials of one model; it remembers which mode it found to work.

    Parameters
    ----------
    model
        The network.
    mode
        ``"auto"``, ``"cpp_standalone"``, ``"cython"`` or ``"numpy"``.
    workers
        Processes at once; one a core where None. The spikes do not depend on it.

    Raises
    ------
    InputError
        If there is no such mode, or ``workers`` is no positive integer.
    """

    model: SpikingModel
    mode: Mode = "auto"
    workers: int | None = None
    _used_mode: Mode | None = field(default=None, init=False, repr=False)

    def __post_init__(self) -> None:
        """Check mode and workers."""
        check_choice("mode", self.mode, MODES)
        if self.workers is not None:
            check_integer("workers", self.workers)

    @property
    def used_mode(self) -> Mode:
        """The mode that trials run in, after falling back where there is no compiler or `compile` failed."""
        if self._used_mode is None:
            self._used_mode = spiking_mode(self.mode)
        return self._used_mode

    def compile(self) -> CompiledNetwork | None:
        """Return the compiled program, built if it has to be; None in a mode that runs in Python.

        Where the mode was left to the program and compiling fails, trials run on Brian2's NumPy target.

        Raises
        ------
        CompileError
            If compiling fails and the mode was asked for by name.
        """
        if self.used_mode != "cpp_standalone":
            return None
        try:
            return compiled_network(self.model)
        except CompileError as error:
            if self.mode != "auto":
                raise
            logger.warning("%s\nBrian2 runs on its NumPy target instead, more slowly", error)
            self._used_mode = "numpy"
            return None

    def run(
        self, jobs: Sequence[TrialJob[Kept]], *, on_result: Callable[[int, Kept], None] | None = None
    ) -> list[Kept]:
        """Run all jobs and return what they keep, in their order.

        ``on_result`` is told a job's number and what it keeps as soon as it is done, in this thread. At the
        first error, or Ctrl-C, the workers are ended; what was told stays told.

        Raises
        ------
        TrialError
            If a trial fails, with its name and what its worker said.
        DiskFullError
            If a trial's spikes could not be written.
        CompileError
            If compiling fails and the mode was asked for by name.
        """
        kept: dict[int, Kept] = {}

        def told(number: int, result: Kept) -> None:
            kept[number] = result
            if on_result is not None:
                on_result(number, result)

        if jobs:
            program = self.compile()
            workers = min(self.workers or available_cores(), len(jobs))
            if program is not None:
                run_programs(program, jobs, workers, told)
            elif workers == 1:
                run_here(self.model, self.used_mode, jobs, told)
            else:
                run_processes(self.model, self.used_mode, jobs, workers, told)
        return [kept[number] for number in range(len(jobs))]
