"""Glorot and He scaling: initial weights that keep the variance of what passes through a layer."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

    from motorsim.types import Floats


def draw_weights(
    shape: tuple[int, ...],
    *,
    n_from: int,
    n_to: int,
    activation: str,
    gain: float,
    generator: np.random.Generator,
) -> Floats:
    """Draw normal weights of mean zero.

    Parameters
    ----------
    shape
        Shape of the weights.
    n_from, n_to
        How many inputs an output has, and outputs an input.
    activation
        The variance is gain^2 times 2 / (n_from + n_to) (Glorot & Bengio 2010, eq. 12), or 2 / n_from for
        ``"relu"``, which lets half of it pass (He et al. 2015, eq. 10).
    gain
        Dimensionless.
    generator
        Where the numbers come from.
    """
    variance = 2.0 / n_from if activation == "relu" else 2.0 / (n_from + n_to)
    return generator.normal(0.0, gain * math.sqrt(variance), shape)
