import warnings

import numpy as np
import pytest

from motorsim.analysis.cross_correlogram import cross_correlogram
from motorsim.checks import InputError

DT_S = 0.001


def _brute(a, b, n_lags):
    """Coincidences, one by one."""
    found = np.zeros(2 * n_lags + 1)
    n = a.shape[1]
    for trial in range(len(a)):
        for t in range(n):
            for lag in range(-n_lags, n_lags + 1):
                if 0 <= t + lag < n:
                    found[lag + n_lags] += a[trial, t] * b[trial, t + lag]
    return found


def _run(counts, **options):
    return cross_correlogram(counts, **({"dt_s": DT_S, "max_lag_s": 0.02, "rng": 1} | options))


def test_coincidences_are_counted_without_wrapping():
    counts = np.random.default_rng(0).poisson(0.2, (3, 40, 3)).astype(float)
    found = _run(counts, max_lag_s=0.03, jitter_s=0.005, n_surrogates=2)
    assert found.pairs.tolist() == [[0, 1], [0, 2], [1, 2]]
    for pair, (i, j) in enumerate(found.pairs):
        np.testing.assert_array_equal(found.counts[:, pair], _brute(counts[:, :, i], counts[:, :, j], 30))


def test_a_lag_above_zero_means_the_second_unit_fires_later():
    counts = np.zeros((1, 200, 2))
    counts[0, [20, 70, 140], 0] = 1
    counts[0, [27, 77, 147], 1] = 1
    found = _run(counts, pairs=[[0, 1], [1, 0]], jitter_s=0.02, n_surrogates=5)
    np.testing.assert_allclose(found.lags_s[found.counts.argmax(axis=0)], [0.007, -0.007])
    assert found.counts.max() == 3
    np.testing.assert_array_equal(found.counts[:, 0], found.counts[::-1, 1])


def test_what_is_expected_is_the_mean_over_jitters():
    counts = np.random.default_rng(1).poisson(0.1, (4, 103, 2)).astype(float)
    found = _run(counts, jitter_s=0.01, n_surrogates=3000)
    brute = np.repeat(
        [counts[:, start : start + 10, 1].mean(axis=1) for start in range(0, 103, 10)],
        [10] * 10 + [3],
        axis=0,
    ).T
    np.testing.assert_allclose(found.expected[:, 0], _brute(counts[:, :, 0], brute, 20), atol=1e-9)
    middle = (found.low + found.high) / 2
    np.testing.assert_allclose(middle, found.expected, atol=2.5)
    assert ((found.low <= found.expected + 1) & (found.expected <= found.high + 1)).all()


def test_synchrony_is_found_and_shared_slow_rates_are_not():
    rng = np.random.default_rng(2)
    rate = 0.04 * (1 + np.sin(2 * np.pi * 2 * DT_S * np.arange(1000) + rng.uniform(0, 6, (60, 1))))
    counts = (rng.random((60, 1000, 3)) < rate[:, :, None]).astype(float)
    common = rng.random((60, 1000)) < 0.004
    counts[:, :, 1] = np.maximum(counts[:, :, 1], common)
    counts[:, 2:, 2] = np.maximum(counts[:, 2:, 2], common[:, :-2])
    found = _run(counts, n_surrogates=99)
    synchronous = found.pairs.tolist().index([1, 2])
    assert found.lags_s[found.coincidences_per_spike[:, synchronous].argmax()] == pytest.approx(0.002)
    assert found.p[synchronous] == pytest.approx(0.01)
    # 240 shared spikes in the middle of about 2,600 each.
    assert found.coincidences_per_spike[:, synchronous].max() == pytest.approx(240 / 2600, rel=0.3)
    assert (np.delete(found.p, synchronous) > 0.02).all()
    assert np.abs(np.delete(found.coincidences_per_spike, synchronous, axis=1)).max() < 0.03
    # Without the correction the slow rate would stand above a stationary one.
    assert found.counts[:, 0].mean() > 1.2 * counts[:, :, 0].sum() * counts[:, :, 1].sum() / (60 * 1000)


def test_independent_units_are_called_synchronous_as_often_as_the_level_says():
    counts = np.random.default_rng(3).poisson(0.03, (20, 300, 40)).astype(float)
    found = _run(counts, pairs=np.arange(40).reshape(20, 2), n_surrogates=39)
    many = [_run(np.roll(counts, k, axis=0), pairs=[[k, k + 1]], n_surrogates=39).p[0] for k in range(20)]
    p = np.concatenate([found.p, many])
    assert np.mean(p <= 0.5) == pytest.approx(0.5, abs=0.2)
    assert np.mean(p <= 0.05) < 0.2


def test_coincidences_agree_with_elephant():
    correlation = pytest.importorskip("elephant.spike_train_correlation")
    conversion = pytest.importorskip("elephant.conversion")
    neo, pq = pytest.importorskip("neo"), pytest.importorskip("quantities")
    rng = np.random.default_rng(4)
    counts = (rng.random((1, 500, 2)) < 0.1).astype(float)
    with warnings.catch_warnings():
        # Elephant calls quantities in a way that quantities has given up.
        warnings.simplefilter("ignore")
        times = [(np.flatnonzero(counts[0, :, unit]) + 0.5) * pq.ms for unit in range(2)]
        trains = [neo.SpikeTrain(each, t_start=0 * pq.ms, t_stop=500 * pq.ms) for each in times]
        binned = [conversion.BinnedSpikeTrain(train, bin_size=1 * pq.ms) for train in trains]
        histogram, lags = correlation.cross_correlation_histogram(*binned, window=[-20, 20])
    found = _run(counts, n_surrogates=2)
    np.testing.assert_allclose(found.lags_s, np.asarray(lags) * DT_S, atol=1e-12)
    np.testing.assert_allclose(found.counts[:, 0], np.asarray(histogram.magnitude)[:, 0], atol=1e-10)


def test_silent_units_have_no_coincidences_per_spike():
    counts = np.zeros((2, 100, 2))
    counts[:, 5, 0] = 1
    found = _run(counts, n_surrogates=3)
    assert np.isnan(found.coincidences_per_spike).all()
    assert found.p[0] == 1


def test_unusable_input_is_refused():
    counts = np.random.default_rng(5).poisson(0.1, (2, 100, 3)).astype(float)
    for change, match in (
        ({"jitter_s": 0.0015}, "jitter_s: expected a multiple of dt_s"),
        ({"jitter_s": 0.001}, "jitter_s: expected a multiple of dt_s, 0.001 s, from 0.002"),
        ({"max_lag_s": 0.1}, r"max_lag_s: expected 0\.001 to 0\.099 s"),
        ({"pairs": [[0, 3]]}, "pairs: expected units from 0 to 2"),
        ({"pairs": [[1, 1]]}, "pairs: expected two different units"),
        ({"dt_s": -1.0}, "dt_s"),
        ({"counts": counts + 0.5}, "counts: expected whole numbers of spikes"),
        ({"counts": -counts}, "counts: expected whole numbers of spikes, at least 0"),
        ({"counts": counts[:, :, :1]}, "at least 2 units to pair"),
    ):
        with pytest.raises(InputError, match=match):
            cross_correlogram(**({"counts": counts, "dt_s": DT_S, "max_lag_s": 0.02, "rng": 1} | change))
