"""Stage *simulate*: the circuit rests, prepares and reaches with the arm, as pools of neurons or as rates."""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from motorsim.cortex import resolve_mode
from motorsim.cortex.spiking.runner import spiking_mode
from motorsim.io import save_recording
from motorsim.pipeline.circuit import FILE as CIRCUIT_FILE
from motorsim.pipeline.circuit import load_circuit
from motorsim.pipeline.common import build_preparatory_map, build_rate_cortex, build_split, build_task
from motorsim.pipeline.scores import describe_reaches, describe_trials, rate_form_correlation, warnings_of
from motorsim.pipeline.simulated import FILE, SESSION_FILE, SimulatedCortex, save_cortex
from motorsim.pipeline.spiking import average_trials, run_spiking, single_trials
from motorsim.pipeline.stage import Stage, StageContext

if TYPE_CHECKING:
    from motorsim.config import RunConfig
    from motorsim.cortex import Circuit, RateCortex
    from motorsim.task import ConditionSplit, DelayedReach

logger = logging.getLogger(__name__)

_GROWN = {"weights_file", "weights_name", "n_units", "target_abscissa", "max_iterations"}
_RATE_ONLY = {"baseline_hz", "baseline_sd_hz", "dt_s"}


def _parameters(config: RunConfig) -> dict[str, Any]:
    cortex = config.cortex.chosen
    shared = {"seed": config.seed, "task": config.task.model_dump(mode="json")}
    if cortex.kind == "rate":
        own = cortex.model_dump(mode="json", exclude={*_GROWN, "spiking"})
        return shared | {"cortex": own | {"mode": resolve_mode(cortex.mode, warn=False)}}
    own = cortex.model_dump(mode="json", exclude={*_GROWN, *_RATE_ONLY, "spiking"})
    own["mode"] = spiking_mode(cortex.mode, warn=False)
    own["spiking"] = cortex.spiking.model_dump(mode="json", exclude={"workers"})
    # A circuit that was given is not optimised again; the others are, with the same target.
    own["optimised_to"] = cortex.target_abscissa if cortex.weights_file is None else None
    return shared | {"cortex": own}


def _run(context: StageContext) -> dict[str, Any]:
    config = context.config
    circuit = load_circuit(context.folder)
    task = build_task(config)
    split = build_split(config, task)
    run = _run_rate if config.cortex.kind == "rate" else _run_spiking
    notes = run(context, circuit, task, split)
    context.progress.say(f"  {notes['summary']}")
    notes["warnings"] = warnings_of(notes, min(config.task.distances_m))
    for warning in notes["warnings"]:
        logger.warning("%s", warning)
    return notes


def _run_rate(
    context: StageContext, circuit: Circuit, task: DelayedReach, split: ConditionSplit
) -> dict[str, Any]:
    config = context.config
    cortex = build_rate_cortex(config, circuit).prepare(
        task,
        rng=config.seed,
        fit_on=~split.test,
        preparatory_map=build_preparatory_map(config, circuit),
        ridge=config.cortex.readout_ridge,
    )
    with context.progress.bar("cortex and arm", 1.0) as update:
        recording = cortex.simulate(task, rng=config.seed, on_progress=update)
    left = SimulatedCortex(recording, recording, circuit, *_desired(cortex, task))
    save_cortex(context.staging, left, _further(cortex, split))
    notes = describe_reaches(recording, cortex.released(task), split.test)
    assert cortex.readout is not None  # noqa: S101 - `prepare` has set it
    fitted, test = (notes[f"hand_error_{part}_mm"]["mean"] for part in ("fitted", "test"))
    return notes | {
        "summary": f"hand error {fitted:.1f} mm on fitted, {test:.1f} mm on held-out conditions",
        "readout_null_dimensions": cortex.readout.n_null,
        "brian2_mode": recording.notes["brian2_mode"],
    }


def _run_spiking(
    context: StageContext, circuit: Circuit, task: DelayedReach, split: ConditionSplit
) -> dict[str, Any]:
    config = context.config
    session = run_spiking(context, circuit, task, split)
    form, trials = session.cortex.rate_form, session.trials
    assert form is not None  # noqa: S101 - the session's cortex is prepared
    average = average_trials(trials, task.n_conditions)
    kept = single_trials(trials, task.n_conditions, split.test)
    # The figures show the start of the optimisation too, of which a multiple of W knows nothing.
    realised = replace(session.cortex.scaled_circuit, initial_weights=session.cortex.circuit.initial_weights)
    left = SimulatedCortex(average, session.rate_form, realised, *_desired(form, task), kept)
    save_cortex(context.staging, left, _further(form, split))
    save_recording(
        context.staging / SESSION_FILE,
        trials,
        session_description=(
            f"Delayed reaches of a simulated motor cortex of {session.cortex.n_neurons} integrate-and-fire "
            f"neurons, seed {config.seed}."
        ),
    )
    released = form.released(task)
    notes = describe_reaches(trials, released, split.test) | describe_trials(trials, split.test)
    notes["rate_form"] = describe_reaches(session.rate_form, released, split.test)
    notes["rate_form_correlation"] = rate_form_correlation(average, session.rate_form, released)
    notes |= session.notes | {"brian2_mode": trials.notes["brian2_mode"]}
    notes["summary"] = _spiking_summary(notes)
    for line in _agreement(notes):
        context.progress.say(f"  {line}")
    return notes


def _desired(cortex: RateCortex, task: DelayedReach) -> tuple[np.ndarray, np.ndarray]:
    """Return the torques that the desired paths take from the release on, and the states prepared."""
    assert cortex.preparatory_map is not None  # noqa: S101 - the cortex is prepared
    return cortex.desired_torque_nm(cortex.released(task)), cortex.preparatory_map(task.reaches)


def _further(cortex: RateCortex, split: ConditionSplit) -> dict[str, Any]:
    assert cortex.readout is not None  # noqa: S101 - the cortex is prepared
    return {
        "readout_weights_nm_per_hz": cortex.readout.weights,
        "test": split.test.astype(np.int8),
        "validation": split.validation.astype(np.int8),
    }


def _spiking_summary(notes: dict[str, Any]) -> str:
    noise_free = notes["rate_form"]
    parts = []
    for part, words in (("fitted", "fitted"), ("test", "held-out conditions")):
        single, without = (each[f"hand_error_{part}_mm"]["median"] for each in (notes, noise_free))
        share = notes[f"success_{part}"]
        parts.append(f"{single:.1f} mm on {words} ({without:.1f} without noise; {share:.0%} within 2 cm)")
    return f"median hand error of single trials {', '.join(parts)}"


def _agreement(notes: dict[str, Any]) -> list[str]:
    found = {name: "none" if r is None else f"{r:.2f}" for name, r in notes["rate_form_correlation"].items()}
    cv = notes["unit_interval_cv"]
    agreement = (
        f"pools against rate form: r {found['preparation']} prepared, {found['after_go']} after the go cue "
        f"({found['after_go_tuned']} without what conditions share)"
    )
    intervals = "" if cv is None else f", median CV of intervals {cv:.2f}"
    return [agreement, f"neurons: {notes['unit_rate_hz']:.1f} Hz{intervals}"]


STAGE = Stage(
    name="simulate",
    title="simulate: rest, preparation and reach",
    reads=(CIRCUIT_FILE,),
    outputs=(FILE, "cortex.*"),
    code=(
        "pipeline.simulate",
        "pipeline.simulated",
        "pipeline.spiking",
        "pipeline.scores",
        "pipeline.common",
        "cortex",
        "task",
        "plant",
        "io",
        "analysis.interval_statistics",
        "analysis.trials",
        "checks",
        "population",
        "recording",
        "spikes",
        "streams",
    ),
    parameters=_parameters,
    run=_run,
)
