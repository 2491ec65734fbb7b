"""Target switch: the target jumps to another one while the reach is prepared."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from motorsim.checks import InputError, check_positive

if TYPE_CHECKING:
    from collections.abc import Sequence

    from motorsim.task.delayed_reach import DelayedReach
    from motorsim.types import IntArray


@dataclass(frozen=True, eq=False)
class TargetSwitch:
    """At a time in preparation every condition's target becomes that of another condition.

    Parameters
    ----------
    time_s
        When, on the trial's clock.
    to
        For each condition the index of the one whose target is shown from then on, (condition,).

    Raises
    ------
    InputError
        If the time is not positive or the indices are none.
    """

    time_s: float
    to: Sequence[int] | IntArray

    def __post_init__(self) -> None:
        """Check the time and the kind of the indices."""
        check_positive("time_s", self.time_s)
        to = np.asarray(self.to)
        if to.ndim != 1 or to.dtype.kind not in "iu":
            raise InputError("to", "indices (condition,)", f"{to.dtype} of shape {to.shape}")
        object.__setattr__(self, "to", to.astype(np.int64))

    def final_task(self, task: DelayedReach) -> DelayedReach:
        """Return the task with the reaches that are to be made in the end.

        Raises
        ------
        InputError
            If the switch does not lie between target onset and go cue, or the indices do not fit.
        """
        if not task.target_onset_s + 1e-9 < self.time_s < task.go_cue_s - 1e-9:
            expected = (
                f"a time between target onset, {task.target_onset_s:g} s, and go cue, {task.go_cue_s:g} s"
            )
            raise InputError("time_s", expected, f"{self.time_s:g} s")
        if len(self.to) != task.n_conditions:
            raise InputError("to", f"{task.n_conditions} indices, one a condition", f"{len(self.to)}")
        return replace(task, reaches=task.reaches.select(self.to))
