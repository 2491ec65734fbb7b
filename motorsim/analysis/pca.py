"""Principal component analysis of rates over conditions and times."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import linalg

from motorsim.analysis.samples import RANK_TOLERANCE, check_rates, check_varies
from motorsim.checks import InputError, check_array, check_integer

if TYPE_CHECKING:
    from motorsim.types import FloatArray


@dataclass(frozen=True, eq=False)
class PCA:
    """Principal components of rates.

    Attributes
    ----------
    components
        Orthonormal axes, (component, unit), by falling variance; the entry of the largest size in each is
        positive, so the signs do not depend on the library beneath.
    variance_ratio
        Share of the total variance, (component,).
    scores
        Centred rates in the components, (condition, time, component), in the unit of the rates.
    mean
        Mean of each unit over conditions and times, (unit,).
    """

    components: FloatArray
    variance_ratio: FloatArray
    scores: FloatArray
    mean: FloatArray

    def transform(self, rates: FloatArray) -> FloatArray:
        """Project rates (condition, time, unit), centred by the fitted mean: (condition, time, component)."""
        new = check_rates("rates", rates, n_units=self.components.shape[1])
        return (new - self.mean) @ self.components.T

    def inverse(self, scores: FloatArray) -> FloatArray:
        """Return the rates (condition, time, unit) that scores (condition, time, component) stand for."""
        n_components = self.components.shape[0]
        checked = check_array(
            "scores", scores, ("condition", "time", "component"), shape=(None, None, n_components)
        )
        return checked @ self.components + self.mean


def pca(rates: FloatArray, n_components: int) -> PCA:
    """Find the orthogonal axes that hold most variance over conditions and times.

    Parameters
    ----------
    rates
        (condition, time, unit), any unit.
    n_components
        How many axes; no more than the rank of the centred rates, where a variance below 1e-12 of the
        largest counts as none.

    Returns
    -------
    PCA
        Components, variance ratios and scores.

    Raises
    ------
    InputError
        If the rates are not finite or do not vary, or if ``n_components`` is more than their rank.
    """
    checked = check_rates("rates", rates)
    samples = checked.reshape(-1, checked.shape[-1])
    check_varies("rates", samples)
    mean = samples.mean(axis=0)
    centred = samples - mean
    components, variance_ratio = principal_axes(centred, check_integer("n_components", n_components))
    scores = (centred @ components.T).reshape(*checked.shape[:2], -1)
    return PCA(components=components, variance_ratio=variance_ratio, scores=scores, mean=mean)


def principal_axes(centred: FloatArray, n_components: int) -> tuple[FloatArray, FloatArray]:
    """Return the leading axes (component, unit) of centred (sample, unit), and their variance ratios."""
    n_samples, n_units = centred.shape
    # The smaller Gram matrix has the same nonzero spectrum.
    gram = centred.T @ centred if n_units <= n_samples else centred @ centred.T
    size = len(gram)
    total = float(np.trace(gram))
    wanted = min(n_components, size)
    values, vectors = linalg.eigh(gram, subset_by_index=(size - wanted, size - 1), check_finite=False)
    values, vectors = values[::-1], vectors[:, ::-1]
    rank = int(np.sum(values > RANK_TOLERANCE * values[0]))
    if rank < n_components:
        raise InputError(
            "n_components",
            f"at most the rank of the centred rates, {rank}",
            f"{n_components}",
            "ask for fewer components or give more conditions",
        )
    axes = vectors.T if n_units <= n_samples else vectors.T @ centred / np.sqrt(values)[:, None]
    largest = np.take_along_axis(axes, np.abs(axes).argmax(axis=1)[:, None], axis=1)
    return axes * np.sign(largest), values / total
