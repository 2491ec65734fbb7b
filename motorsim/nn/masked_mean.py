"""Masked mean: what losses share, a mean over elements of which some count more and some not at all."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from motorsim.checks import InputError, check_array

if TYPE_CHECKING:
    from motorsim.types import BoolArray, FloatArray, Floats


@dataclass(frozen=True, eq=False)
class MaskedMean:
    """What divides a loss sum(m w l(y, t)) / sum(m w) over all elements; subclasses compute it.

    Where the mask is False targets may be anything, NaN too.

    Parameters
    ----------
    output_weights
        w, (output,), not negative; ones by default. Equal weights do nothing.

    Raises
    ------
    InputError
        If the weights are negative, not finite or all zero.
    """

    output_weights: FloatArray | None = field(default=None, kw_only=True)

    def __post_init__(self) -> None:
        """Refuse weights that no mean can have; keep a copy that cannot change."""
        object.__setattr__(self, "output_weights", check_output_weights(self.output_weights))

    def weight(self, shape: tuple[int, ...], mask: BoolArray | None) -> float:
        """Return sum(m w), which the mean is divided by, for outputs of that shape; see `MeanLoss`."""
        return total_weight(shape, mask, self.output_weights)

    def _total(self, outputs: Floats, mask: BoolArray | None) -> float:
        """Return what the mean is divided by, if anything is left."""
        total = self.weight(outputs.shape, mask)
        if total <= 0.0:
            raise InputError("mask", "something left by mask and output weights", "nothing")
        return total


class ElementwiseLoss(MaskedMean, ABC):
    """A masked mean of an l that looks at one output at a time."""

    def __call__(
        self, outputs: Floats, targets: Floats, mask: BoolArray | None = None
    ) -> tuple[float, Floats]:
        """Return the loss and its gradient with respect to the outputs; see `motorsim.nn.losses.Loss`.

        Raises
        ------
        InputError
            If shapes do not agree, mask and weights leave nothing, or outputs or targets are of no use.
        """
        targets = counted_targets(outputs, targets, mask)
        total = self._total(outputs, mask)
        terms, slopes = self._terms(outputs, targets)
        if mask is not None:
            # No product: what is infinite where nothing counts must go too.
            counts = mask_of_elements(mask, outputs.shape)
            terms, slopes = np.where(counts, terms, 0.0), np.where(counts, slopes, 0.0)
        weights = element_weights(outputs, None, self.output_weights)
        if weights is not None:
            terms *= weights
            slopes *= weights
        slopes *= 1.0 / total
        return terms.sum() / total, slopes

    @abstractmethod
    def _terms(self, outputs: Floats, targets: Floats) -> tuple[Floats, Floats]:
        """Return l and dl/dy of every element, in new arrays of the outputs' type."""


def check_output_weights(value: Any) -> FloatArray | None:
    """Return weights (output,) as a read-only copy, or raise `InputError`."""
    if value is None:
        return None
    weights = check_array("output_weights", value, ("output",), minimum_sizes=(1,)).copy()
    if (weights < 0.0).any() or not weights.any():
        expected = "weights of at least 0, one of them above"
        raise InputError("output_weights", expected, f"weights from {weights.min()} to {weights.max()}")
    weights.setflags(write=False)
    return weights


def counted_targets(outputs: Floats, targets: Floats, mask: BoolArray | None) -> Floats:
    """Return targets, 0 where the mask is False.

    Raises
    ------
    InputError
        If targets or mask do not go with the outputs.
    """
    if outputs.shape != targets.shape:
        raise InputError("targets", f"shape {outputs.shape}, that of the outputs", f"shape {targets.shape}")
    if mask is None:
        return targets
    return np.where(mask_of_elements(mask, outputs.shape), targets, targets.dtype.type(0))


def mask_of_elements(mask: BoolArray, shape: tuple[int, ...]) -> BoolArray:
    """Return a mask, (...) or (..., output), in a form that broadcasts to outputs of that shape."""
    if mask.shape not in (shape, shape[:-1]):
        raise InputError("mask", f"shape {shape[:-1]} or {shape}", f"shape {mask.shape}")
    if mask.dtype.kind != "b":
        raise InputError("mask", "True and False", f"{mask.dtype} numbers", "write mask.astype(bool)")
    return mask if mask.shape == shape else mask[..., None]


def element_weights(
    outputs: Floats, mask: BoolArray | None, output_weights: FloatArray | None
) -> Floats | BoolArray | None:
    """Return m w in a form that broadcasts to the outputs; ``None`` where all are 1."""
    counts = None if mask is None else mask_of_elements(mask, outputs.shape)
    if output_weights is None:
        return counts
    weights: Floats = output_weights.astype(outputs.real.dtype)
    return weights if counts is None else weights * counts


def total_weight(shape: tuple[int, ...], mask: BoolArray | None, output_weights: FloatArray | None) -> float:
    """Return sum(m w) over outputs of that shape."""
    n_outputs = shape[-1]
    weights = np.ones(n_outputs) if output_weights is None else output_weights
    if len(weights) != n_outputs:
        raise InputError("output_weights", f"{n_outputs} weights, one an output", f"{len(weights)}")
    if mask is None:
        return float(np.prod(shape[:-1])) * float(weights.sum())
    counts = mask_of_elements(mask, shape)
    per_output = counts.reshape(-1, counts.shape[-1]).sum(axis=0)
    return float(np.sum(per_output * weights))
