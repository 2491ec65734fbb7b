"""Cross-entropy of outputs that are each on or off."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from motorsim.checks import InputError
from motorsim.nn.activations import activation_named
from motorsim.nn.masked_mean import ElementwiseLoss

if TYPE_CHECKING:
    from motorsim.types import Floats


@dataclass(frozen=True, eq=False)
class BinaryCrossEntropy(ElementwiseLoss):
    """The mean over all that counts of -t log p - (1 - t) log(1 - p).

    Outputs p and targets t, both (..., output), are probabilities of each output on its own. With the readout
    `Sigmoid` a network works on the scores, see `motorsim.nn.canonical`; on plain probabilities
    the logarithms are taken of no less than the smallest normal number.

    Parameters
    ----------
    output_weights
        Weights of the outputs in the mean, (output,), not negative; ones by default.

    Raises
    ------
    InputError
        If the weights are negative, not finite or all zero.
    """

    def _terms(self, outputs: Floats, targets: Floats) -> tuple[Floats, Floats]:
        _check_targets(targets)
        if (outputs.real < 0.0).any() or (outputs.real > 1.0).any():
            got = f"{outputs.real.min():.3g} to {outputs.real.max():.3g}"
            raise InputError("outputs", "probabilities from 0 to 1", got, "use the Sigmoid readout")
        tiny = np.finfo(outputs.real.dtype).tiny
        # Written so that NaN stays: a diverged network must not look sound.
        on = np.where(outputs.real < tiny, tiny, outputs)
        off = np.where(1.0 - outputs.real < tiny, tiny, 1.0 - outputs)
        terms = -targets * np.log(on) - (1.0 - targets) * np.log(off)
        return terms, (1.0 - targets) / off - targets / on


@dataclass(frozen=True, eq=False)
class BinaryCrossEntropyOfScores(BinaryCrossEntropy):
    """`BinaryCrossEntropy` of p = sigmoid(z), on the scores z, (..., output): log(1 + exp(z)) - t z."""

    def _terms(self, outputs: Floats, targets: Floats) -> tuple[Floats, Floats]:
        _check_targets(targets)
        terms = activation_named("softplus").apply(outputs, None)
        terms -= targets * outputs
        slopes = activation_named("sigmoid").apply(outputs, None)
        slopes -= targets
        return terms, slopes


def _check_targets(targets: Floats) -> None:
    if not ((targets.real >= 0.0).all() and (targets.real <= 1.0).all()):
        got = f"{targets.real.min():.3g} to {targets.real.max():.3g}"
        raise InputError("targets", "0, 1 or probabilities between", got)


binary_cross_entropy = BinaryCrossEntropy()
