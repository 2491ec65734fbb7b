"""Mean squared error."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from motorsim.checks import InputError, check_array

if TYPE_CHECKING:
    from motorsim.types import BoolArray, Floats


def mse(
    outputs: Floats,
    targets: Floats,
    mask: BoolArray | None = None,
    *,
    output_weights: Floats | None = None,
) -> tuple[float, Floats]:
    """Return the mean squared error, weighted and over what the mask leaves, and its gradient.

    The loss is sum(m w (y - t)^2) / sum(m w).

    Parameters
    ----------
    outputs, targets
        y and t, (batch, time, output).
    mask
        m, (batch, time) or (batch, time, output): what counts. All of it by default.
    output_weights
        w, (output,), not negative. Ones by default; use ``functools.partial`` to hand a network a
        weighted loss.

    Returns
    -------
    tuple
        The loss, and its gradient with respect to the outputs, (batch, time, output).

    Raises
    ------
    InputError
        If the shapes do not agree, or mask and weights leave nothing.
    """
    if outputs.shape != targets.shape:
        raise InputError("targets", f"shape {outputs.shape}, that of the outputs", f"shape {targets.shape}")
    # The layout of the outputs (time-major inside a network) is kept, so that no pass goes across memory.
    difference = np.empty_like(outputs)
    np.subtract(outputs, targets, out=difference)
    if mask is None and output_weights is None:
        return _scaled(difference, difference, float(outputs.size))
    weights = _weights(outputs, mask, output_weights)
    total = float(weights.sum(dtype=np.float64)) * (outputs.size / weights.size)
    if total <= 0.0:
        raise InputError("mask", "something left by mask and output weights", "nothing")
    weighted = np.empty_like(difference)
    np.multiply(difference, weights.astype(outputs.dtype, copy=False), out=weighted)
    return _scaled(difference, weighted, total)


def _scaled(difference: Floats, weighted: Floats, total: float) -> tuple[float, Floats]:
    # Not vdot: it conjugates, and the loss must stay analytic for complex-step derivatives.
    loss = np.dot(difference.ravel(order="K"), weighted.ravel(order="K")) / total
    weighted *= 2.0 / total
    return loss, weighted


def _weights(outputs: Floats, mask: BoolArray | None, output_weights: Floats | None) -> Floats:
    """Return m w in a shape that broadcasts to the outputs."""
    weights = np.ones((1, 1, 1))
    if mask is not None:
        if mask.shape not in (outputs.shape, outputs.shape[:2]):
            raise InputError("mask", f"shape {outputs.shape[:2]} or {outputs.shape}", f"shape {mask.shape}")
        weights = weights * (mask if mask.ndim == outputs.ndim else mask[..., None])
    if output_weights is not None:
        checked = check_array("output_weights", output_weights, shape=(outputs.shape[-1],))
        if (checked < 0).any():
            raise InputError("output_weights", "weights of at least 0", f"a least of {checked.min()}")
        weights = weights * checked
    return weights
