"""Stage *figures*: what the standard figures show, and their files."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from motorsim.analysis import jpca, pca
from motorsim.compare import REAL_CORTEX
from motorsim.cortex import Circuit, amplified_modes
from motorsim.pipeline.common import build_split, build_task, released_task
from motorsim.pipeline.compare import FILE as TABLE_FILE
from motorsim.pipeline.compare import JPCA_FILE, cut_rest, hidden_population, load_table
from motorsim.pipeline.fitted import DATA_DRIVEN, load_networks, trained
from motorsim.pipeline.fitted import FILE as NETWORK_FILE
from motorsim.pipeline.scores import AFTER_GO_S, rate_changes, rate_form_correlation
from motorsim.pipeline.simulated import FILE as CORTEX_FILE
from motorsim.pipeline.simulated import load_cortex
from motorsim.pipeline.stage import Stage, StageContext
from motorsim.plots import (
    ActivityInputs,
    CircuitInputs,
    ComparisonInputs,
    Conditions,
    MovementInputs,
    OverlayInputs,
    PopulationInputs,
    RangeInputs,
    SpikingInputs,
    StandardInputs,
    TimeAxis,
    TrainingInputs,
    save_figure,
    standard_figures,
)

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from motorsim.config import RunConfig
    from motorsim.pipeline.fitted import FittedNetwork
    from motorsim.pipeline.simulated import SimulatedCortex, SingleTrials
    from motorsim.population import Population
    from motorsim.task import DelayedReach
    from motorsim.types import BoolArray, FloatArray, IntArray

FOLDER = "figures"
METRICS = {
    "rates_r2_test": "R² of rates",
    "cca_test": "canonical correlation",
    "cca_test_tuned": "the same, tuned part",
    "procrustes_r2_test": "Procrustes R²",
    "r2_candidate_to_reference": "R², model to cortex",
    "r2_reference_to_candidate": "R², cortex to model",
}
RANGES = {
    "jpca_r2_best": "R² best",
    "jpca_r2_skew": "R² skew",
    "jpca_ratio": "R² skew / best",
    "jpca_frequency_1_hz": "fastest plane (Hz)",
    "jpca_top_plane_variance": "variance in top plane",
}
_N_EXAMPLES = 7
_N_OVERLAY = 3
_N_POINTS = 4000


def collect_inputs(config: RunConfig, folder: Path) -> StandardInputs:
    """Read what the standard figures show from the files of a finished run."""
    cortex, networks = load_cortex(folder), load_networks(folder)
    shown = build_task(config)
    task = released_task(shown, cortex.recording)
    test = build_split(config, task).test
    clock = _clock(shown, task)
    conditions = Conditions.of(task.reaches, held_out=test)
    return StandardInputs(
        movement=_movement(task, test, clock, cortex),
        circuit=_circuit(cortex.circuit),
        activity=_activity(clock, conditions, cortex.recording.population),
        populations=_populations(config, task, conditions, cortex, networks),
        training=[_training(name, networks[name]) for name in trained(networks)],
        overlay=_overlay(task, test, clock, cortex, networks[DATA_DRIVEN]),
        comparison=_comparison(folder, trained(networks)),
        spiking=None if cortex.trials is None else _spiking(task, test, clock, cortex, cortex.trials),
    )


def _run(context: StageContext) -> dict[str, Any]:
    inputs = collect_inputs(context.config, context.folder)
    with context.progress.bar("drawing", 1.0) as update:
        figures = standard_figures(inputs)
        for done, (name, figure) in enumerate(figures.items(), start=1):
            save_figure(figure, context.staging / FOLDER, name)
            update(done / len(figures), name)
    return {"figures": sorted(figures)}


def _clock(shown: DelayedReach, released: DelayedReach) -> TimeAxis:
    """Return the clock of the go cue, which is not when movement is released where it had to wait."""
    move_s = released.movement_onset_s - shown.go_cue_s
    events = {"target": -shown.delay_s, "go": 0.0, "move": move_s}
    return TimeAxis(shown.times_from_go_s, zero="go cue", events_s=events)


def _movement(
    task: DelayedReach, test: BoolArray, clock: TimeAxis, cortex: SimulatedCortex
) -> MovementInputs:
    recording = cortex.recording
    signals = (recording.hand_position_m, recording.hand_velocity_m_s, recording.torque_nm)
    position, velocity, torque = (np.asarray(signal) for signal in signals)
    desired = task.desired_path
    return MovementInputs(
        reaches=task.reaches,
        held_out=test,
        clock=clock,
        hand_position_m=position,
        hand_velocity_m_s=velocity,
        desired_position_m=desired.position_m,
        desired_velocity_m_s=desired.velocity_m_s,
        torque_nm=torque,
    )


def _circuit(circuit: Circuit) -> CircuitInputs:
    before = None
    if circuit.initial_weights is not None:
        before = Circuit(circuit.initial_weights, circuit.excitatory).eigenvalues
    return CircuitInputs(
        weights=circuit.weights,
        excitatory=circuit.excitatory,
        eigenvalues=circuit.eigenvalues,
        energies=amplified_modes(circuit).energies,
        eigenvalues_before=before,
    )


def _activity(clock: TimeAxis, conditions: Conditions, population: Population) -> ActivityInputs:
    units = _varied_units(population, _N_EXAMPLES)
    return ActivityInputs(
        clock=clock,
        conditions=conditions,
        rates_hz=population.rates[..., units],
        unit_names=[f"unit {population.unit_labels[unit]}" for unit in units],
    )


def _varied_units(population: Population, n_units: int) -> IntArray:
    """Return units spread evenly over the upper half of the ranking by tuned variance."""
    tuned = population.rates - population.rates.mean(axis=0)
    ranking = np.argsort(-(tuned**2).sum(axis=(0, 1)), kind="stable")
    n_units = min(n_units, len(ranking))
    chosen = np.linspace(0, max(len(ranking) // 2, n_units) - 1, n_units).round().astype(int)
    units: IntArray = ranking[chosen]
    return units


def _populations(
    config: RunConfig,
    task: DelayedReach,
    conditions: Conditions,
    cortex: SimulatedCortex,
    networks: dict[str, FittedNetwork],
) -> list[PopulationInputs]:
    whole = cortex.recording.population
    shown: dict[str, tuple[Population, str, float | None]] = {"cortex": (whole, "Hz", 5.0)}
    for name in trained(networks):
        shown[name] = (hidden_population(name, networks[name].hidden, whole), _unit(config, name), None)
    settings = config.compare
    inputs = []
    for label, (population, unit, soft_norm_hz) in shown.items():
        activity = cut_rest(population, task)
        window = activity.between(settings.jpca_start_s, settings.jpca_stop_s)
        rotations = jpca(
            window.rates, dt_s=window.dt_s, n_components=settings.jpca_components, soft_norm_hz=soft_norm_hz
        )
        scores = pca(activity.rates - activity.rates.mean(axis=0), 2).scores
        inputs.append(
            PopulationInputs(
                name=label,
                conditions=conditions,
                scores=scores,
                jpca=rotations,
                score_unit=unit,
                jpca_unit="normalised" if soft_norm_hz else unit,
            )
        )
    return inputs


def _unit(config: RunConfig, name: str) -> str:
    """Return what stands for the unit of a network's hidden rates: the function that makes them."""
    network = config.fit.networks[name.replace("-", "_")]
    return network.activation if network.cell in ("leaky", "vanilla") else network.cell


def _training(name: str, network: FittedNetwork) -> TrainingInputs:
    assert network.training_loss is not None  # noqa: S101 - a trained network has its losses
    assert network.validation_loss is not None  # noqa: S101
    assert network.evaluated_at is not None  # noqa: S101
    return TrainingInputs(
        name=name,
        training_loss=network.training_loss,
        validation_loss=network.validation_loss,
        evaluated_at=network.evaluated_at.astype(np.int64),
        best_iteration=int(network.best_iteration),
    )


def _overlay(
    task: DelayedReach, test: BoolArray, clock: TimeAxis, cortex: SimulatedCortex, network: FittedNetwork
) -> OverlayInputs | None:
    """Return the rates of cortex and network, or None where the network makes others, of single neurons."""
    if network.rates_hz is None:
        return None
    population = cortex.recording.population
    units = _varied_units(population, _N_OVERLAY)
    return OverlayInputs(
        clock=clock,
        conditions=Conditions.of(task.reaches.select(test), held_out=test[test]),
        cortex_hz=population.rates[test][..., units],
        network_hz=network.rates_hz[test][..., units],
        unit_names=[f"unit {population.unit_labels[unit]}" for unit in units],
    )


def _spiking(
    task: DelayedReach, test: BoolArray, clock: TimeAxis, cortex: SimulatedCortex, trials: SingleTrials
) -> SpikingInputs:
    both = [rate_changes(each, task) for each in (cortex.rate_form, cortex.recording)]
    after = (task.times_from_go_s >= -1e-9) & (task.times_from_go_s < AFTER_GO_S - 1e-9)
    points = np.stack([changes[:, after].ravel() for changes in both])
    pools = _varied_units(cortex.rate_form.population, _N_OVERLAY)
    correlation = rate_form_correlation(cortex.recording, cortex.rate_form, task)["after_go"]
    preferred = _preferred_rad(both[1][:, after].mean(axis=1), task.reaches.direction_rad)
    return SpikingInputs(
        reaches=task.reaches,
        held_out=test,
        clock=clock,
        example=int(trials.condition[trials.example]),
        spike_unit=trials.spike_unit,
        spike_time_s=trials.spike_time_s + float(clock.times_s[0]),
        unit_excitatory=trials.unit_excitatory,
        unit_preferred_rad=preferred[trials.unit_pool],
        hand_position_m=trials.hand_position_m,
        condition=trials.condition,
        pool_hz=cortex.recording.population.rates[..., pools],
        rate_form_hz=cortex.rate_form.population.rates[..., pools],
        pool_names=[f"pool {cortex.recording.population.unit_labels[pool]}" for pool in pools],
        points_hz=points[:, :: max(1, points.shape[1] // _N_POINTS)],
        correlation=0.0 if correlation is None else correlation,
        unit_rate_hz=trials.unit_rate_hz,
        unit_interval_cv=trials.unit_interval_cv,
    )


def _preferred_rad(rate_hz: FloatArray, direction_rad: FloatArray) -> FloatArray:
    """Return the direction in which each unit fires most, (unit,), of rates (condition, unit)."""
    tuned = rate_hz - rate_hz.mean(axis=0)
    preferred: FloatArray = np.angle(np.exp(1j * direction_rad) @ tuned)
    return preferred


def _comparison(folder: Path, names: Sequence[str]) -> ComparisonInputs:
    table = load_table(folder)
    controls = load_table(folder, JPCA_FILE).set_index("quantity").to_dict("index")
    real = {entry.quantity: (entry.low, entry.high) for entry in REAL_CORTEX}
    ranges = []
    for quantity, label in RANGES.items():
        row = controls[quantity]
        described = table[table["metric"] == quantity].set_index("candidate")["value"].to_dict()
        values = {"cortex": row["circuit"]} | {name: described[name] for name in names}
        values |= {"task-only": row["tuning_only"], "smooth random": row["smooth_random"]}
        ranges.append(RangeInputs(label=label, real_range=real[quantity], values=values))
    return ComparisonInputs(table=table, metrics=METRICS, ranges=ranges)


STAGE = Stage(
    name="figures",
    title="figures: PDF and PNG",
    reads=(CORTEX_FILE, NETWORK_FILE, TABLE_FILE, JPCA_FILE),
    outputs=(f"{FOLDER}/*.pdf", f"{FOLDER}/*.png"),
    code=(
        "pipeline.figures",
        "pipeline.common",
        "pipeline.fitted",
        "pipeline.scores",
        "pipeline.simulated",
        "plots",
        "analysis",
        "compare.real_cortex",
        "cortex.amplification",
        "task",
    ),
    parameters=lambda config: {
        "seed": config.seed,
        "task": config.task.model_dump(mode="json"),
        "compare": config.compare.model_dump(mode="json"),
    },
    run=_run,
)
