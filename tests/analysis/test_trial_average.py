import warnings

import numpy as np
import pytest

from motorsim.analysis.trial_average import psth, trial_average
from motorsim.checks import InputError

CONDITIONS = np.array(["b", "a", "b", "b", "a", "c"])


def _rates():
    return np.random.default_rng(0).random((6, 4, 3))


def test_each_condition_is_averaged_over_its_own_trials_however_many():
    rates = _rates()
    found = trial_average(rates, CONDITIONS)
    assert found.labels.tolist() == ["a", "b", "c"]
    for i, label in enumerate("abc"):
        own = rates[label == CONDITIONS]
        np.testing.assert_allclose(found.mean[i], own.mean(axis=0))
        assert (found.n_trials[i] == len(own)).all()
    own = rates[CONDITIONS == "b"]
    np.testing.assert_allclose(found.standard_error[1], own.std(axis=0, ddof=1) / np.sqrt(3))
    assert np.isnan(found.standard_error[2]).all()


def test_the_standard_error_agrees_with_scipy():
    stats = pytest.importorskip("scipy.stats")
    rates = _rates()
    found = trial_average(rates, np.zeros(6))
    np.testing.assert_allclose(found.standard_error[0], stats.sem(rates, axis=0), rtol=1e-12)


def test_the_order_of_trials_and_the_kind_of_labels_do_not_matter():
    rates, order = _rates(), np.random.default_rng(1).permutation(6)
    found, moved = trial_average(rates, CONDITIONS), trial_average(rates[order], CONDITIONS[order])
    np.testing.assert_allclose(found.mean, moved.mean)
    numbers = trial_average(rates, np.unique(CONDITIONS, return_inverse=True)[1])
    np.testing.assert_array_equal(found.mean, numbers.mean)


def test_trials_of_different_lengths_count_where_they_were_observed():
    rates, observed = _rates(), np.ones((6, 4), dtype=bool)
    observed[0, 3] = observed[2, 2:] = False
    padded = np.where(observed[:, :, None], rates, np.nan)
    found = trial_average(padded, CONDITIONS, observed=observed)
    assert found.n_trials[1].tolist() == [3, 3, 2, 1]
    np.testing.assert_allclose(found.mean[1, 2], rates[[0, 3], 2].mean(axis=0))
    np.testing.assert_allclose(found.mean[1, 3], rates[3, 3])
    np.testing.assert_allclose(found.standard_error[1, 2], rates[[0, 3], 2].std(axis=0, ddof=1) / np.sqrt(2))
    assert np.isnan(found.standard_error[1, 3]).all()


def test_a_psth_is_in_spikes_a_second():
    counts = np.random.default_rng(2).poisson(20 * 0.05, (4000, 3, 2))
    found = psth(counts, np.zeros(4000), dt_s=0.05)
    np.testing.assert_allclose(found.mean, 20.0, rtol=0.05)
    # A Poisson count has its mean as variance.
    np.testing.assert_allclose(found.standard_error, np.sqrt(20 / 0.05 / 4000), rtol=0.1)


def test_a_psth_is_elephants_histogram_of_rates():
    statistics = pytest.importorskip("elephant.statistics")
    neo, pq = pytest.importorskip("neo"), pytest.importorskip("quantities")
    counts = np.random.default_rng(3).poisson(0.4, (12, 30, 1))
    with warnings.catch_warnings():
        # Elephant calls quantities in a way that quantities has given up.
        warnings.simplefilter("ignore")
        trains = [
            neo.SpikeTrain((np.repeat(np.arange(30), n[:, 0]) * 10 + 5.0) * pq.ms, t_stop=300 * pq.ms)
            for n in counts
        ]
        expected = statistics.time_histogram(trains, 10 * pq.ms, output="rate").rescale("Hz").magnitude
    found = psth(counts, np.zeros(12), dt_s=0.01)
    np.testing.assert_allclose(found.mean[0], expected, rtol=1e-10)


def test_unusable_input_is_refused():
    rates = _rates()
    observed = np.ones((6, 4), dtype=bool)
    observed[5, 1] = False
    with pytest.raises(InputError, match=r"at least 1 trials of each .* 0 of condition c at time 1"):
        trial_average(rates, CONDITIONS, observed=observed)
    with pytest.raises(InputError, match="at least 2 trials of each condition"):
        trial_average(rates, CONDITIONS, minimum_trials=2)
    with pytest.raises(InputError, match="observed: expected booleans of shape"):
        trial_average(rates, CONDITIONS, observed=np.ones((6, 4)))
    with pytest.raises(InputError, match="conditions: expected one label a trial, 6"):
        trial_average(rates, CONDITIONS[:-1])
    with pytest.raises(InputError, match="counts of at least 0"):
        psth(-rates, CONDITIONS, dt_s=0.1)
    with pytest.raises(InputError, match="dt_s"):
        psth(rates, CONDITIONS, dt_s=0.0)
    with pytest.raises(InputError, match="rates: expected at least 1 along trial"):
        trial_average(rates[:0], CONDITIONS[:0])
    rates[1, 2, 0] = np.nan
    with pytest.raises(InputError, match=r"1 NaN or infinite, the first at \(1, 2, 0\); tell with observed="):
        trial_average(rates, CONDITIONS)
