"""Which states a circuit amplifies: observability Gramian, its modes and their energies."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.linalg import solve_continuous_lyapunov

if TYPE_CHECKING:
    from motorsim.cortex.circuit import Circuit
    from motorsim.types import FloatArray


@dataclass(frozen=True, eq=False)
class AmplifiedModes:
    """Initial states ranked by the energy they evoke.

    ``states`` (mode, unit) are orthonormal, the most amplified first; ``energies`` (mode,) are the
    integrals of the squared norm of the response, in units of tau / 2 (1 for W = 0).
    """

    states: FloatArray
    energies: FloatArray


def amplified_modes(circuit: Circuit) -> AmplifiedModes:
    """Rank initial states of the circuit, linearised at rest, by the energy of their response.

    Eigenvectors of the observability Gramian Q with A'Q + QA + (2 / tau) I = 0, A = (W - I) / tau
    (Hennequin et al. 2014); the eigenvalues do not depend on tau. The sign of each mode makes its
    largest entry positive, so that the result does not hang on the LAPACK at hand.

    Raises
    ------
    InputError
        If the circuit's rest state is unstable.
    """
    circuit.require_stable()
    identity = np.eye(circuit.n_units)
    gramian = solve_continuous_lyapunov((circuit.weights - identity).T, -2.0 * identity)
    energies, vectors = np.linalg.eigh((gramian + gramian.T) / 2.0)
    states = vectors[:, ::-1].T
    largest = np.abs(states).argmax(axis=1)
    signs = np.sign(states[np.arange(len(states)), largest])
    return AmplifiedModes(states * signs[:, None], energies[::-1].copy())
