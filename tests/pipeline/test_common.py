from __future__ import annotations

import numpy as np
import pytest

from motorsim.config import load_config
from motorsim.cortex import OptimalPreparation, RayPreparation, StaticPreparation, default_circuit
from motorsim.pipeline.common import (
    build_preparation,
    build_preparatory_map,
    build_rate_cortex,
    build_spiking_cortex,
    build_task,
    released_task,
)
from motorsim.pipeline.simulated import load_cortex
from motorsim.settings.sections import BY_KIND


@pytest.mark.parametrize(
    ("overrides", "expected"),
    [
        (["cortex.preparation=ray", "cortex.ramp_s=0.2"], RayPreparation(0.2)),
        (["cortex.preparation=optimal", "cortex.energy_weight=0.5"], OptimalPreparation(0.5)),
        (["cortex.preparation=static"], StaticPreparation()),
    ],
)
def test_both_forms_prepare_as_the_configuration_says(overrides, expected):
    config = load_config(None, tuple(overrides))
    assert build_preparation(config) == expected
    for build in (build_rate_cortex, build_spiking_cortex):
        assert build(config, default_circuit()).preparation == expected


def test_a_go_trigger_comes_in_where_it_has_a_size():
    circuit = default_circuit()
    for build in (build_rate_cortex, build_spiking_cortex):
        assert tuple(build(load_config(None, ("cortex.trigger_hz=0.0",)), circuit).movement_inputs) == ()
        (trigger,) = build(load_config(None, ("cortex.trigger_hz=12.0",)), circuit).movement_inputs
        assert trigger.amplitude_hz == 12.0


def test_baselines_of_the_rate_form_are_alike_or_spread():
    circuit = default_circuit()
    assert build_rate_cortex(load_config(), circuit).rate_function.baseline_hz == 20.0
    config = load_config(None, ("cortex.kind=rate", "cortex.baseline_sd_hz=8.0"))
    baseline_hz = build_rate_cortex(config, circuit).rate_function.baseline_hz
    assert baseline_hz.shape == (200,)
    assert baseline_hz.std() == pytest.approx(8.0, rel=0.2)
    np.testing.assert_array_equal(baseline_hz, build_rate_cortex(config, circuit).rate_function.baseline_hz)


def test_every_key_of_the_spiking_form_reaches_it():
    keys = {
        "cortex.spiking.n_neurons": 2400,
        "cortex.spiking.loop_gain": 0.9,
        "cortex.spiking.rest_noise_hz": 2.0,
        "cortex.spiking.n_recorded": 150,
        "cortex.spiking.workers": 3,
        "cortex.noise_hz": 0.5,
        "cortex.least_preparation_s": 0.4,
        "cortex.tau_s": 0.15,
        "cortex.maximum_hz": 90.0,
        "cortex.mode": "numpy",
    }
    config = load_config(None, tuple(f"{key}={value}" for key, value in keys.items()), seed=7)
    cortex = build_spiking_cortex(config, default_circuit())
    assert {key: getattr(cortex, key.rsplit(".", 1)[-1]) for key in keys} == keys
    assert cortex.seed == 7
    settings = ("smoothing_s=0.03", "causal=true", "decoder_ridge=0.1")
    config = load_config(None, tuple(f"cortex.spiking.{setting}" for setting in settings))
    decoding = build_spiking_cortex(config, default_circuit()).decoding
    assert (decoding.smoothing_s, decoding.causal, decoding.ridge) == (0.03, True, 0.1)


def test_preparatory_states_have_the_norm_of_the_form():
    circuit = default_circuit()
    for kind in ("rate", "spiking"):
        norm_hz = BY_KIND[kind]["preparatory_norm_hz"]
        config = load_config(None, (f"cortex.kind={kind}", "task.distances_m=[0.08]"))
        states = build_preparatory_map(config, circuit)(build_task(config).reaches)
        assert np.sqrt((states**2).sum(axis=1).mean()) == pytest.approx(norm_hz)


def test_a_go_cue_that_comes_too_early_waits_and_later_stages_know(motorsim, tiny, tmp_path, finished):
    waits = ["task.delay_s=0.1", "cortex.least_preparation_s=0.3", "task.movement_s=1.2"]
    arguments = [part for wait in waits for part in ("--set", wait)]
    result = motorsim("compare", tiny, "--results", tmp_path, *arguments)
    assert result.exit_code == 0, result.output
    config = load_config(tiny, tuple(waits))
    task, recording = build_task(config), load_cortex(tmp_path / "tiny").recording
    released = released_task(task, recording)
    assert released.go_cue_s == pytest.approx(task.target_onset_s + 0.3)
    assert released.n_times == task.n_times
    # Movement is the same as after a delay so long; it only comes later than the cue.
    undelayed = load_cortex(finished).recording
    np.testing.assert_allclose(
        recording.hand_position_m[:, : undelayed.population.n_times], undelayed.hand_position_m, atol=1e-9
    )


def test_a_session_that_did_not_wait_leaves_the_task_as_it_is(tiny, finished):
    task = build_task(load_config(tiny))
    released = released_task(task, load_cortex(finished).recording)
    assert (released.delay_s, released.movement_s) == (task.delay_s, task.movement_s)
