"""Canonical: a readout and a loss that are computed stably together, and not one after the other."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from motorsim.nn.binary_cross_entropy import BinaryCrossEntropy, BinaryCrossEntropyOfScores
from motorsim.nn.cross_entropy import CrossEntropy, CrossEntropyOfScores
from motorsim.nn.mixed import Mixed
from motorsim.nn.mixture import Mixture
from motorsim.nn.poisson_nll import PoissonNLL, PoissonNLLOfLogRates, PoissonNLLOfSoftplusScores
from motorsim.nn.poisson_rate import PoissonRate
from motorsim.nn.sigmoid import Sigmoid
from motorsim.nn.softmax import Softmax

if TYPE_CHECKING:
    from motorsim.nn.losses import Loss
    from motorsim.types import Readout


def canonical(readout: Readout, loss: Loss) -> tuple[Readout, Loss]:
    """Return a readout and a loss that together compute the same, stably where there is a way.

    Three readouts make outputs that their own loss takes the logarithm of: `Softmax` for `CrossEntropy`,
    `Sigmoid` for `BinaryCrossEntropy`, `PoissonRate` for `PoissonNLL`. In their place come the linear scores,
    under the same parameters, and a loss on scores whose gradient is finite however far these are (but for
    ``exp`` rates that are infinite themselves). A pair within `Mixed` and `Mixture` is replaced alike
    where a loss has all outputs of one readout, in order, and no other loss has any of them. Any other pair
    comes back as it was.

    Parameters
    ----------
    readout, loss
        What the user chose.
    """
    if isinstance(readout, Mixed) and isinstance(loss, Mixture):
        return _canonical_parts(readout, loss)
    if type(readout) is Softmax and type(loss) is CrossEntropy:
        return readout.scores, CrossEntropyOfScores(output_weights=loss.output_weights)
    if type(readout) is Sigmoid and type(loss) is BinaryCrossEntropy:
        return readout.scores, BinaryCrossEntropyOfScores(output_weights=loss.output_weights)
    if type(readout) is PoissonRate and type(loss) is PoissonNLL:
        kind = PoissonNLLOfLogRates if readout.link == "exp" else PoissonNLLOfSoftplusScores
        return readout.scores, kind(loss.with_log_factorial, output_weights=loss.output_weights)
    return readout, loss


def _canonical_parts(readout: Mixed, loss: Mixture) -> tuple[Mixed, Mixture]:
    readouts, parts = list(readout.readouts), list(loss.parts)
    outputs = [list(range(readout.n_outputs)[place]) for place in readout.slices]
    taken = [loss.outputs_of(i, readout.n_outputs) for i in range(len(parts))]
    for i, own in enumerate(outputs):
        users = [k for k, indices in enumerate(taken) if set(indices) & set(own)]
        if len(users) == 1 and taken[users[0]] == own:
            indices, part, weight = parts[users[0]]
            readouts[i], part = canonical(readouts[i], part)
            parts[users[0]] = (indices, part, weight)
    return Mixed(tuple(readouts)), replace(loss, parts=tuple(parts))
