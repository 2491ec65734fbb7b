from __future__ import annotations

import json
import shutil

import numpy as np
import pytest
import threadpoolctl

from motorsim.config import load_config
from motorsim.io import read_arrays, write_arrays
from motorsim.pipeline import STAGES, StageContext, circuit, compare, fit, run_stages
from motorsim.pipeline.circuit import load_circuit
from motorsim.pipeline.common import build_split, build_task
from motorsim.pipeline.compare import load_table, task_only_model
from motorsim.pipeline.fitted import DATA_DRIVEN, GOAL_DRIVEN, RESERVOIR, UNTRAINED, load_networks
from motorsim.pipeline.scores import warnings_of
from motorsim.pipeline.simulated import load_cortex
from motorsim.progress import Silent


@pytest.fixture(scope="module")
def config(tiny):
    return load_config(tiny)


def test_the_circuit_is_the_matrix_that_was_given(tiny, finished):
    weights = np.load(tiny.parent / "weights.npy")
    held = load_circuit(finished)
    np.testing.assert_array_equal(held.weights, weights)
    np.testing.assert_array_equal(held.excitatory, np.arange(24) < 12)
    assert held.source == "array (24 x 24 float64) of weights.npy"


def test_the_cortex_rests_at_its_baseline_and_then_leaves_it(finished, config):
    task = build_task(config)
    cortex = load_cortex(finished)
    rates = cortex.recording.population.rates
    assert rates.shape == (8, task.n_times, 24)
    np.testing.assert_allclose(rates[:, task.epoch("rest")], config.cortex.baseline_hz, atol=1e-9)
    assert np.abs(rates - config.cortex.baseline_hz).max() > 1.0
    assert cortex.desired_torque_nm.shape == (8, task.n_times, 2)
    assert cortex.preparatory_states_hz.shape == (8, 24)


def test_at_the_go_cue_the_cortex_is_where_preparation_was_to_take_it(finished, config):
    task = build_task(config)
    cortex = load_cortex(finished)
    go = int(np.flatnonzero(np.isclose(task.times_from_go_s, 0.0))[0])
    change = cortex.recording.population.rates[:, go] - config.cortex.baseline_hz
    # Deviations below the rate's curvature are the activations themselves, and the sign is theirs always.
    assert np.corrcoef(change.ravel(), cortex.preparatory_states_hz.ravel())[0, 1] > 0.95


def test_the_readout_has_not_seen_the_conditions_that_are_held_out(finished):
    # A readout of so few units and directions fits what it has seen and little else.
    notes = json.loads((finished / "provenance.json").read_text(encoding="utf-8"))["stages"]["simulate"][
        "notes"
    ]
    assert notes["hand_error_fitted_mm"]["max"] < 20
    assert notes["hand_error_test_mm"]["mean"] > 50


def test_the_fit_leaves_both_networks_and_the_one_that_was_not_trained(finished, config):
    task = build_task(config)
    networks = load_networks(finished)
    assert set(networks) == {DATA_DRIVEN, GOAL_DRIVEN, UNTRAINED, RESERVOIR}
    for name, n_outputs in ((DATA_DRIVEN, 24), (GOAL_DRIVEN, 2)):
        assert networks[name].hidden.shape == (8, task.n_times, 8)
        assert networks[name].outputs.shape == (8, task.n_times, n_outputs)
        assert networks[name].training_loss.shape == (3,)
    assert networks[UNTRAINED].outputs is None
    assert np.abs(networks[UNTRAINED].hidden - networks[DATA_DRIVEN].hidden).max() > 0


@pytest.fixture(scope="module")
def spoilt(finished, config, tmp_path_factory):
    """Return the folder of a run in which all that was recorded on test conditions is something else."""
    folder = tmp_path_factory.mktemp("spoilt") / "tiny"
    shutil.copytree(finished, folder)
    test = build_split(config, build_task(config)).test
    arrays, _ = read_arrays(folder / "cortex.h5", "simulated cortex", schema_version=2)
    noise = np.random.default_rng(0)
    for array in (arrays["recording"]["population"]["rates"], arrays["desired_torque_nm"]):
        array[test] = 20 + noise.standard_normal(array[test].shape)
    write_arrays(folder / "cortex.h5", "simulated cortex", arrays, schema_version=2)
    return folder


def test_no_network_sees_the_test_conditions(spoilt, finished, config, tmp_path):
    context = StageContext(config, spoilt, tmp_path, tmp_path / "kept", Silent())
    fit.STAGE.run(context)
    for name, network in load_networks(tmp_path).items():
        np.testing.assert_array_equal(network.hidden, load_networks(finished)[name].hidden)
        if network.outputs is not None:
            np.testing.assert_array_equal(network.outputs, load_networks(finished)[name].outputs)


def test_the_task_only_model_does_not_see_the_test_conditions(spoilt, finished, config):
    task = build_task(config)
    split = build_split(config, task)
    models = [
        task_only_model(task, load_cortex(folder).recording.population, split)
        for folder in (spoilt, finished)
    ]
    np.testing.assert_array_equal(models[0].rates, models[1].rates)


def test_scores_are_those_of_the_test_conditions(spoilt, finished, config, tmp_path):
    shutil.copy(finished / "network.h5", spoilt / "network.h5")
    compare.STAGE.run(StageContext(config, spoilt, tmp_path, tmp_path / "kept", Silent()))
    tables = [
        load_table(folder).set_index(["metric", "candidate"])["value"] for folder in (tmp_path, finished)
    ]
    for metric in ("rates_r2_test", "r2_candidate_to_reference", "cca_test"):
        assert tables[0][metric, "task-only"] < 0.1 < tables[1][metric, "task-only"]


def test_the_same_configuration_gives_the_same_bytes_in_another_folder_and_with_more_threads(
    tmp_path, finished, config, digests
):
    with threadpoolctl.threadpool_limits(2, user_api="blas"):
        again = run_stages(STAGES, config, results=tmp_path, until="compare").folder
    assert digests(again) == digests(finished)
    assert len(digests(again)) == 5


def test_the_configuration_in_the_results_makes_the_run_again(
    tmp_path, finished, config, digests, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    stored = load_config(finished / "config.toml")
    assert stored == config
    assert stored.cortex.weights_file.is_file()
    assert run_stages(STAGES, stored, results=finished.parent, until="fit").computed == ()


def test_another_seed_gives_another_cortex_and_other_networks_with_the_circuit_given(
    tmp_path, tiny, finished, digests
):
    other = run_stages(STAGES, load_config(tiny, seed=4), results=tmp_path, until="fit").folder
    same = {name for name, digest in digests(other).items() if digests(finished)[name] == digest}
    assert same == {"circuit.h5"}


def test_a_copy_of_the_matrix_under_another_name_changes_nothing_but_its_name(tiny):
    config = load_config(tiny)
    renamed = load_config(tiny, (f"cortex.weights_file={tiny.parent / 'weights.npy'}",), name="renamed")
    stage = circuit.STAGE
    keys = {stage.key(one, stage.inputs(one, tiny.parent)) for one in (config, renamed)}
    assert len(keys) == 1


def test_the_circuit_of_the_package_does_not_depend_on_the_seed_and_one_to_grow_does():
    def parameters(*overrides, seed):
        return circuit.STAGE.parameters(load_config(None, overrides, seed=seed))

    assert parameters(seed=1) == parameters(seed=2)
    assert parameters("cortex.n_units=200", seed=1) == parameters(seed=2)
    assert parameters("cortex.n_units=50", seed=1) != parameters("cortex.n_units=50", seed=2)


def test_a_circuit_that_cannot_reach_is_called_so(finished):
    notes = json.loads((finished / "provenance.json").read_text(encoding="utf-8"))["stages"]["simulate"][
        "notes"
    ]
    good = notes | {
        "hand_error_fitted_mm": {"mean": 1.0, "max": 2.0},
        "preparatory_drift_mm": {"mean": 0.0, "max": 0.1},
        "torque_up_to_go_cue_percent_of_peak": {"mean": 0.0, "max": 0.5},
    }
    assert warnings_of(good, 0.1) == []
    missed = good | {"hand_error_fitted_mm": {"mean": 40.0, "max": 80.0}}
    restless = good | {"preparatory_drift_mm": {"mean": 2.0, "max": 9.0}}
    assert "misses fitted targets by 40 mm" in warnings_of(missed, 0.1)[0]
    assert "drift 9.0 mm" in warnings_of(restless, 0.1)[0]


def test_the_shuffled_candidate_is_the_data_driven_network_in_another_order(finished):
    values = load_table(finished).set_index(["metric", "candidate"])["value"]
    # What one population is by itself does not hang on the order of its conditions; agreement does.
    alone, agreement = "participation_ratio", ("rates_r2_test", "r2_candidate_to_reference", "cca_test")
    assert values[alone, "shuffled"] == pytest.approx(values[alone, "data-driven"])
    for metric in agreement:
        assert abs(values[metric, "shuffled"] - values[metric, "data-driven"]) > 1e-6
