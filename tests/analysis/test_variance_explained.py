import numpy as np
import pytest
from sklearn.metrics import r2_score

from motorsim.analysis import variance_explained
from motorsim.checks import InputError


def _pair(seed):
    rng = np.random.default_rng(seed)
    truth = 10 * rng.random((4, 6, 5)) * np.arange(1, 6)
    return truth, truth + rng.standard_normal(truth.shape)


def test_agrees_with_scikit_learn_per_unit_and_pooled():
    truth, prediction = _pair(0)
    flat = truth.reshape(-1, 5), prediction.reshape(-1, 5)
    result = variance_explained(truth, prediction)
    assert np.allclose(result.per_unit, r2_score(*flat, multioutput="raw_values"))
    assert result.pooled == pytest.approx(r2_score(*flat, multioutput="variance_weighted"))


def test_perfect_is_one_and_the_mean_is_zero():
    truth, _ = _pair(1)
    assert variance_explained(truth, truth).pooled == 1.0
    assert variance_explained(truth, np.broadcast_to(truth.mean(axis=(0, 1)), truth.shape)).pooled == 0.0


def test_a_shift_or_scale_is_not_forgiven():
    truth, _ = _pair(2)
    assert variance_explained(truth, truth + 20).pooled < 0.5
    assert variance_explained(truth, 0.5 * truth).pooled < 0.9


def test_tuned_part_ignores_what_all_conditions_share():
    truth, prediction = _pair(3)
    common = np.random.default_rng(4).random((6, 5)) * 1000
    plain = variance_explained(truth, prediction, tuned=True)
    shared = variance_explained(truth + common, prediction - common, tuned=True)
    assert shared.pooled == pytest.approx(plain.pooled, abs=1e-10)
    average = np.broadcast_to(truth.mean(axis=0), truth.shape)
    assert variance_explained(truth, average, tuned=True).pooled == pytest.approx(0.0, abs=1e-12)
    assert variance_explained(truth, average).pooled > 0.1


def test_score_of_a_constant_unit_is_undefined():
    truth, prediction = _pair(5)
    truth[..., 1] = 0.1
    result = variance_explained(truth, prediction)
    assert np.flatnonzero(np.isnan(result.per_unit)).tolist() == [1]
    assert np.isfinite(result.pooled)


def test_unusable_input_is_refused():
    truth, prediction = _pair(6)
    with pytest.raises(InputError, match=r"prediction: expected the shape of truth, \(4, 6, 5\)"):
        variance_explained(truth, prediction[:, 1:])
    with pytest.raises(InputError, match="truth: expected rates that vary"):
        variance_explained(np.ones_like(truth), prediction)
    with pytest.raises(InputError, match="truth: expected rates that differ between conditions"):
        variance_explained(np.tile(truth[:1], (4, 1, 1)), prediction, tuned=True)
    with pytest.raises(InputError, match="at least 2 conditions"):
        variance_explained(truth[:1], prediction[:1], tuned=True)
