"""Clipping: gradients held to a largest norm."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from motorsim.checks import check_positive

if TYPE_CHECKING:
    from collections.abc import Mapping

    from motorsim.types import Floats, Parameters


def global_norm(gradients: Mapping[str, Floats]) -> float:
    """Return the Euclidean norm of all arrays taken together; not finite if any entry is not."""
    return math.sqrt(sum(float(np.square(array, dtype=np.float64).sum()) for array in gradients.values()))


def clip_by_global_norm(gradients: Mapping[str, Floats], maximum_norm: float) -> Parameters:
    """Return all gradients scaled alike so that their global norm is at most ``maximum_norm``.

    Pascanu, Mikolov & Bengio 2013, algorithm 1.

    Raises
    ------
    InputError
        If ``maximum_norm`` is not above zero.
    """
    check_positive("maximum_norm", maximum_norm)
    norm = global_norm(gradients)
    factor = 1.0 if norm <= maximum_norm else maximum_norm / norm
    return {name: gradient * factor for name, gradient in gradients.items()}
