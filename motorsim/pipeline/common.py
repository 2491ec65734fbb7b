"""What several stages build from the configuration: task, split, network inputs, both forms of the cortex."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from motorsim.cortex import (
    Circuit,
    GoTrigger,
    OptimalPreparation,
    Preparation,
    RateCortex,
    RateFunction,
    RayPreparation,
    SpikeDecoding,
    SpikingCortex,
    StaticPreparation,
    random_go_trigger,
    random_preparatory_map,
    spread_baselines,
)
from motorsim.task import ConditionSplit, DelayedReach, PlaceCode, center_out, split_conditions

if TYPE_CHECKING:
    from motorsim.config import RunConfig
    from motorsim.cortex import PreparatoryMap
    from motorsim.recording import Recording
    from motorsim.types import FloatArray


def build_task(config: RunConfig) -> DelayedReach:
    """Return the delayed centre-out reach of the configuration."""
    task = config.task
    reaches = center_out(task.n_directions, task.distances_m, start_m=task.start_m, duration_s=task.reach_s)
    return DelayedReach(
        reaches,
        rest_s=task.rest_s,
        delay_s=task.delay_s,
        movement_s=task.movement_s,
        reaction_s=task.reaction_s,
        dt_s=task.dt_s,
    )


def released_task(task: DelayedReach, recording: Recording) -> DelayedReach:
    """Return the task whose go cue is when the movement of a session of it was released."""
    wait_s = recording.events_s.get("release", task.go_cue_s) - task.go_cue_s
    return replace(task, delay_s=task.delay_s + wait_s, movement_s=task.movement_s - wait_s)


def build_split(config: RunConfig, task: DelayedReach) -> ConditionSplit:
    """Return which conditions are fitted, which stop the fit, and which test it."""
    return split_conditions(
        task.reaches,
        test_fraction=config.task.test_fraction,
        validation_fraction=config.task.validation_fraction,
        rng=config.seed,
    )


def build_inputs(config: RunConfig, task: DelayedReach) -> FloatArray:
    """Return what the networks are told, (condition, time, feature)."""
    code = config.fit.target_code
    return PlaceCode(code.n_per_axis, code.extent_m, code.width_m).inputs(task)


def build_rate_cortex(config: RunConfig, circuit: Circuit) -> RateCortex:
    """Return the rate cortex of the configuration, not yet prepared."""
    cortex = config.cortex.chosen
    return RateCortex(
        circuit,
        tau_s=cortex.tau_s,
        rate_function=RateFunction(_baseline_hz(config, circuit), cortex.maximum_hz),
        preparation=build_preparation(config),
        least_preparation_s=cortex.least_preparation_s,
        movement_inputs=_triggers(config, circuit),
        noise_hz=cortex.noise_hz,
        dt_s=cortex.dt_s,
        mode=cortex.mode,
    )


def build_spiking_cortex(config: RunConfig, circuit: Circuit) -> SpikingCortex:
    """Return the spiking cortex of the configuration, neither calibrated nor prepared."""
    cortex, spiking = config.cortex.chosen, config.cortex.spiking
    return SpikingCortex(
        circuit,
        n_neurons=spiking.n_neurons,
        tau_s=cortex.tau_s,
        loop_gain=spiking.loop_gain,
        maximum_hz=cortex.maximum_hz,
        preparation=build_preparation(config),
        least_preparation_s=cortex.least_preparation_s,
        movement_inputs=_triggers(config, circuit),
        noise_hz=cortex.noise_hz,
        rest_noise_hz=spiking.rest_noise_hz,
        decoding=SpikeDecoding(
            smoothing_s=spiking.smoothing_s, causal=spiking.causal, ridge=spiking.decoder_ridge
        ),
        n_recorded=spiking.n_recorded,
        seed=config.seed,
        mode=cortex.mode,
        workers=spiking.workers,
    )


def build_preparation(config: RunConfig) -> Preparation:
    """Return how the reaches are prepared."""
    cortex = config.cortex.chosen
    if cortex.preparation == "ray":
        return RayPreparation(cortex.ramp_s)
    if cortex.preparation == "optimal":
        assert cortex.energy_weight is not None  # noqa: S101 - chosen by kind
        return OptimalPreparation(cortex.energy_weight)
    return StaticPreparation()


def build_preparatory_map(config: RunConfig, circuit: Circuit) -> PreparatoryMap:
    """Return the preparatory states of the configuration, made of the modes that the circuit amplifies."""
    cortex = config.cortex.chosen
    assert cortex.n_modes is not None  # noqa: S101 - chosen by kind
    assert cortex.preparatory_norm_hz is not None  # noqa: S101
    return random_preparatory_map(
        circuit,
        rng=config.seed,
        n_modes=cortex.n_modes,
        harmonic_weights=cortex.harmonic_weights,
        norm_hz=cortex.preparatory_norm_hz,
    )


def _baseline_hz(config: RunConfig, circuit: Circuit) -> float | FloatArray:
    mean_hz, sd_hz = config.cortex.baseline_hz, config.cortex.baseline_sd_hz
    if sd_hz == 0:
        return mean_hz
    return spread_baselines(circuit.n_units, rng=config.seed, mean_hz=mean_hz, sd_hz=sd_hz)


def _triggers(config: RunConfig, circuit: Circuit) -> tuple[GoTrigger, ...]:
    peak_hz = config.cortex.chosen.trigger_hz
    return (random_go_trigger(circuit, rng=config.seed, amplitude_hz=peak_hz),) if peak_hz else ()
