from dataclasses import replace

import numpy as np
import pytest

from motorsim.checks import InputError
from motorsim.compare import PhysiologySettings, measure_physiology
from motorsim.compare.physiology.settings import Epochs
from motorsim.compare.physiology.structure import measure_structure
from motorsim.compare.physiology.variability import sliding_counts, spikes_between


@pytest.fixture(scope="module")
def measured(recordings):
    spiking, rate_form = recordings
    return measure_physiology(spiking, rng=1, rate_form=rate_form)


def value(measured, name):
    return measured.estimates[name].value


def test_rates_are_those_of_the_spikes(measured, recordings):
    spikes = recordings[0].spikes
    per_unit = spikes.n_spikes / spikes.n_units / spikes.n_trials / 1.9
    assert value(measured, "mean_rate_hz") == pytest.approx(per_unit)
    kinds = [value(measured, f"mean_{kind}_rate_hz") for kind in ("excitatory", "inhibitory")]
    assert np.mean(kinds) == pytest.approx(per_unit)
    assert measured.arrays["unit_rate_hz"].shape == (72,)


def test_poisson_spikes_are_as_irregular_as_poisson_spikes(measured):
    # A delay of 0.6 s holds about 8 intervals, which lowers the CV a little; slow rates raise CV2 little.
    assert value(measured, "interval_cv") == pytest.approx(0.97, abs=0.03)
    assert value(measured, "cv2") == pytest.approx(0.98, abs=0.03)
    assert value(measured, "lv") == pytest.approx(0.96, abs=0.05)


def test_variability_that_falls_at_the_target_is_found_and_none_where_none_was_made(synthetic, measured):
    change = measured.estimates["fano_change"]
    assert change.low < change.value < change.high < 0
    # Before the target a gain of variance v adds v times the mean count of 0.1 s.
    assert value(measured, "fano_before") == pytest.approx(1 + 0.2 * 1.2, abs=0.06)
    steady, _ = synthetic.make_recordings(seed=3, gain_before=0.05, gain_after=0.05)
    same = measure_physiology(steady, rng=1).estimates["fano_change"]
    assert same.low < 0.02
    assert same.high > -0.02


def test_a_gain_shared_by_a_pool_correlates_its_units_and_no_others(measured):
    within, across = (
        measured.estimates[f"count_correlation_{kind}"] for kind in ("within_pool", "across_pools")
    )
    assert within.low > 0.03
    assert across.low < 0 < across.high
    assert len(measured.arrays["correlations_within"]) == 24 * 3
    assert len(measured.arrays["correlations_across"]) == 72 * 71 // 2 - 24 * 3


def test_preparation_is_tuned_by_a_cosine_and_movement_by_more(measured):
    assert value(measured, "tuned_fraction_preparation") > 0.9
    assert value(measured, "cosine_r2_preparation") > value(measured, "cosine_r2_movement")
    assert measured.arrays["tuning_rates_hz"].shape == (8, 2, 72)
    # The amplitude put in is 5 Hz times an excitability of 0.5 to 1.5.
    assert value(measured, "modulation_depth_preparation_hz") == pytest.approx(5.0, abs=0.5)


def test_preferred_directions_drawn_anew_for_movement_are_unrelated_to_those_of_preparation(measured):
    assert abs(value(measured, "preferred_direction_correlation")) < 0.35
    assert 50 < value(measured, "preferred_direction_change_deg") < 130


def test_epochs_with_subspaces_of_their_own_align_less_than_chance(measured):
    assert value(measured, "alignment_index") < value(measured, "alignment_index_random")
    assert value(measured, "alignment_p") < 0.05


def test_what_all_reaches_share_makes_no_subspaces_alike(measured, recordings):
    spiking = recordings[0]
    population = spiking.population
    wave = np.sin(2 * np.pi * 5 * population.times_s)[:, None] * np.linspace(1, 8, population.n_units)
    shared = replace(spiking, population=replace(population, rates=population.rates + 10 + wave))
    settings = PhysiologySettings()
    found = measure_structure(shared, Epochs.of(shared, settings), settings, rng=1)
    assert value(found, "alignment_index") == pytest.approx(value(measured, "alignment_index"), abs=0.12)


def test_windows_start_from_the_events_they_are_named_after(recordings):
    settings = PhysiologySettings(preparation_s=(-0.2, 0.0), movement_s=(0.1, 0.4), rotation_s=(0.0, 0.3))
    epochs = Epochs.of(recordings[0], settings)
    assert (epochs.target_onset_s, epochs.go_cue_s, epochs.movement_onset_s) == (0.2, 0.8, 0.9)
    assert epochs.preparation_s == pytest.approx((0.6, 0.8))
    assert epochs.movement_s == pytest.approx((1.0, 1.3))
    assert epochs.rotation_s == pytest.approx((0.9, 1.2))
    assert epochs.after_go_s == pytest.approx((0.8, 1.2))


def test_rotations_turn_at_about_the_frequency_put_in(measured):
    assert value(measured, "jpca_frequency_1_hz") == pytest.approx(1.2, abs=0.3)
    assert value(measured, "jpca_r2_skew") < value(measured, "jpca_r2_best")


def test_the_pulse_common_to_all_reaches_is_the_condition_invariant_part(measured, synthetic):
    pulse = measured.arrays["invariant_component"]
    after_s = np.maximum(measured.arrays["invariant_times_s"] - synthetic.GO_S, 0)
    expected = after_s * np.exp(1 - after_s / 0.15)
    assert abs(np.corrcoef(pulse, expected)[0, 1]) > 0.98
    assert 0.1 < value(measured, "condition_invariant_share") < 0.4


def test_smooth_rates_are_less_tangled_than_a_torque_that_passes_zero_twice(measured):
    assert value(measured, "tangling_cortex_over_torque") < 0.5


def test_the_alignment_is_judged_on_the_rate_form(measured, recordings):
    spiking, rate_form = recordings
    population = rate_form.population
    n_conditions, _, n_units = population.rates.shape
    draws = np.random.default_rng(4)
    tuned, other = draws.standard_normal((2, n_conditions, 1, n_units))
    half = np.arange(n_units) < n_units // 2
    moving = (population.times_s >= rate_form.events_s["go_cue"])[None, :, None]

    def judged(preparation, movement):
        rates = 20.0 + np.where(moving, movement, preparation)
        form = replace(rate_form, population=replace(population, rates=rates))
        return value(measure_physiology(spiking, rng=1, rate_form=form), "rate_form_alignment_p")

    assert judged(tuned * half, other * ~half) < 0.05
    assert judged(tuned * half, tuned * half) > 0.5
    assert "rate_form_alignment_p" not in measure_physiology(spiking, rng=1).estimates


def test_the_spiking_form_follows_its_rate_form_and_no_shuffled_one(measured, recordings):
    assert value(measured, "rate_form_correlation_preparation") > 0.9
    assert value(measured, "rate_form_correlation_movement") > 0.8
    assert value(measured, "rate_form_slope_movement") == pytest.approx(1.0, abs=0.1)
    spiking, rate_form = recordings
    population = rate_form.population
    turned = replace(rate_form, population=replace(population, rates=np.roll(population.rates, 3, axis=2)))
    other = measure_physiology(spiking, rng=1, rate_form=turned)
    assert abs(value(other, "rate_form_correlation_movement")) < 0.4


def test_equal_seeds_give_equal_estimates(measured, recordings):
    spiking, rate_form = recordings
    again = measure_physiology(spiking, rng=1, rate_form=rate_form)
    for name, estimate in measured.estimates.items():
        np.testing.assert_array_equal(again.estimates[name], estimate)


def test_spikes_outside_a_window_are_as_if_never_observed(recordings):
    spikes = recordings[0].spikes
    part = spikes_between(spikes, (0.8, 1.1))
    np.testing.assert_array_equal(part.counts([0.8, 0.9, 1.1]), spikes.counts([0.8, 0.9, 1.1]))
    assert part.n_spikes == spikes.counts([0.8, 1.1]).sum()
    assert part.intervals().interval_s.max() < 0.3


def test_sliding_windows_hold_the_spikes_around_their_centres(recordings):
    spikes = recordings[0].spikes
    counts, centres_s = sliding_counts(spikes, 1.0, PhysiologySettings(count_window_s=0.15))
    assert centres_s[0] == pytest.approx(0.075)
    assert centres_s[-1] == pytest.approx(1.0 - 0.075)
    np.testing.assert_array_equal(counts[:, 3:4], spikes.counts([0.15, 0.3]))


def test_recordings_that_lack_what_is_asked_are_refused(recordings):
    spiking, rate_form = recordings
    with pytest.raises(InputError, match="recording: expected spikes of single units, got rates only"):
        measure_physiology(rate_form, rng=1)
    without = {name: at for name, at in spiking.events_s.items() if name != "go_cue"}
    with pytest.raises(InputError, match="events target_onset, go_cue, movement_onset, got no go_cue"):
        measure_physiology(replace(spiking, events_s=without), rng=1)
    with pytest.raises(InputError, match="the column direction_rad of its trials"):
        measure_physiology(replace(spiking, trials={}), rng=1)
    settings = PhysiologySettings(count_window_s=0.25)
    with pytest.raises(InputError, match=r"count_window_s: expected windows of 0\.25 s before the target"):
        measure_physiology(spiking, rng=1, settings=settings)
    fewer = replace(rate_form, population=rate_form.population.select_units(range(5)), units={})
    with pytest.raises(InputError, match="rate_form: expected 24 units, one a pool, got 5"):
        measure_physiology(spiking, rng=1, rate_form=fewer)
    turned = replace(rate_form, population=rate_form.population.select(np.roll(np.arange(8), 1)))
    with pytest.raises(InputError, match="rate_form: expected the 8 conditions of the recording"):
        measure_physiology(spiking, rng=1, rate_form=turned)


def test_settings_are_checked():
    for change, match in (
        ({"movement_s": (0.3, 0.1)}, "movement_s: expected a start before a stop"),
        ({"rotation_s": (0.0, 0.6)}, "rotation_s: expected 0.2 to 0.35 s"),
        ({"count_window_s": 0.12}, "count_window_s: expected a multiple of count_step_s"),
        ({"smoothing_sd_s": -1}, "smoothing_sd_s"),
        ({"n_resamples": 0}, "n_resamples"),
    ):
        with pytest.raises(InputError, match=match):
            PhysiologySettings(**change)
