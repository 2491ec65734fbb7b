import numpy as np
import pytest

from motorsim.analysis.split_half import _half_weights, split_half
from motorsim.checks import InputError


def _trials(seed, n_trials, noise, *, n_conditions=30):
    """Trials, means of variance 1 and labels; the noise is independent."""
    rng, n_times, n_units = np.random.default_rng(seed), 8, 5
    means = rng.standard_normal((n_conditions, n_times, n_units))
    labels = np.repeat(np.arange(n_conditions), n_trials)
    trials = means[labels] + noise * rng.standard_normal((len(labels), n_times, n_units))
    shuffled = rng.permutation(len(labels))
    return trials[shuffled], means, labels[shuffled]


def _averages(trials, labels):
    return np.stack([trials[labels == label].mean(axis=0) for label in np.unique(labels)])


@pytest.mark.parametrize(("n_trials", "noise"), [(2, 1.0), (10, 1.0), (10, 3.0)])
def test_reliability_is_the_share_of_signal_in_the_variance_of_the_average(n_trials, noise):
    trials, _, labels = _trials(0, n_trials, noise, n_conditions=100)
    result = split_half(trials, labels, rng=1, n_splits=30)
    expected = 1 / (1 + noise**2 / n_trials)
    assert result.pooled_reliability == pytest.approx(expected, abs=0.04)
    assert result.reliability == pytest.approx(np.full(5, expected), abs=0.09)
    half = 1 / (1 + 2 * noise**2 / n_trials)
    assert result.pooled_half_correlations.mean() == pytest.approx(half, abs=0.04)


def test_ceilings_are_what_the_true_means_reach():
    trials, means, labels = _trials(2, 6, 2.0, n_conditions=200)
    result, averages = split_half(trials, labels, rng=3, n_splits=30), _averages(trials, labels)
    residual = np.sum((averages - means) ** 2, axis=(0, 1))
    total = np.sum((averages - averages.mean(axis=(0, 1))) ** 2, axis=(0, 1))
    np.testing.assert_allclose(result.r2_ceiling, 1 - residual / total, atol=0.06)
    assert result.pooled_r2_ceiling == pytest.approx(1 - residual.sum() / total.sum(), abs=0.03)
    reached = [np.corrcoef(averages[..., u].ravel(), means[..., u].ravel())[0, 1] for u in range(5)]
    np.testing.assert_allclose(result.correlation_ceiling, reached, atol=0.04)
    assert result.pooled_correlation_ceiling == pytest.approx(np.mean(reached), abs=0.03)


def test_two_trials_of_one_condition_have_one_split_and_its_plain_correlation():
    trials = _trials(4, 2, 0.5, n_conditions=1)[0]
    result = split_half(trials, [0, 0], rng=5, n_splits=4)
    for unit in range(5):
        r = np.corrcoef(trials[0, :, unit], trials[1, :, unit])[0, 1]
        np.testing.assert_allclose(result.half_correlations[:, unit], r)
        assert result.reliability[unit] == pytest.approx(2 * r / (1 + r))


def test_noise_alone_has_no_reliability_and_no_noise_has_all():
    noise, _, labels = _trials(6, 8, 1e6)
    assert abs(split_half(noise, labels, rng=7).pooled_reliability) < 0.25
    clean, _, labels = _trials(6, 8, 0.0)
    np.testing.assert_allclose(split_half(clean, labels, rng=7).reliability, 1.0)


def test_ceilings_are_never_below_zero():
    trials = np.array([[[0.0], [1.0], [2.0]], [[2.0], [1.5], [0.0]]])
    result = split_half(trials, [0, 0], rng=0, n_splits=2)
    assert result.reliability[0] < 0
    assert result.r2_ceiling[0] == result.correlation_ceiling[0] == result.pooled_r2_ceiling == 0.0


def test_halves_are_equal_apart_and_leave_every_trial_out_equally_often():
    number = np.array([0] * 5 + [1] * 2 + [2] * 3)[np.random.default_rng(8).permutation(10)]
    generator, used = np.random.default_rng(9), np.zeros((2, 10))
    for _ in range(2000):
        halves = np.stack(_half_weights(number, generator))
        assert not (halves[0] * halves[1]).any()
        for condition, each in enumerate((2, 1, 1)):
            inside = halves[:, condition, number == condition]
            assert ((inside > 0).sum(axis=1) == each).all()
            np.testing.assert_allclose(inside.sum(axis=1), 1.0)
            assert not halves[:, condition, number != condition].any()
        used += (halves > 0).sum(axis=1)
    expected = np.array([2 / 5, 1 / 2, 1 / 3])[number]
    np.testing.assert_allclose(used / 2000, np.tile(expected, (2, 1)), atol=0.05)


def test_mean_over_conditions_counts_unless_subtracted():
    trials, _, labels = _trials(9, 4, 2.0)
    common = trials + 50 * np.sin(np.arange(8))[:, None]
    assert split_half(common, labels, rng=1).pooled_reliability > 0.99
    tuned = split_half(common, labels, rng=1, subtract_mean=True)
    np.testing.assert_allclose(
        tuned.reliability, split_half(trials, labels, rng=1, subtract_mean=True).reliability, atol=1e-9
    )
    assert tuned.pooled_reliability < 0.8


def test_pooling_weighs_units_by_their_variance():
    trials, _, labels = _trials(10, 4, 1.0)
    trials[..., 0] *= 100
    result = split_half(trials, labels, rng=2)
    assert result.pooled_reliability == pytest.approx(result.reliability[0], abs=0.01)
    shifted = split_half(trials + 1000 * np.arange(5), labels, rng=2)
    np.testing.assert_allclose(shifted.reliability, result.reliability, atol=1e-9)
    assert shifted.pooled_reliability == pytest.approx(result.pooled_reliability, abs=1e-9)


def test_same_seed_same_splits():
    trials, _, labels = _trials(11, 6, 1.0)
    first, second = (split_half(trials, labels, rng=seed, n_splits=3) for seed in (1, 1))
    assert np.array_equal(first.half_correlations, second.half_correlations)
    assert np.ptp(first.pooled_half_correlations) > 0


def test_unusable_input_is_refused():
    trials, _, labels = _trials(12, 2, 1.0)
    with pytest.raises(InputError, match="at least 2 trials a condition, got 1 of condition 0"):
        split_half(trials[np.argsort(labels)][1:], np.sort(labels)[1:], rng=0)
    with pytest.raises(InputError, match="conditions: expected at least 2 conditions"):
        split_half(trials, np.zeros(len(trials)), rng=0, subtract_mean=True)
    with pytest.raises(InputError, match="one label a trial, 60"):
        split_half(trials, labels[1:], rng=0)
    silent = trials.copy()
    silent[..., [1, 4]] = 7.0
    with pytest.raises(InputError, match="constant units 1, 4; leave these units out"):
        split_half(silent, labels, rng=0)
    silent[3, 2, 1] = np.nan
    with pytest.raises(InputError, match="NaN or infinity in units 1"):
        split_half(silent, labels, rng=0)
    with pytest.raises(InputError, match="at least 1 conditions, got 0; the array is empty"):
        split_half(np.empty((0, 3, 2)), [], rng=0)
    with pytest.raises(InputError, match="n_splits"):
        split_half(trials, labels, rng=0, n_splits=0)
