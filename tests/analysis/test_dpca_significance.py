from dataclasses import replace

import numpy as np
import pytest

from motorsim.analysis.dpca import dpca
from motorsim.analysis.dpca_significance import dpca_significance
from motorsim.checks import InputError

STIMULUS = "stimulus + stimulus-time"


def _trials(seed, *, strength=3.0, n_trials=6, n_times=24, n_units=12):
    """Stimuli that differ in the second half only; a common time course; independent noise."""
    rng = np.random.default_rng(seed)
    axis = rng.standard_normal(n_units) / np.sqrt(n_units)
    late = np.arange(n_times) >= n_times // 2
    signal = np.array([-1.0, 0, 1])[:, None, None] * late[:, None] * axis * strength
    common = 3 * np.sin(np.arange(n_times))[:, None] * rng.standard_normal(n_units)
    return signal + common + rng.standard_normal((n_trials, 3, n_times, n_units))


def _test(trials, seed=0, **options):
    fitted = dpca(trials, factors=("stimulus",), n_components=1, regularisation=0.1, rng=seed)
    settings = {"n_splits": 20, "n_shuffles": 20, "n_consecutive": 5, **options}
    return fitted, dpca_significance(trials, fitted, factors=("stimulus",), rng=seed, **settings)


def test_component_is_significant_when_the_stimuli_differ_and_only_then():
    fitted, found = _test(_trials(0))
    assert [fitted.marginalisation[i] for i in found.component] == [STIMULUS]
    assert found.chance == pytest.approx([1 / 3])
    assert found.significant[0, 12:].all()
    # One time next to the run may exceed 20 shuffles by chance.
    assert not found.significant[0, :10].any()
    assert found.accuracy[0, 12:].min() > 0.7
    assert abs(found.accuracy[0, :12].mean() - 1 / 3) < 0.12
    assert found.p_values[0, 12:] == pytest.approx(1 / 21)


def test_shuffled_trials_are_at_chance():
    found = _test(_trials(1))[1]
    assert found.shuffled_accuracy.shape == (20, 1, 24)
    assert found.shuffled_accuracy.mean() == pytest.approx(1 / 3, abs=0.03)


def test_noise_alone_is_rarely_significant():
    p_values = np.stack([_test(_trials(seed, strength=0.0), seed)[1].p_values for seed in range(4)])
    assert np.mean(p_values <= 0.05) < 0.15
    runs = [_test(_trials(seed, strength=0.0), seed, n_consecutive=5)[1].significant.any() for seed in (5, 6)]
    assert not any(runs)


def test_accuracy_is_over_all_splits():
    """With 3 conditions one split gives multiples of 1/3; twenty give multiples of 1/60."""
    one, many = (_test(_trials(2, strength=1.0), n_splits=n, n_shuffles=2)[1].accuracy for n in (1, 20))
    assert np.allclose(one * 3, np.round(one * 3))
    assert not np.allclose(many * 3, np.round(many * 3))
    assert np.allclose(many * 60, np.round(many * 60))


def test_short_runs_are_dropped():
    above = _test(_trials(3), n_consecutive=1)[1].significant
    long = _test(_trials(3), n_consecutive=13)[1].significant
    assert above[0, 12:].all()
    assert not long.any()


def test_units_that_miss_trials_apart_can_be_tested():
    trials = _trials(4)
    trials[5, 0, :, 3] = np.nan
    trials[4:, 2, :, 7] = np.nan
    options = {"factors": ("stimulus",), "simultaneous": False, "rng": 0}
    fitted = dpca(trials, n_components={STIMULUS: 1}, regularisation=0.1, **options)
    found = dpca_significance(trials, fitted, n_splits=10, n_shuffles=10, n_consecutive=5, **options)
    assert found.significant[0, 12:].all()


def test_components_are_matched_by_their_encoders():
    """Listed the other way round, two components of one marginalisation keep their own accuracies."""
    rng = np.random.default_rng(5)
    axes = np.linalg.qr(rng.standard_normal((12, 2)))[0].T
    late = np.arange(20) >= 10
    first = 6 * np.array([-1.0, 1, -1, 1])[:, None, None] * late[:, None] * axes[0]
    second = 3 * np.array([-1.0, -1, 1, 1])[:, None, None] * ~late[:, None] * axes[1]
    trials = first + second + rng.standard_normal((6, 4, 20, 12))
    options = {"factors": ("stimulus",), "rng": 0}
    fitted = dpca(trials, n_components={STIMULUS: 2}, regularisation=0.1, **options)
    turned = replace(fitted, encoders=fitted.encoders[::-1], decoders=fitted.decoders[::-1])
    plain, other = (
        dpca_significance(trials, f, n_splits=20, n_shuffles=2, **options).accuracy for f in (fitted, turned)
    )
    assert np.allclose(other, plain[::-1])
    assert plain[0, 10:].mean() > plain[0, :10].mean() + 0.1
    assert plain[1, :10].mean() > plain[1, 10:].mean() + 0.1


def test_unusable_input_is_refused():
    trials = _trials(6)
    fitted = dpca(trials, factors=("stimulus",), regularisation=0.1, rng=0)
    with pytest.raises(InputError, match="at least 2 trials"):
        dpca_significance(trials[:1], fitted, factors=("stimulus",), rng=0)
    with pytest.raises(InputError, match="fitted: expected the result of dpca for these trials"):
        dpca_significance(trials[..., :5], fitted, factors=("stimulus",), rng=0)
    with pytest.raises(InputError, match="fitted: expected the result of dpca for these trials"):
        dpca_significance(trials, fitted, factors=("direction",), rng=0)
    only = dpca(trials, factors=("stimulus",), n_components={"time": 1}, regularisation=0.1, rng=0)
    with pytest.raises(InputError, match="components of a factor, got those of time alone"):
        dpca_significance(trials, only, factors=("stimulus",), rng=0)
