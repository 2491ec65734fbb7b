"""Centred kernel alignment of two populations by their linear kernels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import linalg

from motorsim.analysis.cosine import cosine_and_angle
from motorsim.analysis.samples import check_paired, check_varies

if TYPE_CHECKING:
    from motorsim.types import FloatArray


@dataclass(frozen=True, eq=False)
class LinearCKA:
    """How alike the sample-by-sample similarities of two populations are.

    Attributes
    ----------
    similarity
        Cosine between the two centred Gram matrices, 0 to 1 (alike).
    angular_distance_rad
        Angle between them, 0 (alike) to pi/2: a true metric (Williams et al. 2021).
    """

    similarity: float
    angular_distance_rad: float


def linear_cka(a: FloatArray, b: FloatArray) -> LinearCKA:
    """Compare two populations by |A'B|^2 / (|A'A| |B'B|), Frobenius norms of centred arrays.

    Equation 5 of Kornblith et al. (2019, ICML), each unit centred over conditions and times. Blind to shifts,
    rotations and an overall scale of either population, not to the scale of single units: large principal
    components count by their variance squared. Biased upwards where samples are few beside units;
    `kernel_cka` has the estimate without bias.

    Parameters
    ----------
    a, b
        The same conditions and times, (condition, time, unit) or (sample, unit); units may differ in number.

    Returns
    -------
    LinearCKA
        The similarity and the angle.

    Raises
    ------
    InputError
        If samples do not pair up, an array is not finite or does not vary.
    """
    samples_a, samples_b = check_paired("a", a, "b", b)
    check_varies("a", samples_a)
    check_varies("b", samples_b)
    centred = np.concatenate([_unit_norm(samples_a), _unit_norm(samples_b)], axis=1)
    # Both Gram matrices live in the span of the columns: in its coordinates they are small.
    (joint,) = linalg.qr(centred, mode="r") if len(centred) > centred.shape[1] else (centred,)
    own_a, own_b = joint[:, : samples_a.shape[1]], joint[:, samples_a.shape[1] :]
    return LinearCKA(*cosine_and_angle(own_a @ own_a.T, own_b @ own_b.T))


def _unit_norm(samples: FloatArray) -> FloatArray:
    centred = samples - samples.mean(axis=0)
    unit: FloatArray = centred / np.linalg.norm(centred)
    return unit
