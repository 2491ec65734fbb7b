"""Mean squared error."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from motorsim.nn.masked_mean import MaskedMean, counted_targets, element_weights

if TYPE_CHECKING:
    from motorsim.types import BoolArray, Floats


@dataclass(frozen=True, eq=False)
class MeanSquaredError(MaskedMean):
    """The loss sum(m w (y - t)^2) / sum(m w) of outputs y and targets t, both (..., output).

    Parameters
    ----------
    output_weights
        w, (output,), not negative; ones by default. Equal weights do nothing.

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
            If shapes do not agree, or mask and weights leave nothing.
        """
        targets = counted_targets(outputs, targets, mask)
        total = self._total(outputs, mask)
        # The layout of the outputs (time-major inside a network) is kept, so that no pass goes across memory.
        difference = np.subtract(outputs, targets, out=np.empty_like(outputs))
        weights = element_weights(outputs, mask, self.output_weights)
        weighted = difference
        if weights is not None:
            weighted = np.multiply(difference, weights, out=np.empty_like(difference))
        # A product of vectors takes one pass less than a sum of squares. Not vdot: it conjugates, and the
        # loss must stay analytic for complex-step derivatives.
        loss = np.dot(difference.ravel(order="K"), weighted.ravel(order="K")) / total
        weighted *= 2.0 / total
        return loss, weighted


mse = MeanSquaredError()
