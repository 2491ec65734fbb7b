"""Monitor: the lowest loss so far, and how long ago it was."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from motorsim.types import Floats


class Monitor:
    """Keep the parameters of the lowest loss.

    Parameters
    ----------
    parameters
        What to keep until a loss is recorded. Parameters are kept, not copied: they must not change.
    patience
        Number of records in a row without a lower loss after which `exhausted` is true; ``None`` for
        never.
    """

    def __init__(self, parameters: Mapping[str, Floats], patience: int | None = None) -> None:
        self.parameters, self.patience = parameters, patience
        self.iteration = 0
        self.loss = math.inf
        self._n_since = 0

    def record(self, iteration: int, loss: float, parameters: Mapping[str, Floats]) -> None:
        """Take note of the loss that parameters have after ``iteration`` updates."""
        if loss < self.loss:
            self.iteration, self.loss, self.parameters = iteration, loss, parameters
            self._n_since = 0
        else:
            self._n_since += 1

    @property
    def exhausted(self) -> bool:
        """Whether patience has run out."""
        return self.patience is not None and self._n_since >= self.patience
