"""Stage *report*: one page with the numbers, the figures and where they come from."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from motorsim.files import file_digest
from motorsim.pipeline.compare import FILE as TABLE_FILE
from motorsim.pipeline.compare import JPCA_FILE, load_table
from motorsim.pipeline.figures import FOLDER, METRICS
from motorsim.pipeline.fitted import DATA_DRIVEN, GOAL_DRIVEN, MIXED
from motorsim.pipeline.stage import Stage, StageContext
from motorsim.report import Figure, Section, Table, write_report
from motorsim.workspace import PROVENANCE_NAME

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import pandas as pd

FILE = "report.html"
_FIGURES = {
    "figure_1_task": (
        "Task and hand",
        (
            "Targets, hand paths against the desired minimum-jerk paths, hand speed and joint torques of the "
            "simulated reaches (averages over trials of a spiking cortex). Held-out conditions were not used "
            "to fit the readout or the networks."
        ),
    ),
    "figure_2_circuit": (
        "The circuit",
        (
            "Eigenvalues before and after the stability optimisation (the rest state is stable left of the "
            "line), the weight matrix, and the energies of the responses to initial states."
        ),
    ),
    "figure_3_units": (
        "Example units",
        (
            "Firing rates of single units of the simulated cortex (of a spiking one, pools of neurons "
            "averaged over trials), one line a condition."
        ),
    ),
    "figure_4_populations": (
        "Population dynamics",
        (
            "Principal components and the two fastest jPCA planes of the cortex and of the networks. States "
            "without units (tanh) are not soft-normalised."
        ),
    ),
    "figure_5_training": (
        "Training",
        (
            "Loss against updates with the parameters that were kept, and rates of the cortex beside those "
            "of the data-driven network, if it makes them, on conditions that it has not seen."
        ),
    ),
    "figure_6_comparison": (
        "Comparison",
        (
            "Each metric on held-out conditions with its 95 % interval over halves of the units, its "
            "condition-shuffle null and, as a yardstick and no bound, half of the cortex's units against the "
            "other half (where there are single trials, in the R² of rates the reliability of their "
            "averages); below, jPCA beside the range of real cortex and controls without dynamics."
        ),
    ),
    "figure_7_spikes": (
        "Spikes and single reaches",
        (
            "Spikes of the recorded neurons in one trial, hand paths of all single trials, three pools of "
            "neurons (averages over trials) beside the same circuit's rate form, changes of rate of all "
            "pools in both forms in the 0.4 s after the go cue, and how rates and irregularity are "
            "distributed over the neurons."
        ),
    ),
}
_TABLE_COLUMNS = ["metric", "candidate", "value", "low", "high", "null", "null_high", "ceiling", "note"]
_FURTHER_COLUMNS = ["metric", "candidate", "value", "low", "high", "reference_value", "note"]
_JPCA_COLUMNS = [
    "quantity",
    "circuit",
    "real_low",
    "real_high",
    "inside",
    "tuning_only",
    "smooth_random",
    "tme_p",
]


def _run(context: StageContext) -> dict[str, Any]:
    folder = context.folder
    provenance = json.loads((folder / PROVENANCE_NAME).read_text(encoding="utf-8"))
    stages = {name: record for name, record in provenance["stages"].items() if name != "report"}
    table, controls = load_table(folder), load_table(folder, JPCA_FILE)
    sections = [
        Section(heading, figures=[Figure.read(folder / FOLDER / f"{name}.png", caption=caption)])
        for name, (heading, caption) in _FIGURES.items()
        if (folder / FOLDER / f"{name}.png").is_file()
    ]
    sections += [_jpca_section(controls), _comparison_section(table), _stage_section(stages)]
    write_report(
        context.staging / FILE,
        title=f"motorsim: {context.config.name}",
        summary=_summary(stages, table),
        sections=sections,
        provenance=_facts(provenance, stages, folder),
    )
    return {}


def _summary(stages: Mapping[str, Any], table: pd.DataFrame) -> list[tuple[str, Any]]:
    simulated, fitted, compared = (stages[name]["notes"] for name in ("simulate", "fit", "compare"))
    values = table.set_index(["metric", "candidate"])["value"]
    shown = [("warning", warning) for warning in simulated["warnings"]]
    shown.append(("circuit", stages["circuit"]["notes"]["found"]))
    shown += _spiking_rows(simulated) if "rate_form" in simulated else _reach_rows(simulated)
    for name, ceiling in compared["noise_ceiling"].items():
        tuned = ", tuned part" if name.endswith("tuned") else ""
        shown.append((f"noise ceiling of the R² of rates on held-out conditions{tuned}", ceiling))
    for name in (each for each in (DATA_DRIVEN, GOAL_DRIVEN, MIXED) if each in fitted):
        label = f"{name} network, fitted to {fitted[name]['target']}"
        explained = [fitted[name][f"variance_explained_{part}"] for part in ("train", "test")]
        shown.append(
            (f"{label}: variance of its target explained, training and held out", _numbers(explained))
        )
        shown.append(
            (f"{label}: held-out canonical correlation with cortex", float(values["cca_test", name]))
        )
    return shown


def _reach_rows(notes: Mapping[str, Any]) -> list[tuple[str, Any]]:
    return [
        ("hand error, fitted conditions (mm, mean and greatest)", _pair(notes["hand_error_fitted_mm"])),
        ("hand error, held-out conditions (mm, mean and greatest)", _pair(notes["hand_error_test_mm"])),
        (
            "torque up to the go cue (% of peak, greatest)",
            notes["torque_up_to_go_cue_percent_of_peak"]["max"],
        ),
        ("hand drift in preparation (mm, greatest)", notes["preparatory_drift_mm"]["max"]),
    ]


def _spiking_rows(notes: Mapping[str, Any]) -> list[tuple[str, Any]]:
    """Return the scores of single trials, beside those without noise, and what realises the circuit."""
    rows: list[tuple[str, Any]] = []
    for part, words in (("fitted", "fitted"), ("test", "held-out")):
        errors = [each[f"hand_error_{part}_mm"]["median"] for each in (notes, notes["rate_form"])]
        label = f"hand error, {words} conditions (mm, median of single trials, and without noise)"
        rows.append((label, _numbers(errors)))
        rows.append((f"single trials that end within 2 cm, {words} conditions", notes[f"success_{part}"]))
    stability, neurons = notes["stability"], notes["neurons"]
    agreement = notes["rate_form_correlation"]
    known = [value for value in (agreement["preparation"], agreement["after_go"]) if value is not None]
    energies = [stability["top_energy_before"], stability["top_energy"]]
    return [
        *rows,
        ("pools against rate form (r, prepared and after the go cue)", _numbers(known)),
        (
            "neurons: rate at rest (Hz), gain (Hz/mV)",
            _numbers([neurons["baseline_hz"], neurons["hz_per_mv"]]),
        ),
        ("loop gain, lag of the neurons (s)", _numbers([stability["loop_gain"], stability["lag_s"]])),
        ("abscissa with that lag (stable below 1)", stability["augmented_abscissa"]),
        ("top energy of the circuit, before and with the lag in its optimisation", _numbers(energies)),
    ]


def _pair(summary: Mapping[str, float]) -> str:
    return _numbers([summary["mean"], summary["max"]])


def _numbers(values: list[float]) -> str:
    return ", ".join(f"{value:.3g}" for value in values)


def _jpca_section(controls: pd.DataFrame) -> Section:
    text = (
        "R² of the best linear and of the best skew-symmetric fit, frequencies and variance of the simulated "
        "cortex, beside the range of published recordings. A ratio alone is weak evidence: tuning without "
        "dynamics and smooth random rates stand beside it, and the last column is the share of "
        "maximum-entropy surrogates that reach the circuit's R²."
    )
    return Section("Rotations and their controls", text, tables=[Table.of(controls[_JPCA_COLUMNS])])


def _comparison_section(table: pd.DataFrame) -> Section:
    main = table[table["metric"].isin(METRICS)]
    others = table[~table["metric"].isin(METRICS)]
    text = (
        "Scores on held-out conditions. Intervals come from halves of the units, laid around the value; they "
        "cover neither conditions nor seeds. The null shuffles the conditions of the candidate, each shuffle "
        "with the ridge that suits it best (a prediction of the rates is scored for other conditions without "
        "a refit). The ceiling is half of the cortex's units against the other half, a yardstick and no "
        "bound: a candidate fitted to all units can exceed it. Where there are single trials, the ceiling of "
        "the R² of rates is the reliability of their averages, which a model of the rates exceeds by chance "
        "alone. A score from model to cortex alone is weak evidence: a smooth random population does well "
        "at it."
    )
    return Section(
        "All numbers",
        text,
        tables=[
            Table.of(main[_TABLE_COLUMNS], caption="main metrics"),
            Table.of(
                others[[*_TABLE_COLUMNS[:5], "reference_value", "note"]],
                caption="further metrics and descriptions",
            ),
        ],
    )


def _stage_section(stages: Mapping[str, Any]) -> Section:
    rows = [
        (name, record["wall_s"], record["peak_memory_bytes"] / 1e6, record["finished_at"])
        for name, record in stages.items()
    ]
    return Section(
        "Stages", tables=[Table(("stage", "time (s)", "peak memory (MB)", "finished (UTC)"), rows)]
    )


def _facts(provenance: Mapping[str, Any], stages: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    """Return what made the run, and the digest of every file that the page draws on."""
    facts = {key: value for key, value in provenance.items() if key != "stages"}
    facts["brian2 mode"] = stages["simulate"]["notes"]["brian2_mode"]
    facts["files"] = {
        output: file_digest(folder / output)
        for name in ("circuit", "simulate", "fit", "compare")
        for output in stages[name]["outputs"]
    }
    return facts


STAGE = Stage(
    name="report",
    title="report: one page",
    reads=(TABLE_FILE, JPCA_FILE, f"{FOLDER}/*.png"),
    outputs=(FILE,),
    code=("pipeline.report", "report"),
    parameters=lambda config: {"name": config.name, "seed": config.seed},
    run=_run,
)
