"""Negative log-likelihood of counts that are Poisson around the outputs."""

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
class PoissonNLL(ElementwiseLoss):
    """The mean over all that counts of r - k log r (+ log k!), in nats an element.

    Outputs r are expected counts a bin, targets k the counts, both (..., output) and not negative; counts
    need not be whole, so that smoothed spikes or averages over trials will do. With the readout `PoissonRate`
    a network works on the scores, see `motorsim.nn.canonical`; on plain outputs the logarithm is taken of no
    less than the smallest normal number.

    Parameters
    ----------
    with_log_factorial
        Add log k!, which no network changes, so that exp(-loss) is the likelihood itself.
    output_weights
        Weights of the outputs in the mean, (output,), not negative; ones by default.

    Raises
    ------
    InputError
        If the switch is none, or the weights are negative, not finite or all zero.
    """

    with_log_factorial: bool = False

    def __post_init__(self) -> None:
        """Refuse a switch that is none."""
        super().__post_init__()
        if not isinstance(self.with_log_factorial, bool):
            raise InputError("with_log_factorial", "True or False", repr(self.with_log_factorial))

    def _terms(self, outputs: Floats, targets: Floats) -> tuple[Floats, Floats]:
        if not (targets.real >= 0.0).all():
            raise InputError("targets", "counts of at least 0", f"a least of {targets.real.min():.3g}")
        terms, slopes = self._without_factorial(outputs, targets)
        if self.with_log_factorial:
            from scipy.special import gammaln  # noqa: PLC0415 - slow to import, and rarely asked for

            terms += gammaln(targets.real + 1.0)
        return terms, slopes

    def _without_factorial(self, outputs: Floats, targets: Floats) -> tuple[Floats, Floats]:
        if (outputs.real < 0.0).any():
            got = f"a least of {outputs.real.min():.3g}"
            raise InputError("outputs", "rates of at least 0", got, "use the PoissonRate readout")
        tiny = np.finfo(outputs.real.dtype).tiny
        rate = np.where(outputs.real < tiny, tiny, outputs)
        return outputs - targets * np.log(rate), 1.0 - targets / rate


@dataclass(frozen=True, eq=False)
class PoissonNLLOfLogRates(PoissonNLL):
    """`PoissonNLL` of r = exp(z), on the scores z, (..., output): exp(z) - k z.

    Beyond a score of 88 in float32, or 709 in float64, exp(z) and with it the loss are infinite.
    """

    def _without_factorial(self, outputs: Floats, targets: Floats) -> tuple[Floats, Floats]:
        with np.errstate(over="ignore"):
            rate = np.exp(outputs)
        return rate - targets * outputs, rate - targets


@dataclass(frozen=True, eq=False)
class PoissonNLLOfSoftplusScores(PoissonNLL):
    """`PoissonNLL` of r = softplus(z), on the scores z, (..., output), finite for any of them.

    Far below zero r = exp(z), hence log r = z, and dr/dz = r: the slope goes to r - k.
    """

    def _without_factorial(self, outputs: Floats, targets: Floats) -> tuple[Floats, Floats]:
        rate = activation_named("softplus").apply(outputs, None)
        low = rate.real < np.sqrt(np.finfo(rate.real.dtype).tiny)
        safe = np.where(low, 1.0, rate)
        log_rate = np.where(low, outputs, np.log(safe))
        slope = activation_named("softplus").slope(rate, None)
        return rate - targets * log_rate, slope - targets * np.where(low, 1.0, slope / safe)


poisson_nll = PoissonNLL()
