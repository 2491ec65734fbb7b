"""Canonical correlation analysis between two populations."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import linalg

from motorsim.analysis.samples import check_paired, check_varies
from motorsim.checks import InputError, check_integer, check_positive

if TYPE_CHECKING:
    from motorsim.types import FloatArray


@dataclass(frozen=True, eq=False)
class CCA:
    """Canonical correlations and the directions they belong to.

    Attributes
    ----------
    correlations
        Canonical correlations, (component,), falling, from 0 to 1.
    weights_a, weights_b
        Directions, (unit, component): the centred data times these are variates of variance 1 (ddof 0),
        uncorrelated within each array. The largest entry of each column of ``weights_a`` is positive.
    mean_a, mean_b
        Means over the fitted samples, (unit,).
    rank_a, rank_b
        Numerical ranks of the centred arrays.
    """

    correlations: FloatArray
    weights_a: FloatArray
    weights_b: FloatArray
    mean_a: FloatArray
    mean_b: FloatArray
    rank_a: int
    rank_b: int

    @property
    def mean_correlation(self) -> float:
        """Return the mean over the components; 1 is the most alike."""
        return float(self.correlations.mean())

    def correlations_of(self, a: FloatArray, b: FloatArray) -> FloatArray:
        """Correlate held-out data along the fitted directions.

        Parameters
        ----------
        a, b
            Other samples of the same units, (condition, time, unit) or (sample, unit).

        Returns
        -------
        FloatArray
            Pearson correlation over these samples of each pair of variates, (component,), from -1 to 1.

        Raises
        ------
        InputError
            If the units or samples do not fit, or a variate does not vary over these samples.
        """
        samples_a, samples_b = check_paired("a", a, "b", b)
        variates = []
        for name, samples, weights in (("a", samples_a, self.weights_a), ("b", samples_b, self.weights_b)):
            if samples.shape[1] != len(weights):
                raise InputError(name, f"the {len(weights)} units of the fit", f"{samples.shape[1]}")
            check_varies(name, samples)
            centred = (samples - samples.mean(axis=0)) @ weights
            variates.append(centred / _column_norms(name, centred))
        correlations: FloatArray = np.sum(variates[0] * variates[1], axis=0)
        return correlations


def cca(a: FloatArray, b: FloatArray, n_components: int | None = None, *, tolerance: float = 1e-10) -> CCA:
    """Find the pairs of directions in two populations that correlate most (Hotelling 1936).

    QR of each centred array, then the singular values of Q_a' Q_b (Bjorck & Golub 1973). Invariant to any
    invertible linear map of either population, hence noise dimensions count as much as signal: reduce by PCA
    first.

    Parameters
    ----------
    a, b
        The same conditions and times, (condition, time, unit) or (sample, unit); units may differ in number.
    n_components
        How many pairs; all, the smaller of the two ranks, if not given.
    tolerance
        Directions whose singular value is below this share of the largest one are left out of the rank.

    Returns
    -------
    CCA
        Correlations and weights.

    Raises
    ------
    InputError
        If samples do not pair up, an array does not vary, ``n_components`` is more than the smaller rank, or
        the samples are no more than the ranks together: some correlations would then be 1 whatever the data.
    """
    check_positive("tolerance", tolerance)
    samples_a, samples_b = check_paired("a", a, "b", b)
    mean_a, mean_b = samples_a.mean(axis=0), samples_b.mean(axis=0)
    basis_a, map_a = _whiten("a", samples_a, mean_a, tolerance)
    basis_b, map_b = _whiten("b", samples_b, mean_b, tolerance)
    ranks = (map_a.shape[1], map_b.shape[1])
    n_samples = len(samples_a)
    if sum(ranks) >= n_samples:
        mend = "reduce both by PCA, or give more conditions or times"
        raise InputError("a, b", f"more samples than both ranks together, {sum(ranks)}", f"{n_samples}", mend)
    n = min(ranks) if n_components is None else check_integer("n_components", n_components)
    if n > min(ranks):
        raise InputError("n_components", f"at most the smaller rank, {min(ranks)}", f"{n}")
    left, correlations, right = linalg.svd(basis_a.T @ basis_b, full_matrices=False)
    weights_a = map_a @ left[:, :n] * np.sqrt(n_samples)
    weights_b = map_b @ right[:n].T * np.sqrt(n_samples)
    signs = np.sign(np.take_along_axis(weights_a, np.abs(weights_a).argmax(axis=0)[None], axis=0))
    return CCA(
        correlations=np.clip(correlations[:n], 0.0, 1.0),
        weights_a=weights_a * signs,
        weights_b=weights_b * signs,
        mean_a=mean_a,
        mean_b=mean_b,
        rank_a=ranks[0],
        rank_b=ranks[1],
    )


def _whiten(
    name: str, samples: FloatArray, mean: FloatArray, tolerance: float
) -> tuple[FloatArray, FloatArray]:
    """Return an orthonormal basis (sample, rank) of the centred samples and the map (unit, rank) onto it."""
    check_varies(name, samples)
    q, r = linalg.qr(samples - mean, mode="economic")
    left, singular, right = linalg.svd(r, full_matrices=False)
    kept = singular > tolerance * singular[0]
    return q @ left[:, kept], right[kept].T / singular[kept]


def _column_norms(name: str, variates: FloatArray) -> FloatArray:
    norms: FloatArray = np.sqrt(np.sum(variates**2, axis=0))
    if not norms.all():
        flat = int(np.flatnonzero(norms == 0)[0])
        raise InputError(
            name, "samples that vary along every fitted direction", f"none along direction {flat}"
        )
    return norms
