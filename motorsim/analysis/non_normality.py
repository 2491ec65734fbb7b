"""Non-normality: how far a matrix is from one with orthogonal modes, and what it amplifies for that."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from scipy import linalg

from motorsim.checks import InputError, check_array, check_integer

if TYPE_CHECKING:
    from motorsim.analysis.eigenvalues import ComplexArray
    from motorsim.types import FloatArray

_N_REAL_PARTS = 24
_N_IMAGINARY_PARTS = 32
_POWER_ITERATIONS = 6


@dataclass(frozen=True, eq=False)
class NonNormality:
    """What a stable linear system dx/dt = A x does before it decays.

    Attributes
    ----------
    henrici_departure
        See `henrici_departure`.
    spectral_abscissa_per_s
        Largest real part of an eigenvalue: the growth rate in the end.
    numerical_abscissa_per_s
        Largest eigenvalue of (A + A') / 2: the largest growth rate of |x| at the start.
    kreiss_bound
        A lower bound of the Kreiss constant K = sup over Re z > 0 of Re z |(z I - A)^-1|, the largest of the
        values tried; so it is a lower bound of the maximum gain too, which lies between K and e n K
        (Trefethen & Embree 2005, eqs. 14.8, 18.1). 1 for a normal matrix.
    maximum_gain
        Largest |exp(A t)| over t >= 0 (spectral norm); 1 for a normal matrix.
    maximum_gain_time_s
        When.
    most_amplified_state, amplified_to
        The initial state (unit,) of norm 1 that grows to that, and its direction then, (unit,) of norm 1.
    """

    henrici_departure: float
    spectral_abscissa_per_s: float
    numerical_abscissa_per_s: float
    kreiss_bound: float
    maximum_gain: float
    maximum_gain_time_s: float
    most_amplified_state: FloatArray
    amplified_to: FloatArray


class _Gain(NamedTuple):
    gain: float
    time_s: float
    start: FloatArray
    end: FloatArray


def non_normality(matrix_per_s: FloatArray, *, n_times: int = 256) -> NonNormality:
    """Measure the transient growth of dx/dt = A x.

    The gain is evaluated at ``n_times`` even steps up to a time after which it cannot exceed what came before
    (the first doubling at which |exp(A t)| <= 1), then refined about the largest. The Kreiss bound is the
    largest of a grid: 24 real parts by up to 32 imaginary parts of eigenvalues, refined about the largest.

    Parameters
    ----------
    matrix_per_s
        A, (unit, unit), all eigenvalues with negative real part; (W - I) / tau of a rate circuit.
    n_times
        Steps at which the gain is looked for.

    Returns
    -------
    NonNormality
        Departure, abscissas, bound and gain.

    Raises
    ------
    InputError
        If the matrix is not square, not finite, or not stable.
    """
    matrix = _check_square("matrix_per_s", matrix_per_s)
    check_integer("n_times", n_times, minimum=2)
    eigenvalues = linalg.eigvals(matrix)
    abscissa = float(eigenvalues.real.max())
    if abscissa >= 0:
        expected = "a stable matrix, all eigenvalues with negative real part"
        mend = "for a circuit give (W - I) / tau; without decay the gain has no maximum"
        raise InputError("matrix_per_s", expected, f"spectral abscissa {abscissa:g} per s", mend)
    largest = _maximum_gain(matrix, n_times)
    return NonNormality(
        henrici_departure=henrici_departure(matrix),
        spectral_abscissa_per_s=abscissa,
        numerical_abscissa_per_s=numerical_abscissa(matrix),
        kreiss_bound=_kreiss_bound(matrix, np.asarray(eigenvalues.imag, np.float64)),
        maximum_gain=largest.gain,
        maximum_gain_time_s=largest.time_s,
        most_amplified_state=largest.start,
        amplified_to=largest.end,
    )


def henrici_departure(matrix: FloatArray) -> float:
    """Return Henrici's departure from normality, relative to the norm of the matrix.

    The root of (|A|^2 - sum |lambda|^2) / |A|^2, Frobenius norm (Henrici 1962, Numerische Mathematik 4): 0
    for a normal matrix, 1 for a nilpotent one. It is read off the strictly upper triangle of the complex
    Schur form, since the difference of the two sums would drown a small departure in rounding.

    Parameters
    ----------
    matrix
        (unit, unit).

    Returns
    -------
    float
        From 0 to 1; 0 for a matrix that is all 0.

    Raises
    ------
    InputError
        If the matrix is not square or not finite.
    """
    triangular, _ = linalg.schur(_check_square("matrix", matrix), output="complex")
    norm = np.linalg.norm(triangular)
    return float(np.linalg.norm(np.triu(triangular, 1)) / norm) if norm > 0 else 0.0


def numerical_abscissa(matrix: FloatArray) -> float:
    """Return the largest eigenvalue of (A + A') / 2: the growth rate of |exp(A t)| at t = 0.

    Parameters
    ----------
    matrix
        A, (unit, unit).

    Raises
    ------
    InputError
        If the matrix is not square or not finite.
    """
    checked = _check_square("matrix", matrix)
    return float(linalg.eigvalsh((checked + checked.T) / 2)[-1])


def _check_square(name: str, matrix: Any) -> FloatArray:
    n_units = np.shape(matrix)[0] if np.ndim(matrix) else None
    return check_array(name, matrix, ("unit", "unit"), shape=(n_units, n_units), minimum_sizes=(1, 1))


def _maximum_gain(matrix: FloatArray, n_times: int) -> _Gain:
    from scipy.optimize import minimize_scalar  # noqa: PLC0415 - slow to import

    if numerical_abscissa(matrix) <= 0:
        state = np.eye(len(matrix))[0]
        return _Gain(1.0, 0.0, state, state)
    last_s = 1.0 / linalg.norm(matrix)
    while linalg.norm(linalg.expm(matrix * last_s), 2) > 1.0:
        last_s *= 2
    step_s = last_s / n_times
    step, propagator, gains = linalg.expm(matrix * step_s), np.eye(len(matrix)), np.empty(n_times)
    for k in range(n_times):
        gains[k] = np.linalg.norm(propagator, 2)
        propagator = step @ propagator
    peak_s = step_s * int(gains.argmax())
    refined = minimize_scalar(
        lambda time_s: -np.linalg.norm(linalg.expm(matrix * time_s), 2),
        bounds=(max(peak_s - step_s, 0.0), peak_s + step_s),
        method="bounded",
        options={"xatol": 1e-9 * last_s},
    )
    left, singular, right = linalg.svd(linalg.expm(matrix * refined.x))
    return _Gain(float(singular[0]), float(refined.x), right[0], left[:, 0])


def _kreiss_bound(matrix: FloatArray, imaginary_parts: FloatArray) -> float:
    from scipy.optimize import minimize  # noqa: PLC0415 - slow to import

    triangular, _ = linalg.schur(matrix, output="complex")
    scale = float(linalg.norm(matrix, 2))
    # A real matrix has the same resolvent norm at conjugate points.
    heights = np.unique(np.round(np.abs(imaginary_parts), 12))
    heights = heights[np.linspace(0, len(heights) - 1, min(_N_IMAGINARY_PARTS, len(heights))).astype(int)]
    points = [
        complex(x, y) for x in scale * np.logspace(-4, 1, _N_REAL_PARTS) for y in np.union1d(heights, [0.0])
    ]
    best = max(points, key=lambda z: z.real * _resolvent_norm(triangular, z))

    def minus_exact(point: FloatArray) -> float:
        shifted = complex(scale * np.exp(point[0]), scale * point[1]) * np.eye(len(matrix)) - triangular
        return -scale * float(np.exp(point[0])) / float(linalg.svdvals(shifted)[-1])

    start = np.array([np.log(best.real / scale), best.imag / scale])
    refined = minimize(minus_exact, start, method="Nelder-Mead", options={"maxfev": 60, "xatol": 1e-6})
    # The limit of large z is 1, which no grid reaches.
    return max(1.0, -float(refined.fun))


def _resolvent_norm(triangular: ComplexArray, z: complex) -> float:
    """Return a lower bound of |(z I - T)^-1| that power iteration brings near to it."""
    shifted = z * np.eye(len(triangular)) - triangular
    vector = np.ones(len(triangular), complex) / np.sqrt(len(triangular))
    norm = 0.0
    for _ in range(_POWER_ITERATIONS):
        vector = linalg.solve_triangular(shifted, vector, check_finite=False)
        vector = linalg.solve_triangular(shifted, vector, trans="C", check_finite=False)
        norm = float(np.linalg.norm(vector))
        vector /= norm
    return float(np.sqrt(norm))
