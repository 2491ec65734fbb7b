import numpy as np
import pytest

from motorsim.analysis import regression_r2
from motorsim.checks import InputError


def _pair(seed, noise=0.0):
    rng = np.random.default_rng(seed)
    source = rng.standard_normal((12, 10, 5))
    target = source @ rng.standard_normal((5, 4)) + 20 * rng.random(4)
    return source, target + noise * rng.standard_normal(target.shape)


def _train():
    return np.arange(12) % 4 != 0


def test_linear_map_is_found_and_generalises():
    source, target = _pair(0)
    result = regression_r2(source, target, train=_train())
    assert result.r2 > 1 - 1e-12
    assert (result.r2_per_unit > 1 - 1e-12).all()
    assert np.allclose(result.predict(source), target, atol=1e-5)


def test_direction_matters():
    rng = np.random.default_rng(1)
    source = rng.standard_normal((12, 10, 5))
    target = source[..., :2]
    assert regression_r2(source, target, train=_train()).r2 > 0.999
    assert regression_r2(target, source, train=_train()).r2 < 0.6


def test_total_is_about_the_training_mean_and_pooled_over_units():
    source, target = _pair(2, noise=2.0)
    target[~_train()] += 3.0
    result = regression_r2(source, target, train=_train(), ridge=1e-3)
    truth, prediction = target[~_train()], result.predict(source[~_train()])
    residual = np.sum((truth - prediction) ** 2, axis=(0, 1))
    total = np.sum((truth - target[_train()].mean(axis=(0, 1))) ** 2, axis=(0, 1))
    assert result.r2 == pytest.approx(1 - residual.sum() / total.sum(), abs=1e-12)
    assert np.allclose(result.r2_per_unit, 1 - residual / total)
    assert result.ridge == 1e-3


def test_test_conditions_leave_no_trace_in_the_fit():
    source, target = _pair(3, noise=1.0)
    changed = target.copy()
    changed[~_train()] *= -5
    fit, other = (regression_r2(source, t, train=_train()) for t in (target, changed))
    assert np.array_equal(fit.weights, other.weights)
    assert fit.ridge == other.ridge
    assert fit.r2 > other.r2


def test_noise_is_not_explained_on_held_out_conditions():
    rng = np.random.default_rng(4)
    source, target = rng.standard_normal((12, 10, 60)), rng.standard_normal((12, 10, 4))
    assert regression_r2(source, target, ridge=0.0).r2 > 0.4
    assert regression_r2(source, target, ridge=0.0, train=_train()).r2 < 0.0
    assert abs(regression_r2(source, target, train=_train()).r2) < 0.1


def test_masks_choose_the_scored_conditions():
    source, target = _pair(5, noise=1.0)
    in_sample = regression_r2(source, target, ridge=0.01)
    same = regression_r2(source, target, ridge=0.01, train=np.ones(12, bool), test=np.ones(12, bool))
    assert in_sample.r2 == same.r2
    held_out = regression_r2(source, target, ridge=0.01, train=_train())
    assert held_out.r2 == regression_r2(source, target, ridge=0.01, train=_train(), test=~_train()).r2


def test_score_of_a_constant_target_unit_is_undefined():
    source, target = _pair(6)
    target[..., 2] = 4.0
    result = regression_r2(source, target, train=_train())
    assert np.flatnonzero(np.isnan(result.r2_per_unit)).tolist() == [2]
    assert result.r2 > 0.999


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"train": np.arange(12)}, "train: expected a boolean mask of shape"),
        ({"train": np.zeros(12, bool)}, "train: expected at least one condition"),
        ({"test": np.ones(11, bool)}, r"test: expected a boolean mask of shape \(12,\)"),
        ({"train": np.arange(12) < 2}, "ridge: expected 3 conditions or more"),
        ({"source": np.ones((12, 10, 3))}, "source: expected rates that vary over the training conditions"),
        ({"target": np.ones((12, 10, 3))}, "target: expected rates that vary over the training conditions"),
        ({"target": np.ones((12, 9, 3))}, "target: expected the conditions and times of source"),
        ({"ridge": -0.1}, "ridge: expected a number of at least 0"),
    ],
)
def test_unusable_input_is_refused(change, message):
    source, target = _pair(7)
    with pytest.raises(InputError, match=message):
        regression_r2(**{"source": source, "target": target, **change})
