"""Drive: everything that comes into a rate circuit from outside, on its integration clock."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from motorsim.checks import InputError, check_array

if TYPE_CHECKING:
    from motorsim.types import BoolArray, FloatArray

ROWS = 3
"""Start, middle and end: the times of an integration step at which Runge-Kutta 4 asks for the input."""


@dataclass(frozen=True, eq=False)
class Drive:
    """Input h(t) + F x, F while a window lasts, and the units that are silenced.

    Parameters
    ----------
    feedforward_hz
        h at the start, middle and end of every integration step, (step, 3, condition, unit), so that it may
        jump between steps; the last value is held from then on.
    feedback
        F, (unit, unit), row the unit that receives, dimensionless; or None.
    feedback_steps
        First step of the window of F, and the first step after it.
    silenced
        Units whose rate is held at 0, step by step, boolean (step, unit), none after the last step; or None.

    Raises
    ------
    InputError
        If shapes disagree, a number is not finite, or the window runs backwards.
    """

    feedforward_hz: FloatArray
    feedback: FloatArray | None = None
    feedback_steps: tuple[int, int] = (0, 0)
    silenced: BoolArray | None = None

    def __post_init__(self) -> None:
        """Check the arrays against each other."""
        feedforward = check_array(
            "feedforward_hz",
            self.feedforward_hz,
            ("step", "row", "condition", "unit"),
            shape=(None, ROWS, None, None),
            minimum_sizes=(1, ROWS, 1, 1),
        )
        n_units = feedforward.shape[3]
        if self.feedback is not None:
            check_array("feedback", self.feedback, ("unit", "unit"), shape=(n_units, n_units))
        first, stop = self.feedback_steps
        if not 0 <= first <= stop:
            raise InputError("feedback_steps", "two steps, 0 <= first <= stop", f"{self.feedback_steps}")
        if self.silenced is not None:
            silenced = np.asarray(self.silenced)
            if silenced.dtype != np.bool_ or silenced.ndim != 2 or silenced.shape[1] != n_units:
                got = f"{silenced.dtype} of shape {silenced.shape}"
                raise InputError("silenced", f"booleans (step, unit), {n_units} units", got)

    @property
    def n_conditions(self) -> int:
        """Number of conditions."""
        return int(self.feedforward_hz.shape[2])

    def rows_hz(self, step: int) -> FloatArray:
        """Return h at start, middle and end of a step, (3, condition, unit)."""
        if step < len(self.feedforward_hz):
            rows: FloatArray = self.feedforward_hz[step]
            return rows
        return np.broadcast_to(self.feedforward_hz[-1, -1], self.feedforward_hz.shape[1:])

    def feedback_at(self, step: int) -> FloatArray | None:
        """Return F where the step lies in its window."""
        first, stop = self.feedback_steps
        return self.feedback if first <= step < stop else None

    def silenced_at(self, step: int) -> BoolArray | None:
        """Return which units are silenced in a step, (unit,), or None where none is."""
        if self.silenced is None or step >= len(self.silenced):
            return None
        mask: BoolArray = self.silenced[step]
        return mask

    def silenced_until(self, n_steps: int) -> BoolArray:
        """Return which units are silenced in each of the first steps, (step, unit)."""
        mask = np.zeros((n_steps, self.feedforward_hz.shape[3]), bool)
        if self.silenced is not None:
            mask[: len(self.silenced)] = self.silenced[:n_steps]
        return mask
