import numpy as np
import pytest

from motorsim.analysis.factor_analysis import cross_validate_factor_analysis
from motorsim.analysis.gpfa import cross_validate_gpfa, gpfa
from motorsim.analysis.gpfa_model import GPFAModel, infer, kernel, predict_left_out
from motorsim.analysis.principal_angles import principal_angles
from motorsim.checks import InputError


def _model(seed, k=2, n_units=8, taus=(0.05, 0.15)):
    rng = np.random.default_rng(seed)
    return GPFAModel(
        rng.standard_normal((k, n_units)),
        3 * rng.random(n_units),
        rng.uniform(0.3, 1, n_units),
        np.array(taus),
        0.02,
    )


def _draw(model, seed, n_trials=30, n_times=25):
    rng = np.random.default_rng(seed)
    roots = np.linalg.cholesky(model.kernels(n_times))
    latents = np.einsum("kts,nks->ntk", roots, rng.standard_normal((n_trials, len(roots), n_times)))
    noise = rng.standard_normal((n_trials, n_times, len(model.mean))) * np.sqrt(model.private_variance)
    return latents @ model.loadings + model.mean + noise, latents


def _whole_covariance(model, n_times):
    """Covariance of a whole trial, (time x unit, time x unit), without any trick."""
    shared = np.einsum("kts,ku,kv->tusv", model.kernels(n_times), model.loadings, model.loadings)
    n = n_times * len(model.mean)
    return shared.reshape(n, n) + np.kron(np.eye(n_times), np.diag(model.private_variance))


def test_kernel_is_that_of_the_paper():
    covariance = kernel(4, 2.0)
    assert covariance[1, 1] == pytest.approx(1.0)
    assert covariance[0, 3] == pytest.approx(0.999 * np.exp(-9 / 8))
    assert np.array_equal(covariance, covariance.T)


def test_likelihood_posterior_and_left_out_units_agree_with_one_large_gaussian():
    model = _model(0)
    rates, _ = _draw(model, 1, n_trials=3, n_times=6)
    covariance = _whole_covariance(model, 6)
    deviations = (rates - model.mean).reshape(3, -1)
    solved = np.linalg.solve(covariance, deviations.T).T
    log_determinant = np.linalg.slogdet(2 * np.pi * covariance)[1]
    expected = -0.5 * (3 * log_determinant + np.sum(deviations * solved))
    posterior = infer(model, rates)
    assert posterior.log_likelihood == pytest.approx(expected, abs=1e-9)
    by_hand = np.einsum("kts,ku,nsu->ntk", model.kernels(6), model.loadings, solved.reshape(3, 6, -1))
    assert np.allclose(posterior.means, by_hand, atol=1e-10)
    units = np.arange(covariance.shape[0]) % 8
    predicted = predict_left_out(model, rates)
    for unit in (0, 5):
        own, rest = units == unit, units != unit
        gain = np.linalg.solve(covariance[np.ix_(rest, rest)], covariance[np.ix_(rest, own)])
        assert np.allclose(predicted[..., unit], deviations[:, rest] @ gain + model.mean[unit], atol=1e-10)


def test_inference_agrees_with_elephant():
    core = pytest.importorskip("elephant.gpfa.gpfa_core")
    model = _model(2)
    rates, _ = _draw(model, 3, n_trials=4, n_times=10)
    sequences = np.array(
        [(i, 10, trial.T) for i, trial in enumerate(rates)], dtype=[("trial_id", int), ("T", int), ("y", "O")]
    )
    parameters = {
        "covType": "rbf",
        "gamma": (model.dt_s / model.time_constants_s) ** 2,
        "eps": np.full(2, 1e-3),
        "d": model.mean,
        "C": model.loadings.T,
        "R": np.diag(model.private_variance),
        "notes": {"RforceDiagonal": True, "learnKernelParams": True, "learnGPNoise": False},
    }
    latent, log_likelihood = core.exact_inference_with_ll(sequences, parameters)
    posterior = infer(model, rates)
    assert posterior.log_likelihood == pytest.approx(log_likelihood, rel=1e-8)
    assert np.allclose(
        np.stack(list(latent["latent_variable"])).transpose(0, 2, 1), posterior.means, atol=1e-8
    )


def test_em_never_loses_and_recovers_the_model():
    model = _model(4, n_units=15)
    rates, latents = _draw(model, 5, n_trials=60, n_times=30)
    found = gpfa(rates, 2, dt_s=0.02, max_steps=200)
    assert np.diff(found.log_likelihoods).min() > -1e-6
    assert found.log_likelihoods[-1] > infer(model, rates).log_likelihood
    assert principal_angles(found.components, model.loadings).angles_rad.max() < 0.05
    assert np.allclose(np.sort(found.model.time_constants_s), [0.05, 0.15], rtol=0.15)
    assert np.allclose(found.model.private_variance, model.private_variance, rtol=0.15)
    truth = (latents @ model.loadings).reshape(-1, 15)
    shown = (found.trajectories @ found.components).reshape(-1, 15)
    assert np.sum((truth - truth.mean(0) - shown + shown.mean(0)) ** 2) < 0.1 * np.sum(
        (truth - truth.mean(0)) ** 2
    )


def test_trajectories_are_orthonormalised_and_repeat_on_the_fitted_trials():
    rates, _ = _draw(_model(6), 7)
    found = gpfa(rates, 2, dt_s=0.02, max_steps=20)
    assert np.allclose(found.components @ found.components.T, np.eye(2), atol=1e-12)
    assert np.allclose(found.transform(rates), found.trajectories)
    posterior = infer(found.model, rates)
    assert np.allclose(found.trajectories @ found.components, posterior.means @ found.model.loadings)
    shared = np.linalg.norm(found.components @ found.model.loadings.T, axis=1)
    assert (np.diff(shared) < 0).all()


def test_time_constants_scale_with_the_step():
    rates, _ = _draw(_model(8), 9)
    fast, slow = (gpfa(rates, 2, dt_s=dt, tau_s=5 * dt, max_steps=30).model for dt in (0.02, 0.04))
    assert np.allclose(slow.time_constants_s, 2 * fast.time_constants_s, rtol=1e-6)


def test_convergence_is_reported():
    rates, _ = _draw(_model(10), 11)
    assert gpfa(rates, 1, dt_s=0.02, tolerance=1e-3).converged
    short = gpfa(rates, 1, dt_s=0.02, max_steps=3, tolerance=1e-12)
    assert not short.converged
    assert short.log_likelihoods[-1] == pytest.approx(infer(short.model, rates).log_likelihood)


def test_left_out_units_choose_the_number_of_latents_and_gain_from_smoothness():
    rates, _ = _draw(_model(12, n_units=12), 13, n_trials=24)
    choice = cross_validate_gpfa(rates, [1, 2, 4], dt_s=0.02, rng=0, n_folds=3, max_steps=40)
    assert choice.best == 2
    assert choice.log_likelihood.argmax() == 1
    total = np.mean((rates - rates.mean(axis=(0, 1))) ** 2)
    assert choice.r2[1] == pytest.approx(1 - choice.prediction_error[1] / total, abs=0.01)
    unsmooth = cross_validate_factor_analysis(rates, [2], rng=0, n_folds=3)
    assert choice.log_likelihood[1] > 25 * unsmooth.log_likelihood[0]


def test_unusable_input_is_refused():
    rates, _ = _draw(_model(14), 15, n_trials=4)
    with pytest.raises(InputError, match="dt_s: expected a number above 0"):
        gpfa(rates, 2, dt_s=0)
    with pytest.raises(InputError, match="tau_s: expected a number above 0"):
        gpfa(rates, 2, dt_s=0.02, tau_s=-1)
    with pytest.raises(InputError, match="at least 2 times"):
        gpfa(rates[:, :1], 2, dt_s=0.02)
    with pytest.raises(InputError, match="at most 4 factors of 8 units, got 5"):
        gpfa(rates, 5, dt_s=0.02)
    with pytest.raises(InputError, match="constant units 3"):
        gpfa(np.where(np.arange(8) == 3, 0.0, rates), 2, dt_s=0.02)
    with pytest.raises(InputError, match="n_folds: expected at most the number of trials"):
        cross_validate_gpfa(rates, [1], dt_s=0.02, rng=0, n_folds=5)
    with pytest.raises(InputError, match="at least one number of latents"):
        cross_validate_gpfa(rates, [], dt_s=0.02, rng=0)
    with pytest.raises(InputError, match="time_constants_s: expected numbers above 0"):
        GPFAModel(np.ones((1, 3)), np.zeros(3), np.ones(3), np.zeros(1), 0.1)
    with pytest.raises(InputError, match="rates: expected 8 units, got 7"):
        gpfa(rates, 1, dt_s=0.02, max_steps=2).predict_left_out(rates[..., :7])
