"""Monitor: the lowest loss so far, and how long ago it was."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from motorsim.types import Floats


@dataclass(frozen=True, eq=False)
class Monitor:
    """The parameters of the lowest loss.

    Parameters
    ----------
    parameters
        What is kept until a loss is recorded, then those of the lowest loss. They are not copied: they must
        not change.
    iteration, loss
        Number of updates behind them, and their loss.
    n_since
        Number of records in a row since then without a lower loss.
    """

    parameters: Mapping[str, Floats]
    iteration: int = 0
    loss: float = math.inf
    n_since: int = 0

    def record(self, iteration: int, loss: float, parameters: Mapping[str, Floats]) -> Monitor:
        """Return the monitor that knows the loss of the parameters after ``iteration`` updates too."""
        if loss < self.loss:
            return Monitor(parameters, iteration, loss)
        return replace(self, n_since=self.n_since + 1)
