"""Representational similarity analysis: do two populations hold the same conditions apart."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from motorsim.analysis.rdm import RDM, rdm
from motorsim.checks import InputError, check_choice

if TYPE_CHECKING:
    from collections.abc import Sequence

    from motorsim.types import FloatArray

COMPARISONS = ("spearman", "kendall_tau_a", "cosine", "whitened_cosine")


@dataclass(frozen=True, eq=False)
class RSA:
    """How alike the dissimilarities of two populations are.

    Attributes
    ----------
    similarity
        -1 to 1 (alike).
    rdm_a, rdm_b
        The dissimilarities.
    """

    similarity: float
    rdm_a: RDM
    rdm_b: RDM


@dataclass(frozen=True, eq=False)
class RDMCeiling:
    """The similarity that the best model could reach with the RDMs of several subjects, sessions or halves.

    Attributes
    ----------
    lower
        Mean similarity of each RDM to the mean of the others: too low, since that mean is noisy.
    upper
        Mean similarity of each RDM to the mean of all, itself among them: too high.
    """

    lower: float
    upper: float


def rsa(
    a: FloatArray, b: FloatArray, *, measure: str = "euclidean", comparison: str = "whitened_cosine"
) -> RSA:
    """Compare how far apart two populations hold the conditions (Kriegeskorte et al. 2008).

    Parameters
    ----------
    a, b
        The same conditions in the same order, (condition, time, unit); times and units may differ.
    measure
        As of `rdm`.
    comparison
        As of `rdm_similarity`.

    Returns
    -------
    RSA
        The similarity and both RDMs.

    Raises
    ------
    InputError
        As `rdm` and `rdm_similarity`.
    """
    rdm_a, rdm_b = rdm(a, measure, name="a"), rdm(b, measure, name="b")
    return RSA(rdm_similarity(rdm_a, rdm_b, comparison), rdm_a, rdm_b)


def rdm_similarity(a: RDM, b: RDM, comparison: str = "whitened_cosine") -> float:
    """Return how alike two RDMs are, -1 to 1 (alike).

    Parameters
    ----------
    a, b
        RDMs of the same conditions.
    comparison
        ``"spearman"``: correlation of ranks, ties sharing their mean rank. ``"kendall_tau_a"``: share of
        concordant less discordant pairs of dissimilarities, ties counting against it, for models with ties
        (Nili et al. 2014). ``"cosine"``: of the dissimilarities, not centred. ``"whitened_cosine"``: of the
        dissimilarities made independent, their covariance being that of distances between conditions with
        equal, independent noise (Diedrichsen et al. 2021); with squared Euclidean distances it is linear CKA
        over the conditions.

    Raises
    ------
    InputError
        For RDMs of different or fewer than 3 conditions, or one whose dissimilarities are all the same where
        ranks are compared, or all 0.
    """
    check_choice("comparison", comparison, COMPARISONS)
    if a.n_conditions != b.n_conditions:
        raise InputError("b", f"the {a.n_conditions} conditions of a", f"{b.n_conditions}")
    if a.n_conditions < 3:
        raise InputError("a, b", "3 conditions or more, so that pairs can be compared", f"{a.n_conditions}")
    for name, matrix in (("a", a), ("b", b)):
        _check_comparable(name, matrix, comparison)
    if comparison == "kendall_tau_a":
        return _kendall_tau_a(a.dissimilarities, b.dissimilarities)
    vector_a, vector_b = _vector(a, comparison), _vector(b, comparison)
    cosine = vector_a @ vector_b / (np.linalg.norm(vector_a) * np.linalg.norm(vector_b))
    return float(np.clip(cosine, -1.0, 1.0))


def rdm_ceiling(rdms: Sequence[RDM], comparison: str = "whitened_cosine") -> RDMCeiling:
    """Return between what similarities the best possible model would lie (Nili et al. 2014).

    For the mean each RDM is first scaled to a mean square of 1, or turned to ranks where ranks are compared,
    for Kendall's tau too, of which the mean of ranks is only nearly the best.

    Parameters
    ----------
    rdms
        Two or more of the same conditions.
    comparison
        As of `rdm_similarity`.

    Raises
    ------
    InputError
        For fewer than two RDMs, and as `rdm_similarity`.
    """
    check_choice("comparison", comparison, COMPARISONS)
    if len(rdms) < 2:
        raise InputError("rdms", "2 or more", f"{len(rdms)}")
    for i, other in enumerate(rdms):
        if other.n_conditions != rdms[0].n_conditions:
            expected = f"{rdms[0].n_conditions} conditions in each"
            raise InputError("rdms", expected, f"{other.n_conditions} in number {i}")
        _check_comparable(f"rdms, number {i}", other, comparison)
    pooled = np.stack([_normalised(one.dissimilarities, comparison) for one in rdms])
    total = pooled.sum(axis=0)
    n = rdms[0].n_conditions
    lower = [
        rdm_similarity(RDM(total - own, n), one, comparison) for own, one in zip(pooled, rdms, strict=True)
    ]
    upper = [rdm_similarity(RDM(total, n), one, comparison) for one in rdms]
    return RDMCeiling(lower=float(np.mean(lower)), upper=float(np.mean(upper)))


def _check_comparable(name: str, matrix: RDM, comparison: str) -> None:
    values = matrix.dissimilarities
    if comparison in {"spearman", "kendall_tau_a"} and np.ptp(values) == 0:
        raise InputError(name, "dissimilarities that differ, to be ranked", "all the same")
    if not values.any():
        raise InputError(name, "conditions that differ", "dissimilarities of 0 throughout")


def _normalised(values: FloatArray, comparison: str) -> FloatArray:
    if comparison in {"spearman", "kendall_tau_a"}:
        return _ranks(values)
    scaled: FloatArray = values / np.sqrt(np.mean(values**2))
    return scaled


def _vector(matrix: RDM, comparison: str) -> FloatArray:
    """Return what the cosine is taken of."""
    values = matrix.dissimilarities
    if comparison == "spearman":
        from_mean: FloatArray = _ranks(values) - (len(values) + 1) / 2
        return from_mean
    if comparison == "cosine":
        return values
    # The double-centred Gram matrix is the dissimilarities whitened.
    square = matrix.matrix
    rows = square.mean(axis=0)
    centred: FloatArray = (square - rows - rows[:, None] + rows.mean()).ravel()
    return centred


def _ranks(values: FloatArray) -> FloatArray:
    """Return ranks from 1, (value,), equal values sharing the mean of theirs."""
    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    ranks: FloatArray = (np.cumsum(counts) - (counts - 1) / 2)[inverse]
    return ranks


def _kendall_tau_a(a: FloatArray, b: FloatArray) -> float:
    from scipy.stats import kendalltau  # noqa: PLC0415  slow to import

    n_pairs = len(a) * (len(a) - 1) / 2
    # Tau b divides by the pairs without ties in each; tau a by all.
    untied = [
        n_pairs - np.sum(n * (n - 1) / 2) for n in (np.unique(v, return_counts=True)[1] for v in (a, b))
    ]
    return float(kendalltau(a, b).statistic * np.sqrt(untied[0] * untied[1]) / n_pairs)
