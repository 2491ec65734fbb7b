"""Principal angles between two subspaces, and those that chance gives (Bjorck & Golub 1973)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import linalg

from motorsim.analysis.samples import RANK_TOLERANCE
from motorsim.checks import InputError, check_array, check_integer
from motorsim.streams import stream

if TYPE_CHECKING:
    from motorsim.streams import Seed
    from motorsim.types import FloatArray


@dataclass(frozen=True, eq=False)
class PrincipalAngles:
    """Angles between two subspaces and the directions in which they are taken.

    Attributes
    ----------
    angles_rad
        Rising, (angle,), as many as the smaller subspace has dimensions: 0 a shared direction, pi/2 an
        orthogonal one.
    vectors_a, vectors_b
        Unit vectors in either subspace that enclose these angles, (angle, unit).
    """

    angles_rad: FloatArray
    vectors_a: FloatArray
    vectors_b: FloatArray

    @property
    def geodesic_distance_rad(self) -> float:
        """Return the root of the sum of squared angles: a distance, 0 for the same subspace."""
        return float(np.linalg.norm(self.angles_rad))

    @property
    def chordal_distance(self) -> float:
        """Return the root of the sum of squared sines: a distance, 0 for the same subspace."""
        return float(np.linalg.norm(np.sin(self.angles_rad)))


def principal_angles(a: FloatArray, b: FloatArray) -> PrincipalAngles:
    """Measure the angles between the spans of two sets of axes.

    Parameters
    ----------
    a, b
        Axes as rows, (component, unit), such as ``pca(...).components``: linearly independent, but neither
        orthogonal nor of length 1 of need. They may differ in number.

    Returns
    -------
    PrincipalAngles
        Angles and directions. Small angles are taken from sines, large ones from cosines, so both are
        accurate to rounding.

    Raises
    ------
    InputError
        If the axes are not finite, have different units, or are linearly dependent.
    """
    basis_a, basis_b = _basis("a", a), _basis("b", b)
    if len(basis_a) != len(basis_b):
        raise InputError("b", f"axes over the {len(basis_a)} units of a", f"{len(basis_b)}")
    left, cosines, right = linalg.svd(basis_a.T @ basis_b, full_matrices=False)
    vectors_a, vectors_b = basis_a @ left, basis_b @ right.T
    # |a - b| and |a + b| give the angle to full precision at both ends; arccos would lose half the digits.
    angles = 2 * np.arctan2(
        np.linalg.norm(vectors_a - vectors_b, axis=0), np.linalg.norm(vectors_a + vectors_b, axis=0)
    )
    order = np.argsort(-cosines, kind="stable")
    return PrincipalAngles(np.sort(angles), vectors_a[:, order].T, vectors_b[:, order].T)


def random_principal_angles(
    n_units: int, n_a: int, n_b: int, *, rng: Seed, n_random: int = 1000
) -> FloatArray:
    """Draw the principal angles of pairs of random subspaces, each equally likely.

    In many dimensions random subspaces are nearly orthogonal, so small angles are what needs explaining:
    compare with a low percentile over draws (Gallego et al. 2018, Nat. Commun. 9:4233).

    Parameters
    ----------
    n_units
        Dimension of the whole space.
    n_a, n_b
        Dimensions of the subspaces.
    rng
        Seed or generator.
    n_random
        Pairs to draw.

    Returns
    -------
    FloatArray
        (draw, angle), rising along each row, radians.

    Raises
    ------
    InputError
        If a subspace has more dimensions than there are units.
    """
    units = check_integer("n_units", n_units)
    sizes = sorted(check_integer(name, n, maximum=units) for name, n in (("n_a", n_a), ("n_b", n_b)))
    generator = stream(rng, "random principal angles")
    draws = check_integer("n_random", n_random)
    # Turning both subspaces alike changes no angle, so the larger one may stay fixed.
    small = np.linalg.qr(generator.standard_normal((draws, units, sizes[0])))[0]
    cosines = np.linalg.svd(small[:, : sizes[1]], compute_uv=False)
    angles: FloatArray = np.arccos(np.clip(cosines, 0.0, 1.0))
    return angles


def _basis(name: str, axes: FloatArray) -> FloatArray:
    """Return an orthonormal basis, (unit, component)."""
    checked = check_array(name, axes, ("component", "unit"), minimum_sizes=(1, 1))
    left, singular, _ = linalg.svd(checked.T, full_matrices=False)
    rank = int(np.sum(singular**2 > RANK_TOLERANCE * singular[0] ** 2))
    if rank < len(checked):
        mend = "axes are rows; leave out those that the others span"
        raise InputError(name, f"{len(checked)} linearly independent axes", f"rank {rank}", mend)
    return left
