"""Normal twin: a circuit with the spectrum of another, and orthogonal modes."""

from __future__ import annotations

import numpy as np
from scipy.linalg import schur

from motorsim.cortex.circuit import Circuit


def normal_twin(circuit: Circuit) -> Circuit:
    """Return the circuit that is left when the hidden feed-forward structure of another is cut.

    In its real Schur form W = Z T Z' the eigenvalues stand in the diagonal blocks of T, and whatever lies
    above them is the feed-forward part that makes W non-normal (Murphy & Miller 2009, Neuron; Goldman 2009,
    Neuron). The twin keeps the basis Z and of T its eigenvalues alone, a block a +- i b as [[a, b], [-b,
    a]]. It has the same spectrum, orthogonal modes and no transient amplification, and does not obey Dale's
    law.

    Parameters
    ----------
    circuit
        Any circuit.

    Returns
    -------
    Circuit
        Its Gramian's energies are 1 / (1 - Re lambda).
    """
    triangular, basis = schur(circuit.weights)
    above, below = np.diag(triangular, 1), np.diag(triangular, -1)
    # A block [[a, b], [c, a]] with b c < 0 has the eigenvalues a +- i sqrt(-b c).
    turning = np.where(below != 0.0, np.sqrt(np.abs(above * below)), 0.0)
    normal = np.diag(np.diag(triangular)) + np.diag(turning, 1) - np.diag(turning, -1)
    return Circuit(basis @ normal @ basis.T, None, source=f"normal twin of {circuit.source}")
