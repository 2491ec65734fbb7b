"""Singular-vector canonical correlation analysis: what two populations share in their main dimensions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import linalg

from motorsim.analysis.cca import CCA, cca
from motorsim.analysis.pca import principal_axes
from motorsim.analysis.samples import check_paired, check_varies
from motorsim.checks import InputError, check_positive

if TYPE_CHECKING:
    from motorsim.types import FloatArray


@dataclass(frozen=True, eq=False)
class SVCCA:
    """Canonical correlations between the leading principal components of two populations.

    Attributes
    ----------
    cca
        The correlations and weights within the components.
    axes_a, axes_b
        The components kept, orthonormal, (component, unit).
    """

    cca: CCA
    axes_a: FloatArray
    axes_b: FloatArray

    @property
    def correlations(self) -> FloatArray:
        """Return the canonical correlations, falling, from 0 to 1, as many as the smaller number kept."""
        return self.cca.correlations

    @property
    def mean_correlation(self) -> float:
        """Return their mean, the similarity of Raghu et al.; 1 is the most alike."""
        return self.cca.mean_correlation

    def correlations_of(self, a: FloatArray, b: FloatArray) -> FloatArray:
        """Correlate other samples of the same units along the fitted directions, (component,), -1 to 1.

        Raises
        ------
        InputError
            If the units or samples do not fit, or a variate does not vary over these samples.
        """
        samples_a, samples_b = check_paired("a", a, "b", b)
        for name, samples, axes in (("a", samples_a, self.axes_a), ("b", samples_b, self.axes_b)):
            if samples.shape[1] != axes.shape[1]:
                raise InputError(name, f"the {axes.shape[1]} units of the fit", f"{samples.shape[1]}")
        return self.cca.correlations_of(samples_a @ self.axes_a.T, samples_b @ self.axes_b.T)


def svcca(a: FloatArray, b: FloatArray, *, variance: float = 0.99) -> SVCCA:
    """Keep the components that hold a share of each population's variance, then correlate them.

    Raghu et al. (2017, NeurIPS): the least number of principal components whose variances (ddof 0, centred
    over conditions and times) sum to ``variance`` of the total, then CCA. Blind to shifts, rotations and an
    overall scale of either population, but not, unlike CCA, to any linear map.

    Parameters
    ----------
    a, b
        The same conditions and times, (condition, time, unit) or (sample, unit); units may differ in number.
    variance
        Share of the variance to keep, above 0 and at most 1.

    Returns
    -------
    SVCCA
        The correlations, and the components kept.

    Raises
    ------
    InputError
        If samples do not pair up, an array does not vary, ``variance`` is out of range, or the samples are no
        more than the components kept of both together.
    """
    if check_positive("variance", variance) > 1:
        raise InputError("variance", "a share above 0 and at most 1", f"{variance}")
    samples_a, samples_b = check_paired("a", a, "b", b)
    axes_a, axes_b = _kept_axes("a", samples_a, variance), _kept_axes("b", samples_b, variance)
    return SVCCA(cca(samples_a @ axes_a.T, samples_b @ axes_b.T), axes_a, axes_b)


def _kept_axes(name: str, samples: FloatArray, variance: float) -> FloatArray:
    check_varies(name, samples)
    centred = samples - samples.mean(axis=0)
    variances = linalg.svdvals(centred) ** 2
    cumulative = np.cumsum(variances) / variances.sum()
    # A share that is reached but for rounding is reached.
    return principal_axes(centred, int(np.sum(cumulative < variance - 1e-12)) + 1)[0]
