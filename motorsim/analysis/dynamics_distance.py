"""How far apart two linear dynamics are once the axes of one may be turned."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import linalg

from motorsim.analysis.cosine import cosine_and_angle
from motorsim.analysis.orthogonal_conjugation import best_conjugation
from motorsim.checks import InputError, check_array

if TYPE_CHECKING:
    from motorsim.types import FloatArray


@dataclass(frozen=True, eq=False)
class DynamicsDistance:
    """The best rotation of one matrix of dynamics onto another and how near it comes.

    Attributes
    ----------
    angular_distance_rad
        Angle between A and C B C' (Frobenius), 0 (the same dynamics) to pi.
    euclidean_distance
        |A - C B C'|, from 0.
    similarity
        Cosine of the angle, 1 (the same) to -1.
    rotation
        C, orthogonal, reflections included, (coordinate, coordinate).
    """

    angular_distance_rad: float
    euclidean_distance: float
    similarity: float
    rotation: FloatArray


def dynamics_distance(a: FloatArray, b: FloatArray) -> DynamicsDistance:
    """Maximise tr(A' C B C') over orthogonal C: Procrustes analysis of vector fields.

    Equations 4 and 5 of Ostrow et al. (2023, NeurIPS). Both distances are metrics on matrices up to a change
    between orthonormal axes; unlike the eigenvalues they see non-normality. `best_conjugation` says how C is
    sought: from a dozen and more starts, all the same each time. What it finds may be a local maximum, so
    both distances are upper bounds; those between unrelated matrices of 20 coordinates and more often are, by
    about a hundredth of the cosine at most.

    Parameters
    ----------
    a, b
        Dynamics, (coordinate, coordinate), of one size and of the same time step.

    Returns
    -------
    DynamicsDistance
        Distances and the rotation; the same with ``a`` and ``b`` exchanged, but for C, which is transposed.

    Raises
    ------
    InputError
        If a matrix is not square and finite, is zero, or is of another size than the other.
    """
    matrix_a, matrix_b = _check_dynamics(a, b)
    # One order of the two, so that exchanging them gives the same number to the last digit.
    swapped = _key(matrix_a) > _key(matrix_b)
    first, second = (matrix_b, matrix_a) if swapped else (matrix_a, matrix_b)
    rotation = best_conjugation(first / np.linalg.norm(first), second / np.linalg.norm(second))
    turned = rotation @ second @ rotation.T
    similarity, angle = cosine_and_angle(first, turned)
    return DynamicsDistance(
        angular_distance_rad=angle,
        euclidean_distance=float(np.linalg.norm(first - turned)),
        similarity=similarity,
        rotation=rotation.T if swapped else rotation,
    )


def eigenvalue_distance(a: FloatArray, b: FloatArray) -> float:
    """Return the Wasserstein-2 distance between the eigenvalues of two matrices in the complex plane.

    The root mean square distance of the pairs of the best one-to-one match: a distance that does not see
    eigenvectors, so that a non-normal matrix and a normal one of the same spectrum are at 0. Its
    square is the cost of Redman et al. (2023) and of the spectral form of Ostrow et al. (2023).

    Parameters
    ----------
    a, b
        Dynamics, (coordinate, coordinate), of one size and of the same time step.

    Raises
    ------
    InputError
        If a matrix is not square and finite, is zero, or is of another size than the other.
    """
    from scipy.optimize import linear_sum_assignment  # noqa: PLC0415  slow to import

    matrix_a, matrix_b = _check_dynamics(a, b)
    squared = np.abs(linalg.eigvals(matrix_a)[:, None] - linalg.eigvals(matrix_b)) ** 2
    return float(np.sqrt(squared[linear_sum_assignment(squared)].mean()))


def _check_dynamics(a: Any, b: Any) -> tuple[FloatArray, FloatArray]:
    matrices = []
    for name, value in (("a", a), ("b", b)):
        matrix = check_array(name, value, ("coordinate", "coordinate"), minimum_sizes=(1, 1))
        if len(matrix) != matrix.shape[1]:
            raise InputError(name, "a square matrix", f"shape {matrix.shape}")
        if not matrix.any():
            raise InputError(name, "dynamics", "a matrix of zeros")
        matrices.append(matrix)
    if matrices[0].shape != matrices[1].shape:
        mend = "fit both with one rank"
        raise InputError("b", f"the size of a, {matrices[0].shape}", f"{matrices[1].shape}", mend)
    return matrices[0], matrices[1]


def _key(matrix: FloatArray) -> tuple[float, ...]:
    return (float(np.linalg.norm(matrix)), *matrix.ravel().tolist())
