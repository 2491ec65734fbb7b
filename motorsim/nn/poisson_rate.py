"""PoissonRate: outputs that are expected spike counts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from motorsim.checks import check_choice
from motorsim.nn.activations import activation_named
from motorsim.nn.scored import Scored

if TYPE_CHECKING:
    from motorsim.types import Floats

LINKS = ("exp", "softplus")


@dataclass(frozen=True)
class PoissonRate(Scored):
    """The readout y = exp(z) or log(1 + exp(z)) of scores z = V r + c: expected counts a bin.

    Parameter arrays: ``weights`` V (output, unit), to by from; ``bias`` c (output,). With the loss
    `poisson_nll` a network works on the scores, see `motorsim.nn.canonical`.

    Parameters
    ----------
    n_units
        Number of units that are read.
    n_outputs
        Number of neurons.
    link
        ``"exp"``, the canonical link of Poisson counts, which overflows for scores beyond 88 in float32; or
        ``"softplus"``, which grows only linearly.

    Raises
    ------
    InputError
        If a size is not a positive integer or the link is unknown.
    """

    link: str = "exp"

    def __post_init__(self) -> None:
        """Refuse sizes that are not positive, and other links."""
        super().__post_init__()
        check_choice("link", self.link, LINKS)

    def _apply(self, scores: Floats) -> Floats:
        if self.link == "softplus":
            return activation_named("softplus").apply(scores, scores)
        with np.errstate(over="ignore"):
            rates: Floats = np.exp(scores, out=scores)
        return rates

    def _apply_vjp(self, outputs: Floats, grad: Floats) -> Floats:
        if self.link == "exp":
            return grad * outputs
        slope = activation_named("softplus").slope(outputs, None)
        slope *= grad
        return slope
