"""Values that are valid alone and do not go together."""

from __future__ import annotations

from typing import TYPE_CHECKING

from motorsim.settings.fault import fault
from motorsim.settings.network_faults import network_faults

if TYPE_CHECKING:
    from collections.abc import Iterator

    from motorsim.settings.run import RunConfig
    from motorsim.settings.sections import CortexConfig


def all_faults(config: RunConfig) -> list[str]:
    """Return every fault of a configuration in words: key, what was expected, what came."""
    return [
        *_clock_faults(config),
        *_condition_faults(config),
        *_cortex_faults(config.cortex),
        *_spiking_faults(config.cortex),
        *network_faults(config),
        *_component_faults(config),
        *_window_faults(config),
    ]


def _is_multiple(duration_s: float, step_s: float) -> bool:
    steps = round(duration_s / step_s)
    return abs(duration_s / step_s - steps) <= 1e-6 and (steps > 0 or duration_s == 0)


_MOST_STEPS = 100_000
SPIKING_STEP_S = 0.002


def _step(cortex: CortexConfig) -> tuple[str, float]:
    """Return the name and the length of the step that the sampling interval is a multiple of."""
    if cortex.kind == "spiking":
        return f"the spiking cortex's step, {SPIKING_STEP_S:g}", SPIKING_STEP_S
    return f"cortex.dt_s = {cortex.dt_s:g}", cortex.dt_s


def _wait_s(config: RunConfig) -> float:
    """How long a go cue waits for preparation."""
    return max(0.0, config.cortex.least_preparation_s - config.task.delay_s)


def _clock_faults(config: RunConfig) -> Iterator[str]:
    task, cortex = config.task, config.cortex
    for name in ("rest_s", "delay_s", "reaction_s", "movement_s"):
        duration_s = getattr(task, name)
        if not _is_multiple(duration_s, task.dt_s):
            yield fault(f"task.{name}", f"a multiple of task.dt_s = {task.dt_s:g}", duration_s)
    name, step_s = _step(cortex)
    if not _is_multiple(task.dt_s, step_s):
        yield fault("task.dt_s", f"a multiple of {name}", task.dt_s)
    n_samples = (task.rest_s + task.delay_s + task.movement_s) / step_s
    if n_samples > _MOST_STEPS:
        key = "cortex.dt_s" if cortex.kind == "rate" else "task.movement_s"
        yield fault(key, f"at most {_MOST_STEPS:,} steps a trial", f"{n_samples:.3g} of them")
    yield from _preparation_faults(config)
    yield from _score_faults(config)


def _preparation_faults(config: RunConfig) -> Iterator[str]:
    task, cortex = config.task, config.cortex.chosen
    if not _is_multiple(cortex.least_preparation_s, task.dt_s):
        expected = f"a multiple of task.dt_s = {task.dt_s:g}"
        yield fault("cortex.least_preparation_s", expected, cortex.least_preparation_s)
    if cortex.preparation == "ray" and task.delay_s + _wait_s(config) < cortex.ramp_s - 1e-9:
        expected = f"at least cortex.ramp_s = {cortex.ramp_s:g}, or cortex.least_preparation_s so long"
        yield fault("task.delay_s", expected, task.delay_s)


def _score_faults(config: RunConfig) -> Iterator[str]:
    """Compare the time left for the movement with when its end point is scored."""
    from motorsim.task.score import SCORE_START_S, SCORE_STOP_S  # noqa: PLC0415 - not for `--help`

    task, wait_s = config.task, _wait_s(config)
    if task.reach_s > SCORE_START_S:
        yield fault(
            "task.reach_s", f"at most {SCORE_START_S:g}: the end point is scored from then on", task.reach_s
        )
    needed_s = wait_s + task.reaction_s + SCORE_STOP_S
    if task.movement_s < needed_s - 1e-9:
        wait = f"the wait of {wait_s:g} for cortex.least_preparation_s + " if wait_s else ""
        expected = (
            f"at least {wait}task.reaction_s + {SCORE_STOP_S:g} = {needed_s:g}, when the end point is scored"
        )
        yield fault("task.movement_s", expected, task.movement_s)


def _condition_faults(config: RunConfig) -> Iterator[str]:
    """Ask the task's own checks: distinct targets, within the arm's reach, and enough to hold some out."""
    from motorsim.checks import InputError  # noqa: PLC0415 - these take NumPy along
    from motorsim.plant import Arm  # noqa: PLC0415
    from motorsim.task import center_out, split_conditions  # noqa: PLC0415

    task = config.task
    try:
        reaches = center_out(
            task.n_directions, task.distances_m, start_m=task.start_m, duration_s=task.reach_s
        )
        reaches.check_reachable(Arm())
        split = split_conditions(
            reaches,
            test_fraction=task.test_fraction,
            validation_fraction=task.validation_fraction,
            rng=config.seed,
        )
    except InputError as error:
        yield f"task: {error}"
        return
    n_train = int(split.train.sum())
    n_trials = config.cortex.spiking.n_trials
    for name, network in config.fit.networks.items():
        of_trials = name == "data_driven" and config.fit.data_driven.target == "spikes"
        n, what = (n_train * n_trials, "trials") if of_trials else (n_train, "conditions")
        if network.batch_size is not None and network.batch_size > n:
            yield fault(f"fit.{name}.batch_size", f"at most the {n} {what} to train on", network.batch_size)
    if config.compare.jpca_components > reaches.n_conditions:
        expected = f"at most the {reaches.n_conditions} conditions"
        yield fault("compare.jpca_components", expected, config.compare.jpca_components)


DEFAULT_CIRCUIT_UNITS = 200


def _known_units(cortex: CortexConfig) -> int | None:
    """Return the size of the circuit, or None where only the user's file can tell."""
    return cortex.n_units or (DEFAULT_CIRCUIT_UNITS if cortex.weights_file is None else None)


def _cortex_faults(cortex: CortexConfig) -> Iterator[str]:
    if cortex.maximum_hz <= cortex.baseline_hz:
        yield fault(
            "cortex.maximum_hz", f"more than cortex.baseline_hz = {cortex.baseline_hz:g}", cortex.maximum_hz
        )
    if not any(cortex.harmonic_weights):
        yield fault("cortex.harmonic_weights", "numbers that are not all 0", list(cortex.harmonic_weights))
    if cortex.weights_name is not None and cortex.weights_file is None:
        yield fault("cortex.weights_name", "cortex.weights_file beside it", "none")
    n_units = _known_units(cortex)
    n_modes = cortex.chosen.n_modes
    if n_units is not None and n_modes is not None and n_modes > n_units:
        yield fault("cortex.n_modes", f"at most the circuit's {n_units} units", n_modes)


def _spiking_faults(cortex: CortexConfig) -> Iterator[str]:
    if cortex.kind == "rate":
        return
    if cortex.baseline_sd_hz:
        expected = "0 with cortex.kind = spiking, whose pools have baselines of their own"
        yield fault("cortex.baseline_sd_hz", expected, cortex.baseline_sd_hz)
    spiking, n_units = cortex.spiking, _known_units(cortex)
    if n_units is not None and spiking.n_neurons % n_units:
        nearest = max(1, round(spiking.n_neurons / n_units)) * n_units
        expected = f"a multiple of the circuit's {n_units} units, such as {nearest}"
        yield fault("cortex.spiking.n_neurons", expected, spiking.n_neurons)
    if spiking.n_recorded > spiking.n_neurons:
        expected = f"at most cortex.spiking.n_neurons = {spiking.n_neurons}"
        yield fault("cortex.spiking.n_recorded", expected, spiking.n_recorded)


def _component_faults(config: RunConfig) -> Iterator[str]:
    """Compare the principal components with what they are taken of, where its size is known beforehand."""
    sizes = {f"fit.{name}": network.n_units for name, network in config.fit.networks.items()}
    n_units = _known_units(config.cortex)
    if n_units is not None:
        sizes["cortex"] = n_units
    smallest = min(sizes, key=lambda name: sizes[name])
    for key in ("n_components", "jpca_components"):
        wanted = getattr(config.compare, key)
        if wanted > sizes[smallest]:
            yield fault(f"compare.{key}", f"at most the {sizes[smallest]} units of {smallest}", wanted)


def _window_faults(config: RunConfig) -> Iterator[str]:
    """Compare the window of jPCA with the trial; it needs three samples."""
    compare, task, wait_s = config.compare, config.task, _wait_s(config)
    first_s = -(task.rest_s + task.delay_s + wait_s + task.reaction_s)
    last_s = task.movement_s - wait_s - task.reaction_s
    if compare.jpca_start_s < first_s - 1e-9:
        yield fault(
            "compare.jpca_start_s", f"at least {first_s:g}, when the trial starts", compare.jpca_start_s
        )
    if compare.jpca_stop_s > last_s + 1e-9:
        yield fault("compare.jpca_stop_s", f"at most {last_s:g}, when the trial ends", compare.jpca_stop_s)
    if compare.jpca_stop_s - compare.jpca_start_s < 2 * task.dt_s - 1e-9:
        least_s = compare.jpca_start_s + 2 * task.dt_s
        yield fault(
            "compare.jpca_stop_s", f"at least jpca_start_s + 2 task.dt_s = {least_s:g}", compare.jpca_stop_s
        )
