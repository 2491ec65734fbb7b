from dataclasses import replace

import numpy as np
import pytest

from motorsim.checks import InputError
from motorsim.cortex import (
    Circuit,
    OptimalPreparation,
    Perturbation,
    RateCortex,
    RateFunction,
    RayPreparation,
    StaticPreparation,
    default_circuit,
    draw_units,
    rate_run,
    spread_baselines,
)
from motorsim.task import DelayedReach, TargetSwitch, center_out, reaction_times_s, score_reaches


@pytest.fixture(scope="module")
def task():
    return DelayedReach(center_out(8, 0.10), delay_s=0.4, movement_s=1.0)


@pytest.fixture(scope="module")
def cortex(task):
    return RateCortex(default_circuit(), mode="numpy").prepare(task, rng=0)


@pytest.fixture(scope="module")
def recording(cortex, task):
    return cortex.simulate(task, rng=0)


def end_point_error_m(recording, task):
    window = (task.times_s >= task.movement_onset_s + 0.5 - 1e-9) & (
        task.times_s <= task.movement_onset_s + 0.8
    )
    return np.linalg.norm(recording.hand_position_m[:, window].mean(axis=1) - task.reaches.target_m, axis=1)


def test_the_hand_arrives_and_stays(recording, task):
    assert end_point_error_m(recording, task).max() < 0.005
    window = task.times_s >= task.movement_onset_s + 0.6
    assert np.linalg.norm(recording.hand_velocity_m_s[:, window], axis=-1).max() < 0.02


def test_rest_is_silent_and_preparation_quiet(recording, task):
    before_go = ~task.epoch("movement")
    peak = np.abs(recording.torque_nm).max()
    assert np.abs(recording.torque_nm[:, task.epoch("rest")]).max() < 1e-9 * peak
    assert np.abs(recording.torque_nm[:, before_go]).max() < 0.01 * peak
    drift_m = np.linalg.norm(recording.hand_position_m[:, before_go] - task.reaches.start_m[:, None], axis=-1)
    assert drift_m.max() < 0.005


def test_at_the_go_cue_the_circuit_is_in_the_state_prepared(cortex, recording, task):
    go = int(np.argmax(task.epoch("movement")))
    prepared = cortex.rate_function.rate_hz(cortex.preparatory_map(task.reaches))
    np.testing.assert_allclose(recording.population.rates[:, go], prepared, atol=1e-3)


def test_movement_is_amplified_and_then_decays(cortex, recording, task):
    change = np.linalg.norm(recording.population.rates - cortex.rate_function.baseline_hz, axis=-1)
    go = int(np.argmax(task.epoch("movement")))
    assert (change[:, go:].max(axis=1) > 1.5 * change[:, go]).all()
    assert (change[:, -1] < 0.3 * change[:, go]).all()


def test_events_and_trials_are_recorded(recording, task):
    assert recording.events_s == {
        "target_onset": 0.2,
        "go_cue": pytest.approx(0.6),
        "movement_onset": pytest.approx(0.7),
    }
    np.testing.assert_array_equal(recording.trials["target_m"], task.reaches.target_m)
    assert recording.notes["brian2_mode"] == "numpy"
    assert recording.population.sample_axis == "condition"


def test_jacobian_is_the_derivative_of_the_derivative(cortex):
    rng = np.random.default_rng(0)
    state, direction = 30 * rng.standard_normal((2, 3, 200))
    nothing = np.zeros_like(state)
    step = 1e-6
    difference = (
        cortex.derivative(state + step * direction, nothing)
        - cortex.derivative(state - step * direction, nothing)
    ) / (2 * step)
    np.testing.assert_allclose(
        np.einsum("cij,cj->ci", cortex.jacobian(state), direction), difference, rtol=1e-5, atol=1e-4
    )


def test_integration_without_brian_gives_the_same_session(cortex, recording, task):
    alone = cortex.integrate(task)
    np.testing.assert_allclose(alone.population.rates, recording.population.rates, atol=1e-9)
    np.testing.assert_allclose(alone.hand_position_m, recording.hand_position_m, atol=1e-9)
    assert alone.population.condition_labels == recording.population.condition_labels
    with pytest.raises(InputError, match="prepare"):
        replace(cortex, readout=None).integrate(task)


def test_noise_makes_trials_and_they_differ(task):
    noisy = RateCortex(default_circuit(), mode="numpy", noise_hz=1.0, dt_s=0.005)
    short = DelayedReach(center_out(2, 0.10), delay_s=0.3, movement_s=0.6, rest_s=0.1)
    recording = noisy.prepare(short, rng=0).simulate(short, rng=1, n_trials=2)
    assert recording.population.sample_axis == "trial"
    assert recording.population.n_samples == 4
    assert not np.allclose(recording.population.rates[0], recording.population.rates[2])
    assert recording.population.condition_labels[:2] == recording.population.condition_labels[2:]


@pytest.fixture(scope="module")
def quick_task():
    return DelayedReach(center_out(4, 0.10), rest_s=0.1, delay_s=0.4, movement_s=1.0)


@pytest.fixture(scope="module")
def quick(quick_task):
    """One cortex for each preparation, all with the same states."""
    return {
        type(strategy).__name__: RateCortex(
            default_circuit(), mode="numpy", dt_s=0.005, preparation=strategy
        ).prepare(quick_task, rng=0)
        for strategy in (RayPreparation(), OptimalPreparation(), StaticPreparation())
    }


def scored(recording, task):
    return score_reaches(task, recording.hand_position_m, recording.hand_velocity_m_s)


def test_optimal_preparation_is_quiet_and_right_and_a_static_step_is_neither(quick, quick_task):
    optimal, static = (
        scored(quick[name].simulate(quick_task, rng=0), quick_task)
        for name in ("OptimalPreparation", "StaticPreparation")
    )
    assert optimal.error_m.max() < 0.005
    assert optimal.drift_m.max() < 0.003
    assert static.drift_m.max() > 0.05
    assert static.error_m.mean() > 0.03


def test_optimal_preparation_is_ready_when_the_ray_is_not(quick, quick_task):
    hurried = replace(quick_task, delay_s=0.2)
    optimal, ray = (
        scored(quick[name].simulate(hurried, rng=0), hurried).error_m
        for name in ("OptimalPreparation", "RayPreparation")
    )
    assert optimal.max() < 0.01
    assert ray.min() > 2 * optimal.max()


def test_without_delay_the_reach_waits_until_it_is_prepared(quick, quick_task):
    at_once = replace(quick_task, delay_s=0.0, movement_s=1.4)
    patient = replace(quick["RayPreparation"], least_preparation_s=0.4).prepare(at_once, rng=0)
    recording = patient.simulate(at_once, rng=0)
    released = patient.released(at_once)
    assert recording.events_s == pytest.approx(
        {"target_onset": 0.1, "go_cue": 0.1, "release": 0.5, "movement_onset": 0.6}
    )
    assert released.n_times == at_once.n_times
    assert scored(recording, released).error_m.max() < 0.005
    delayed = quick["RayPreparation"].simulate(quick_task, rng=0)
    np.testing.assert_allclose(recording.population.rates, delayed.population.rates, atol=1e-9)
    waited = reaction_times_s(at_once, recording.hand_velocity_m_s)
    np.testing.assert_allclose(
        waited, reaction_times_s(quick_task, delayed.hand_velocity_m_s) + 0.4, atol=1e-9
    )


def test_without_time_to_prepare_there_is_no_reach(quick, quick_task):
    at_once = replace(quick_task, delay_s=0.0)
    recording = quick["OptimalPreparation"].simulate(at_once, rng=0)
    np.testing.assert_allclose(recording.population.rates, 20.0)
    assert np.isnan(reaction_times_s(at_once, recording.hand_velocity_m_s)).all()


@pytest.mark.parametrize("name", ["RayPreparation", "OptimalPreparation"])
def test_after_a_target_switch_the_new_reach_is_made(quick, quick_task, name):
    switch = TargetSwitch(0.3, [1, 2, 3, 0])
    task = replace(quick_task, delay_s=0.6)
    recording = quick[name].simulate(task, rng=0, switch=switch)
    score = scored(recording, switch.final_task(task))
    assert score.error_m.max() < 0.006
    assert score.drift_m.max() < 0.005
    np.testing.assert_array_equal(recording.trials["condition"], [1, 2, 3, 0])
    np.testing.assert_array_equal(recording.trials["first_condition"], [0, 1, 2, 3])
    np.testing.assert_array_equal(recording.trials["target_m"], task.reaches.target_m[[1, 2, 3, 0]])
    assert recording.events_s["target_switch"] == 0.3
    assert recording.population.condition_labels[0] == "10 cm, 0 deg -> 10 cm, 90 deg"


def test_silenced_units_do_not_fire_in_the_window_and_the_reach_suffers(quick, quick_task):
    cortex = quick["RayPreparation"]
    units = draw_units(cortex.circuit.excitatory, 0.5, among_excitatory=True, rng=0)
    silence = Perturbation(0.55, 0.7, units=units, silence=True)
    recording = cortex.simulate(quick_task, rng=0, perturbations=[silence])
    inside = (quick_task.times_s >= 0.55 - 1e-9) & (quick_task.times_s < 0.7 - 1e-9)
    fires = recording.population.rates[:, :, units] > 1e-9
    assert not fires[:, inside].any()
    assert fires[:, ~inside].all()
    untouched = cortex.simulate(quick_task, rng=0)
    before = quick_task.times_s < 0.55 - 1e-9
    np.testing.assert_array_equal(
        recording.population.rates[:, before], untouched.population.rates[:, before]
    )
    assert scored(recording, quick_task).error_m.mean() > 0.02


def test_feedback_preparation_recovers_from_a_pulse_before_the_go_cue(quick, quick_task):
    pulse = Perturbation(0.2, 0.25, drive_hz=20.0, units=np.arange(50))
    optimal, ray = (
        scored(quick[name].simulate(quick_task, rng=0, perturbations=[pulse]), quick_task).error_m
        for name in ("OptimalPreparation", "RayPreparation")
    )
    assert optimal.max() < 0.025
    assert ray.mean() > 4 * optimal.mean()


def test_feedback_preparation_quenches_the_variability_of_trials(quick, quick_task):
    spread = {}
    for name in ("OptimalPreparation", "RayPreparation"):
        noisy = replace(quick[name], noise_hz=1.0)
        recording = noisy.simulate(quick_task, rng=3, n_trials=6)
        rates = recording.population.rates.reshape(6, 4, -1, 200)
        variance = rates.var(axis=0, ddof=1).mean(axis=(0, 2))
        spread[name] = variance[[int(0.1 / 0.01), int(0.5 / 0.01)]]
    target_onset, go_cue = 0, 1
    assert spread["OptimalPreparation"][go_cue] < 0.5 * spread["RayPreparation"][go_cue]
    assert spread["RayPreparation"][go_cue] > spread["RayPreparation"][target_onset] > 0


def test_units_keep_their_baselines_and_the_reach_stays_right(quick_task):
    baseline_hz = spread_baselines(200, rng=0)
    cortex = RateCortex(
        default_circuit(), mode="numpy", dt_s=0.005, rate_function=RateFunction(baseline_hz)
    ).prepare(quick_task, rng=0)
    recording = cortex.simulate(quick_task, rng=0)
    rest = recording.population.rates[:, quick_task.epoch("rest")]
    np.testing.assert_allclose(rest, np.broadcast_to(baseline_hz, rest.shape), atol=1e-9)
    assert scored(recording, quick_task).error_m.max() < 0.005


def test_an_unprepared_cortex_says_what_to_do(task):
    with pytest.raises(InputError, match="call `prepare` first"):
        RateCortex(default_circuit(), mode="numpy").simulate(task, rng=0)


def test_an_unstable_circuit_is_refused():
    with pytest.raises(InputError, match="spectral abscissa 2"):
        RateCortex(Circuit.from_weights(np.array([[0.0, 2.0], [2.0, 0.0]])))


@pytest.mark.parametrize(
    ("timing", "name"), [({"delay_s": 0.2}, "delay_s"), ({"dt_s": 0.005, "delay_s": 0.4}, "dt_s")]
)
def test_a_task_the_cortex_cannot_keep_time_with_is_refused(cortex, timing, name):
    task = DelayedReach(center_out(4, 0.1), **timing)
    with pytest.raises(InputError, match=name):
        cortex.prepare(task, rng=0)


def test_fit_on_must_be_a_mask_of_the_conditions(cortex, task):
    with pytest.raises(InputError, match="fit_on"):
        cortex.prepare(task, rng=0, fit_on=np.ones(3, bool))


def test_a_target_out_of_reach_is_refused():
    task = DelayedReach(center_out(8, 0.5), delay_s=0.4)
    with pytest.raises(InputError, match="reach"):
        RateCortex(default_circuit(), mode="numpy").prepare(task, rng=0)


@pytest.fixture
def broken_compiler(monkeypatch):
    """Every compiled run fails; return the modes that were tried."""
    tried = []

    def run(*_, mode, **__):
        tried.append(mode)
        if mode != "numpy":
            raise RuntimeError("command g++ failed with exit code 1")
        return np.zeros((4, 226, 200))

    monkeypatch.setattr(rate_run, "run_rate_network", run)
    monkeypatch.setattr(rate_run, "resolve_mode", lambda mode: "cython" if mode == "auto" else mode)
    return tried


def test_where_compiling_fails_the_numpy_target_takes_over_and_says_so(cortex, broken_compiler, caplog):
    task = DelayedReach(center_out(4, 0.1), rest_s=0.1, delay_s=0.3, movement_s=0.7, dt_s=0.01)
    automatic = replace(cortex, mode="auto", dt_s=0.005)
    recording = automatic.simulate(replace(task, rest_s=0.13, movement_s=0.7), rng=0)
    assert broken_compiler == ["cython", "numpy"]
    assert recording.notes["brian2_mode"] == "numpy"
    assert "command g++ failed" in caplog.text


def test_a_mode_asked_for_by_name_fails_with_one_clear_error(cortex, broken_compiler):
    task = DelayedReach(center_out(4, 0.1), rest_s=0.13, delay_s=0.3, movement_s=0.7)
    with pytest.raises(InputError, match="mode: expected a C\\+\\+ compiler that works for cpp_standalone"):
        replace(cortex, mode="cpp_standalone", dt_s=0.005).simulate(task, rng=0)
    assert broken_compiler == ["cpp_standalone"]


def test_an_error_of_the_progress_is_no_failed_compilation(cortex):
    def stop(_):
        raise KeyError("a window that was closed")

    task = DelayedReach(center_out(4, 0.1), rest_s=0.13, delay_s=0.3, movement_s=0.7)
    for mode in ("numpy", "cython"):
        with pytest.raises(KeyError, match="a window that was closed"):
            replace(cortex, mode=mode, dt_s=0.005).simulate(task, rng=0, on_progress=stop)
