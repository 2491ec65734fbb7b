"""Centred kernel alignment of two populations by any Gram matrix: nonlinear, or without bias."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from motorsim.analysis.cosine import cosine_and_angle
from motorsim.analysis.samples import check_paired, check_varies
from motorsim.checks import InputError, check_choice, check_positive

if TYPE_CHECKING:
    from motorsim.types import FloatArray

KERNELS = ("linear", "rbf")


@dataclass(frozen=True, eq=False)
class KernelCKA:
    """How alike the sample-by-sample similarities of two populations are.

    Attributes
    ----------
    similarity
        Cosine between the two centred Gram matrices: 0 to 1 (alike), or, debiased, -1 to 1 with mean 0 for
        independent populations.
    angular_distance_rad
        Angle between them, 0 (alike) to pi/2, debiased to pi: a true metric.
    bandwidth_a, bandwidth_b
        sigma of the radial kernels, in the unit of the rates; None for linear ones.
    """

    similarity: float
    angular_distance_rad: float
    bandwidth_a: float | None
    bandwidth_b: float | None


def kernel_cka(
    a: FloatArray,
    b: FloatArray,
    *,
    kernel: str = "rbf",
    bandwidth_ratio: float = 1.0,
    debiased: bool = False,
) -> KernelCKA:
    """Compare two populations by HSIC(K, L) / sqrt(HSIC(K, K) HSIC(L, L)).

    The radial kernel is exp(-d^2 / (2 sigma^2)), sigma being ``bandwidth_ratio`` times the median distance
    d over pairs of different samples (Kornblith et al. 2019, ICML). Without ``debiased`` HSIC is the inner
    product of the double-centred Gram matrices (Gretton et al. 2005), with it the U-statistic of Song et al.
    (2012, J. Mach. Learn. Res. 13:1393, equation 5), which leaves out the diagonals: the inner product of
    U-centred matrices (Szekely & Rizzo 2014). Blind to shifts, rotations and an overall scale. Holds a few
    arrays (sample, sample) in memory.

    Parameters
    ----------
    a, b
        The same conditions and times, (condition, time, unit) or (sample, unit); units may differ in number.
    kernel
        ``"rbf"`` or ``"linear"``; the biased linear one is what `linear_cka` computes faster.
    bandwidth_ratio
        Above 0; the smaller, the more local.
    debiased
        Take the estimate of HSIC without bias; needs 4 samples.

    Returns
    -------
    KernelCKA
        The similarity, the angle and the bandwidths.

    Raises
    ------
    InputError
        If samples do not pair up, an array is not finite or does not vary, the samples are too few for
        the estimate without bias, or half of the pairs of samples are alike, so that the median is 0.
    """
    check_choice("kernel", kernel, KERNELS)
    check_positive("bandwidth_ratio", bandwidth_ratio)
    samples_a, samples_b = check_paired("a", a, "b", b)
    if debiased and len(samples_a) < 4:
        raise InputError("a, b", "4 samples or more for the estimate without bias", f"{len(samples_a)}")
    centred, bandwidths = [], []
    for name, samples in (("a", samples_a), ("b", samples_b)):
        check_varies(name, samples)
        gram, bandwidth = _gram(name, samples, kernel, bandwidth_ratio)
        centred.append(_u_centred(gram) if debiased else _double_centred(gram))
        bandwidths.append(bandwidth)
    return KernelCKA(*cosine_and_angle(*centred), *bandwidths)


def _gram(
    name: str, samples: FloatArray, kernel: str, bandwidth_ratio: float
) -> tuple[FloatArray, float | None]:
    centred = samples - samples.mean(axis=0)
    inner = centred @ centred.T
    if kernel == "linear":
        return inner, None
    squared = np.diag(inner) + np.diag(inner)[:, None] - 2 * inner
    np.maximum(squared, 0.0, out=squared)
    np.fill_diagonal(squared, 0.0)
    median = float(np.sqrt(np.median(squared[np.triu_indices(len(squared), 1)])))
    if median <= 1e-7 * np.sqrt(squared.max()):
        mend = "leave out repeated samples or take the linear kernel"
        raise InputError(name, "samples most pairs of which differ", "a median distance of 0", mend)
    bandwidth = bandwidth_ratio * median
    return np.exp(squared / (-2 * bandwidth**2)), bandwidth


def _double_centred(gram: FloatArray) -> FloatArray:
    rows = gram.mean(axis=0)
    centred: FloatArray = gram - rows - rows[:, None] + rows.mean()
    return centred


def _u_centred(gram: FloatArray) -> FloatArray:
    """Return the matrix, (sample, sample), whose off-diagonal rows sum to 0 and whose diagonal is 0."""
    n = len(gram)
    hollow = gram - np.diag(np.diag(gram))
    rows = hollow.sum(axis=0)
    centred: FloatArray = hollow - (rows + rows[:, None]) / (n - 2) + rows.sum() / ((n - 1) * (n - 2))
    np.fill_diagonal(centred, 0.0)
    return centred
