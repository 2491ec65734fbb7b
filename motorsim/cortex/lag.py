"""The lag of the units behind their input: what it does to a circuit's spectrum."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.linalg import schur

from motorsim.checks import check_positive

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from motorsim.cortex.circuit import Circuit
    from motorsim.types import FloatArray


def augmented_spectrum(circuit: Circuit, tau_s: float, lag_s: float) -> NDArray[np.complex128]:
    """Return the eigenvalues of the circuit whose rates follow their input with a lag, in 1/s.

    With slow states x and lagging rates r,

        tau dx/dt = -x + W r,    T dr/dt = -r + x,

    every eigenvalue lambda of W gives the two roots s of (1 + tau s) (1 + T s) = lambda. The rest state is
    stable where all have negative real part.

    Parameters
    ----------
    circuit
        W, (unit, unit).
    tau_s
        Time constant tau of the slow states.
    lag_s
        T; 0 gives the circuit's own eigenvalues (lambda - 1) / tau.

    Returns
    -------
    NDArray
        (2 unit,), or (unit,) without lag.

    Raises
    ------
    InputError
        If ``tau_s`` is not above 0 or ``lag_s`` is below 0.
    """
    tau_s = check_positive("tau_s", tau_s)
    lag_s = check_positive("lag_s", lag_s, allow_zero=True)
    if lag_s == 0.0:
        return (circuit.eigenvalues - 1.0) / tau_s
    half_sum = (tau_s + lag_s) / 2.0
    root = np.sqrt(half_sum**2 - tau_s * lag_s * (1.0 - circuit.eigenvalues))
    return np.concatenate([root - half_sum, -root - half_sum]).astype(np.complex128) / (tau_s * lag_s)


def augmented_abscissa(circuit: Circuit, tau_s: float, lag_s: float) -> float:
    """Return 1 + tau max Re s over `augmented_spectrum`.

    Dimensionless like the spectral abscissa of W, which it equals without lag; the rest state is stable
    below 1. Arguments and errors as of `augmented_spectrum`.
    """
    return float(1.0 + tau_s * augmented_spectrum(circuit, tau_s, lag_s).real.max())


def augmented_weights(weights: FloatArray, lag_ratio: float) -> FloatArray:
    """Return the matrix W_T that takes the place of W where the rates lag, (2 unit, 2 unit).

    tau d(x, r)/dt = (W_T - I) (x, r) with W_T = [[0, W], [k I, (1 - k) I]] and k = tau / T, so the spectral
    abscissa of W_T is the `augmented_abscissa`.

    Parameters
    ----------
    weights
        W, (unit, unit).
    lag_ratio
        T / tau, above 0.
    """
    identity = np.eye(len(weights))
    speed = 1.0 / lag_ratio
    return np.block([[np.zeros_like(weights), weights], [speed * identity, (1.0 - speed) * identity]])


def augmented_schur(weights: FloatArray, lag_ratio: float) -> tuple[FloatArray, FloatArray]:
    """Return the real Schur form of `augmented_weights`, from that of W at a fraction of the cost.

    In the Schur basis of W, W_T couples a diagonal block of W, of one or two units, to itself and to later
    ones alone. So the Schur forms of these blocks, of order 2 or 4, make up the whole.

    Parameters
    ----------
    weights, lag_ratio
        As of `augmented_weights`.

    Returns
    -------
    tuple of FloatArray
        Quasi-triangular form S and orthogonal basis Z, each (2 unit, 2 unit), with W_T = Z S Z'.
    """
    n_units = len(weights)
    triangular, basis = schur(weights)
    slow, lagging = np.zeros((2, n_units, 2 * n_units))
    starts = np.flatnonzero(np.append(True, np.diag(triangular, -1) == 0.0))
    blocks = [slice(i, j) for i, j in zip(starts, np.append(starts[1:], n_units), strict=True)]
    doubled = [slice(2 * block.start, 2 * block.stop) for block in blocks]
    diagonal = []
    for block, wide in zip(blocks, doubled, strict=True):
        form, vectors = schur(augmented_weights(triangular[block, block], lag_ratio))
        size = block.stop - block.start
        slow[block, wide], lagging[block, wide] = vectors[:size], vectors[size:]
        diagonal.append(form)
    whole = slow.T @ (triangular @ lagging)
    for wide, form in zip(doubled, diagonal, strict=True):
        whole[wide, : wide.start] = 0.0
        whole[wide, wide] = form
    return whole, np.concatenate([basis @ slow, basis @ lagging])
