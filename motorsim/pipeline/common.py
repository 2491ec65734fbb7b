"""What several stages build from the configuration: task, split, network inputs, cortex."""

from __future__ import annotations

from typing import TYPE_CHECKING

from motorsim.cortex import Circuit, RateCortex, RateFunction, RayPreparation
from motorsim.task import ConditionSplit, DelayedReach, PlaceCode, center_out, split_conditions

if TYPE_CHECKING:
    from motorsim.config import RunConfig
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


def build_cortex(config: RunConfig, circuit: Circuit) -> RateCortex:
    """Return the rate cortex of the configuration, not yet prepared."""
    cortex = config.cortex
    return RateCortex(
        circuit,
        tau_s=cortex.tau_s,
        rate_function=RateFunction(cortex.baseline_hz, cortex.maximum_hz),
        preparation=RayPreparation(cortex.ramp_s),
        noise_hz=cortex.noise_hz,
        dt_s=cortex.dt_s,
        mode=cortex.mode,
    )
