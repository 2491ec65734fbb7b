"""Mixture: several losses, each on outputs of its own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from motorsim.checks import InputError, check_positive
from motorsim.nn.losses import Loss, MeanLoss, check_loss
from motorsim.nn.masked_mean import mask_of_elements

if TYPE_CHECKING:
    from collections.abc import Sequence

    from motorsim.types import BoolArray, Floats

Part: TypeAlias = "tuple[slice | Sequence[int], Loss, float]"


@dataclass(frozen=True)
class Mixture:
    """The sum of losses on some of the outputs each, times a weight: rates and muscles, or spikes and hand.

    Without a mask, or with one that drops whole samples and times, that is the sum of weight x loss. A mask
    that drops single outputs takes their share from a loss that is a mean, rather than to hand it to the
    other outputs of that loss: sum over losses of weight x (sum over what counts) / (number of samples and
    times at which anything counts x what the loss divides by for each when nothing is dropped).

    A mixture of means alone is a mean too: `MeanMixture` is the same and can be computed part by part.

    Parameters
    ----------
    parts
        Outputs (a slice or indices), loss and weight of each; outputs may be named twice, or not at all.

    Raises
    ------
    InputError
        If there are no parts, outputs are no slice or distinct integers, a loss cannot be called or a weight
        is negative.
    """

    parts: tuple[Part, ...]

    def __post_init__(self) -> None:
        """Refuse parts that are not outputs, loss and weight."""
        if not self.parts:
            raise InputError("parts", "at least one (outputs, loss, weight)", "none")
        object.__setattr__(self, "parts", tuple(_checked(i, part) for i, part in enumerate(self.parts)))

    def outputs_of(self, part: int, n_outputs: int) -> list[int]:
        """Return the indices of the outputs of a part.

        Raises
        ------
        InputError
            If there is none, or no such output.
        """
        chosen, _, _ = self.parts[part]
        indices = list(range(n_outputs)[chosen] if isinstance(chosen, slice) else chosen)
        beyond = isinstance(chosen, slice) and chosen.stop is not None and chosen.stop > n_outputs
        if not indices or beyond or max(indices) >= n_outputs:
            raise InputError(f"parts[{part}]", f"some of the {n_outputs} outputs", repr(chosen))
        return indices

    def __call__(
        self, outputs: Floats, targets: Floats, mask: BoolArray | None = None
    ) -> tuple[float, Floats]:
        """Return the loss and its gradient with respect to the outputs; see `motorsim.nn.losses.Loss`.

        Raises
        ------
        InputError
            If shapes do not agree, the mask leaves nothing, or a loss refuses its part.
        """
        if outputs.shape != targets.shape:
            expected = f"shape {outputs.shape}, that of the outputs"
            raise InputError("targets", expected, f"shape {targets.shape}")
        n_samples = count_samples(outputs.shape, mask)
        if n_samples == 0:
            raise InputError("mask", "something left", "a mask that leaves nothing")
        total, grad = 0.0, np.zeros_like(outputs)
        for i, (_, loss, weight) in enumerate(self.parts):
            indices = self.outputs_of(i, outputs.shape[-1])
            own_mask = mask[..., indices] if mask is not None and mask.ndim == outputs.ndim else mask
            own_outputs = outputs[..., indices]
            share = weight * _share(loss, own_outputs.shape, own_mask, n_samples)
            if share > 0.0:
                value, own_grad = loss(own_outputs, targets[..., indices], own_mask)
                total = total + share * value
                grad[..., indices] += share * own_grad
        return total, grad


@dataclass(frozen=True)
class MeanMixture(Mixture):
    """A `Mixture` of losses that are means: a `MeanLoss`.

    Raises
    ------
    InputError
        As `Mixture`, and if a loss is no `MeanLoss`.
    """

    def __post_init__(self) -> None:
        """Refuse parts that are no means."""
        super().__post_init__()
        for i, (_, loss, _) in enumerate(self.parts):
            if not isinstance(loss, MeanLoss):
                raise InputError(f"parts[{i}]", "a loss that is a mean", repr(loss), "take a Mixture")

    def weight(self, shape: tuple[int, ...], mask: BoolArray | None) -> float:
        """Return the number of samples and times at which anything counts; see `MeanLoss`."""
        return float(count_samples(shape, mask))


def count_samples(shape: tuple[int, ...], mask: BoolArray | None) -> int:
    """Return the number of samples and times at which anything counts, for outputs of that shape."""
    if mask is None:
        return int(np.prod(shape[:-1]))
    return int(mask_of_elements(mask, shape).any(axis=-1).sum())


def _share(loss: Loss, shape: tuple[int, ...], mask: BoolArray | None, n_samples: int) -> float:
    """Return what turns the mean over what counts of a loss into a mean over ``n_samples``."""
    if not isinstance(loss, MeanLoss):
        return 1.0
    return loss.weight(shape, mask) / (n_samples * loss.weight((1, shape[-1]), None))


def _checked(number: int, part: Part) -> Part:
    name = f"parts[{number}]"
    if not isinstance(part, tuple | list) or len(part) != 3:
        raise InputError(name, "(outputs, loss, weight)", repr(part))
    chosen, loss, weight = part
    if not isinstance(chosen, slice):
        indices = np.asarray(chosen)
        if indices.ndim != 1 or indices.dtype.kind not in "iu" or (indices < 0).any():
            raise InputError(name, "a slice or indices of at least 0", repr(chosen))
        if len(set(indices.tolist())) != len(indices):
            raise InputError(name, "each output once", repr(chosen))
        chosen = tuple(indices.tolist())
    check_loss(name, loss)
    return chosen, loss, check_positive(f"{name} weight", weight, allow_zero=True)
