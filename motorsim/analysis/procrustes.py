"""Procrustes comparison: how far apart are two populations once one may be turned, shifted and scaled."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import linalg

from motorsim.analysis.samples import check_paired, check_varies
from motorsim.checks import InputError, check_array

if TYPE_CHECKING:
    from motorsim.types import FloatArray


@dataclass(frozen=True, eq=False)
class Procrustes:
    """The best similarity transform of ``b`` onto ``a`` and how near it comes.

    Where the numbers of units differ, the smaller array is padded with units that are silent, so ``width``
    below is the larger number.

    Attributes
    ----------
    angular_distance_rad
        Angle between the centred, unit-norm arrays after the best rotation, 0 (the same shape) to pi/2: a
        true metric on shapes (Williams et al. 2021, NeurIPS).
    similarity
        Its cosine, 1 (the same shape) to 0.
    r2
        Share of the variance of ``a`` that the transformed ``b`` explains: the similarity squared.
    rotation
        Orthogonal matrix, reflections allowed, (width, width).
    scale
        Factor applied after the rotation.
    mean_a, mean_b
        Means over the fitted samples, (unit,): ``b`` is shifted by the second before, by the first after.
    """

    angular_distance_rad: float
    similarity: float
    r2: float
    rotation: FloatArray
    scale: float
    mean_a: FloatArray
    mean_b: FloatArray

    @property
    def translation(self) -> FloatArray:
        """Return the shift (width,) for which the transform is scale * b @ rotation + translation."""
        width = len(self.rotation)
        return _pad(self.mean_a, width) - self.scale * _pad(self.mean_b, width) @ self.rotation

    def transform(self, b: FloatArray) -> FloatArray:
        """Carry samples of ``b`` (..., unit) into the space of ``a``, (..., width)."""
        samples = check_array("b", b)
        if samples.ndim == 0 or samples.shape[-1] != len(self.mean_b):
            raise InputError(
                "b", f"the {len(self.mean_b)} units of the fit along the last axis", f"{samples.shape}"
            )
        return self.scale * _pad(samples, len(self.rotation)) @ self.rotation + self.translation

    def r2_of(self, a: FloatArray, b: FloatArray) -> float:
        """Return the share of held-out ``a`` that the fitted transform of held-out ``b`` explains.

        1 - SS_residual / SS_total, pooled over units, the total about the mean of the FITTED samples of
        ``a``, so that it is 0 for predicting that mean; below 0 is worse.

        Parameters
        ----------
        a, b
            Samples of the same units as in the fit, (condition, time, unit) or (sample, unit).

        Raises
        ------
        InputError
            If samples or units do not fit, or ``a`` does not depart from the fitted mean.
        """
        samples_a, samples_b = check_paired("a", a, "b", b)
        if samples_a.shape[1] != len(self.mean_a):
            raise InputError("a", f"the {len(self.mean_a)} units of the fit", f"{samples_a.shape[1]}")
        total = np.sum((samples_a - self.mean_a) ** 2)
        if total == 0:
            raise InputError("a", "samples that depart from the fitted mean", "that mean everywhere")
        error = _pad(samples_a, len(self.rotation)) - self.transform(samples_b)
        return 1.0 - float(np.sum(error**2) / total)


def procrustes(a: FloatArray, b: FloatArray) -> Procrustes:
    """Fit the shift, rotation and scale that bring ``b`` nearest to ``a`` in the least-squares sense.

    Orthogonal Procrustes by SVD (Schonemann 1966). The distance and similarity are symmetric in the two
    arrays, the transform goes from ``b`` to ``a``.

    Parameters
    ----------
    a, b
        The same conditions and times, (condition, time, unit) or (sample, unit).

    Returns
    -------
    Procrustes
        Distance, similarity and the transform.

    Raises
    ------
    InputError
        If samples do not pair up or an array does not vary.
    """
    samples_a, samples_b = check_paired("a", a, "b", b)
    check_varies("a", samples_a)
    check_varies("b", samples_b)
    width = max(samples_a.shape[1], samples_b.shape[1])
    unit_a, norm_a = _unit_norm(samples_a, width)
    unit_b, norm_b = _unit_norm(samples_b, width)
    left, _, right = linalg.svd(unit_b.T @ unit_a)
    rotation = left @ right
    turned = unit_b @ rotation
    # Kahan's formula: arccos of a cosine near 1 would lose half the digits.
    angle = 2 * np.arctan2(np.linalg.norm(unit_a - turned), np.linalg.norm(unit_a + turned))
    similarity = float(np.clip(np.sum(unit_a * turned), 0.0, 1.0))
    return Procrustes(
        angular_distance_rad=float(angle),
        similarity=similarity,
        r2=similarity**2,
        rotation=rotation,
        scale=similarity * norm_a / norm_b,
        mean_a=samples_a.mean(axis=0),
        mean_b=samples_b.mean(axis=0),
    )


def _unit_norm(samples: FloatArray, width: int) -> tuple[FloatArray, float]:
    centred = samples - samples.mean(axis=0)
    norm = float(np.linalg.norm(centred))
    return _pad(centred / norm, width), norm


def _pad(array: FloatArray, width: int) -> FloatArray:
    missing = width - array.shape[-1]
    return np.pad(array, [(0, 0)] * (array.ndim - 1) + [(0, missing)]) if missing else array
