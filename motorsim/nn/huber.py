"""Huber: squared error that grows only linearly where it is large."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from motorsim.checks import check_positive
from motorsim.nn.masked_mean import ElementwiseLoss

if TYPE_CHECKING:
    from motorsim.types import Floats


@dataclass(frozen=True, eq=False)
class Huber(ElementwiseLoss):
    """The mean of d^2 / 2 where abs(d) <= delta and of delta (abs(d) - delta / 2) elsewhere, d = y - t.

    Robust against single bad samples (Huber 1964). With a delta beyond every difference it is half the
    mean squared error.

    Parameters
    ----------
    delta
        Where the square ends, in the units of the outputs.
    output_weights
        Weights of the outputs in the mean, (output,), not negative; ones by default.

    Raises
    ------
    InputError
        If delta is not positive, or the weights are negative, not finite or all zero.
    """

    delta: float = 1.0

    def __post_init__(self) -> None:
        """Refuse a delta that is not positive."""
        super().__post_init__()
        object.__setattr__(self, "delta", check_positive("delta", self.delta))

    def _terms(self, outputs: Floats, targets: Floats) -> tuple[Floats, Floats]:
        difference = np.subtract(outputs, targets, out=np.empty_like(outputs))
        far = np.abs(difference.real) > self.delta
        slopes = np.where(far, self.delta * np.sign(difference.real), difference)
        return slopes * (difference - 0.5 * slopes), slopes
