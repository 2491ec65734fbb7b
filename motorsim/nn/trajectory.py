"""Trajectory: what a network did over a sequence."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from motorsim.types import Floats


@dataclass(frozen=True, eq=False)
class Trajectory:
    """What a network did.

    Parameters
    ----------
    states
        The cell's states after each step, (batch, time, state); of a `Bidirectional`, whose backward cell
        steps the other way, see `Bidirectional.states`.
    hidden
        Hidden rates, (batch, time, unit).
    outputs
        (batch, time, output).
    """

    states: Floats
    hidden: Floats
    outputs: Floats
