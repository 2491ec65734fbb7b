"""Random balanced weights, the start of the stability optimisation."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from motorsim.checks import InputError, check_integer, check_positive
from motorsim.streams import Seed, stream

if TYPE_CHECKING:
    from motorsim.types import FloatArray


def random_balanced_weights(
    n_units: int = 200,
    *,
    rng: Seed,
    excitatory_fraction: float = 0.5,
    connection_probability: float = 0.1,
    spectral_radius: float = 10.0,
    inhibition_ratio: float = 3.0,
) -> FloatArray:
    """Draw a sparse random E-I matrix with Dale's law, E columns first.

    Each connection exists with probability p; E weights are w0 / sqrt(N) and I weights
    -gamma w0 / sqrt(N) with w0 = R / sqrt(p (1 - p) (f + (1 - f) gamma^2)) for a fraction f of E units, which
    puts the bulk of the spectrum in a disc of radius R (Rajan & Abbott 2006; for f = 1/2 the
    sqrt(2) R / sqrt(p (1 - p) (1 + gamma^2)) of Hennequin et al. 2014, Experimental Procedures). No
    self-connections.

    Returns
    -------
    FloatArray
        (unit, unit), row postsynaptic, column presynaptic.

    Raises
    ------
    InputError
        If a fraction or probability is not inside (0, 1), or there is no E or no I unit.
    """
    n_units = check_integer("n_units", n_units, minimum=2)
    for name, value in (
        ("excitatory_fraction", excitatory_fraction),
        ("connection_probability", connection_probability),
    ):
        if not 0.0 < value < 1.0:
            raise InputError(name, "a number between 0 and 1", repr(value))
    check_positive("spectral_radius", spectral_radius)
    gamma = check_positive("inhibition_ratio", inhibition_ratio)
    n_excitatory = round(excitatory_fraction * n_units)
    if not 0 < n_excitatory < n_units:
        raise InputError(
            "excitatory_fraction", "at least one E and one I unit", f"{n_excitatory} E of {n_units}"
        )
    p = connection_probability
    fraction = n_excitatory / n_units
    spread = np.sqrt(p * (1.0 - p) * (fraction + (1.0 - fraction) * gamma**2))
    scale = spectral_radius / spread / np.sqrt(n_units)
    weights: FloatArray = (stream(rng, "initial weights").random((n_units, n_units)) < p) * scale
    weights[:, n_excitatory:] *= -gamma
    np.fill_diagonal(weights, 0.0)
    return weights
