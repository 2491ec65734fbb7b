"""Fixed points: where a network or circuit stands still, and how it moves nearby (Sussillo & Barak 2013).

From sampled states, q = |F(x) - x|^2 / 2 is lowered (for continuous time |dx/dt|^2 / 2) by damped Newton
steps. Where q stays above the tolerance but falls no more lie slow points, which are given apart. Along a
line of fixed points the search may slide: it finds the line, not where on it a state would come to rest.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from motorsim.analysis.damped_newton import Descent, damped_newton
from motorsim.analysis.point_stability import growth_of, kind_of
from motorsim.analysis.step_functions import Residual, Step
from motorsim.checks import InputError, check_array, check_integer, check_positive

if TYPE_CHECKING:
    from motorsim.analysis.eigenvalues import ComplexArray
    from motorsim.types import BoolArray, FloatArray, IntArray

_SLOW_MERGE_FACTOR = 100.0


@dataclass(frozen=True, eq=False)
class FixedPoints:
    """Fixed points, each once, by rising number of unstable directions and then falling number of finds.

    Attributes
    ----------
    states
        (point, state).
    inputs
        The input under which each is fixed, (point, feature), or ``None``.
    q
        |F(x) - x|^2 / 2 or |dx/dt|^2 / 2 there, (point,).
    n_found
        How many initial states led there, (point,).
    eigenvalues
        Of the Jacobian, (point, state), complex, by falling growth: log |lambda| a step in discrete time, Re
        lambda in continuous time.
    n_unstable
        Eigenvalues that grow, (point,).
    stable
        Whether all decay, (point,).
    kinds
        Of each point: ``"stable node"``, ``"stable spiral"``, ``"saddle"``, ``"unstable node"``, ``"unstable
        spiral"``, ``"centre"`` or ``"marginal"``; a spiral if the eigenvalue that grows most is one of a
        complex pair. A point is marginal if an eigenvalue neither grows nor decays (a direction of a line
        attractor), a centre if all of those are complex; a saddle if some grow and some decay, whatever the
        rest.
    input_sensitivity
        d fixed state / d input, (point, state, feature), from the implicit function theorem; NaN where the
        point is marginal, ``None`` without inputs.
    slow_states, slow_q
        Where q is above the tolerance and falls no more, (slow, state) and (slow,), by rising q. Those nearer
        than 100 merge distances are one, since a minimum is found less sharply than a zero.
    n_unfinished
        Initial states from which q still fell when iterations ran out.
    n_outliers
        Initial states from which the search left the sampled region; what it found there is left out.
    """

    states: FloatArray
    inputs: FloatArray | None
    q: FloatArray
    n_found: IntArray
    eigenvalues: ComplexArray
    n_unstable: IntArray
    stable: BoolArray
    kinds: tuple[str, ...]
    input_sensitivity: FloatArray | None
    slow_states: FloatArray
    slow_q: FloatArray
    n_unfinished: int
    n_outliers: int


def fixed_points(
    step: Step,
    jacobian: Step,
    states: FloatArray,
    *,
    inputs: FloatArray | None = None,
    continuous: bool = False,
    tolerance: float = 1e-20,
    tolerance_dq: float = 1e-5,
    n_iterations: int = 200,
    merge_distance: float = 1e-4,
    outlier_distance: float = 10.0,
    marginal_growth: float = 1e-6,
) -> FixedPoints:
    """Search for fixed points from sampled states.

    Sussillo & Barak 2013 (Neural Comput. 25:626), eq. 2.3, with Newton steps in the place of gradient
    descent. For a network's cell give ``lambda state, input: cell.step(params, state, input)[0]``; for a
    circuit its derivative, with ``continuous=True``.

    Parameters
    ----------
    step
        ``step(states)`` or, with inputs, ``step(states, inputs)``: (batch, state) to (batch, state), the next
        state, or dx/dt in continuous time.
    jacobian
        The same arguments: d step / d state, (batch, state, state).
    states
        Where to start, (batch, state): states that the system visits, with some noise.
    inputs
        Constant input, (feature,) for all states or (batch, feature) one each. Points under different inputs
        are kept apart.
    continuous
        Whether ``step`` is a derivative.
    tolerance
        Largest q of a fixed point, in the squared unit of the states.
    tolerance_dq
        A search ends where an iteration lowers q by no more than this share.
    n_iterations
        Most iterations.
    merge_distance
        Points nearer than this are one: a share of the spread of the initial states, which is the root mean
        square distance to their mean.
    outlier_distance
        Points farther from the mean of the initial states than this many spreads are left out.
    marginal_growth
        Growth, a step or per second, that counts as none.

    Returns
    -------
    FixedPoints
        Points, stability, and what else the search met.

    Raises
    ------
    InputError
        If shapes do not fit, a function returns what is no array of the right shape or not finite, the
        initial states are fewer than 2 or all alike, or a tolerance is not above 0.
    """
    starts = check_array("states", states, ("batch", "state"), minimum_sizes=(2, 1))
    centre = starts.mean(axis=0)
    spread = float(np.sqrt(np.mean(np.sum((starts - centre) ** 2, axis=1))))
    if spread <= 1e-12 * float(np.abs(starts).max()):
        mend = "sample states along trajectories and add noise"
        raise InputError("states", "initial states that differ", f"{len(starts)} alike", mend)
    system = Residual(step, jacobian, _check_inputs(inputs, len(starts)), bool(continuous))
    tolerance = check_positive("tolerance", tolerance)
    found = damped_newton(
        system.values,
        system.slopes,
        starts,
        tolerance=tolerance,
        tolerance_dq=check_positive("tolerance_dq", tolerance_dq),
        longest_step=spread,
        n_iterations=check_integer("n_iterations", n_iterations),
    )
    farthest = check_positive("outlier_distance", outlier_distance) * spread
    within = np.linalg.norm(found.states - centre, axis=1) <= farthest
    apart = check_positive("merge_distance", merge_distance) * spread
    fixed = np.flatnonzero(within & (found.q <= tolerance))
    slow = np.flatnonzero(within & (found.q > tolerance) & ~found.unfinished)
    kept, n_found = _merge(found, system.inputs, fixed, apart)
    slow, _ = _merge(found, system.inputs, slow, _SLOW_MERGE_FACTOR * apart)
    margin = check_positive("marginal_growth", marginal_growth, allow_zero=True)
    points = _describe(system, found.states, kept, order_by=n_found, margin=margin)
    order = points.pop("order")
    return FixedPoints(
        **points,
        q=found.q[kept][order],
        n_found=n_found[order],
        slow_states=found.states[slow],
        slow_q=found.q[slow],
        n_unfinished=int(np.sum(within & found.unfinished)),
        n_outliers=int(np.sum(~within)),
    )


def _check_inputs(inputs: Any, batch: int) -> FloatArray | None:
    if inputs is None:
        return None
    given = check_array("inputs", inputs)
    if given.ndim == 1:
        given = np.broadcast_to(given, (batch, len(given)))
    return check_array("inputs", given, ("batch", "feature"), shape=(batch, None), minimum_sizes=(1, 1))


def _merge(
    found: Descent, inputs: FloatArray | None, rows: IntArray, apart: float
) -> tuple[IntArray, IntArray]:
    """Return the rows of points each once, by rising q, and how many each stands for."""
    left = rows[np.argsort(found.q[rows], kind="stable")]
    kept, counts = [], []
    while len(left):
        same = np.linalg.norm(found.states[left] - found.states[left[0]], axis=1) <= apart
        if inputs is not None:
            same &= (inputs[left] == inputs[left[0]]).all(axis=1)
        kept.append(left[0])
        counts.append(same.sum())
        left = left[~same]
    return np.array(kept, np.int64), np.array(counts, np.int64)


def _describe(
    system: Residual, states: FloatArray, rows: IntArray, *, order_by: IntArray, margin: float
) -> dict[str, Any]:
    """Return states, inputs and stability of the fixed points in ``rows``, and the order they come in."""
    n_states = states.shape[1]
    # One at a time: a stack of all Jacobians could be far larger than that of a chunk of the search.
    slopes = np.array([system.slopes(states[[row]], np.array([row]))[0] for row in rows])
    slopes = slopes.reshape(-1, n_states, n_states)
    identity = 0.0 if system.continuous else np.eye(n_states)
    eigenvalues = np.linalg.eigvals(slopes + identity).astype(np.complex128)
    growth = growth_of(eigenvalues, continuous=system.continuous)
    by_growth = np.lexsort((-eigenvalues.imag, -np.round(growth, 12)), axis=1)
    eigenvalues, growth = (
        np.take_along_axis(eigenvalues, by_growth, 1),
        np.take_along_axis(growth, by_growth, 1),
    )
    n_unstable = np.sum(growth > margin, axis=1)
    order = np.lexsort((-order_by, n_unstable))
    sensitivity = None
    if system.inputs is not None:
        regular: BoolArray = np.asarray((np.abs(growth) > margin).all(axis=1))
        sensitivity = _sensitivity(system, states[rows], rows, slopes, regular)[order]
    return {
        "order": order,
        "states": states[rows[order]],
        "inputs": None if system.inputs is None else system.inputs[rows[order]],
        "eigenvalues": eigenvalues[order],
        "n_unstable": n_unstable[order],
        "stable": np.all(growth[order] < -margin, axis=1),
        "kinds": tuple(kind_of(eigenvalues[k], growth[k], margin) for k in order),
        "input_sensitivity": sensitivity,
    }


def _sensitivity(
    system: Residual, points: FloatArray, rows: IntArray, slopes: FloatArray, regular: BoolArray
) -> FloatArray:
    """Return d fixed state / d input, (point, state, feature): -slope^-1 d step / d input."""
    by_input = system.input_slopes(points, rows)
    sensitivity = np.full_like(by_input, np.nan)
    sensitivity[regular] = -np.linalg.solve(slopes[regular], by_input[regular])
    return sensitivity
