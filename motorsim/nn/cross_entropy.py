"""Cross-entropy of classes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from motorsim.checks import InputError
from motorsim.nn.masked_mean import MaskedMean, counted_targets, mask_of_elements, total_weight

if TYPE_CHECKING:
    from motorsim.types import BoolArray, Floats

TOLERANCE = 1e-3
"""How far from 1 the probabilities of all classes may sum up."""


@dataclass(frozen=True, eq=False)
class CrossEntropy(MaskedMean):
    """The mean over what the mask leaves of -sum over classes k of t_k log p_k.

    Outputs p and targets t are probabilities, (..., class); targets come from `motorsim.nn.one_hot` or are
    any distribution. The mask is (...); one of (..., class) must hold or drop all classes together.
    With the readout `Softmax` a network works on the scores, see `motorsim.nn.canonical`; on plain
    probabilities the logarithm is taken of no less than the smallest normal number.

    Parameters
    ----------
    output_weights
        Weights of the classes, (class,), not negative; ones by default. Terms are multiplied by them, and
        the mean is divided by their average, so that equal weights do nothing (PyTorch divides by the weights
        of the labels that occur, which would not be the same for every part of a batch).

    Raises
    ------
    InputError
        If the weights are negative, not finite or all zero.
    """

    def __call__(
        self, outputs: Floats, targets: Floats, mask: BoolArray | None = None
    ) -> tuple[float, Floats]:
        """Return the loss and its gradient with respect to the outputs; see `motorsim.nn.losses.Loss`.

        Raises
        ------
        InputError
            If shapes do not agree, the mask leaves nothing, or outputs or targets are no probabilities.
        """
        mask = _mask_of_samples(mask, outputs.shape)
        targets = counted_targets(outputs, targets, mask)
        total = self._total(outputs, mask)
        _check_targets(targets, mask)
        if self.output_weights is not None:
            targets = targets * self.output_weights.astype(targets.real.dtype)
        terms, slopes = self._terms(outputs, targets)
        # Without a target, which a sample outside the mask has not, every term and slope is zero.
        slopes *= 1.0 / total
        return terms.sum() / total, slopes

    def weight(self, shape: tuple[int, ...], mask: BoolArray | None) -> float:
        """Return the number of samples times the average weight of a class; see `MeanLoss`."""
        return total_weight(shape, _mask_of_samples(mask, shape), self.output_weights) / shape[-1]

    def _terms(self, outputs: Floats, targets: Floats) -> tuple[Floats, Floats]:
        """Return -t log p and its slope, for targets that the class weights multiply."""
        off = np.abs(outputs.real.sum(axis=-1) - 1.0)
        if (off > TOLERANCE).any() or (outputs.real < 0.0).any():
            got = f"a least of {outputs.real.min():.3g}, sums up to {off.max():.3g} off 1"
            raise InputError("outputs", "probabilities that sum to 1", got, "use the Softmax readout")
        tiny = np.finfo(outputs.real.dtype).tiny
        # Written so that NaN stays: a diverged network must not look sound.
        probability = np.where(outputs.real < tiny, tiny, outputs)
        return -targets * np.log(probability), -targets / probability


@dataclass(frozen=True, eq=False)
class CrossEntropyOfScores(CrossEntropy):
    """`CrossEntropy` of p = softmax(z), on the scores z, (..., class): log p_k = z_k - log sum_j exp(z_j)."""

    def _terms(self, outputs: Floats, targets: Floats) -> tuple[Floats, Floats]:
        shifted = outputs - outputs.real.max(axis=-1, keepdims=True)
        slopes = np.exp(shifted)
        normaliser = slopes.sum(axis=-1, keepdims=True)
        terms = targets * (np.log(normaliser) - shifted)
        slopes *= targets.sum(axis=-1, keepdims=True) / normaliser
        slopes -= targets
        return terms, slopes


def _mask_of_samples(mask: BoolArray | None, shape: tuple[int, ...]) -> BoolArray | None:
    """Return the mask as (...), for outputs of that shape."""
    if mask is None:
        return None
    counts = mask_of_elements(mask, shape)
    whole: BoolArray = np.logical_and.reduce(counts, axis=-1)
    if not np.array_equal(whole, np.logical_or.reduce(counts, axis=-1)):
        expected = "all classes of a sample in or out together"
        raise InputError("mask", expected, "some in and some out", "give a mask without the class axis")
    return whole


def _check_targets(targets: Floats, mask: BoolArray | None) -> None:
    sums = targets.real.sum(axis=-1)
    counted = sums if mask is None else sums[mask]
    off = np.abs(counted - 1.0)
    if not ((off <= TOLERANCE).all() and (targets.real >= 0.0).all()):
        got = f"a least of {targets.real.min():.3g}, sums up to {off.max():.3g} off 1"
        mend = "make targets of labels by one_hot(labels, n_classes)"
        raise InputError("targets", "probabilities of the classes that sum to 1", got, mend)


cross_entropy = CrossEntropy()
