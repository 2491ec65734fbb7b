"""Tensor maximum entropy: surrogates that keep means and covariances along each axis, and nothing else."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from scipy import linalg

from motorsim.analysis.samples import check_rates, check_remains
from motorsim.checks import DivergenceError
from motorsim.streams import stream

if TYPE_CHECKING:
    from motorsim.streams import Seed
    from motorsim.types import FloatArray

# Eigenvalues of a marginal covariance below this share of its largest are taken as zero.
EIGENVALUE_TOLERANCE = 1e-10
_MAXIMUM_STEPS = 200
# Largest error of an eigenvalue, as a share of itself, at which the multipliers count as found.
_MULTIPLIER_TOLERANCE = 1e-8


@dataclass(frozen=True, eq=False)
class TensorMaximumEntropy:
    """The maximum-entropy distribution of rates with given marginal means and covariances.

    Attributes
    ----------
    mean
        Mean of the surrogates, (condition, time, unit): the sum of the marginal means of the data.
    condition_axes, time_axes, unit_axes
        Eigenvectors of the marginal covariances with variance, (condition, i), (time, j), (unit, k).
    variances
        Variance of the surrogates along each product of eigenvectors, (i, j, k).
    """

    mean: FloatArray
    condition_axes: FloatArray
    time_axes: FloatArray
    unit_axes: FloatArray
    variances: FloatArray

    def sample(self, *, rng: Seed) -> FloatArray:
        """Draw one surrogate, (condition, time, unit); ``rng`` is a seed or a generator."""
        core = stream(rng, "tensor maximum entropy").standard_normal(self.variances.shape)
        core *= self._spreads
        along_units = core @ self.unit_axes.T
        along_times = self.time_axes @ along_units
        deviations = np.tensordot(self.condition_axes, along_times, axes=1)
        deviations += self.mean
        return deviations.astype(np.float64, copy=False)

    @cached_property
    def _spreads(self) -> FloatArray:
        return np.asarray(np.sqrt(self.variances), dtype=np.float64)

    @property
    def covariances(self) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Return the expected marginal covariances of the surrogates: of conditions, of times, of units.

        Each is the sum over the other two axes of products of deviations from ``mean``, as in
        `marginal_covariances`.
        """
        marginals = [self.variances.sum(axis=axes) for axes in ((1, 2), (0, 2), (0, 1))]
        bases = (self.condition_axes, self.time_axes, self.unit_axes)
        first, second, third = ((basis * m) @ basis.T for basis, m in zip(bases, marginals, strict=True))
        return first, second, third


def tensor_maximum_entropy(rates: FloatArray) -> TensorMaximumEntropy:
    """Fit the distribution from which surrogates of ``rates`` are drawn.

    Method of Elsayed & Cunningham (2017, Nat. Neurosci. 20:1310). The surrogates are Gaussian. Their
    covariance has the Kronecker products of the marginal eigenvectors as eigenvectors and 1 / (a_i + b_j +
    c_k) as eigenvalues, the multipliers a, b, c being such that the marginal covariances over conditions,
    over times and over units are, in expectation, those of the data. Any structure of the data beyond them,
    rotation for instance, is in the surrogates by chance only.

    Parameters
    ----------
    rates
        (condition, time, unit), at least 2 conditions and 2 times. If the mean over conditions was subtracted
        before, it is zero in every surrogate too.

    Returns
    -------
    TensorMaximumEntropy
        Draw with ``.sample(rng=...)``.

    Raises
    ------
    InputError
        If the rates are not finite, do not vary, or are the sum of their marginal means.
    DivergenceError
        If the multipliers are not found.
    """
    checked = check_rates("rates", rates, least_conditions=2, least_times=2)
    mean = marginal_mean(checked)
    deviations = checked - mean
    check_remains("rates", deviations, mean, "rates that vary beyond the sum of their marginal means")
    spectra = [_spectrum(covariance) for covariance in marginal_covariances(deviations)]
    total = np.mean([values.sum() for values, _ in spectra])
    shares = [values / values.sum() for values, _ in spectra]
    variances = total * _product_variances(shares)
    return TensorMaximumEntropy(mean, spectra[0][1], spectra[1][1], spectra[2][1], variances)


def marginal_mean(rates: FloatArray) -> FloatArray:
    """Return the least tensor (condition, time, unit) that has the marginal means of ``rates``."""
    over_conditions, over_times, over_units = (
        rates.mean(axis=axes, keepdims=True) for axes in ((1, 2), (0, 2), (0, 1))
    )
    mean: FloatArray = over_conditions + over_times + over_units - 2 * rates.mean()
    return mean


def marginal_covariances(deviations: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return the sums of products of deviations (condition, time, unit) over the other two axes.

    Three arrays: (condition, condition), (time, time), (unit, unit); each has the total sum of squares as its
    trace.
    """
    first, second, third = (
        unfolded @ unfolded.T
        for unfolded in (
            np.moveaxis(deviations, axis, 0).reshape(deviations.shape[axis], -1) for axis in range(3)
        )
    )
    return first, second, third


def _spectrum(covariance: FloatArray) -> tuple[FloatArray, FloatArray]:
    values, vectors = linalg.eigh(covariance)
    kept = values > EIGENVALUE_TOLERANCE * values[-1]
    return values[kept], vectors[:, kept]


def _product_variances(shares: list[FloatArray]) -> FloatArray:
    """Return v_ijk = 1 / (a_i + b_j + c_k) whose marginal sums are ``shares``, three arrays that sum to 1.

    Newton's method on the convex dual, f = a.p + b.q + c.r - sum log(a_i + b_j + c_k).
    """
    sizes = [len(share) for share in shares]
    target = np.concatenate(shares)
    n_entries = np.prod(sizes)
    # Exact where one multiplier outweighs the other two, as it does for small eigenvalues.
    multipliers = np.concatenate(
        [n_entries / size / share / 3 for size, share in zip(sizes, shares, strict=True)]
    )
    for _ in range(_MAXIMUM_STEPS):
        variances = 1 / _outer_sum(multipliers, sizes)
        gradient = target - _marginal_sums(variances)
        if np.abs(gradient / target).max() < _MULTIPLIER_TOLERANCE:
            return variances
        direction = _newton_direction(variances, gradient, sizes)
        multipliers = _step(multipliers, direction, gradient, target, sizes)
    raise DivergenceError(
        f"no multipliers found in {_MAXIMUM_STEPS} Newton steps; normalise the rates (soft_normalise) "
        "or leave out units that hardly fire"
    )


def _outer_sum(multipliers: FloatArray, sizes: list[int]) -> FloatArray:
    a, b, c = np.split(multipliers, np.cumsum(sizes)[:2])
    total: FloatArray = (a[:, None] + b)[:, :, None] + c
    return total


def _marginal_sums(tensor: FloatArray) -> FloatArray:
    by_pair = tensor.sum(axis=2)
    return np.concatenate([by_pair.sum(axis=1), by_pair.sum(axis=0), tensor.sum(axis=(0, 1))])


def _newton_direction(variances: FloatArray, gradient: FloatArray, sizes: list[int]) -> FloatArray:
    squared = variances**2
    pairs = squared.sum(axis=2), squared.sum(axis=1), squared.sum(axis=0)
    diagonal = np.concatenate([pairs[0].sum(axis=1), pairs[0].sum(axis=0), pairs[2].sum(axis=0)])
    n, m = sizes[0], sizes[0] + sizes[1]
    hessian = np.diag(diagonal)
    hessian[:n, n:m], hessian[:n, m:], hessian[n:m, m:] = pairs
    scale = 1 / np.sqrt(diagonal)
    hessian *= scale[:, None] * scale
    hessian = np.triu(hessian) + np.triu(hessian, 1).T
    # Constants may move between a, b and c: hold those two directions, which would make the system singular.
    shifts = np.zeros((2, len(gradient)))
    shifts[0, :n], shifts[0, n:m], shifts[1, :n], shifts[1, m:] = 1, -1, 1, -1
    shifts = linalg.qr((shifts / scale).T, mode="economic")[0]
    direction: FloatArray = -scale * linalg.solve(
        hessian + shifts @ shifts.T, scale * gradient, assume_a="pos"
    )
    return direction


def _step(
    multipliers: FloatArray, direction: FloatArray, gradient: FloatArray, target: FloatArray, sizes: list[int]
) -> FloatArray:
    """Take the longest halved step along which every sum stays positive and the objective falls enough."""
    slope = float(gradient @ direction)
    sums = _outer_sum(multipliers, sizes)
    change = _outer_sum(direction, sizes) / sums
    length = min(1.0, 0.95 / max(-change.min(), 1e-300))
    for _ in range(60):
        gain = length * float(target @ direction) - float(np.log1p(length * change).sum())
        if gain <= 1e-4 * length * slope + 1e-13:
            break
        length /= 2
    stepped: FloatArray = multipliers + length * direction
    return stepped
