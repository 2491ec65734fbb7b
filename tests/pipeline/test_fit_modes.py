"""What a network can be and what it can be fitted to, from the configuration to the file."""

from __future__ import annotations

import contextlib
import json
from dataclasses import replace

import numpy as np
import pytest

from motorsim.config import load_config
from motorsim.io import load_recording, read_arrays, save_recording
from motorsim.nn import Dale, Leaky, Linear, LowRank, Network, SmoothnessPenalty, Sparse
from motorsim.pipeline import STAGES, StageContext, compare, fit, run_stages
from motorsim.pipeline.common import build_inputs, build_split, build_task
from motorsim.pipeline.compare import load_table
from motorsim.pipeline.figures import collect_inputs
from motorsim.pipeline.fit_jobs import fit_jobs
from motorsim.pipeline.fitted import DATA_DRIVEN, GOAL_DRIVEN, MIXED, UNTRAINED, load_networks
from motorsim.pipeline.simulated import load_cortex
from motorsim.plant import Arm, simulate_arm
from motorsim.plots import standard_figures
from motorsim.progress import Silent
from motorsim.spikes import SpikeTrains
from motorsim.train import network_from_arrays

# Sixteen directions of one harmonic each, so that held-out ones lie between those that were fitted.
SMOOTH = ("task.n_directions=16", "cortex.harmonic_weights=[1.0]")
TRAINED = ("n_units=16", "n_iterations=60", "learning_rate=0.02", "rate_penalty=0", "evaluate_every=10")


def settings(network, *values):
    return tuple(f"fit.{network}.{value}" for value in values)


@pytest.fixture(scope="module")
def cortex(tiny, tmp_path_factory):
    """Return the folder of a simulated rate cortex."""
    results = tmp_path_factory.mktemp("sixteen")
    return run_stages(STAGES, load_config(tiny, SMOOTH), results=results, until="simulate").folder


@pytest.fixture(scope="module")
def poisson_hz(spiking_toml):
    """Return known rates, (condition, time, neuron): a burst at movement onset, tuned to direction."""
    task = build_task(load_config(spiking_toml))
    burst = np.exp(-(((task.times_s - task.movement_onset_s) / 0.15) ** 2))[:, None]
    preferred_rad = np.linspace(0, 2 * np.pi, 24, endpoint=False)
    tuning = 1 + 0.5 * np.cos(task.reaches.direction_rad[:, None, None] - preferred_rad)
    return 10 + 50 * burst * tuning


@pytest.fixture(scope="module")
def write_spikes(spikes):
    """Return a function that makes a folder of a spiking run with counts (trial, time, neuron) of its own."""
    session = load_recording(spikes / "cortex.nwb")

    def write(folder, counts):
        indices = np.indices(counts.shape).reshape(3, -1)
        trial, time, unit = (np.repeat(index, counts.ravel()) for index in indices)
        within_s = np.random.default_rng(6).uniform(1e-4, 0.0099, len(time))
        window = {
            name: getattr(session.spikes, name) for name in ("n_trials", "n_units", "start_s", "stop_s")
        }
        fired = SpikeTrains.from_events(trial, unit, session.population.times_s[time] + within_s, **window)
        folder.mkdir()
        (folder / "cortex.h5").symlink_to(spikes / "cortex.h5")
        save_recording(folder / "cortex.nwb", replace(session, spikes=fired), session_description="Poisson")
        return folder

    return write


@pytest.fixture(scope="module")
def poisson_counts(poisson_hz):
    """Return counts of Poisson neurons of these rates, (trial, time, neuron), conditions fastest."""
    return np.random.default_rng(5).poisson(0.01 * np.tile(poisson_hz, (2, 1, 1)))


@pytest.fixture(scope="module")
def poisson(write_spikes, poisson_counts, tmp_path_factory):
    """Return the folder of a spiking run whose neurons fire these spikes instead."""
    return write_spikes(tmp_path_factory.mktemp("poisson") / "spikes", poisson_counts)


@pytest.fixture
def run_fit(tiny, cortex, spiking_toml, poisson, tmp_path):
    """Return a function that fits with some settings and returns configuration, file's content and notes."""

    def run(*overrides, spiking=False):
        path, given, folder = (spiking_toml, (), poisson) if spiking else (tiny, SMOOTH, cortex)
        config = load_config(path, (*given, *overrides))
        notes = fit.STAGE.run(StageContext(config, folder, tmp_path, tmp_path / "kept", Silent()))
        return config, read_arrays(tmp_path / "network.h5", "fitted networks", schema_version=1)[0], notes

    return run


@pytest.fixture
def scores_at_the_start(cortex, poisson):
    """Return a function that gives the scores on held-out conditions before training, of a network."""

    def scores(config, name):
        folder = poisson if config.cortex.kind == "spiking" else cortex
        task = build_task(config)
        split, inputs = build_split(config, task), build_inputs(config, task).astype(np.float32)
        job = next(job for job in fit_jobs(config, folder, task, split) if job.name == name)
        start = fit._initialise(config, job, name, inputs, gain=job.settings.gain)
        return job.target.score(job.target.restore(start.forward(inputs).outputs), split.test)

    return scores


CELLS = {
    "leaky": ("learn_time_constants=true", "noise_std=0.05", "smoothness_penalty=0.01"),
    "vanilla": ("activation=softplus", "initialisation=orthogonal", "weight_penalty=0.001"),
    "lstm": ("density=0.5",),
    "gru": ("rank=8",),
}


@pytest.mark.parametrize("cell", CELLS)
def test_every_cell_learns_the_rates_of_conditions_that_it_has_not_seen(run_fit, scores_at_the_start, cell):
    chosen = settings("data_driven", *TRAINED, f"cell={cell}", *CELLS[cell])
    config, content, notes = run_fit(*chosen)
    before = scores_at_the_start(config, DATA_DRIVEN)
    assert notes[DATA_DRIVEN]["variance_explained_test"] > before["variance_explained"] + 0.2
    for name in (DATA_DRIVEN, UNTRAINED):
        kind = content[name]["configuration"]["cell"]["kind"]
        assert kind == {"leaky": "Leaky", "vanilla": "Vanilla", "lstm": "LSTM", "gru": "GRU"}[cell]


def test_the_hand_comes_near_its_path_through_the_arm(run_fit, scores_at_the_start, tmp_path):
    config, _, notes = run_fit(*settings("goal_driven", *TRAINED, "target=hand"))
    before = scores_at_the_start(config, GOAL_DRIVEN)
    assert notes[GOAL_DRIVEN]["hand_error_mm_test"] < 0.5 * before["hand_error_mm"]
    network, task = load_networks(tmp_path)[GOAL_DRIVEN], build_task(config)
    assert network.target == "hand"
    assert network.rates_hz is None
    np.testing.assert_allclose(network.outputs[:, 0], np.tile(config.task.start_m, (16, 1)), atol=1e-9)
    # What is stored as the hand's path is where the stored torques bring the arm.
    movement = simulate_arm(Arm(), network.torque_nm, dt_s=task.dt_s, start_m=config.task.start_m)
    np.testing.assert_allclose(movement.hand_position_m, network.outputs, atol=2e-3)
    distance_m = np.linalg.norm(network.outputs - task.desired_position_m, axis=2)
    test = build_split(config, task).test
    assert notes[GOAL_DRIVEN]["hand_error_mm_test"] == pytest.approx(1e3 * distance_m[test].mean())


def test_from_spikes_of_single_trials_the_rates_behind_them_are_learned(
    run_fit, scores_at_the_start, poisson_hz, tmp_path
):
    config, content, notes = run_fit(*settings("data_driven", *TRAINED, "target=spikes"), spiking=True)
    before = scores_at_the_start(config, DATA_DRIVEN)
    assert notes[DATA_DRIVEN]["bits_per_spike_test"] > max(0.1, before["bits_per_spike"] + 0.1)
    assert content[DATA_DRIVEN]["configuration"]["readout"]["kind"] == "PoissonRate"
    network = load_networks(tmp_path)[DATA_DRIVEN]
    assert network.rates_hz is None
    test = build_split(config, build_task(config)).test
    assert np.corrcoef(network.outputs[test].ravel(), poisson_hz[test].ravel())[0, 1] > 0.8
    assert network.outputs.mean() == pytest.approx(poisson_hz.mean(), rel=0.1)


def test_no_network_sees_the_spikes_of_test_trials(
    run_fit, write_spikes, poisson_counts, spiking_toml, tmp_path
):
    chosen = settings("data_driven", "target=spikes", "n_iterations=5")
    config, content, _ = run_fit(*chosen, spiking=True)
    test = np.tile(build_split(config, build_task(config)).test, 2)
    other = np.where(test[:, None, None], 3 - np.minimum(poisson_counts, 3), poisson_counts)
    spoilt = write_spikes(tmp_path / "spoilt", other)
    (tmp_path / "again").mkdir()
    context = StageContext(
        load_config(spiking_toml, chosen), spoilt, tmp_path / "again", tmp_path / "k", Silent()
    )
    fit.STAGE.run(context)
    network = load_networks(tmp_path / "again")[DATA_DRIVEN]
    np.testing.assert_array_equal(network.outputs, content[DATA_DRIVEN]["outputs"])


def test_every_trial_is_a_sequence_and_every_spike_counts_once(spikes, spiking_toml):
    config = load_config(spiking_toml, settings("data_driven", "target=spikes"))
    task = build_task(config)
    split = build_split(config, task)
    target = fit_jobs(config, spikes, task, split)[0].target
    session = load_recording(spikes / "cortex.nwb")
    assert target.sequences.shape == (10, task.n_times, 24)
    assert target.sequences.sum() == session.spikes.n_spikes
    np.testing.assert_array_equal(target.condition, session.trials["condition"])
    trial, unit, bin_ = 3, 5, 40
    train = session.spikes.trial_unit(trial, unit)
    inside = (train >= task.times_s[bin_] - 1e-9) & (train < task.times_s[bin_ + 1] - 1e-9)
    assert target.sequences[trial, bin_, unit] == inside.sum()


def test_bits_per_spike_are_zero_for_constant_rates_and_fall_by_the_logarithm_of_a_wrong_scale(
    spikes, spiking_toml
):
    config = load_config(spiking_toml, settings("data_driven", "target=spikes"))
    task = build_task(config)
    split = build_split(config, task)
    target = fit_jobs(config, spikes, task, split)[0].target
    counts = target.sequences[split.train[target.condition]]
    constant = np.broadcast_to(counts.mean(axis=(0, 1), dtype=np.float64), (5, *counts.shape[1:]))
    bits = [
        target.score(target.restore(scale * constant), split.train)["bits_per_spike"] for scale in (1.0, 2.0)
    ]
    assert bits[0] == pytest.approx(0.0, abs=1e-9)
    # Of n spikes, n log 2 is gained and n is lost.
    assert bits[1] == pytest.approx((np.log(2) - 1) / np.log(2), abs=1e-6)


def test_one_network_makes_rates_and_torques(run_fit, scores_at_the_start, cortex, tmp_path):
    config, _, notes = run_fit("fit.mixed.enabled=true", *settings("mixed", *TRAINED))
    before = scores_at_the_start(config, MIXED)
    for score in ("variance_explained", "torque_variance_explained"):
        assert notes[MIXED][f"{score}_test"] > before[score] + 0.2
    network, simulated = load_networks(tmp_path)[MIXED], load_cortex(cortex)
    assert network.rates_hz.shape == simulated.recording.population.rates.shape
    assert network.torque_nm.shape == simulated.desired_torque_nm.shape


@pytest.mark.parametrize("favoured", ["rates", "torque"])
def test_the_weights_of_the_mixture_decide_what_is_learned(run_fit, favoured):
    weights = (f"{name}_weight={1.0 if name == favoured else 1e-6}" for name in ("rates", "torque"))
    _, _, notes = run_fit("fit.mixed.enabled=true", *settings("mixed", *TRAINED, *weights))
    explained = {
        "rates": notes[MIXED]["variance_explained_train"],
        "torque": notes[MIXED]["torque_variance_explained_train"],
    }
    assert explained.pop(favoured) > max(explained.values()) + 0.2


def test_mixed_and_spike_networks_are_compared_and_drawn(spikes, spiking_toml, tmp_path):
    chosen = ("fit.mixed.enabled=true", "fit.mixed.n_units=8", "fit.mixed.n_iterations=2")
    config = load_config(spiking_toml, (*chosen, "fit.data_driven.target=spikes", "name=modes"))
    folder = tmp_path / "modes"
    folder.mkdir()
    for name in ("cortex.h5", "cortex.nwb"):
        (folder / name).symlink_to(spikes / name)
    for stage in (fit.STAGE, compare.STAGE):
        stage.run(StageContext(config, folder, folder, tmp_path / "kept", Silent()))
    notes = load_table(folder).set_index(["metric", "candidate"])["note"]
    assert notes["rates_r2_test", MIXED].startswith("no refit")
    assert notes["rates_r2_test", DATA_DRIVEN].startswith("linear readout")
    assert notes["rates_r2_test", "shuffled"].startswith("linear readout")
    inputs = collect_inputs(config, folder)
    assert inputs.overlay is None
    assert [fitted.name for fitted in inputs.training] == [DATA_DRIVEN, GOAL_DRIVEN, MIXED]
    assert "figure_5_training" in standard_figures(inputs)


STRUCTURES = {
    "dale": (("dale=0.75", "activation=relu", "density=0.5"), Dale),
    "sparse": (("density=0.25",), Sparse),
    "low rank": (("rank=3",), LowRank),
}


@pytest.mark.parametrize("name", STRUCTURES)
def test_the_stored_weights_keep_the_structure_asked_for(run_fit, name):
    overrides, kind = STRUCTURES[name]
    _, content, _ = run_fit(*settings("data_driven", *TRAINED, *overrides))
    network = network_from_arrays(content[DATA_DRIVEN])
    assert isinstance(network.parametrisations["cell.recurrent_weights"], kind)
    weights = network.effective_parameters["cell.recurrent_weights"]
    start = network_from_arrays(content[UNTRAINED]).effective_parameters["cell.recurrent_weights"]
    assert np.abs(weights - start).max() > 1e-3
    if name == "low rank":
        values = np.linalg.svd(weights, compute_uv=False)
        assert (values > 1e-5).sum() == 3
        return
    np.testing.assert_array_equal(weights == 0, start == 0)
    density = np.mean(weights != 0)
    assert density == pytest.approx(0.5 if name == "dale" else 0.25, abs=0.1)
    if name == "dale":
        assert weights[:, :12].min() >= 0
        assert weights[:, 12:].max() <= 0


def test_what_is_stored_builds_the_network_again(run_fit):
    chosen = settings(
        "data_driven", "dale=0.5", "density=0.7", "activation=relu", "learn_time_constants=true"
    )
    enabled = ("fit.mixed.enabled=true", "fit.mixed.n_units=8", "fit.mixed.n_iterations=3")
    config, content, _ = run_fit(*chosen, *enabled)
    inputs = build_inputs(config, build_task(config)).astype(np.float32)
    for name, arrays in content.items():
        made = network_from_arrays(arrays).forward(inputs)
        np.testing.assert_array_equal(made.hidden, arrays["hidden"])
        if name != MIXED and "outputs" in arrays:
            np.testing.assert_allclose(made_outputs(arrays, inputs), arrays["outputs"], rtol=1e-12)
    outputs = made_outputs(content[MIXED], inputs)
    np.testing.assert_allclose(outputs[..., :-2], content[MIXED]["outputs"], rtol=1e-12)
    np.testing.assert_allclose(outputs[..., -2:], content[MIXED]["torque_nm"], rtol=1e-12)


def made_outputs(arrays, inputs):
    outputs = network_from_arrays(arrays).forward(inputs).outputs.astype(np.float64)
    return outputs * arrays["output_scale"] + arrays["output_mean"]


def test_noise_in_training_changes_what_is_learned_and_not_the_start(run_fit):
    short = settings("data_driven", "n_iterations=5", "learning_rate=0.01")
    _, quiet, _ = run_fit(*short)
    _, noisy, _ = run_fit(*short, *settings("data_driven", "noise_std=0.2"))
    assert np.abs(noisy[DATA_DRIVEN]["outputs"] - quiet[DATA_DRIVEN]["outputs"]).max() > 1e-3
    np.testing.assert_array_equal(noisy[UNTRAINED]["hidden"], quiet[UNTRAINED]["hidden"])


def test_time_constants_that_are_learned_move_from_where_they_are_set(run_fit):
    chosen = ("n_iterations=5", "learning_rate=0.01", "learn_time_constants=true", "tau_s=0.07")
    _, content, _ = run_fit(*settings("data_driven", *chosen))
    learned, start = (network_from_arrays(content[name]) for name in (DATA_DRIVEN, UNTRAINED))
    np.testing.assert_allclose(time_constants_s(start), 0.07, rtol=1e-5)
    assert np.abs(time_constants_s(learned) - 0.07).max() > 1e-4


def time_constants_s(network):
    return network.cell.time_constants_s({"leak_logit": network.parameters["cell.leak_logit"]})


def test_the_smoothness_penalty_makes_the_recurrent_jacobian_smaller(run_fit):
    jacobians = []
    for strength in (0.0, 1.0):
        chosen = settings("data_driven", *TRAINED, f"smoothness_penalty={strength}", "gain=1.0")
        _, content, _ = run_fit(*chosen)
        network = network_from_arrays(content[DATA_DRIVEN])
        rates = np.swapaxes(content[DATA_DRIVEN]["hidden"], 0, 1)
        jacobians.append(SmoothnessPenalty(1.0, network.cell)(network.effective_parameters, rates)[0])
    assert jacobians[1] < 0.5 * jacobians[0]


def test_without_further_settings_networks_are_leaky_tanh_units_without_structure(run_fit):
    config, content, _ = run_fit()
    assert set(content) == {DATA_DRIVEN, GOAL_DRIVEN, UNTRAINED, "reservoir"}
    n_inputs = build_inputs(config, build_task(config)).shape[2]
    plain = Network.initialise(Leaky(n_inputs, 8, dt_s=0.01, tau_s=0.05, gain=0.1), Linear(8, 24), rng=1)
    for name in (DATA_DRIVEN, UNTRAINED):
        assert network_from_arrays(content[name]).configuration == plain.configuration


def test_a_table_that_sets_one_key_of_the_goal_driven_network_keeps_the_defaults_of_the_others():
    goal = load_config(None, ("fit.goal_driven.n_units=64",)).fit.goal_driven
    assert (goal.learning_rate, goal.n_iterations) == (0.005, 800)


class Interrupting(Silent):
    """Interrupts after so many updates of a network, and remembers every update that it was told."""

    def __init__(self, network, after):
        self.network, self.after, self.told = network, after, []

    @contextlib.contextmanager
    def bar(self, description, total):
        del total

        def update(completed, note=""):
            del note
            if description == f"{self.network} network":
                self.told.append(completed)
                if completed == self.after:
                    raise KeyboardInterrupt

        yield update


@pytest.mark.parametrize("network", ["data-driven", "goal-driven"])
def test_an_interrupted_fit_goes_on_where_it_stopped_to_the_same_bytes(tiny, tmp_path, digests, network):
    config = load_config(
        tiny, tuple(f"fit.{name}.n_iterations=30" for name in ("data_driven", "goal_driven"))
    )
    whole = run_stages(STAGES, config, results=tmp_path / "whole", until="fit").folder
    broken = Interrupting(network, after=20)
    with pytest.raises(KeyboardInterrupt):
        run_stages(STAGES, config, results=tmp_path / "broken", until="fit", progress=broken)
    folder = tmp_path / "broken" / "tiny"
    assert not (folder / "network.h5").exists()
    assert list((folder / ".kept-fit").glob(f"{network}-*.h5"))
    resumed = Interrupting(network, after=None)
    run_stages(STAGES, config, results=tmp_path / "broken", until="fit", progress=resumed)
    assert resumed.told[0] in (20, 21)
    assert resumed.told[-1] == 30
    assert digests(folder) == digests(whole)
    assert not (folder / ".kept-fit").exists()


def test_an_interrupted_fit_of_other_settings_is_not_taken_up(tiny, tmp_path, digests):
    with pytest.raises(KeyboardInterrupt):
        run_stages(
            STAGES, load_config(tiny), results=tmp_path, until="fit", progress=Interrupting("data-driven", 2)
        )
    changed = load_config(tiny, ("fit.data_driven.gain=0.5",))
    folder = run_stages(STAGES, changed, results=tmp_path, until="fit").folder
    whole = run_stages(STAGES, changed, results=tmp_path / "whole", until="fit").folder
    assert digests(folder) == digests(whole)
    notes = json.loads((folder / "provenance.json").read_text(encoding="utf-8"))["stages"]["fit"]["notes"]
    assert notes[DATA_DRIVEN]["target"] == "rates"
