import numpy as np
import pytest

from motorsim.analysis.encoding_models import encoding_model, kinematic_covariates
from motorsim.checks import InputError

DT_S = 0.02


def _smooth_noise(shape, seed):
    """Random walks pulled back to 0, along axis 1."""
    rng = np.random.default_rng(seed)
    values = np.zeros(shape)
    for t in range(1, shape[1]):
        values[:, t] = 0.9 * values[:, t - 1] + rng.standard_normal((shape[0], *shape[2:]))
    return values


def _covariates(seed=0, n_trials=30, n_times=60):
    return {
        "velocity": _smooth_noise((n_trials, n_times, 2), seed),
        "force": _smooth_noise((n_trials, n_times, 1), seed + 1),
    }


def test_kinematics_of_a_circle_are_known():
    times_s = 0.001 * np.arange(2000)
    path = 0.1 * np.stack([np.cos(3 * times_s), np.sin(3 * times_s)], axis=1)[None]
    found = kinematic_covariates(path, dt_s=0.001)
    np.testing.assert_allclose(found["speed"][0, :, 0], 0.3, rtol=1e-5)
    np.testing.assert_allclose(found["velocity"][0, 0], [0.0, 0.3], atol=1e-5)
    np.testing.assert_allclose(found["acceleration"][:, 2:-2], -9 * path[:, 2:-2], atol=1e-4)


def test_rates_that_are_linear_in_the_covariates_are_explained_wholly():
    covariates = _covariates()
    weights = np.random.default_rng(2).standard_normal((2, 5))
    rates = 7 + covariates["velocity"] @ weights
    found = encoding_model(rates, covariates, dt_s=DT_S, rng=1, ridge=0.0)
    np.testing.assert_allclose(found.r2, 1, atol=1e-10)
    np.testing.assert_allclose(found.predictions, rates, atol=1e-8)
    assert (found.unique["velocity"] > 0.9).all()
    np.testing.assert_allclose(found.unique["force"], 0, atol=1e-10)
    assert (np.abs(found.alone["force"]) < 0.3).all()


def test_noise_leaves_the_share_of_the_signal():
    covariates = _covariates(n_trials=60)
    signal = covariates["velocity"][:, :, :1] / covariates["velocity"][:, :, 0].std()
    rates = signal + np.random.default_rng(3).standard_normal((60, 60, 20))
    found = encoding_model(rates, covariates, dt_s=DT_S, rng=1, ridge=1e-6)
    np.testing.assert_allclose(found.r2, 0.5, atol=0.03)


def test_the_score_is_about_the_training_mean_and_agrees_with_scikit_learn():
    """A rate that differs between two folds: the total is about the mean of the other fold's trials."""
    linear_model = pytest.importorskip("sklearn.linear_model")
    covariates, group = _covariates(n_trials=4), np.array([0, 0, 1, 1])
    rates = covariates["velocity"][:, :, :1] + 3.0 * group[:, None, None]
    rates = rates + np.random.default_rng(12).standard_normal(rates.shape)
    found = encoding_model(rates, covariates, dt_s=DT_S, rng=1, groups=group, n_folds=2, ridge=0.0)
    features = np.concatenate(list(covariates.values()), axis=2)
    residual = total = 0.0
    for test in (group == 0, group == 1):
        model = linear_model.LinearRegression().fit(features[~test].reshape(-1, 3), rates[~test].ravel())
        predicted = model.predict(features[test].reshape(-1, 3))
        np.testing.assert_allclose(found.predictions[test].ravel(), predicted, atol=1e-9)
        residual += np.sum((rates[test].ravel() - predicted) ** 2)
        total += np.sum((rates[test] - rates[~test].mean()) ** 2)
    assert found.r2[0] == pytest.approx(1 - residual / total)


def test_covariates_that_copy_each_other_explain_nothing_of_their_own():
    force = _covariates()["force"]
    found = encoding_model(force * 3, {"force": force, "torque": -2 * force}, dt_s=DT_S, rng=1)
    for name in ("force", "torque"):
        assert found.alone[name][0] == pytest.approx(1, abs=1e-6)
        assert found.unique[name][0] == pytest.approx(0, abs=1e-6)


def test_the_lag_by_which_rates_lead_is_found_with_its_sign():
    velocity = _covariates(n_trials=40)["velocity"]
    rates = np.zeros((40, 60, 2))
    rates[:, :55, 0] = velocity[:, 5:, 0]
    rates[:, 3:, 1] = velocity[:, :-3, 1]
    rates += 0.3 * np.random.default_rng(4).standard_normal(rates.shape)
    lags_s = DT_S * np.arange(-8, 9)
    found = encoding_model(rates, {"velocity": velocity}, dt_s=DT_S, rng=1, lags_s=lags_s)
    np.testing.assert_allclose(found.lags_s[found.r2_by_lag.argmax(axis=0)], [0.1, -0.06])
    assert (found.used.start, found.used.stop) == (8, 52)
    assert found.predictions.shape == (40, 44, 2)
    assert (found.r2 > 0.9).all()


def test_unrelated_rates_are_not_explained_on_held_out_trials():
    rates = np.random.default_rng(5).standard_normal((20, 30, 6))
    covariates = {"many": np.random.default_rng(6).standard_normal((20, 30, 40))}
    assert encoding_model(rates, covariates, dt_s=DT_S, rng=1, ridge=0.0).r2.max() < 0


def test_whole_conditions_are_held_out():
    """A rate that depends on the condition alone is explained within conditions, not across them."""
    condition = np.repeat(np.arange(6), 5)
    one_hot = np.repeat((condition[:, None] == np.arange(6)).astype(float)[:, None], 10, axis=1)
    rates = one_hot @ np.random.default_rng(7).standard_normal((6, 4))
    rates += 0.01 * np.random.default_rng(8).standard_normal(rates.shape)
    within = encoding_model(rates, {"which": one_hot}, dt_s=DT_S, rng=1)
    across = encoding_model(rates, {"which": one_hot}, dt_s=DT_S, rng=1, groups=condition, n_folds=6)
    assert within.r2.min() > 0.99
    assert across.r2.max() < 0.01


def test_unusable_input_is_refused():
    covariates, rates = _covariates(), np.random.default_rng(9).random((30, 60, 2))
    for change, match in (
        ({"lags_s": [0.01]}, "lags_s: expected different multiples of dt_s"),
        ({"lags_s": [0.0, 0.0]}, "lags_s: expected different multiples"),
        ({"lags_s": [1.2]}, "lags_s: expected lags that leave samples"),
        ({"dt_s": 0.0}, "dt_s"),
        ({"covariates": {}}, "covariates: expected arrays by name"),
        ({"covariates": {"still": np.ones((30, 60, 1))}}, r"covariates\['still'\]: expected features that"),
        ({"covariates": {"short": np.ones((30, 59, 1))}}, r"covariates\['short'\]: expected an array"),
        ({"n_folds": 31}, "n_folds: expected at most the number of trials"),
        ({"groups": np.arange(29)}, "groups: expected one label a trial"),
    ):
        with pytest.raises(InputError, match=match):
            encoding_model(**({"rates": rates, "covariates": covariates, "dt_s": DT_S, "rng": 1} | change))
    rates[:, :, 1] = 3.0
    with pytest.raises(InputError, match="constant units 1"):
        encoding_model(rates, covariates, dt_s=DT_S, rng=1)
