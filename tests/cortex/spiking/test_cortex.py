import logging
from dataclasses import replace

import numpy as np
import pytest

from motorsim.checks import InputError
from motorsim.cortex import (
    Calibration,
    Circuit,
    LightPulse,
    Perturbation,
    SpikingCortex,
    random_preparatory_map,
)
from motorsim.cortex.spiking import cortex as module
from motorsim.cortex.spiking.decoding import DecodingProblem
from motorsim.task import TargetSwitch


@pytest.fixture(scope="module")
def unprepared(circuit, neurons):
    return SpikingCortex(circuit, n_neurons=120, neurons=neurons, n_recorded=30, mode="cpp_standalone")


@pytest.fixture(scope="module")
def states(circuit):
    return random_preparatory_map(circuit, rng=0, n_modes=4, harmonic_weights=(1.0,))


@pytest.fixture(scope="module")
def prepared(unprepared, task, states, compiled):
    assert compiled.folder.exists()
    return unprepared.prepare(task, rng=0, preparatory_map=states)


@pytest.fixture(scope="module")
def recording(prepared, task):
    return prepared.simulate(task, rng=1, n_trials=3)


def test_a_cortex_runs_the_model_that_its_parts_make(prepared, task, model, compiled):
    runner = prepared._runner(prepared._sampling(task))
    assert runner.compile().folder == compiled.folder
    assert runner.model.n_ticks == model.n_ticks


def test_a_recording_holds_every_trial_conditions_fastest(recording, task, prepared):
    assert recording.population.rates.shape == (12, task.n_times, 20)
    assert recording.population.sample_axis == "trial"
    np.testing.assert_array_equal(recording.trials["condition"], np.tile(np.arange(4), 3))
    np.testing.assert_array_equal(recording.trials["repeat"], np.repeat(np.arange(3), 4))
    assert recording.torque_nm.shape == (12, task.n_times, 2)
    assert np.isfinite(recording.hand_position_m).all()
    assert recording.notes["brian2_mode"] == "cpp_standalone"
    assert recording.spikes.n_trials == 12
    assert recording.spikes.n_units == 30
    neuron = recording.units["neuron"]
    np.testing.assert_array_equal(recording.units["pool"], neuron // 6)
    np.testing.assert_array_equal(
        recording.units["excitatory"], prepared.circuit.excitatory[recording.units["pool"]]
    )
    assert recording.trials["success"].dtype == bool


def test_before_the_target_pools_fire_at_their_baseline(recording, prepared, task):
    at_rest = recording.population.rates[:, task.epoch("rest")].mean()
    assert at_rest == pytest.approx(prepared.calibration.baseline_hz.mean(), rel=0.1)


def test_rates_follow_the_rate_form_of_the_circuit(prepared, task):
    many = prepared.simulate(task, rng=5, n_trials=12).population.rates.reshape(12, 4, task.n_times, 20)
    form = replace(prepared.rate_form, mode="numpy").simulate(task, rng=0).population.rates
    change = many.mean(axis=0) - prepared.calibration.baseline_hz
    expected = form - prepared.rate_form.rate_function.baseline_hz
    late = (task.times_s > 0.3) & (task.times_s < 0.8)
    assert np.corrcoef(change[:, late].ravel(), expected[:, late].ravel())[0, 1] > 0.7


def test_trials_of_a_condition_differ_and_the_same_seed_gives_them_again(recording, prepared, task):
    rates = recording.population.rates
    assert not np.allclose(rates[0], rates[4])
    again = replace(prepared, workers=1).simulate(task, rng=1, n_trials=3)
    np.testing.assert_array_equal(again.population.rates, rates)
    np.testing.assert_array_equal(again.spikes.times_s, recording.spikes.times_s)
    np.testing.assert_array_equal(again.torque_nm, recording.torque_nm)


def test_silenced_pools_have_no_spikes_in_the_window(prepared, task):
    units = [2, 11]
    silent = prepared.simulate(
        task, rng=1, n_trials=2, perturbations=[Perturbation(0.3, 0.4, silence=True, units=units)]
    )
    sample = (task.times_s > 0.3 + 4 * 0.02 - 0.05) & (task.times_s < 0.4)
    trains = silent.spikes
    unit = np.repeat(np.tile(np.arange(30), trains.n_trials), np.diff(trains.boundaries))
    pool = silent.units["pool"][unit]
    inside = (trains.times_s > 0.3001) & (trains.times_s <= 0.4)
    counts = np.bincount(pool[inside], minlength=20)
    assert not counts[units].any()
    assert (np.delete(counts, units) > 0).sum() > 14
    assert (
        silent.population.rates[:, sample][..., units].max() < 0.7 * silent.population.rates[:, sample].max()
    )


def test_light_on_excitatory_neurons_raises_their_rate(prepared, task):
    dark = prepared.simulate(task, rng=1, n_trials=2)
    lit = prepared.simulate(task, rng=1, n_trials=2, light=LightPulse(0.02, 0.08, 20.0))
    window = (task.times_s >= 0.03) & (task.times_s < 0.07)
    excitatory = prepared.circuit.excitatory
    before, after = (one.population.rates[:, window].mean(axis=(0, 1)) for one in (dark, lit))
    assert (after[excitatory] > 1.3 * before[excitatory]).all()


def test_finished_trials_are_taken_up_again(prepared, task, recording, tmp_path, monkeypatch):
    prepared.simulate(task, rng=1, n_trials=2, keep_in=tmp_path)
    ran = []
    run = module.TrialRunner.run

    def counted(self, jobs, **given):
        ran.extend(job.name for job in jobs)
        return run(self, jobs, **given)

    monkeypatch.setattr(module.TrialRunner, "run", counted)
    resumed = prepared.simulate(task, rng=1, n_trials=3, keep_in=tmp_path)
    assert ran == [f"trial {number} (condition {number - 8}, repeat 2)" for number in range(8, 12)]
    np.testing.assert_array_equal(resumed.population.rates, recording.population.rates)


def test_a_fixed_readout_decodes_one_trial(prepared, task, recording):
    fixed = prepared.with_readout(recording, task)
    one = fixed.simulate(task, rng=7)
    change = one.population.rates - fixed.calibration.baseline_hz
    np.testing.assert_allclose(one.torque_nm, fixed.readout.torque_nm(change))


def test_a_trial_with_a_held_out_target_teaches_the_readout_nothing(prepared, task, monkeypatch):
    seen = []
    fit = DecodingProblem.fit

    def spied(self, decoding, trials):
        seen.append(self.fit_conditions)
        return fit(self, decoding, trials)

    monkeypatch.setattr(DecodingProblem, "fit", spied)
    allowed = np.array([True, True, True, False])
    switch = TargetSwitch(0.2, np.array([1, 0, 3, 2]))
    replace(prepared, fit_conditions=allowed).simulate(task, rng=1, n_trials=2, switch=switch)
    assert seen
    for mask in seen:
        np.testing.assert_array_equal(mask, [True, True, False, False])


def test_a_switched_target_is_the_one_the_readout_learns(prepared, task):
    switch = TargetSwitch(0.2, np.array([1, 0, 3, 2]))
    switched = prepared.simulate(task, rng=1, n_trials=3, switch=switch)
    target_m = switched.trials["target_m"]
    np.testing.assert_allclose(target_m[:4], task.reaches.target_m[[1, 0, 3, 2]])
    towards = (
        (switched.hand_position_m[:, -1] - task.reaches.start_m[0]) * (target_m - task.reaches.start_m[0])
    ).sum(axis=1)
    assert (towards > 0).mean() > 0.6


def test_sizes_that_do_not_divide_into_pools_are_refused(circuit):
    with pytest.raises(
        InputError, match=r"n_neurons: expected a multiple of the 20 pools, got 130; 120 is near"
    ):
        SpikingCortex(circuit, n_neurons=130)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"loop_gain": 0.0}, "loop_gain"),
        ({"noise_hz": -1.0}, "noise_hz"),
        ({"rest_noise_hz": np.nan}, "rest_noise_hz"),
        ({"tau_s": -0.2}, "tau_s"),
        ({"loop_gain": 50.0}, "spectral abscissa"),
    ],
)
def test_nonsense_is_refused_by_name(circuit, given, said):
    with pytest.raises(InputError, match=said):
        SpikingCortex(circuit, n_neurons=120, **given)


def test_a_circuit_that_the_neurons_lag_unsettles_is_refused_with_its_abscissa(neurons, task):
    turning = Circuit.from_weights(np.array([[0.0, -9.0], [9.0, 0.0]]))
    assert turning.spectral_abscissa < 1
    calibration = Calibration(np.full(2, 10.0), 2.0, 0.010, 1.0, 0.5, np.zeros(2), np.zeros(2))
    cortex = SpikingCortex(turning, n_neurons=100, neurons=neurons, calibration=calibration)
    with pytest.raises(InputError, match=r"lag of 10.0 ms, got augmented abscissa [1-9]\.\d+ at loop gain 1"):
        cortex.prepare(task, rng=0)


def test_what_cannot_be_simulated_is_refused_before_anything_runs(prepared, unprepared, task, recording):
    with pytest.raises(InputError, match="call `prepare` first"):
        unprepared.simulate(task, rng=0)
    with pytest.raises(InputError, match="call `prepare` first"):
        unprepared.with_readout(recording, task)
    with pytest.raises(InputError, match="n_trials"):
        prepared.simulate(task, rng=0, n_trials=0)
    with pytest.raises(InputError, match=r"dt_s: expected a multiple of 0.002 s, got 0.005 s"):
        prepared.simulate(task.with_dt(0.005), rng=0)
    with pytest.raises(InputError, match=r"n_recorded: expected an integer from 1 to 120"):
        replace(prepared, n_recorded=121).simulate(task, rng=0)


@pytest.mark.parametrize(
    ("perturbation", "said"),
    [
        (Perturbation(1.1, 1.6, 5.0), "stop_s: expected a time within the trial of 1.4 s"),
        (Perturbation(0.1, 0.2, 5.0, units=[20]), r"units: expected units from 0 to 19, got \[20\]"),
        (Perturbation(0.1, 0.2, 5.0, units=[-1]), "units"),
    ],
)
def test_windows_outside_the_trial_and_unknown_units_are_refused(prepared, task, perturbation, said):
    with pytest.raises(InputError, match=said):
        prepared.simulate(task, rng=0, perturbations=[perturbation])


def test_a_trial_too_short_to_score_is_refused_before_any_is_run(prepared, task, tmp_path):
    with pytest.raises(InputError, match="movement_s"):
        prepared.simulate(replace(task, movement_s=0.7), rng=0, keep_in=tmp_path)
    assert not list(tmp_path.iterdir())


def test_light_outside_the_trial_is_refused(prepared, task):
    with pytest.raises(InputError, match=r"stop_s: expected a time within the trial of 1.4 s, got 1.5 s"):
        prepared.simulate(task, rng=0, light=LightPulse(1.0, 1.5, 5.0))


def test_a_session_says_nothing_that_is_no_news(prepared, task, caplog):
    with caplog.at_level(logging.WARNING):
        prepared.simulate(task, rng=3)
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []
