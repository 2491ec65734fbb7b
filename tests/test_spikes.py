from __future__ import annotations

import numpy as np
import pytest

from motorsim.checks import InputError
from motorsim.spikes import SpikeTrains

N_TRIALS, N_UNITS = 4, 3
WINDOW = {"start_s": -0.2, "stop_s": 0.8}


def events(seed=1, n_spikes=200):
    """Return trial, unit and time of spikes in no order; unit 1 of trial 2 is silent."""
    rng = np.random.default_rng(seed)
    trial, unit = rng.integers(N_TRIALS, size=n_spikes), rng.integers(N_UNITS, size=n_spikes)
    heard = ~((trial == 2) & (unit == 1))
    return trial[heard], unit[heard], rng.uniform(-0.2, 0.8, n_spikes)[heard]


def sorted_trains(seed=1):
    return SpikeTrains.from_events(*events(seed), n_trials=N_TRIALS, n_units=N_UNITS, **WINDOW)


def single_train(times_s, start_s=0.0, stop_s=1.0):
    return SpikeTrains(times_s, [0, len(times_s)], 1, 1, start_s, stop_s)


def all_trains(spikes):
    return [[spikes.trial_unit(i, j) for j in range(spikes.n_units)] for i in range(spikes.n_trials)]


def test_events_in_any_order_become_the_trains_of_their_trial_and_unit():
    trial, unit, time_s = events()
    spikes = sorted_trains()
    for i in range(N_TRIALS):
        for j in range(N_UNITS):
            own = np.sort(time_s[(trial == i) & (unit == j)])
            np.testing.assert_array_equal(spikes.trial_unit(i, j), own)
    assert spikes.trial_unit(2, 1).size == 0
    assert spikes.n_spikes == len(time_s)


def test_counts_are_those_of_every_train_and_a_spike_on_an_edge_belongs_to_the_later_bin():
    spikes, edges_s = sorted_trains(), np.array([-0.1, 0.0, 0.3, 0.75])
    counts = spikes.counts(edges_s)
    assert counts.shape == (N_TRIALS, 3, N_UNITS)
    for i in range(N_TRIALS):
        for j in range(N_UNITS):
            np.testing.assert_array_equal(counts[i, :, j], np.histogram(spikes.trial_unit(i, j), edges_s)[0])
    on_edges = single_train([0.0, 0.0, 0.25, 0.5])
    np.testing.assert_array_equal(on_edges.counts([0.0, 0.25, 0.5])[0, :, 0], [2, 1])


def test_bins_over_the_whole_window_count_every_spike():
    spikes = sorted_trains()
    assert spikes.counts(-0.2 + 0.1 * np.arange(11)).sum() == spikes.n_spikes


@pytest.mark.parametrize("causal", [False, True])
def test_a_constant_rate_is_found_up_to_the_ends_of_the_window(causal):
    steady = single_train(0.0005 + 0.001 * np.arange(1000))
    times_s = np.linspace(0.001 if causal else 0.0, 1.0, 70)
    rates_hz = steady.smoothed_rates(times_s, 0.05, causal=causal)
    assert rates_hz.shape == (1, 70, 1)
    np.testing.assert_allclose(rates_hz, 1000.0, rtol=1e-12)


def test_the_kernel_is_the_gaussian_centred_on_the_spike():
    sd_s, times_s = 0.02, np.linspace(0.3, 0.7, 81)
    rates_hz = single_train([0.4983]).smoothed_rates(times_s, sd_s)[0, :, 0]
    expected = np.exp(-0.5 * ((times_s - 0.4983) / sd_s) ** 2) / (sd_s * np.sqrt(2 * np.pi))
    # The spike counts in the middle of its bin of 1 ms, up to sd / 40 away.
    np.testing.assert_allclose(rates_hz, expected, atol=0.025 * expected.max())
    assert rates_hz.sum() * 0.005 == pytest.approx(1.0, abs=1e-6)
    middle = np.average(times_s, weights=rates_hz)
    assert middle == pytest.approx(0.4985, abs=1e-6)


def test_bins_narrow_with_the_kernel():
    sd_s, times_s = 0.002, np.linspace(0.49, 0.51, 41)
    rates_hz = single_train([0.5]).smoothed_rates(times_s, sd_s)[0, :, 0]
    expected = np.exp(-0.5 * ((times_s - 0.5) / sd_s) ** 2) / (sd_s * np.sqrt(2 * np.pi))
    np.testing.assert_allclose(rates_hz, expected, atol=0.07 * expected.max())


def test_causal_rates_know_nothing_of_later_spikes_and_hold_the_whole_spike():
    times_s = 0.001 + 0.001 * np.arange(999)
    early = single_train([0.2004]).smoothed_rates(times_s, 0.02, causal=True)[0, :, 0]
    both = single_train([0.2004, 0.4996]).smoothed_rates(times_s, 0.02, causal=True)[0, :, 0]
    past = times_s < 0.4996
    np.testing.assert_array_equal(early[past], both[past])
    assert not early[times_s < 0.2004].any()
    assert times_s[early.argmax()] == pytest.approx(0.201)
    assert early.sum() * 0.001 == pytest.approx(1.0, rel=0.03)


def test_smoothing_keeps_trials_and_units_apart():
    spikes = sorted_trains()
    times_s = np.linspace(-0.1, 0.7, 9)
    together = spikes.smoothed_rates(times_s, 0.05)
    for i in range(N_TRIALS):
        for j in range(N_UNITS):
            alone = single_train(spikes.trial_unit(i, j), **WINDOW).smoothed_rates(times_s, 0.05)
            np.testing.assert_allclose(together[i, :, j], alone[0, :, 0], rtol=1e-12)


def test_intervals_do_not_cross_from_one_train_to_the_next():
    spikes = sorted_trains()
    interval_s, trial, unit = spikes.intervals()
    for i in range(N_TRIALS):
        for j in range(N_UNITS):
            own = interval_s[(trial == i) & (unit == j)]
            np.testing.assert_array_equal(own, np.diff(spikes.trial_unit(i, j)))
    assert (interval_s >= 0).all()


def test_no_spikes_at_all_is_a_fine_recording():
    silent = SpikeTrains.from_events([], [], [], n_trials=2, n_units=3, start_s=0.0, stop_s=1.0)
    assert silent.counts([0.0, 0.5, 1.0]).sum() == silent.intervals().interval_s.size == 0
    assert not silent.smoothed_rates([0.5], 0.02).any()
    assert silent.select([1]).n_spikes == 0


def test_selected_trials_and_units_keep_their_trains():
    spikes = sorted_trains()
    picked = spikes.select([3, 0, 3]).select_units(np.array([True, False, True]))
    assert (picked.n_trials, picked.n_units) == (3, 2)
    whole = all_trains(spikes)
    for i, trial in enumerate((3, 0, 3)):
        for j, unit in enumerate((0, 2)):
            np.testing.assert_array_equal(picked.trial_unit(i, j), whole[trial][unit])


def test_parts_join_along_trials():
    spikes = sorted_trains()
    joined = SpikeTrains.concatenate([spikes.select([0]), spikes.select(slice(1, None))])
    np.testing.assert_array_equal(joined.times_s, spikes.times_s)
    np.testing.assert_array_equal(joined.boundaries, spikes.boundaries)
    with pytest.raises(InputError, match=r"parts: expected 3 units from -0\.2 to 0\.8 s in every part"):
        SpikeTrains.concatenate([spikes, spikes.select_units([0])])
    with pytest.raises(InputError, match="parts: expected at least one, got none"):
        SpikeTrains.concatenate([])


def build(*, times_s=(0.1, 0.2), boundaries=(0, 1, 2), n_trials=2, n_units=1, start_s=0.0, stop_s=1.0):
    return SpikeTrains(times_s, boundaries, n_trials, n_units, start_s, stop_s)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"times_s": [0.2, 0.1], "boundaries": [0, 2, 2]}, "times_s: expected each train in order"),
        ({"times_s": [0.1, 1.0]}, r"times_s: expected 0\.0 s <= time < 1\.0 s, got 1 outside"),
        ({"times_s": [-0.1, 0.2]}, "times_s: expected .* got 1 outside, the first at -0.1 s"),
        ({"times_s": [np.nan, 0.2]}, "times_s: expected finite"),
        ({"times_s": [[0.1, 0.2]]}, "times_s: expected an array"),
        ({"boundaries": [0, 2]}, "boundaries: expected an array of shape"),
        ({"boundaries": [0, 3, 2]}, "boundaries: expected indices that rise from 0 to 2"),
        ({"boundaries": [0, 1, 1]}, "boundaries: expected indices that rise"),
        ({"boundaries": [1, 1, 2]}, "boundaries: expected indices that rise"),
        ({"boundaries": [0, 0.5, 2]}, "boundaries: expected integers"),
        ({"stop_s": -1.0}, "start_s, stop_s: expected a window that ends after it starts"),
        ({"start_s": np.inf}, "start_s: expected a finite number"),
        ({"n_trials": 0}, "n_trials: expected an integer"),
        ({"n_units": 1.0}, "n_units: expected an integer"),
    ],
)
def test_trains_that_contradict_themselves_are_refused(fields, message):
    with pytest.raises(InputError, match=message):
        build(**fields)


def test_a_train_may_begin_before_the_one_before_it_ended():
    assert build(times_s=[0.2, 0.1]).trial_unit(1, 0)[0] == 0.1


@pytest.mark.parametrize(
    ("trial", "unit", "time_s", "message"),
    [
        ([0, 2], [0, 0], [0.1, 0.2], "trial: expected integers from 0 to 1, got 2"),
        ([0, 1], [0, -1], [0.1, 0.2], "unit: expected integers from 0 to 0, got -1"),
        ([0], [0, 0], [0.1, 0.2], "trial: expected an array"),
        ([0, 1], [0, 0], [0.1, 1.5], "times_s: expected .* got 1 outside"),
        ([0, 1], [0, 0], [0.1, np.nan], "time_s: expected finite"),
    ],
)
def test_events_that_do_not_fit_are_refused(trial, unit, time_s, message):
    with pytest.raises(InputError, match=message):
        SpikeTrains.from_events(trial, unit, time_s, n_trials=2, n_units=1, start_s=0.0, stop_s=1.0)


@pytest.mark.parametrize(
    ("ask", "message"),
    [
        (lambda spikes: spikes.counts([0.0]), "edges_s: expected at least 2"),
        (lambda spikes: spikes.counts([0.0, 0.5, 0.5]), "edges_s: expected rising edges"),
        (lambda spikes: spikes.counts([0.0, 0.9]), "edges_s: expected times within -0.2 to 0.8 s"),
        (lambda spikes: spikes.smoothed_rates([-0.3], 0.02), "times_s: expected times within"),
        (lambda spikes: spikes.smoothed_rates([0.0], 0.0), "sd_s: expected a number above 0"),
        (
            lambda spikes: spikes.smoothed_rates([-0.2, 0.0], 0.02, causal=True),
            r"times_s: expected times from -0\.199 s on, where a causal kernel of 0\.02 s has a past",
        ),
        (lambda spikes: spikes.trial_unit(4, 0), "trial: expected an integer from 0 to 3"),
        (lambda spikes: spikes.trial_unit(0, -1), "unit: expected an integer from 0 to 2"),
        (lambda spikes: spikes.select([4]), "trials: expected indices below 4"),
        (lambda spikes: spikes.select_units([]), "units: expected at least one"),
    ],
)
def test_questions_that_cannot_be_answered_are_refused(ask, message):
    with pytest.raises(InputError, match=message):
        ask(sorted_trains())
