"""Damped Newton descent of q = |g|^2 / 2 from many states at once, Levenberg-Marquardt where Newton fails."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

import numpy as np

from motorsim.types import FloatArray, IntArray

if TYPE_CHECKING:
    from motorsim.types import BoolArray

OfStates: TypeAlias = Callable[[FloatArray, IntArray], FloatArray]

# As many numbers as stay in the cache of one core while a stack of Jacobians is made and solved.
_NUMBERS_A_CHUNK = 2_000_000
_HALVINGS = 6
_SUFFICIENT_DECREASE = 1e-4
_FIRST_DAMPING = 1e-2
_LARGEST_DAMPING = 1e12


class Descent(NamedTuple):
    """Where the descent ended: states (batch, state), q (batch,), and which still moved, (batch,)."""

    states: FloatArray
    q: FloatArray
    unfinished: BoolArray


class _Search:
    """States on their way down, their residuals and q."""

    def __init__(self, residual: OfStates, states: FloatArray, longest_step: float) -> None:
        self.residual, self.longest_step = residual, longest_step
        self.states = states.copy()
        self.g = residual(self.states, np.arange(len(states)))
        self.q = _half_square(self.g)

    def take(self, rows: IntArray, steps: FloatArray, n_halvings: int) -> BoolArray:
        """Take a step from each state, shortened and then halved up to so many times, if q falls."""
        moved = np.zeros(len(rows), bool)
        usable = np.isfinite(steps).all(axis=1)
        shortened = _shorten(steps, self.longest_step)
        for halving in range(n_halvings + 1):
            left = np.flatnonzero(usable & ~moved)
            if not len(left):
                break
            share = 0.5**halving
            tried = self.states[rows[left]] + share * shortened[left]
            there = self.residual(tried, rows[left])
            q_there = _half_square(there)
            better = q_there < (1 - _SUFFICIENT_DECREASE * share) * self.q[rows[left]]
            taken = rows[left[better]]
            self.states[taken], self.g[taken], self.q[taken] = tried[better], there[better], q_there[better]
            moved[left[better]] = True
        return moved


def damped_newton(
    residual: OfStates,
    jacobian: OfStates,
    states: FloatArray,
    *,
    tolerance: float,
    tolerance_dq: float,
    longest_step: float,
    n_iterations: int,
) -> Descent:
    """Lower q from each state until it is small enough or falls no more.

    A Newton step, shortened to ``longest_step`` and halved up to 6 times until q falls (it always points
    downhill); where that fails, or the Jacobian is singular, a Levenberg-Marquardt step, which turns into a
    gradient step as its damping grows. One Jacobian and one factorisation a state and iteration, in chunks.

    Parameters
    ----------
    residual
        ``residual(states, rows)`` returns g, (batch, state); ``rows`` are the indices of the states,
        (batch,).
    jacobian
        The same arguments, dg / dx, (batch, state, state).
    states
        (batch, state).
    tolerance
        A state is finished where q is at most this.
    tolerance_dq
        Or where an iteration lowers q by no more than this share of it.
    longest_step
        Bound of the norm of a step, so that no state jumps into the basin of a far solution.
    n_iterations
        Most iterations.
    """
    search = _Search(residual, states, longest_step)
    damping = np.full(len(states), _FIRST_DAMPING)
    active = np.flatnonzero(search.q > tolerance)
    chunk = max(1, _NUMBERS_A_CHUNK // states.shape[1] ** 2)
    for _ in range(n_iterations):
        before = search.q[active]
        for start in range(0, len(active), chunk):
            rows = active[start : start + chunk]
            matrices = jacobian(search.states[rows], rows)
            stuck = ~search.take(rows, _newton(matrices, search.g[rows]), _HALVINGS)
            if stuck.any():
                left = rows[stuck]
                steps = _levenberg_marquardt(matrices[stuck], search.g[left], damping[left])
                damping[left] *= np.where(search.take(left, steps, 0), 0.2, 10.0)
        fell = before - search.q[active] > tolerance_dq * before
        # A strongly damped step is short by design and says little of what is left to gain.
        damped = (damping[active] > _FIRST_DAMPING) & (damping[active] < _LARGEST_DAMPING)
        active = active[(search.q[active] > tolerance) & (fell | damped)]
    unfinished = np.zeros(len(states), bool)
    unfinished[active] = True
    return Descent(search.states, search.q, unfinished)


def _half_square(g: FloatArray) -> FloatArray:
    with np.errstate(over="ignore"):
        half: FloatArray = 0.5 * np.einsum("bi,bi->b", g, g)
    return half


def _newton(matrices: FloatArray, g: FloatArray) -> FloatArray:
    """Return -J^-1 g, (batch, state); NaN for the whole stack where a Jacobian is singular."""
    try:
        steps = np.linalg.solve(matrices, g[..., None])[..., 0]
    except np.linalg.LinAlgError:
        steps = np.full_like(g, np.nan)
    return np.asarray(-steps, np.float64)


def _levenberg_marquardt(matrices: FloatArray, g: FloatArray, damping: FloatArray) -> FloatArray:
    transposed = matrices.transpose(0, 2, 1)
    normal = transposed @ matrices
    size = np.trace(normal, axis1=1, axis2=2) / normal.shape[1]
    diagonal = np.arange(normal.shape[1])
    normal[:, diagonal, diagonal] += (damping * size + np.finfo(float).tiny)[:, None]
    steps = np.linalg.solve(normal, transposed @ g[..., None])[..., 0]
    return np.asarray(-steps, np.float64)


def _shorten(steps: FloatArray, longest: float) -> FloatArray:
    length = np.linalg.norm(steps, axis=1, keepdims=True)
    shortened: FloatArray = steps * np.minimum(1.0, longest / np.maximum(length, np.finfo(float).tiny))
    return shortened
