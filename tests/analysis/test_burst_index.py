import numpy as np
import pytest

from motorsim.analysis.burst_index import burst_index
from motorsim.checks import InputError


def _one(interval_s, **options):
    zeros = np.zeros(len(interval_s), dtype=int)
    return burst_index(interval_s, zeros, zeros, n_units=1, **options)


def test_a_poisson_train_has_index_zero():
    rng = np.random.default_rng(0)
    for rate_hz in (5.0, 20.0, 60.0):
        found = _one(rng.exponential(1 / rate_hz, 200_000))
        assert found.short_share[0] == pytest.approx(1 - np.exp(-0.01 * rate_hz), rel=0.03)
        assert found.index[0] == pytest.approx(0.0, abs=0.02)


def test_a_regular_train_never_bursts():
    found = _one(np.full(50, 0.05))
    assert (found.short_share[0], found.index[0], found.n_bursts[0]) == (0, -1, 0)
    assert np.isnan(found.spikes_per_burst[0])
    assert found.burst_spike_share[0] == 0


def test_bursts_are_counted_with_their_spikes():
    long, short = 0.1, 0.004
    # Spikes 3 + 1 + 2 + 4: three bursts and one lone spike.
    found = _one([short, short, long, long, short, long, short, short, short], minimum=1)
    assert found.n_bursts[0] == 3
    assert found.spikes_per_burst[0] == pytest.approx(3.0)
    assert found.burst_spike_share[0] == pytest.approx(9 / 10)
    assert found.short_share[0] == pytest.approx(6 / 9)
    assert found.poisson_share[0] == pytest.approx(1 - np.exp(-0.01 / ((6 * short + 3 * long) / 9)))


def test_bursts_end_with_the_train():
    interval_s, trial = np.full(4, 0.005), np.array([0, 0, 1, 1])
    found = burst_index(interval_s, trial, np.zeros(4, int), n_units=1, minimum=1)
    assert found.n_bursts[0] == 2
    assert found.spikes_per_burst[0] == pytest.approx(3.0)
    assert found.burst_spike_share[0] == 1


def test_units_do_not_mix_and_few_intervals_tell_nothing():
    interval_s = np.concatenate([np.full(20, 0.005), np.full(20, 0.05), [0.005]])
    unit = np.repeat([0, 2, 3], [20, 20, 1])
    found = burst_index(interval_s, np.zeros(41, int), unit, n_units=5)
    np.testing.assert_allclose(found.short_share, [1, np.nan, 0, np.nan, np.nan])
    assert found.n_intervals.tolist() == [20, 0, 20, 1, 0]
    assert found.n_bursts.tolist() == [1, 0, 0, 1, 0]


def test_an_interval_of_exactly_the_threshold_is_short():
    assert _one(np.full(10, 0.01)).short_share[0] == 1
    assert burst_index([], [], [], n_units=2).n_intervals.tolist() == [0, 0]


def test_unusable_input_is_refused():
    with pytest.raises(InputError, match="interval_s: expected intervals of at least 0"):
        _one([-0.1])
    with pytest.raises(InputError, match="threshold_s"):
        _one([0.1], threshold_s=0.0)
    with pytest.raises(InputError, match="trial, unit: expected intervals train after train"):
        burst_index([0.1, 0.1], [1, 0], [0, 0], n_units=1)
    with pytest.raises(InputError, match="unit: expected integers from 0 to 0"):
        burst_index([0.1], [0], [1], n_units=1)
