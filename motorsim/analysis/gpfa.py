"""Gaussian-process factor analysis of single trials (Yu et al. 2009, J. Neurophysiol. 102:614).

y_t = C x_t + d + noise, the noise private to each unit; each latent is a Gaussian process over time with
covariance (1 - s) exp(-(t - t')^2 / (2 tau^2)) + s [t = t'], s = 0.001.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from scipy import linalg

from motorsim.analysis.factor_analysis import factor_analysis
from motorsim.analysis.gpfa_model import GPFAModel, infer, kernel, log_determinant, predict_left_out
from motorsim.analysis.group_folds import group_folds
from motorsim.analysis.samples import check_rates
from motorsim.checks import InputError, check_integer, check_positive
from motorsim.streams import stream

if TYPE_CHECKING:
    from collections.abc import Sequence

    from motorsim.analysis.gpfa_model import GPFAPosterior
    from motorsim.streams import Seed
    from motorsim.types import FloatArray

_LEAST_PRIVATE_SHARE = 0.01


@dataclass(frozen=True, eq=False)
class GPFA:
    """A fitted model and the trajectories of the fitted trials.

    Attributes
    ----------
    model
        Parameters at the last step of EM.
    components
        Orthonormal axes, (component, unit), by falling shared variance, the entry of the largest size in each
        positive: the left singular vectors of C.
    trajectories
        Posterior mean of the latents along these axes, (trial, time, component), in the unit of the rates.
    log_likelihoods
        Of all fitted trials after each step, nats, (step,); never falls.
    converged
        Whether the last step gained less than the tolerance.
    """

    model: GPFAModel
    components: FloatArray
    trajectories: FloatArray
    log_likelihoods: FloatArray
    converged: bool

    def transform(self, rates: FloatArray) -> FloatArray:
        """Return the trajectories (trial, time, component) of other trials (trial, time, unit)."""
        new = check_rates("rates", rates, n_units=len(self.model.mean))
        return infer(self.model, new).means @ (self.model.loadings @ self.components.T)

    def predict_left_out(self, rates: FloatArray) -> FloatArray:
        """Predict each unit from the other units of the same trial, (trial, time, unit)."""
        new = check_rates("rates", rates, n_units=len(self.model.mean))
        return predict_left_out(self.model, new)


@dataclass(frozen=True, eq=False)
class GPFAChoice:
    """How well left-out units of left-out trials are predicted, for several numbers of latents.

    Attributes
    ----------
    n_components
        The numbers tried, (candidate,).
    prediction_error
        Mean squared error of each unit predicted from the others of its trial, (candidate,), in the squared
        unit of the rates: lower is better.
    r2
        1 - that error over the mean square about each unit's mean in the training trials, (candidate,).
    log_likelihood
        Of left-out trials, nats a trial, (candidate,).
    """

    n_components: tuple[int, ...]
    prediction_error: FloatArray
    r2: FloatArray
    log_likelihood: FloatArray

    @property
    def best(self) -> int:
        """Return the number of latents with the least prediction error."""
        return self.n_components[int(np.argmin(self.prediction_error))]


def gpfa(
    rates: FloatArray,
    n_components: int,
    *,
    dt_s: float,
    tau_s: float = 0.1,
    max_steps: int = 500,
    tolerance: float = 1e-6,
) -> GPFA:
    """Fit by EM with the exact posterior, from factor analysis on.

    Parameters
    ----------
    rates
        Single trials of equal length, (trial, time, unit): square roots of counts, as in the paper, or
        rates. Private noise is Gaussian, of one variance a unit.
    n_components
        Latents, within the bound of `factor_analysis`.
    dt_s
        Time between samples (20 ms in the paper).
    tau_s
        Time constant to start from.
    max_steps
        Steps of EM at most.
    tolerance
        Stop when a step gains less than this share of the whole gain so far.

    Returns
    -------
    GPFA
        Parameters, axes and trajectories.

    Raises
    ------
    InputError
        If rates are not finite, a unit is constant (named by index), there is a single time, or a step,
        time constant or number is out of range.
    """
    checked = check_rates("rates", rates, least_times=2)
    step_s, start_s = check_positive("dt_s", dt_s), check_positive("tau_s", tau_s)
    k, least_gain = check_integer("n_components", n_components), check_positive("tolerance", tolerance)
    start = factor_analysis(checked, k, least_private_share=_LEAST_PRIVATE_SHARE)
    model = GPFAModel(start.loadings, start.mean, start.private_variance, np.full(k, start_s), step_s)
    floor = _LEAST_PRIVATE_SHARE * checked.var(axis=(0, 1))
    history: list[float] = []
    converged = False
    for _ in range(check_integer("max_steps", max_steps)):
        posterior = infer(model, checked)
        history.append(posterior.log_likelihood)
        gain = history[-1] - history[0]
        converged = len(history) > 2 and history[-1] - history[-2] < least_gain * gain
        if converged:
            break
        model = _maximise(model, checked, posterior, floor)
    else:
        posterior = infer(model, checked)
        history.append(posterior.log_likelihood)
    components = _axes(model.loadings)
    trajectories = posterior.means @ (model.loadings @ components.T)
    return GPFA(model, components, trajectories, np.array(history), converged)


def cross_validate_gpfa(
    rates: FloatArray,
    n_components: Sequence[int],
    *,
    dt_s: float,
    rng: Seed,
    n_folds: int = 4,
    tau_s: float = 0.1,
    max_steps: int = 100,
) -> GPFAChoice:
    """Score numbers of latents by predicting each unit of left-out trials from the other units.

    Parameters
    ----------
    rates, dt_s, tau_s, max_steps
        As in `gpfa`.
    n_components
        The numbers to try.
    rng
        Seed or generator, which deals the trials to the folds.
    n_folds
        Folds, no more than trials.

    Returns
    -------
    GPFAChoice
        Errors, likelihoods and the best number.

    Raises
    ------
    InputError
        As `gpfa`, and if there are fewer trials than folds or nothing to try.
    """
    checked = check_rates("rates", rates, least_conditions=2, least_times=2)
    tried = tuple(int(n) for n in n_components)
    if not tried:
        raise InputError("n_components", "at least one number of latents", "none")
    error, likelihood, total = np.zeros(len(tried)), np.zeros(len(tried)), 0.0
    folds = group_folds(None, len(checked), n_folds=n_folds, rng=stream(rng, "cross-validation folds"))
    for fold in range(folds.max() + 1):
        kept, test = checked[folds != fold], checked[folds == fold]
        total += np.sum((test - kept.mean(axis=(0, 1))) ** 2)
        for row, n in enumerate(tried):
            model = gpfa(kept, n, dt_s=dt_s, tau_s=tau_s, max_steps=max_steps).model
            error[row] += np.sum((test - predict_left_out(model, test)) ** 2)
            likelihood[row] += infer(model, test).log_likelihood
    return GPFAChoice(tried, error / checked.size, 1 - error / total, likelihood / len(checked))


def _maximise(model: GPFAModel, rates: FloatArray, posterior: GPFAPosterior, floor: FloatArray) -> GPFAModel:
    n_trials, n_times, n_units = rates.shape
    means = posterior.means.reshape(n_trials * n_times, -1)
    samples = rates.reshape(-1, n_units)
    # A column of ones makes the mean one more loading.
    design = np.hstack([means, np.ones((len(means), 1))])
    moments = design.T @ design
    k = means.shape[1]
    moments[:k, :k] += n_trials * np.einsum("atbt->ab", posterior.covariance)
    products = design.T @ samples
    solution = linalg.solve(moments, products, assume_a="pos")
    private = (np.sum(samples**2, axis=0) - np.sum(solution * products, axis=0)) / len(samples)
    taus = np.array([_best_tau(model, posterior, latent) for latent in range(k)])
    return replace(
        model,
        loadings=solution[:k],
        mean=solution[k],
        private_variance=np.maximum(private, floor),
        time_constants_s=taus,
    )


def _best_tau(model: GPFAModel, posterior: GPFAPosterior, latent: int) -> float:
    """Return the time constant under which this latent's posterior is likeliest."""
    from scipy import optimize  # noqa: PLC0415 - slow to import

    means = posterior.means[:, :, latent]
    n_trials, n_times = means.shape
    second_moment = n_trials * posterior.covariance[latent, :, latent] + means.T @ means

    def cost(log_tau: float) -> float:
        factor = linalg.cho_factor(kernel(n_times, np.exp(log_tau)), lower=True)
        return float(
            n_trials * log_determinant(factor[0]) + np.trace(linalg.cho_solve(factor, second_moment))
        )

    current = float(np.log(model.time_constants_s[latent] / model.dt_s))
    found = optimize.minimize_scalar(
        cost, bounds=(current - 1.0, current + 1.0), method="bounded", options={"xatol": 1e-6}
    )
    # The search is not certain to beat where it began, and EM must not lose.
    best = float(found.x) if found.fun < cost(current) else current
    return float(np.clip(np.exp(best), 0.1, 100.0 * n_times)) * model.dt_s


def _axes(loadings: FloatArray) -> FloatArray:
    axes = linalg.svd(loadings, full_matrices=False)[2]
    largest = np.take_along_axis(axes, np.abs(axes).argmax(axis=1)[:, None], axis=1)
    signed: FloatArray = axes * np.sign(largest)
    return signed
