"""Sigmoid: outputs that are each a probability of its own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from motorsim.nn.activations import activation_named
from motorsim.nn.scored import Scored

if TYPE_CHECKING:
    from motorsim.types import Floats


@dataclass(frozen=True)
class Sigmoid(Scored):
    """The readout y = 1 / (1 + exp(-z)) of scores z = V r + c.

    Parameter arrays: ``weights`` V (output, unit), to by from; ``bias`` c (output,). With the loss
    `binary_cross_entropy` a network works on the scores, see `motorsim.nn.canonical`.

    Parameters
    ----------
    n_units
        Number of units that are read.
    n_outputs
        Number of outputs.

    Raises
    ------
    InputError
        If a size is not a positive integer.
    """

    def _apply(self, scores: Floats) -> Floats:
        return activation_named("sigmoid").apply(scores, scores)

    def _apply_vjp(self, outputs: Floats, grad: Floats) -> Floats:
        slope = activation_named("sigmoid").slope(outputs, None)
        slope *= grad
        return slope
