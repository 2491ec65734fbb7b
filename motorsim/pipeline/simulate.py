"""Stage *simulate*: the circuit rests, prepares and reaches with the arm."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from motorsim.cortex import random_preparatory_map, resolve_mode
from motorsim.io import read_arrays, recording_from_arrays, recording_to_arrays, write_arrays
from motorsim.pipeline.circuit import FILE as CIRCUIT_FILE
from motorsim.pipeline.circuit import load_circuit
from motorsim.pipeline.common import build_cortex, build_split, build_task
from motorsim.pipeline.stage import Stage, StageContext
from motorsim.task import score_reaches

if TYPE_CHECKING:
    from pathlib import Path

    from motorsim.config import RunConfig
    from motorsim.cortex import Circuit, PreparatoryMap, RateCortex
    from motorsim.recording import Recording
    from motorsim.task import ConditionSplit, DelayedReach
    from motorsim.types import FloatArray

logger = logging.getLogger(__name__)

FILE = "cortex.h5"
_POOR_ERROR, _POOR_DRIFT_MM, _POOR_TORQUE_PERCENT = 0.2, 5.0, 2.0
SCHEMA_VERSION = 1


@dataclass(frozen=True, eq=False)
class SimulatedCortex:
    """What the stage left: the session, and the torques that the desired hand paths take.

    ``desired_torque_nm`` is (condition, time, 2), ``preparatory_states_hz`` (condition, unit).
    """

    recording: Recording
    desired_torque_nm: FloatArray
    preparatory_states_hz: FloatArray


def load_cortex(folder: Path) -> SimulatedCortex:
    """Read what the stage wrote."""
    arrays, _ = read_arrays(folder / FILE, "simulated cortex", schema_version=SCHEMA_VERSION)
    return SimulatedCortex(
        recording_from_arrays(arrays["recording"]),
        arrays["desired_torque_nm"],
        arrays["preparatory_states_hz"],
    )


def _parameters(config: RunConfig) -> dict[str, Any]:
    grown = {"weights_file", "weights_name", "n_units", "target_abscissa", "max_iterations"}
    cortex = config.cortex.model_dump(mode="json", exclude=grown)
    cortex["mode"] = resolve_mode(config.cortex.mode, warn=False)
    return {"seed": config.seed, "task": config.task.model_dump(mode="json"), "cortex": cortex}


def _run(context: StageContext) -> dict[str, Any]:
    config = context.config
    circuit = load_circuit(context.folder)
    task = build_task(config)
    split = build_split(config, task)
    cortex, preparatory_map = _prepare(config, circuit, task, split)
    with context.progress.bar("cortex and arm", 1.0) as update:
        recording = cortex.simulate(task, rng=config.seed, on_progress=update)
    assert cortex.readout is not None  # noqa: S101 - `prepare` has set it
    content: dict[str, Any] = {
        "recording": recording_to_arrays(recording),
        "desired_torque_nm": cortex.desired_torque_nm(task),
        "preparatory_states_hz": preparatory_map(task.reaches),
        "readout_weights_nm_per_hz": cortex.readout.weights,
        "test": split.test.astype(np.int8),
        "validation": split.validation.astype(np.int8),
    }
    write_arrays(context.staging / FILE, "simulated cortex", content, schema_version=SCHEMA_VERSION)
    notes = _describe(recording, config) | {
        "readout_null_dimensions": cortex.readout.n_null,
        "brian2_mode": recording.notes["brian2_mode"],
    }
    context.progress.say(
        f"  hand error {notes['hand_error_fitted_mm']['mean']:.1f} mm on fitted, "
        f"{notes['hand_error_test_mm']['mean']:.1f} mm on held-out conditions"
    )
    notes["warnings"] = warnings_of(notes, min(config.task.distances_m))
    for warning in notes["warnings"]:
        logger.warning("%s", warning)
    return notes


def _prepare(
    config: RunConfig, circuit: Circuit, task: DelayedReach, split: ConditionSplit
) -> tuple[RateCortex, PreparatoryMap]:
    """Return the cortex with preparatory states and a readout that has not seen the test conditions."""
    preparatory_map = random_preparatory_map(
        circuit,
        rng=config.seed,
        n_modes=config.cortex.n_modes,
        harmonic_weights=config.cortex.harmonic_weights,
        norm_hz=config.cortex.preparatory_norm_hz,
    )
    cortex = build_cortex(config, circuit).prepare(
        task,
        rng=config.seed,
        fit_on=~split.test,
        preparatory_map=preparatory_map,
        ridge=config.cortex.readout_ridge,
    )
    return cortex, preparatory_map


def warnings_of(notes: dict[str, Any], distance_m: float) -> list[str]:
    """Say in words what makes this cortex unfit as a model of reaching."""
    error_mm, drift_mm = notes["hand_error_fitted_mm"]["mean"], notes["preparatory_drift_mm"]["max"]
    torque = notes["torque_up_to_go_cue_percent_of_peak"]["max"]
    found = []
    if error_mm > 1e3 * _POOR_ERROR * distance_m:
        found.append(
            f"this circuit does not make the reaches: the hand misses fitted targets by {error_mm:.0f} mm"
        )
    if drift_mm > _POOR_DRIFT_MM or torque > _POOR_TORQUE_PERCENT:
        found.append(f"preparation is not quiet: drift {drift_mm:.1f} mm, torque {torque:.1f} % of its peak")
    return found


def _describe(recording: Recording, config: RunConfig) -> dict[str, Any]:
    """Return the hand's errors in mm and mm/s, and how quiet rest and preparation were.

    Mean and greatest over conditions; torque up to the go cue is relative to the same condition's peak.
    """
    task = build_task(config)
    test = build_split(config, task).test
    position, velocity, torque = recording.hand_position_m, recording.hand_velocity_m_s, recording.torque_nm
    assert position is not None  # noqa: S101 - a simulated session has a hand
    assert velocity is not None  # noqa: S101
    assert torque is not None  # noqa: S101
    score = score_reaches(task, position, velocity)
    size = np.abs(torque).max(axis=2)
    before = size[:, task.times_from_go_s <= 0].max(axis=1) / size.max(axis=1)
    return {
        "hand_error_fitted_mm": _summary(1e3 * score.error_m[~test]),
        "hand_error_test_mm": _summary(1e3 * score.error_m[test]),
        "end_speed_fitted_mm_s": _summary(1e3 * score.speed_m_s[~test]),
        "end_speed_test_mm_s": _summary(1e3 * score.speed_m_s[test]),
        "peak_end_speed_fitted_mm_s": _summary(1e3 * score.peak_end_speed_m_s[~test]),
        "peak_end_speed_test_mm_s": _summary(1e3 * score.peak_end_speed_m_s[test]),
        "preparatory_drift_mm": _summary(1e3 * score.drift_m),
        "torque_up_to_go_cue_percent_of_peak": _summary(100 * before),
        "mean_rate_hz": float(recording.population.rates.mean()),
    }


def _summary(values: FloatArray) -> dict[str, float]:
    return {"mean": float(values.mean()), "max": float(values.max())}


STAGE = Stage(
    name="simulate",
    title="simulate: rest, preparation and reach",
    reads=(CIRCUIT_FILE,),
    outputs=(FILE,),
    code=(
        "pipeline.simulate",
        "pipeline.common",
        "cortex",
        "task",
        "plant",
        "io",
        "population",
        "recording",
        "streams",
    ),
    parameters=_parameters,
    run=_run,
)
