"""Tuning: give a control the same amount of activity as its reference, and the readout that suits it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from scipy.optimize import brentq

from motorsim.checks import InputError, check_positive
from motorsim.cortex.trial_drive import movement_drive
from motorsim.plant import simulate_arm
from motorsim.task import score_reaches

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from motorsim.cortex.preparation import PreparatoryMap
    from motorsim.cortex.rate import RateCortex
    from motorsim.task import ConditionSplit, DelayedReach
    from motorsim.types import FloatArray


def scaled_preparation(preparatory_map: PreparatoryMap, factor: float) -> PreparatoryMap:
    """Return the map with every preparatory state multiplied."""
    return replace(
        preparatory_map, cosine=factor * preparatory_map.cosine, sine=factor * preparatory_map.sine
    )


def movement_rate_change_hz(cortex: RateCortex, task: DelayedReach) -> FloatArray:
    """Return rates relative to baseline from the go cue on, (condition, time, unit), without noise.

    The movement starts from the preparatory states themselves and is sampled at the cortex's ``dt_s``.

    Raises
    ------
    InputError
        If the cortex has no preparatory map.
    """
    if cortex.preparatory_map is None:
        raise InputError("cortex", "one with a preparatory map", "one without", "call `prepare` first")
    n_samples = int(task.with_dt(cortex.dt_s).epoch("movement").sum())
    n_units = cortex.circuit.n_units
    drive = movement_drive(
        task.reaches, cortex.movement_inputs, n_units=n_units, n_steps=n_samples, dt_s=cortex.dt_s
    )
    states = cortex.preparatory_map(task.reaches)
    path = cortex.equation.integrate(states, drive, n_samples=n_samples, dt_s=cortex.dt_s)
    return cortex.equation.rate_change(path)


def movement_rms_hz(cortex: RateCortex, task: DelayedReach) -> float:
    """Return the root mean square of `movement_rate_change_hz` over conditions, time and units."""
    return float(np.sqrt((movement_rate_change_hz(cortex, task) ** 2).mean()))


def match_activity(
    make: Callable[[float], RateCortex],
    task: DelayedReach,
    *,
    rms_hz: float,
    tolerance: float = 0.01,
    largest_factor: float = 32.0,
) -> RateCortex:
    """Scale a cortex until its rates change as much in movement as asked.

    Parameters
    ----------
    make
        Returns the cortex, with a preparatory map, whose preparation or movement input is multiplied by a
        factor.
    task
        The reaches.
    rms_hz
        The `movement_rms_hz` wanted.
    tolerance
        How far off it may be, relative.
    largest_factor
        Factors are searched from its inverse up to it.

    Returns
    -------
    RateCortex
        The cortex made with the factor found.

    Raises
    ------
    InputError
        If no factor in the range gives that activity; rates saturate.
    """
    check_positive("rms_hz", rms_hz)
    check_positive("tolerance", tolerance)
    limit = np.log(check_positive("largest_factor", largest_factor))

    def excess(log_factor: float) -> float:
        return float(np.log(movement_rms_hz(make(float(np.exp(log_factor))), task) / rms_hz))

    lowest, highest = excess(-limit), excess(limit)
    if not lowest <= 0.0 <= highest:
        reachable = f"{rms_hz * np.exp(lowest):.3g} to {rms_hz * np.exp(highest):.3g} Hz"
        raise InputError("rms_hz", f"activity that this cortex can have, {reachable}", f"{rms_hz:g}")
    # Activity grows at most in proportion to the factor, so this bounds its relative error.
    factor = np.exp(brentq(excess, -limit, limit, xtol=tolerance / 2.0))
    return make(float(factor))


def movement_hand_error_m(cortex: RateCortex, task: DelayedReach) -> FloatArray:
    """Return how far each reach ends from its target, (condition,), as `score_reaches` has it, without noise.

    Raises
    ------
    InputError
        If the cortex was not prepared.
    """
    if cortex.readout is None:
        raise InputError("cortex", "a prepared one", "one without readout", "call `prepare` first")
    fine = task.with_dt(cortex.dt_s)
    torque = cortex.readout.torque_nm(movement_rate_change_hz(cortex, task))
    arm = simulate_arm(cortex.arm, torque, dt_s=cortex.dt_s, start_m=task.reaches.start_m)
    position = np.repeat(task.reaches.start_m[:, None], fine.n_times, axis=1)
    velocity = np.zeros_like(position)
    moving = fine.epoch("movement")
    position[:, moving], velocity[:, moving] = arm.hand_position_m, arm.hand_velocity_m_s
    return score_reaches(fine, position, velocity).error_m


def prepare_with_best_ridge(
    cortex: RateCortex, task: DelayedReach, split: ConditionSplit, *, ridges: Sequence[float]
) -> RateCortex:
    """Fit the readout with the penalty under which held-out reaches end nearest to their targets.

    Each penalty is fitted on the training conditions and judged by the mean error on the validation
    conditions; the best is then fitted on both. Test conditions are left alone.

    Parameters
    ----------
    cortex
        One with a preparatory map.
    task, split
        The reaches, and which of them may be fitted.
    ridges
        Penalties to try, see `fit_torque_readout`.

    Raises
    ------
    InputError
        If there is no preparatory map, no penalty or no validation condition.
    """
    preparatory_map = cortex.preparatory_map
    if preparatory_map is None:
        raise InputError("cortex", "one with a preparatory map", "one without", "call `prepare` first")
    if not ridges:
        raise InputError("ridges", "at least one penalty", "none")
    if not split.validation.any():
        raise InputError("split", "some validation conditions", "none")
    validation = replace(task, reaches=task.reaches.select(split.validation))

    def error_m(ridge: float) -> float:
        # The states are given, so nothing is drawn.
        fitted = cortex.prepare(task, rng=0, fit_on=split.train, preparatory_map=preparatory_map, ridge=ridge)
        return float(movement_hand_error_m(fitted, validation).mean())

    best = min(ridges, key=error_m)
    return cortex.prepare(task, rng=0, fit_on=~split.test, preparatory_map=preparatory_map, ridge=best)
