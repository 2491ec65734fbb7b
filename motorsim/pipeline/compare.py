"""Stage *compare*: cortex against the networks, beside the models that they have to beat."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from motorsim.compare import (
    combine,
    compare,
    jpca_controls,
    score_prediction,
    smooth_random_like,
    task_only,
)
from motorsim.files import atomic_write_text
from motorsim.pipeline.common import build_split, build_task, released_task
from motorsim.pipeline.fitted import DATA_DRIVEN, load_networks
from motorsim.pipeline.fitted import FILE as NETWORK_FILE
from motorsim.pipeline.reliability import CEILING_NOTE, noise_ceilings
from motorsim.pipeline.simulated import FILE as CORTEX_FILE
from motorsim.pipeline.simulated import load_cortex
from motorsim.pipeline.stage import Stage, StageContext
from motorsim.streams import stream

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import pandas as pd

    from motorsim.compare import Comparison
    from motorsim.config import RunConfig
    from motorsim.population import Population
    from motorsim.task import ConditionSplit, DelayedReach
    from motorsim.types import BoolArray, IntArray

FILE = "comparison.csv"
JPCA_FILE = "jpca.csv"
TASK_ONLY, SHUFFLED, SMOOTH_RANDOM = "task-only", "shuffled", "smooth random"
_HARMONICS = 3
_HEADLINE = ("rates_r2_test", "cca_test", "r2_candidate_to_reference", "r2_reference_to_candidate")


def load_table(folder: Path, name: str = FILE) -> pd.DataFrame:
    """Read a table that the stage wrote."""
    import pandas as pd  # noqa: PLC0415 - slow to import

    return pd.read_csv(folder / name)


def cut_rest(population: Population, task: DelayedReach) -> Population:
    """Return the samples from target onset on, on the clock of movement onset."""
    return population.between(task.target_onset_s, task.end_s).shifted(
        task.movement_onset_s, "movement onset"
    )


def hidden_population(name: str, hidden: np.ndarray, like: Population) -> Population:
    """Return a network's hidden rates on the conditions and times of ``like``."""
    units = tuple(f"{name} {unit}" for unit in range(hidden.shape[2]))
    return replace(like, rates=hidden.astype(np.float64), unit_labels=units, quantity="hidden rate (no unit)")


def task_only_model(task: DelayedReach, reference: Population, split: ConditionSplit) -> Population:
    """Predict the cortex from direction, distance and time alone, fitted on all but the test conditions."""
    reaches, fit_on = task.reaches, ~split.test
    return task_only(
        reference, reaches.direction_rad, reaches.distance_m, fit_on, **_model_order(task, fit_on)
    )


def _run(context: StageContext) -> dict[str, Any]:
    config = context.config
    simulated = load_cortex(context.folder)
    task = released_task(build_task(config), simulated.recording)
    split = build_split(config, task)
    cortex, candidates, predictions = _gather(context, simulated.recording.population, task, split)
    rows: list[Comparison] = []
    with context.progress.bar("comparison", len(candidates) + 1) as update:
        for done, (name, candidate) in enumerate(candidates.items()):
            measured = _compare(config, cortex, candidate, split, name=name)
            if name in predictions:
                predicted, note = predictions[name]
                rows += [_predict(config, cortex, predicted, split, name=name, note=note), measured]
            else:
                rows += [_read_out(measured), measured]
            update(done + 1, name)
        controls = _controls(config, task, cortex)
    ceilings = noise_ceilings(simulated, task, split)
    table = _limited_by_noise(combine(rows), ceilings)
    table.to_csv(context.staging / FILE)
    atomic_write_text(context.staging / JPCA_FILE, controls.to_csv(index=False, lineterminator="\n"))
    return {"test": _headline(table.table), "jpca": _jpca_notes(controls), "noise_ceiling": ceilings}


def _gather(
    context: StageContext, whole: Population, task: DelayedReach, split: ConditionSplit
) -> tuple[Population, dict[str, Population], dict[str, tuple[Population, str]]]:
    """Return the cortex, what is compared with it, and the rates that some candidates make, with a note."""
    seed = context.config.seed
    networks = load_networks(context.folder)
    cortex = cut_rest(whole, task)
    model = task_only_model(task, cortex, split)
    states = {
        name: cut_rest(hidden_population(name, network.hidden, whole), task)
        for name, network in networks.items()
    }
    order = stream(seed, "shuffled candidate").permutation(task.n_conditions)
    random = smooth_random_like(
        cortex,
        rng=stream(seed, "smooth random candidate"),
        fit_on=~split.test,
        targets_m=task.reaches.target_m,
    )
    candidates = states | {
        TASK_ONLY: model,
        SHUFFLED: _reordered(states[DATA_DRIVEN], order),
        SMOOTH_RANDOM: random,
    }
    predictions = {
        name: (cut_rest(replace(whole, rates=network.rates_hz), task), "no refit")
        for name, network in networks.items()
        if network.rates_hz is not None
    }
    if DATA_DRIVEN in predictions:
        rates, _ = predictions[DATA_DRIVEN]
        predictions[SHUFFLED] = (_reordered(rates, order), "data-driven rates in random order")
    predictions[TASK_ONLY] = (model, "fitted on all but the test conditions")
    return cortex, candidates, predictions


def _controls(config: RunConfig, task: DelayedReach, cortex: Population) -> pd.DataFrame:
    settings = config.compare
    return jpca_controls(
        cortex,
        task.reaches.direction_rad,
        task.reaches.distance_m,
        rng=config.seed,
        jpca_window_s=(settings.jpca_start_s, settings.jpca_stop_s),
        jpca_n_components=settings.jpca_components,
        n_surrogates=settings.n_surrogates,
        **_model_order(task, np.ones(task.n_conditions, bool)),
    )


def _compare(
    config: RunConfig, cortex: Population, candidate: Population, split: ConditionSplit, *, name: str
) -> Comparison:
    settings = config.compare
    return compare(
        cortex,
        candidate,
        rng=config.seed,
        fit_on=~split.test,
        test_on=split.test,
        n_components=settings.n_components,
        n_subsamples=settings.n_subsamples,
        n_shuffles=settings.n_shuffles,
        jpca_window_s=(settings.jpca_start_s, settings.jpca_stop_s),
        jpca_n_components=settings.jpca_components,
        candidate_name=name,
    )


def _predict(
    config: RunConfig,
    cortex: Population,
    rates: Population,
    split: ConditionSplit,
    *,
    name: str,
    note: str,
) -> Comparison:
    return score_prediction(
        cortex,
        rates,
        rng=config.seed,
        fit_on=~split.test,
        test_on=split.test,
        n_subsamples=config.compare.n_subsamples,
        n_shuffles=config.compare.n_shuffles,
        ceiling=1.0 if config.cortex.kind == "rate" and config.cortex.noise_hz == 0 else float("nan"),
        note=note,
        candidate_name=name,
    )


def _read_out(measured: Comparison) -> Comparison:
    """Return the rows that tell how well the rates can be read out of a candidate that makes none itself."""
    named = {
        "r2_candidate_to_reference": "rates_r2_test",
        "r2_candidate_to_reference_tuned": "rates_r2_test_tuned",
    }
    rows = measured.table[measured.table["metric"].isin(named)].copy()
    rows["note"] = "linear readout: " + rows["note"]
    rows["metric"] = rows["metric"].map(named)
    return replace(measured, table=rows)


def _limited_by_noise(table: Comparison, ceilings: Mapping[str, float]) -> Comparison:
    """Return the table with the reliability of the reference as the ceiling of what predicts its rates."""
    rows = table.table.copy()
    for metric, ceiling in ceilings.items():
        chosen = rows["metric"] == metric
        rows.loc[chosen, "ceiling"] = ceiling
        rows.loc[chosen, "note"] += f"; {CEILING_NOTE}"
    return replace(table, table=rows)


def _reordered(population: Population, order: IntArray) -> Population:
    """Return the population with its conditions in another order under the labels as they were."""
    return replace(population, rates=population.rates[order])


def _model_order(task: DelayedReach, fit_on: BoolArray) -> dict[str, int]:
    """Return the richest task-only model, up to three harmonics, that the directions fitted on allow."""
    reaches = task.reaches
    n_directions = len(np.unique(np.round(reaches.direction_rad[fit_on], 9)))
    return {
        "n_harmonics": max(1, min(_HARMONICS, (n_directions - 1) // 2)),
        "distance_degree": min(1, len(np.unique(reaches.distance_m[fit_on])) - 1),
    }


def _headline(table: pd.DataFrame) -> dict[str, dict[str, float]]:
    """Return the main numbers of each candidate, by metric."""
    chosen = table[table["metric"].isin(_HEADLINE)]
    return {
        str(metric): dict(zip(rows["candidate"], rows["value"].astype(float), strict=True))
        for metric, rows in chosen.groupby("metric", sort=False)
    }


def _jpca_notes(controls: pd.DataFrame) -> dict[str, float]:
    return dict(zip(controls["quantity"], controls["circuit"].astype(float), strict=True))


STAGE = Stage(
    name="compare",
    title="compare: cortex and networks",
    reads=(CORTEX_FILE, NETWORK_FILE),
    outputs=(FILE, JPCA_FILE),
    code=(
        "pipeline.compare",
        "pipeline.common",
        "pipeline.fitted",
        "pipeline.reliability",
        "pipeline.simulated",
        "compare",
        "analysis",
        "task",
        "population",
        "recording",
        "io",
        "checks",
        "streams",
    ),
    parameters=lambda config: {
        "seed": config.seed,
        "task": config.task.model_dump(mode="json"),
        "noise_free": config.cortex.kind == "rate" and config.cortex.noise_hz == 0,
        "compare": config.compare.model_dump(mode="json"),
    },
    run=_run,
)
