"""Other basis: the same mechanism, seen through other units."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from motorsim.cortex.circuit import Circuit
from motorsim.streams import Seed, stream

if TYPE_CHECKING:
    from motorsim.types import FloatArray


@dataclass(frozen=True, eq=False)
class OtherBasis:
    """A circuit Q W Q' and the orthogonal Q, (unit, unit), that takes states of W to its states."""

    circuit: Circuit
    rotation: FloatArray


def in_other_basis(circuit: Circuit, *, rng: Seed) -> OtherBasis:
    """Rotate a circuit's state space: W becomes Q W Q' with a random orthogonal Q.

    Eigenvalues, non-normality and Gramian energies stay; with states and readout rotated along, the
    linearised circuit makes the same torques. Single units mean nothing in it any more, and Dale's law is
    gone. Rate functions act on units, so beyond the linear regime the two differ.

    Parameters
    ----------
    circuit
        Any circuit.
    rng
        Seed of the rotation.
    """
    draw = stream(rng, "other basis").standard_normal((circuit.n_units, circuit.n_units))
    vectors, triangular = np.linalg.qr(draw)
    # Signs of the triangle's diagonal make the draw uniform over the orthogonal group.
    rotation = vectors * np.sign(np.diag(triangular))
    weights = rotation @ circuit.weights @ rotation.T
    return OtherBasis(Circuit(weights, None, source=f"{circuit.source}, in another basis"), rotation)
