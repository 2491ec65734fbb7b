from __future__ import annotations

import pytest
from pydantic import ValidationError

from motorsim.checks import InputError
from motorsim.config import load_config
from motorsim.cortex import RayPreparation
from motorsim.cortex.default_circuit import N_UNITS
from motorsim.cortex.spiking.cortex import _RATE_DT_S
from motorsim.cortex.spiking.decoding import SpikeDecoding
from motorsim.pipeline.common import build_inputs, build_split, build_task
from motorsim.settings import RunConfig
from motorsim.settings.faults import DEFAULT_CIRCUIT_UNITS, SPIKING_STEP_S
from motorsim.settings.sections import BY_KIND


@pytest.mark.parametrize(
    ("overrides", "said"),
    [
        (["task.test_fraction=0.8", "task.validation_fraction=0.2"], "sum to less than 1"),
        (["task.n_directions=2"], "take more directions or hold out less"),
        (
            ["cortex.kind=rate", "task.delay_s=0.29"],
            "task.delay_s: expected at least cortex.ramp_s = 0.3, or cortex.least_prepara",
        ),
        (
            ["cortex.preparation=ray", "task.delay_s=0.1", "cortex.least_preparation_s=0.2"],
            "task.delay_s: expected at least cortex.ramp_s = 0.3",
        ),
        (
            ["cortex.least_preparation_s=0.305"],
            "cortex.least_preparation_s: expected a multiple of task.dt_s",
        ),
        (
            ["task.delay_s=0.2", "cortex.least_preparation_s=0.35"],
            "at least the wait of 0.15 for cortex.least_preparation_s + task.reaction_s + 0.8 = 1.05",
        ),
        (
            ["task.delay_s=0.2", "cortex.least_preparation_s=0.3", "compare.jpca_stop_s=0.81"],
            "compare.jpca_stop_s: expected at most 0.8, when the trial ends",
        ),
        (
            ["task.dt_s=0.005"],
            "task.dt_s: expected a multiple of the spiking cortex's step, 0.002, got 0.005",
        ),
        (["cortex.baseline_sd_hz=8.0"], "cortex.baseline_sd_hz: expected 0 with cortex.kind = spiking"),
        (
            ["cortex.spiking.n_neurons=4100"],
            "cortex.spiking.n_neurons: expected a multiple of the circuit's 200 units, such as 4000",
        ),
        (
            ["cortex.n_units=48"],
            "cortex.spiking.n_neurons: expected a multiple of the circuit's 48 units, such as 3984, got 4000",
        ),
        (
            ["cortex.spiking.n_recorded=4001"],
            "cortex.spiking.n_recorded: expected at most cortex.spiking.n_neurons = 4000, got 4001",
        ),
        (["task.movement_s=0.89"], "task.movement_s: expected at least task.reaction_s + 0.8 = 0.9"),
        (["task.reach_s=0.51"], "task.reach_s: expected at most 0.5"),
        (["task.rest_s=0.205"], "task.rest_s: expected a multiple of task.dt_s = 0.01, got 0.205"),
        (["task.reaction_s=0.001"], "task.reaction_s: expected a multiple"),
        (
            ["cortex.kind=rate", "cortex.dt_s=0.003"],
            "task.dt_s: expected a multiple of cortex.dt_s = 0.003, got 0.01",
        ),
        (
            ["cortex.kind=rate", "cortex.dt_s=0.02"],
            "task.dt_s: expected a multiple of cortex.dt_s = 0.02, got 0.01",
        ),
        (["cortex.maximum_hz=20"], "cortex.maximum_hz: expected more than cortex.baseline_hz = 20, got 20"),
        (["cortex.n_modes=201"], "cortex.n_modes: expected at most the circuit's 200 units, got 201"),
        (["cortex.n_units=10"], "cortex.n_modes: expected at most the circuit's 10 units, got 12"),
        (
            ["cortex.kind=rate", "cortex.n_units=12"],
            "cortex.n_modes: expected at most the circuit's 12 units, got 16",
        ),
        (
            ["cortex.harmonic_weights=[0.0, 0]"],
            "cortex.harmonic_weights: expected numbers that are not all 0",
        ),
        (["cortex.weights_name=W"], "cortex.weights_name: expected cortex.weights_file beside it"),
        (["fit.goal_driven.tau_s=0.009"], "fit.goal_driven.tau_s: expected at least task.dt_s = 0.01"),
        (["fit.data_driven.batch_size=23"], "fit.data_driven.batch_size: expected at most the 22 conditions"),
        (
            ["fit.mixed.enabled=true", "fit.mixed.batch_size=23"],
            "fit.mixed.batch_size: expected at most the 22 conditions",
        ),
        (
            ["fit.data_driven.target=spikes", "fit.data_driven.batch_size=177"],
            "fit.data_driven.batch_size: expected at most the 176 trials to train on",
        ),
        (
            ["cortex.kind=rate", "fit.data_driven.target=spikes"],
            "fit.data_driven.target: expected rates with cortex.kind = rate, which has no spikes, got spikes",
        ),
        (
            ["fit.data_driven.learn_time_constants=true", "fit.data_driven.tau_s=0.01"],
            "fit.data_driven.tau_s: expected more than task.dt_s = 0.01 where it is learned",
        ),
        (
            ["fit.data_driven.cell=vanilla", "fit.data_driven.learn_time_constants=true"],
            "fit.data_driven.learn_time_constants: expected false with fit.data_driven.cell = vanilla",
        ),
        (
            ["fit.goal_driven.cell=gru", "fit.goal_driven.noise_std=0.1"],
            "fit.goal_driven.noise_std: expected 0 with fit.goal_driven.cell = gru; take leaky, got 0.1",
        ),
        (
            ["fit.goal_driven.cell=lstm", "fit.goal_driven.activation=relu"],
            "fit.goal_driven.activation: expected tanh with fit.goal_driven.cell = lstm, whose gates are set",
        ),
        (
            ["fit.data_driven.cell=lstm", "fit.data_driven.smoothness_penalty=0.1"],
            "fit.data_driven.smoothness_penalty: expected 0 with fit.data_driven.cell = lstm",
        ),
        (
            ["fit.data_driven.cell=gru", "fit.data_driven.dale=0.8"],
            "fit.data_driven.dale: expected 0 with fit.data_driven.cell = gru; take leaky or vanilla",
        ),
        (
            ["fit.data_driven.dale=0.8"],
            "fit.data_driven.dale: expected 0 with fit.data_driven.activation = tanh, whose rates below 0",
        ),
        (
            ["fit.data_driven.dale=0.003", "fit.data_driven.activation=relu"],
            "fit.data_driven.dale: expected 0, or enough for one of fit.data_driven.n_units = 160, got 0.003",
        ),
        (
            ["fit.data_driven.rank=161"],
            "fit.data_driven.rank: expected at most fit.data_driven.n_units = 160",
        ),
        (
            ["fit.data_driven.rank=2", "fit.data_driven.density=0.5"],
            "fit.data_driven.rank: expected 0 with fit.data_driven.dale = 0 and fit.data_driven.density",
        ),
        (
            ["fit.data_driven.rank=2", "fit.data_driven.dale=0.5", "fit.data_driven.activation=relu"],
            "fit.data_driven.rank: expected 0 with fit.data_driven.dale = 0.5",
        ),
        (
            ["fit.mixed.enabled=true", "fit.mixed.n_units=5"],
            "compare.jpca_components: expected at most the 5 units of fit.mixed",
        ),
        (["compare.jpca_start_s=-0.81"], "compare.jpca_start_s: expected at least -0.8"),
        (["compare.jpca_stop_s=0.91"], "compare.jpca_stop_s: expected at most 0.9"),
        (["compare.jpca_stop_s=-0.05"], "compare.jpca_stop_s: expected at least jpca_start_s + 2 task.dt_s"),
        (["compare.jpca_components=34"], "compare.jpca_components: expected at most the 32 conditions"),
        (
            ["compare.n_components=161"],
            "compare.n_components: expected at most the 160 units of fit.data_driven",
        ),
        (
            ["fit.goal_driven.n_units=5"],
            "compare.jpca_components: expected at most the 5 units of fit.goal_driven",
        ),
        (
            ["cortex.n_units=9", "cortex.n_modes=9"],
            "compare.n_components: expected at most the 9 units of cortex",
        ),
        (["task.distances_m=[0.1, 0.1]"], "different values"),
        (["task.distances_m=[0.5]"], "move start_m or take shorter reaches"),
    ],
)
def test_values_that_do_not_go_together_are_refused(overrides, said):
    with pytest.raises(InputError) as refused:
        load_config(None, tuple(overrides))
    assert said in str(refused.value)


@pytest.mark.parametrize(
    "overrides",
    [
        ["cortex.preparation=ray", "task.delay_s=0.3"],
        ["task.movement_s=0.9", "compare.jpca_stop_s=0.8"],
        ["task.reaction_s=0"],
        ["cortex.kind=rate", "cortex.dt_s=0.01"],
        ["cortex.dt_s=0.003"],
        ["cortex.kind=rate", "cortex.baseline_sd_hz=8.0"],
        ["task.delay_s=0.2", "cortex.least_preparation_s=0.3", "compare.jpca_stop_s=0.8"],
        ["task.delay_s=0.1", "cortex.preparation=optimal"],
        ["task.delay_s=0.1", "cortex.preparation=static"],
        ["cortex.spiking.n_neurons=200", "cortex.spiking.n_recorded=200"],
        ["cortex.spiking.n_neurons=4100", "cortex.weights_file=large.npy"],
        ["cortex.kind=rate", "cortex.spiking.n_neurons=4100"],
        ["cortex.n_modes=200"],
        ["cortex.n_units=16"],
        ["fit.goal_driven.n_units=10", "compare.n_components=10"],
        ["cortex.n_modes=300", "cortex.weights_file=large.npy"],
        ["fit.data_driven.batch_size=20"],
        ["fit.data_driven.target=spikes", "fit.data_driven.batch_size=176"],
        ["fit.mixed.n_units=5"],
        ["fit.data_driven.cell=gru", "fit.data_driven.tau_s=0.005", "fit.data_driven.density=0.1"],
        ["fit.data_driven.cell=vanilla", "fit.data_driven.activation=relu", "fit.data_driven.dale=1.0"],
        ["fit.data_driven.rank=160", "fit.data_driven.cell=lstm"],
        ["compare.jpca_start_s=-0.8", "compare.jpca_stop_s=0.9"],
        ["cortex.kind=rate", "task.dt_s=0.001", "cortex.dt_s=0.001"],
    ],
)
def test_values_at_the_edge_are_taken(overrides):
    load_config(None, tuple(overrides))


def test_all_values_that_do_not_go_together_come_in_one_message():
    overrides = (
        "cortex.preparation=ray",
        "task.delay_s=0.2",
        "cortex.maximum_hz=10.0",
        "cortex.n_modes=300",
        "compare.jpca_stop_s=2.0",
    )
    with pytest.raises(InputError) as refused:
        load_config(None, overrides)
    lines = str(refused.value).splitlines()[1:]
    keys = [line.split(":")[0].strip() for line in lines]
    assert sorted(keys) == ["compare.jpca_stop_s", "cortex.maximum_hz", "cortex.n_modes", "task.delay_s"]


def test_the_check_holds_wherever_a_configuration_is_made_and_it_cannot_be_changed_after():
    with pytest.raises(ValidationError, match="n_modes"):
        RunConfig(cortex={"n_modes": 300})
    with pytest.raises(ValidationError, match="frozen"):
        RunConfig().seed = 2


def test_what_is_accepted_can_be_built():
    config = load_config(
        None,
        ("task.n_directions=5", "task.distances_m=[0.07]", "task.reaction_s=0", "compare.jpca_components=4"),
    )
    task = build_task(config)
    assert build_split(config, task).n_conditions == 5
    assert build_inputs(config, task).shape == (5, task.n_times, 26)


def test_the_default_circuit_has_as_many_units_as_the_check_believes():
    assert DEFAULT_CIRCUIT_UNITS == N_UNITS


def test_the_spiking_cortex_keeps_time_with_the_step_that_the_check_believes():
    assert SPIKING_STEP_S == _RATE_DT_S


def test_the_defaults_are_those_of_the_package():
    cortex, decoding = RunConfig().cortex, SpikeDecoding()
    spiking = cortex.spiking
    assert (spiking.smoothing_s, spiking.causal) == (decoding.smoothing_s, decoding.causal)
    assert spiking.decoder_ridge == decoding.ridge
    assert cortex.ramp_s == RayPreparation().ramp_s


@pytest.mark.parametrize("kind", ["rate", "spiking"])
def test_what_is_not_set_depends_on_the_kind_and_what_is_set_does_not(kind):
    cortex = load_config(None, (f"cortex.kind={kind}",)).cortex
    for name, value in BY_KIND[kind].items():
        assert getattr(cortex, name) is None
        assert getattr(cortex.chosen, name) == value
    overrides = (f"cortex.kind={kind}", "cortex.preparatory_norm_hz=30.0", "cortex.preparation=static")
    chosen = load_config(None, overrides).cortex.chosen
    assert (chosen.preparatory_norm_hz, chosen.preparation) == (30.0, "static")
    assert chosen.n_modes == BY_KIND[kind]["n_modes"]
