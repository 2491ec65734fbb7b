"""Softmax: outputs that are the probabilities of classes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from motorsim.nn.scored import Scored

if TYPE_CHECKING:
    from motorsim.types import Floats


@dataclass(frozen=True)
class Softmax(Scored):
    """The readout y_k = exp(z_k) / sum_j exp(z_j) of scores z = V r + c: probabilities that sum to 1.

    Parameter arrays: ``weights`` V (output, unit), to by from; ``bias`` c (output,). With the loss
    `cross_entropy` a network works on the scores, see `motorsim.nn.canonical`.

    Parameters
    ----------
    n_units
        Number of units that are read.
    n_outputs
        Number of classes.

    Raises
    ------
    InputError
        If a size is not a positive integer.
    """

    def _apply(self, scores: Floats) -> Floats:
        return softmax(scores, out=scores)

    def _apply_vjp(self, outputs: Floats, grad: Floats) -> Floats:
        return softmax_vjp(outputs, grad)


def softmax(scores: Floats, out: Floats | None = None) -> Floats:
    """Return exp(z) / sum exp(z) over the last axis, in ``out``, which may be the scores; never overflows."""
    shifted: Floats = np.subtract(scores, scores.real.max(axis=-1, keepdims=True), out=out)
    np.exp(shifted, out=shifted)
    shifted /= shifted.sum(axis=-1, keepdims=True)
    return shifted


def softmax_vjp(probabilities: Floats, grad: Floats) -> Floats:
    """Pull a gradient g of o = softmax(z) back to z: (diag(o) - o o') g, not o (1 - o) g."""
    pulled: Floats = grad - np.sum(grad * probabilities, axis=-1, keepdims=True)
    pulled *= probabilities
    return pulled
