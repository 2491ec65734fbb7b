"""Feed-forward chain: transient amplification without a single loop."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.linalg import solve_continuous_lyapunov
from scipy.optimize import brentq

from motorsim.checks import InputError, check_integer, check_number
from motorsim.cortex.circuit import Circuit
from motorsim.streams import Seed, stream

if TYPE_CHECKING:
    from motorsim.types import FloatArray


def feedforward_chain(
    n_units: int = 200, *, rng: Seed, n_layers: int = 5, top_energy: float = 14.0
) -> Circuit:
    """Return layers of units, each of which drives the next through random orthogonal weights.

    Every layer filters the activity of the one before it, so a pulse in the first walks through the chain and
    may grow on its way (Goldman 2009, Neuron; Ganguli et al. 2008, PNAS). All eigenvalues are 0. It does not
    obey Dale's law.

    Parameters
    ----------
    n_units
        Number of units, a multiple of ``n_layers``.
    rng
        Seed of the orthogonal weights.
    n_layers
        Number of layers, at least two.
    top_energy
        Energy of the most amplified mode, as `amplified_modes` measures it; it sets the gain from layer to
        layer.

    Raises
    ------
    InputError
        If the units do not divide into the layers, or the energy is not above 1, that of a circuit without
        connections.
    """
    n_layers = check_integer("n_layers", n_layers, minimum=2)
    n_units = check_integer("n_units", n_units, minimum=n_layers)
    if n_units % n_layers:
        raise InputError("n_units", f"a multiple of n_layers = {n_layers}", f"{n_units}")
    if check_number("top_energy", top_energy) <= 1.0:
        raise InputError("top_energy", "a number above 1", f"{top_energy:g}")
    width = n_units // n_layers
    gain = _gain(n_layers, top_energy)
    generator = stream(rng, "feed-forward chain")
    weights = np.zeros((n_units, n_units))
    for first in range(width, n_units, width):
        target, source = slice(first, first + width), slice(first - width, first)
        weights[target, source] = gain * _random_rotation(width, generator)
    return Circuit(weights, None, source=f"feed-forward chain of {n_layers} layers, {n_units} units")


def _gain(n_layers: int, top_energy: float) -> float:
    """Return the gain at which a chain of single units has the top energy; wide layers are copies of it."""

    def excess(gain: float) -> float:
        dynamics = gain * np.eye(n_layers, k=-1) - np.eye(n_layers)
        gramian = solve_continuous_lyapunov(dynamics.T, -2.0 * np.eye(n_layers))
        return float(np.linalg.eigvalsh(gramian)[-1] - top_energy)

    # A gain a takes a pulse in the last layer but one to an energy of 1 + a^2 / 2.
    return float(brentq(excess, 0.0, np.sqrt(2.0 * top_energy)))


def _random_rotation(size: int, generator: np.random.Generator) -> FloatArray:
    vectors, triangular = np.linalg.qr(generator.standard_normal((size, size)))
    # Signs of the triangle's diagonal make the draw uniform over the orthogonal group.
    rotation: FloatArray = vectors * np.sign(np.diag(triangular))
    return rotation
