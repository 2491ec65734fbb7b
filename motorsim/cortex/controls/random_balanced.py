"""Random balanced circuit: Dale's law and balance, but nothing optimised."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from motorsim.checks import InputError, check_positive
from motorsim.cortex.circuit import Circuit
from motorsim.cortex.random_weights import random_balanced_weights

if TYPE_CHECKING:
    from motorsim.streams import Seed


def random_balanced_circuit(
    n_units: int = 200,
    *,
    rng: Seed,
    excitatory_fraction: float = 0.5,
    connection_probability: float = 0.1,
    inhibition_ratio: float = 3.0,
    spectral_abscissa: float = 0.8,
) -> Circuit:
    """Draw the random start of a stability-optimised circuit and weaken it until it is stable as it is.

    It lacks what the optimisation adds: strong weights that stay stable.

    Parameters
    ----------
    n_units, excitatory_fraction, connection_probability, inhibition_ratio
        See `random_balanced_weights`.
    rng
        Seed of the weights.
    spectral_abscissa
        Largest real part of the eigenvalues, below 1, to which all weights are scaled. The bulk of a large
        circuit's spectrum is a disc of about that radius.

    Raises
    ------
    InputError
        If a parameter is out of range, or the circuit drawn is too sparse to have a loop.
    """
    wanted = check_positive("spectral_abscissa", spectral_abscissa)
    if wanted >= 1.0:
        raise InputError("spectral_abscissa", "a number below 1, where rest is stable", f"{wanted:g}")
    weights = random_balanced_weights(
        n_units,
        rng=rng,
        excitatory_fraction=excitatory_fraction,
        connection_probability=connection_probability,
        spectral_radius=1.0,
        inhibition_ratio=inhibition_ratio,
    )
    excitatory = np.arange(n_units) < round(excitatory_fraction * n_units)
    drawn = Circuit(weights, excitatory, source=f"random balanced, {n_units} units")
    if drawn.spectral_abscissa < 1e-6:
        mend = "take more units or a higher probability"
        raise InputError("connection_probability", "connections that form a loop", "none that does", mend)
    return replace(drawn, weights=weights * (wanted / drawn.spectral_abscissa))
