import numpy as np
import pytest

from motorsim.analysis.count_correlations import count_correlations
from motorsim.analysis.signal_correlations import signal_correlations
from motorsim.checks import InputError

CONDITIONS = np.tile(np.arange(8), 10)
ANGLES = 2 * np.pi * CONDITIONS / 8


def _tuned(preferred, *, noise, shared=0.0, seed=0, n_windows=1):
    rng = np.random.default_rng(seed)
    signal = 20 + 5 * np.cos(ANGLES[:, None, None] - np.asarray(preferred))
    own = rng.standard_normal((80, n_windows, len(preferred)))
    common = rng.standard_normal((80, n_windows, 1))
    return np.maximum(signal + noise * (np.sqrt(1 - shared) * own + np.sqrt(shared) * common), 0)


def test_cosine_tuning_correlates_by_the_cosine_of_the_difference():
    preferred = np.array([0.0, 0.4, 1.5, 3.0])
    found = signal_correlations(_tuned(preferred, noise=0.0), CONDITIONS, rng=1, n_resamples=2)
    expected = np.cos(preferred[:, None] - preferred)
    np.testing.assert_allclose(found.matrix, expected, atol=1e-10)
    np.testing.assert_allclose(found.raw, expected, atol=1e-10)
    np.testing.assert_allclose(found.signal_variance, 12.5 * 8 / 7)


def test_noise_neither_shrinks_nor_moves_the_corrected_correlation():
    preferred = np.array([0.0, 1.0])
    found = [
        signal_correlations(
            _tuned(preferred, noise=4.0, shared=0.8, seed=seed), CONDITIONS, rng=1, n_resamples=1
        )
        for seed in range(300)
    ]
    variance, expected = 12.5 * 8 / 7, np.cos(1.0)
    assert np.mean([each.signal_variance for each in found]) == pytest.approx(variance, rel=0.03)
    # The covariance is unbiased; the ratio of three noisy numbers nearly.
    covariances = [each.matrix[0, 1] * np.sqrt(np.prod(each.signal_variance)) for each in found]
    assert np.mean(covariances) == pytest.approx(expected * variance, rel=0.05)
    assert np.median([each.matrix[0, 1] for each in found]) == pytest.approx(expected, abs=0.03)
    raw = [each.raw[0, 1] - each.matrix[0, 1] for each in found]
    assert np.mean(raw) > 0.03


def test_noise_correlations_of_untuned_units_do_not_show():
    rng = np.random.default_rng(3)
    off, variance = [], []
    for _ in range(60):
        counts = rng.poisson(4, (80, 1, 30)) + rng.poisson(4, (80, 1, 1))
        found = signal_correlations(counts, CONDITIONS, rng=1, n_resamples=1)
        off.append(found.raw[np.triu_indices(30, 1)].mean())
        variance.append(found.signal_variance.mean())
    assert count_correlations(counts, CONDITIONS, rng=1, n_resamples=10).within.mean > 0.4
    assert np.mean(off) > 0.3
    # The means of 10 trials have a variance of 0.8 by noise alone.
    assert np.mean(variance) == pytest.approx(0.0, abs=0.12)


def test_means_are_taken_within_and_across_groups():
    preferred = np.array([0.0, 0.0, np.pi, np.pi])
    found = signal_correlations(
        _tuned(preferred, noise=0.0), CONDITIONS, groups=["a", "a", "b", "b"], rng=1, n_resamples=10
    )
    assert (found.within.mean, found.across.mean) == (pytest.approx(1), pytest.approx(-1))
    assert (found.within.n_pairs, found.across.n_pairs) == (2, 4)


def test_time_courses_shared_by_all_conditions_are_no_signal():
    counts = _tuned([0.0, np.pi / 2], noise=0.0, n_windows=3) * 1.0
    counts = counts + np.array([0.0, 50.0, 10.0])[:, None]
    found = signal_correlations(counts, CONDITIONS, rng=1, n_resamples=1)
    assert found.matrix[0, 1] == pytest.approx(0.0, abs=1e-10)


def test_a_unit_without_signal_has_no_correlation():
    counts = _tuned([0.0, 1.0], noise=0.0)
    counts[:, :, 1] = 3.0
    found = signal_correlations(counts, CONDITIONS, rng=1, n_resamples=5)
    assert np.isnan(found.matrix[1]).all()
    assert found.matrix[0, 0] == 1
    assert found.within.n_pairs == 0


def test_unusable_input_is_refused():
    counts = np.ones((6, 1, 2))
    with pytest.raises(InputError, match="conditions: expected at least 3 conditions, got 2; two conditions"):
        signal_correlations(counts, [0, 0, 0, 1, 1, 1], rng=1)
    with pytest.raises(InputError, match="at least 2 trials a condition"):
        signal_correlations(counts, np.arange(6), rng=1)
    with pytest.raises(InputError, match="groups: expected one a unit, 2"):
        signal_correlations(counts, [0, 0, 1, 1, 2, 2], groups=[1], rng=1)
    with pytest.raises(InputError, match="counts of at least 0"):
        signal_correlations(-counts, [0, 0, 1, 1, 2, 2], rng=1)
