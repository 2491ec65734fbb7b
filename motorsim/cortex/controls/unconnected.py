"""Unconnected circuit: no recurrence, so that all activity of movement comes from outside."""

from __future__ import annotations

import numpy as np

from motorsim.checks import check_integer
from motorsim.cortex.circuit import Circuit


def unconnected_circuit(n_units: int = 200) -> Circuit:
    """Return units without connections, W = 0; each is a low-pass filter of its input.

    Raises
    ------
    InputError
        If there are fewer than two units.
    """
    n_units = check_integer("n_units", n_units, minimum=2)
    return Circuit(np.zeros((n_units, n_units)), None, source=f"no connections, {n_units} units")
