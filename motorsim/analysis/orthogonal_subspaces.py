"""Orthogonal subspaces of preparation and movement, found together (Elsayed et al. 2016, Nat. Commun. 7)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import linalg

from motorsim.analysis.pca import principal_axes
from motorsim.analysis.samples import check_rates, check_varies
from motorsim.checks import DivergenceError, InputError, check_integer, check_positive
from motorsim.streams import stream

if TYPE_CHECKING:
    from motorsim.streams import Seed
    from motorsim.types import FloatArray

_MAXIMUM_STEPS = 20_000


@dataclass(frozen=True, eq=False)
class OrthogonalSubspaces:
    """Two mutually orthogonal subspaces, each holding what it can of its own epoch.

    Attributes
    ----------
    preparation_axes, movement_axes
        Orthonormal, (component, unit), each by falling variance of its own epoch, the entry of the largest
        size in each positive; every axis of one is orthogonal to every axis of the other.
    captured
        Variance of an epoch in a subspace over the most that as many dimensions could hold of that epoch,
        (epoch, subspace), preparation first: near the identity where each epoch keeps to its own subspace.
        The sum of the diagonal, 2 at most, is what was maximised.
    variance_ratio
        Share of each epoch's total variance in each subspace, (epoch, subspace).
    start_objectives
        Sum of the diagonal of ``captured`` that each start reached, (start,): alike where the optimum does
        not hang on the start.
    """

    preparation_axes: FloatArray
    movement_axes: FloatArray
    captured: FloatArray
    variance_ratio: FloatArray
    start_objectives: FloatArray

    @property
    def objective(self) -> float:
        """Return the sum of the two normalised captured variances, 2 if both epochs are held in full."""
        return float(np.trace(self.captured))


def orthogonal_subspaces(
    preparation: FloatArray,
    movement: FloatArray,
    n_preparation: int,
    n_movement: int,
    *,
    rng: Seed,
    n_starts: int = 5,
    tolerance: float = 1e-12,
) -> OrthogonalSubspaces:
    """Maximise tr(P' C_p P) / s_p + tr(M' C_m M) / s_m over orthonormal [P M], (unit, component).

    C are the epochs' covariances, s the sums of their largest eigenvalues, as many as the subspace has
    dimensions. Each step retracts the gradient itself onto the Stiefel manifold by its polar factor: the
    objective is convex, so that step never lowers it and needs no length (Bolla et al. 1998, Linear Algebra
    Appl. 277); extrapolation along the last change hastens it. The first start is the principal axes of
    both epochs, the others are random.

    Parameters
    ----------
    preparation, movement
        Two epochs of the same units, (condition, time, unit); each is centred over its own samples. To study
        tuning, subtract the mean over conditions before. Noise in averages spreads over all units.
    n_preparation, n_movement
        Dimensions, no more than the epoch's rank and together no more than there are units.
    rng
        Seed or generator.
    n_starts
        Starts.
    tolerance
        Stop when a step gains less than this.

    Returns
    -------
    OrthogonalSubspaces
        Axes and captured variances.

    Raises
    ------
    InputError
        If units differ, an epoch does not vary, or more dimensions are asked for than there are.
    DivergenceError
        If a start is still gaining after 20,000 steps.
    """
    epochs = [_centre(name, rates) for name, rates in (("preparation", preparation), ("movement", movement))]
    n_units = epochs[0].shape[1]
    if epochs[1].shape[1] != n_units:
        raise InputError("movement", f"the {n_units} units of preparation", f"{epochs[1].shape[1]}")
    sizes = (check_integer("n_preparation", n_preparation), check_integer("n_movement", n_movement))
    if sum(sizes) > n_units:
        expected = f"at most the {n_units} units in both subspaces together"
        raise InputError("n_preparation, n_movement", expected, f"{sum(sizes)}", "ask for fewer dimensions")
    least_gain = check_positive("tolerance", tolerance)
    leading = [principal_axes(epoch, size) for epoch, size in zip(epochs, sizes, strict=True)]
    totals = np.array([np.sum(epoch**2) for epoch in epochs])
    most = totals * [ratios.sum() for _, ratios in leading]
    covariances = [epoch.T @ epoch / scale for epoch, scale in zip(epochs, most, strict=True)]
    generator = stream(rng, "orthogonal subspaces")
    starts = [np.concatenate([axes for axes, _ in leading]).T]
    starts += [
        generator.standard_normal((n_units, sum(sizes)))
        for _ in range(check_integer("n_starts", n_starts) - 1)
    ]
    found = [_ascend(covariances, sizes[0], start, least_gain) for start in starts]
    objectives = np.array([objective for objective, _ in found])
    best = found[int(np.argmax(objectives))][1]
    bases = [
        _ordered(c, part) for c, part in zip(covariances, np.split(best, [sizes[0]], axis=1), strict=True)
    ]
    captured = np.array([[np.sum(basis * (c @ basis)) for basis in bases] for c in covariances])
    ratio = captured * (most / totals)[:, None]
    return OrthogonalSubspaces(bases[0].T, bases[1].T, captured, ratio, objectives)


def _centre(name: str, rates: FloatArray) -> FloatArray:
    checked = check_rates(name, rates)
    samples = checked.reshape(-1, checked.shape[2])
    check_varies(name, samples)
    centred: FloatArray = samples - samples.mean(axis=0)
    return centred


def _ascend(
    covariances: list[FloatArray], split: int, start: FloatArray, least_gain: float
) -> tuple[float, FloatArray]:
    """Return the objective and basis (unit, component) that the iteration reaches from ``start``."""
    basis = _polar(start)
    momentum, previous = 0.0, basis
    gradient, objective = _gradient(covariances, split, basis)
    for _ in range(_MAXIMUM_STEPS):
        # Extrapolation may overshoot; the plain step cannot, so it stands in whenever that loses.
        ahead = _polar(basis + momentum * (basis - previous)) if momentum else basis
        candidate = _polar(_gradient(covariances, split, ahead)[0] if momentum else gradient)
        candidate_gradient, reached = _gradient(covariances, split, candidate)
        if momentum and reached - objective < least_gain:
            momentum, previous = 0.0, basis
            continue
        if reached - objective < least_gain:
            return reached, candidate
        previous, basis, gradient, objective = basis, candidate, candidate_gradient, reached
        momentum = 0.5 * (1.0 + momentum)
    raise DivergenceError(
        f"orthogonal subspaces still gain after {_MAXIMUM_STEPS} steps; raise the tolerance or ask for fewer "
        "dimensions"
    )


def _gradient(covariances: list[FloatArray], split: int, basis: FloatArray) -> tuple[FloatArray, float]:
    """Return half the gradient, (unit, component), and the objective."""
    gradient = np.concatenate([covariances[0] @ basis[:, :split], covariances[1] @ basis[:, split:]], axis=1)
    return gradient, float(np.sum(gradient * basis))


def _polar(matrix: FloatArray) -> FloatArray:
    """Return the nearest matrix with orthonormal columns."""
    left, _, right = linalg.svd(matrix, full_matrices=False, check_finite=False)
    nearest: FloatArray = left @ right
    return nearest


def _ordered(covariance: FloatArray, basis: FloatArray) -> FloatArray:
    """Turn a basis (unit, component) within its span to the principal axes of ``covariance`` there."""
    vectors = linalg.eigh(basis.T @ covariance @ basis)[1][:, ::-1]
    turned = basis @ vectors
    largest = np.take_along_axis(turned, np.abs(turned).argmax(axis=0)[None], axis=0)
    ordered: FloatArray = turned * np.sign(largest)
    return ordered
