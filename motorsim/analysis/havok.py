"""HAVOK: linear dynamics of delay coordinates, forced by the last of them (Brunton et al. 2017)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from motorsim.analysis.delay_dynamics import check_windows, embed
from motorsim.analysis.ridge import fit_ridge
from motorsim.checks import check_integer

if TYPE_CHECKING:
    from motorsim.analysis.eigenvalues import ComplexArray
    from motorsim.types import FloatArray


@dataclass(frozen=True, eq=False)
class Havok:
    """Linear dynamics of the leading delay coordinates, forced by the last.

    Attributes
    ----------
    coordinates
        v_1 ... v_(rank - 1), (condition, window, rank - 1), each of mean 0 and mean square 1 over all
        windows, as the right singular vectors of the paper are but for a common factor.
    forcing
        v_rank, (condition, window): bursts where the linear dynamics break down.
    matrix
        A, (rank - 1, rank - 1), of v(t + dt) = A v(t) + B f(t) + c.
    forcing_gain
        B, (rank - 1,).
    intercept
        c, (rank - 1,).
    eigenvalues_per_s
        log(lambda) / dt of A, (rank - 1,), by falling real part.
    r2_change, r2_change_unforced
        Share of the squared changes of the coordinates explained, with the forcing and by a map without it.
    """

    coordinates: FloatArray
    forcing: FloatArray
    matrix: FloatArray
    forcing_gain: FloatArray
    intercept: FloatArray
    eigenvalues_per_s: ComplexArray
    r2_change: float
    r2_change_unforced: float


def havok(states: FloatArray, *, dt_s: float, n_delays: int, rank: int) -> Havok:
    """Fit linear dynamics to all but the last delay coordinate and let the last one force them.

    Brunton et al. 2017, Nat. Commun. 8:19.

    The map from one sample to the next is fitted by least squares, the forcing held over a bin, and its
    eigenvalues turned to continuous time by the logarithm; derivatives by central differences would turn a
    frequency f into sin(2 pi f dt) / (2 pi dt).

    Parameters
    ----------
    states, dt_s, n_delays
        As for `delay_dynamics`.
    rank
        Coordinates, the forcing included: at least 2.

    Returns
    -------
    Havok
        The dynamics and the forcing.

    Raises
    ------
    InputError
        As `delay_dynamics`.
    """
    dt, windows, _ = check_windows(states, dt_s, n_delays)
    embedding = embed(windows, check_integer("rank", rank, minimum=2))
    coordinates = (windows - embedding.mean) @ embedding.axes
    coordinates /= np.sqrt(np.mean(coordinates**2, axis=(0, 1)))
    before, after = coordinates[:, :-1], coordinates[:, 1:, :-1]
    forced, unforced = fit_ridge(before, after, (0.0,)), fit_ridge(before[..., :-1], after, (0.0,))
    eigenvalues = np.log(np.linalg.eigvals(forced.weights[:-1].T).astype(np.complex128)) / dt
    change = np.sum((after - before[..., :-1]) ** 2)
    return Havok(
        coordinates=coordinates[..., :-1],
        forcing=coordinates[..., -1],
        matrix=forced.weights[:-1].T,
        forcing_gain=forced.weights[-1],
        intercept=forced.intercept,
        eigenvalues_per_s=eigenvalues[np.lexsort((-eigenvalues.imag, -np.round(eigenvalues.real, 9)))],
        r2_change=1.0 - float(np.sum((after - forced.predict(before)) ** 2) / change),
        r2_change_unforced=1.0 - float(np.sum((after - unforced.predict(before[..., :-1])) ** 2) / change),
    )
