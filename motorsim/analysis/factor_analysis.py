"""Factor analysis: what units share, and what each has to itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import linalg

from motorsim.analysis.group_folds import group_folds
from motorsim.analysis.samples import check_rates, check_varies, name_constant_units
from motorsim.checks import DivergenceError, InputError, check_integer, check_number, check_positive
from motorsim.streams import stream

if TYPE_CHECKING:
    from collections.abc import Sequence

    from motorsim.streams import Seed
    from motorsim.types import FloatArray


@dataclass(frozen=True, eq=False)
class FactorAnalysis:
    """A Gaussian model, rates = mean + scores @ loadings + private noise, at its maximum likelihood.

    Attributes
    ----------
    loadings
        (component, unit), in the unit of the rates: rows orthogonal, by falling shared variance, the entry
        of the largest size in each positive. Scores have variance 1 in the model.
    private_variance
        Variance (ddof 0) of each unit that no other shares, (unit,).
    mean
        Mean over samples, (unit,).
    scores
        Posterior mean of the factors, (condition, time, component).
    log_likelihood
        Of the fitted samples, nats a sample.
    """

    loadings: FloatArray
    private_variance: FloatArray
    mean: FloatArray
    scores: FloatArray
    log_likelihood: float

    @property
    def shared_variance_ratio(self) -> FloatArray:
        """Return the share of each unit's modelled variance that it has in common with others, (unit,)."""
        shared = np.sum(self.loadings**2, axis=0)
        ratio: FloatArray = shared / (shared + self.private_variance)
        return ratio

    @property
    def component_ratios(self) -> FloatArray:
        """Return the share of the shared variance along each component, (component,)."""
        variances = np.sum(self.loadings**2, axis=1)
        ratios: FloatArray = variances / variances.sum()
        return ratios

    def d_shared(self, share: float = 0.95) -> int:
        """Return how many components hold ``share`` of the shared variance (Williamson et al. 2016)."""
        wanted = check_number("share", share, expected="a share above 0, at most 1")
        if not 0 < wanted <= 1:
            raise InputError("share", "a share above 0, at most 1", f"{share}")
        # Rounding must not turn the whole into a little less than itself.
        return int(np.sum(np.cumsum(self.component_ratios) < wanted - 1e-12)) + 1

    def transform(self, rates: FloatArray) -> FloatArray:
        """Return the posterior mean of the factors (condition, time, component) for rates of these units."""
        new = check_rates("rates", rates, n_units=len(self.mean))
        return posterior_scores(new - self.mean, self.loadings, self.private_variance)

    def log_likelihood_of(self, rates: FloatArray) -> float:
        """Return the mean log-likelihood of the samples of other rates of these units, nats a sample."""
        new = check_rates("rates", rates, n_units=len(self.mean)).reshape(-1, len(self.mean))
        covariance = self.loadings.T @ self.loadings + np.diag(self.private_variance)
        factor = linalg.cholesky(covariance, lower=True)
        whitened = linalg.solve_triangular(factor, (new - self.mean).T, lower=True)
        log_determinant = 2 * np.sum(np.log(np.diag(factor)))
        quadratic = np.sum(whitened**2) / len(new)
        return float(-0.5 * (len(self.mean) * np.log(2 * np.pi) + log_determinant + quadratic))


@dataclass(frozen=True, eq=False)
class FactorAnalysisChoice:
    """Log-likelihood of left-out conditions for several numbers of factors.

    Attributes
    ----------
    n_components
        The numbers tried, (candidate,).
    log_likelihood
        Mean over all left-out samples, nats a sample, (candidate,).
    fold_log_likelihood
        The same in each fold, (candidate, fold).
    """

    n_components: tuple[int, ...]
    log_likelihood: FloatArray
    fold_log_likelihood: FloatArray

    @property
    def best(self) -> int:
        """Return the number of factors under which left-out conditions are likeliest."""
        return self.n_components[int(np.argmax(self.log_likelihood))]


def factor_analysis(
    rates: FloatArray, n_components: int, *, least_private_share: float = 0.005
) -> FactorAnalysis:
    """Fit the factor model by maximum likelihood.

    Given the private variances, the best loadings are in closed form (Lawley & Maxwell 1971), so only the
    former are searched, by L-BFGS on the exact gradient (Joreskog 1967): the optimum to which EM creeps.
    Samples count as independent draws; smooth rates hold fewer, so compare likelihoods by
    `cross_validate_factor_analysis` alone.

    Parameters
    ----------
    rates
        (condition|trial, time, unit), any unit. Counts are nearer to the model after a square root.
    n_components
        Number of factors k, 0 for independent units; with p units at most the bound of Ledermann,
        (p - k)^2 >= p + k, beyond which the model is not determined.
    least_private_share
        Least private variance, as a share of the unit's variance: without one a factor can sit on a single
        unit and the likelihood has no bound.

    Returns
    -------
    FactorAnalysis
        Loadings, private variances and scores.

    Raises
    ------
    InputError
        If rates are not finite, a unit is constant (named by index), or there are too many factors.
    DivergenceError
        If the search fails.
    """
    checked = check_rates("rates", rates)
    samples = checked.reshape(-1, checked.shape[2])
    floor = check_positive("least_private_share", least_private_share)
    if floor >= 1:
        raise InputError("least_private_share", "a share below 1", f"{floor:g}")
    mean = samples.mean(axis=0)
    centred = samples - mean
    spread = _spread(samples, centred)
    k = _check_factors(n_components, samples.shape[1])
    standard = centred / spread
    correlation = standard.T @ standard / len(samples)
    private = _search(correlation, k, floor) if k else np.ones(len(spread))
    loadings = _orthogonal(_best_loadings(correlation, private, k)[0] * spread)
    private_variance = private * spread**2
    scores = posterior_scores(checked - mean, loadings, private_variance)
    half = -0.5 * (_objective(np.log(private), correlation, k)[0] + len(spread) * np.log(2 * np.pi))
    return FactorAnalysis(loadings, private_variance, mean, scores, float(half - np.sum(np.log(spread))))


def cross_validate_factor_analysis(
    rates: FloatArray, n_components: Sequence[int], *, rng: Seed, n_folds: int = 4
) -> FactorAnalysisChoice:
    """Score numbers of factors by the likelihood of whole conditions (or trials) that were left out.

    Parameters
    ----------
    rates
        (condition|trial, time, unit).
    n_components
        The numbers to try, for instance ``range(9)``.
    rng
        Seed or generator, which deals the conditions to the folds.
    n_folds
        Folds, no more than conditions.

    Returns
    -------
    FactorAnalysisChoice
        Likelihoods and the best number.

    Raises
    ------
    InputError
        As `factor_analysis`, and if there are fewer conditions than folds or nothing to try.
    """
    checked = check_rates("rates", rates, least_conditions=2)
    tried = tuple(int(n) for n in n_components)
    if not tried:
        raise InputError("n_components", "at least one number of factors", "none")
    fold = group_folds(None, len(checked), n_folds=n_folds, rng=stream(rng, "cross-validation folds"))
    weights = np.bincount(fold)
    scores = np.empty((len(tried), len(weights)))
    for column in range(len(weights)):
        left_out = fold == column
        for row, n in enumerate(tried):
            scores[row, column] = factor_analysis(checked[~left_out], n).log_likelihood_of(checked[left_out])
    return FactorAnalysisChoice(tried, scores @ weights / len(checked), scores)


def posterior_scores(centred: FloatArray, loadings: FloatArray, private_variance: FloatArray) -> FloatArray:
    """Return E[factors | centred] = (I + L R^-1 L')^-1 L R^-1 x for centred (..., unit)."""
    weighted = loadings / private_variance
    precision = np.eye(len(loadings)) + weighted @ loadings.T
    scores: FloatArray = centred @ linalg.solve(precision, weighted, assume_a="pos").T
    return scores


def _spread(samples: FloatArray, centred: FloatArray) -> FloatArray:
    check_varies("rates", samples)
    spread: FloatArray = np.sqrt(np.mean(centred**2, axis=0))
    name_constant_units("rates", np.ptp(samples, axis=0) == 0, "leave these units out")
    return spread


def _check_factors(n_components: int, n_units: int) -> int:
    k = check_integer("n_components", n_components, minimum=0)
    most = max(n for n in range(n_units) if (n_units - n) ** 2 >= n_units + n) if n_units > 1 else 0
    if k > most:
        mend = "ask for fewer factors or give more units"
        raise InputError("n_components", f"at most {most} factors of {n_units} units", f"{k}", mend)
    return k


def _search(correlation: FloatArray, k: int, floor: float) -> FloatArray:
    """Return the private variances, (unit,), of units of variance 1."""
    from scipy import optimize  # noqa: PLC0415 - slow to import

    n_units = len(correlation)
    # Each unit's variance given all others is where its private variance starts (Joreskog 1967).
    precision = linalg.inv(correlation + 1e-3 * np.eye(n_units))
    start = np.clip((1 - 0.5 * k / n_units) / np.diag(precision), 2 * floor, 1.0)
    found = optimize.minimize(
        _objective,
        np.log(start),
        args=(correlation, k),
        jac=True,
        method="L-BFGS-B",
        bounds=[(np.log(floor), 0.0)] * n_units,
        options={"maxiter": 5000, "maxfun": 20000, "ftol": 1e-14, "gtol": 1e-8},
    )
    if not np.isfinite(found.fun) or found.nit >= 5000:
        raise DivergenceError(f"factor analysis with {k} factors found no optimum: {found.message}")
    private: FloatArray = np.exp(found.x)
    return private


def _objective(log_private: FloatArray, correlation: FloatArray, k: int) -> tuple[float, FloatArray]:
    """Return log|Sigma| + tr(S Sigma^-1) at the best loadings, and its gradient by log private variance."""
    private = np.exp(log_private)
    loadings, values = _best_loadings(correlation, private, k)
    shared = np.maximum(values[:k], 1.0)
    rest = values.sum() - np.sum(shared - 1.0)
    value = float(np.sum(log_private) + np.sum(np.log(shared)) + rest)
    gradient = (np.sum(loadings**2, axis=0) + private - np.diag(correlation)) / private
    return value, gradient


def _best_loadings(correlation: FloatArray, private: FloatArray, k: int) -> tuple[FloatArray, FloatArray]:
    """Return the loadings (component, unit) and the eigenvalues of R^-1/2 S R^-1/2, falling."""
    root = np.sqrt(private)
    values, vectors = linalg.eigh(correlation / root / root[:, None])
    values, vectors = values[::-1], vectors[:, ::-1]
    excess = np.sqrt(np.maximum(values[:k] - 1.0, 0.0))
    return (vectors[:, :k] * excess).T * root, values


def _orthogonal(loadings: FloatArray) -> FloatArray:
    """Turn loadings (component, unit) so that rows are orthogonal and fall in size."""
    if not len(loadings):
        return loadings
    _, singular, right = linalg.svd(loadings, full_matrices=False)
    turned = singular[:, None] * right
    largest = np.take_along_axis(turned, np.abs(turned).argmax(axis=1)[:, None], axis=1)
    result: FloatArray = np.where(largest < 0, -turned, turned)
    return result
