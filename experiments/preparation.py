"""Compare three ways to prepare a reach: a static step, along the ray, and optimal feedback.

    python experiments/preparation.py [--seed SEED] [--folder FOLDER]

writes results/preparation/: preparation.h5 (arrays by strategy) and preparation.csv (one row a strategy).
`python figures/preparation.py` draws them. About three minutes on one core.
"""

from __future__ import annotations

import argparse
import csv
import io
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from threadpoolctl import threadpool_limits

from motorsim.checks import MotorsimError
from motorsim.cortex import (
    OptimalPreparation,
    Preparation,
    RateCortex,
    RayPreparation,
    StaticPreparation,
    default_circuit,
    preparatory_distance,
    time_to_readiness_s,
)
from motorsim.files import atomic_write_text
from motorsim.io import write_arrays
from motorsim.task import DelayedReach, TargetSwitch, center_out, reaction_times_s, score_reaches

if TYPE_CHECKING:
    from motorsim.recording import Recording
    from motorsim.task import ReachScore
    from motorsim.types import FloatArray

FOLDER = Path(__file__).resolve().parent.parent / "results" / "preparation"
KIND, SCHEMA_VERSION = "preparation", 1
STRATEGIES: dict[str, Preparation] = {
    "static step": StaticPreparation(),
    "along the ray": RayPreparation(),
    "optimal feedback": OptimalPreparation(),
}
FITTED = DelayedReach(center_out(16, (0.06, 0.10)), delay_s=0.6, movement_s=1.0)
TESTED = DelayedReach(center_out(8, 0.10), delay_s=0.6, movement_s=1.0)
DELAYS_S = np.round(np.arange(0.0, 0.61, 0.05), 2)
LEFT_S = np.round(np.arange(0.05, 0.46, 0.05), 2)
# Nothing holds the arm's posture: with much more noise the hand drifts off before the go cue.
NOISE_HZ, N_TRIALS = 0.05, 6
RIGHT_M = 0.01
"""A reach that ends this close to its target counts as right."""


def score(task: DelayedReach, recording: Recording) -> ReachScore:
    """Score a simulated recording."""
    return score_reaches(task, recording.hand_position_m, recording.hand_velocity_m_s)


def distance_to_prepared(cortex: RateCortex, task: DelayedReach, recording: Recording) -> FloatArray:
    """Return the distance from the state to be prepared, (condition | trial, time)."""
    prepared = cortex.rate_function.rate_hz(cortex.preparatory_map(task.reaches))
    rates = recording.population.rates
    repeats = len(rates) // task.n_conditions
    return preparatory_distance(rates, np.tile(prepared, (repeats, 1)), cortex.rate_function.baseline_hz)


def full_delay(cortex: RateCortex, seed: int) -> dict[str, Any]:
    """Measure the reaches after a delay that is long enough for every strategy."""
    recording = cortex.simulate(TESTED, rng=seed)
    scored = score(TESTED, recording)
    away_m = np.linalg.norm(recording.hand_position_m - TESTED.reaches.start_m[:, None], axis=2)
    return {
        "hand_position_m": recording.hand_position_m,
        "away_m": away_m,
        "distance": distance_to_prepared(cortex, TESTED, recording),
        "error_m": scored.error_m,
        "drift_m": scored.drift_m,
    }


def by_delay(cortex: RateCortex, seed: int) -> dict[str, Any]:
    """Release the movement at the go cue after every delay, ready or not; arrays (delay, condition)."""
    columns: dict[str, list[FloatArray]] = {"error_m": [], "reaction_s": [], "distance_at_go": []}
    for delay_s in DELAYS_S:
        task = replace(TESTED, delay_s=float(delay_s))
        recording = cortex.simulate(task, rng=seed)
        go = int(np.argmax(task.epoch("movement")))
        columns["error_m"].append(score(task, recording).error_m)
        columns["reaction_s"].append(reaction_times_s(task, recording.hand_velocity_m_s))
        columns["distance_at_go"].append(distance_to_prepared(cortex, task, recording)[:, go])
    return {name: np.stack(values) for name, values in columns.items()}


def by_time_left(cortex: RateCortex, seed: int) -> FloatArray:
    """Switch to the opposite target so long before the go cue; return hand errors (time left, condition)."""
    opposite = np.roll(np.arange(TESTED.n_conditions), TESTED.n_conditions // 2)
    errors = []
    for left_s in LEFT_S:
        switch = TargetSwitch(TESTED.go_cue_s - float(left_s), opposite)
        errors.append(
            score(switch.final_task(TESTED), cortex.simulate(TESTED, rng=seed, switch=switch)).error_m
        )
    return np.stack(errors)


def noisy(cortex: RateCortex, seed: int) -> dict[str, Any]:
    """Measure trials with process noise: spread of rates, and reaction time against the state at the go cue.

    ``rate_deviation_hz`` is the deviation over trials, root mean square over units and conditions, (time,).
    """
    recording = replace(cortex, noise_hz=NOISE_HZ).simulate(TESTED, rng=seed, n_trials=N_TRIALS)
    rates = recording.population.rates.reshape(N_TRIALS, TESTED.n_conditions, TESTED.n_times, -1)
    go = int(np.argmax(TESTED.epoch("movement")))
    return {
        "rate_deviation_hz": np.sqrt(rates.var(axis=0, ddof=1).mean(axis=(0, 2))),
        "distance_at_go": distance_to_prepared(cortex, TESTED, recording)[:, go],
        "reaction_s": reaction_times_s(TESTED, recording.hand_velocity_m_s),
    }


def measure(strategy: Preparation, seed: int) -> dict[str, Any]:
    """Prepare a cortex this way and measure it."""
    cortex = RateCortex(default_circuit(), preparation=strategy).prepare(FITTED, rng=seed)
    delays = by_delay(cortex, seed)
    return {
        "full_delay": full_delay(cortex, seed),
        "by_delay": delays,
        "switch_error_m": by_time_left(cortex, seed),
        "noisy": noisy(cortex, seed),
        "null_dimensions": cortex.readout.n_null,
        "readiness_s": time_to_readiness_s(DELAYS_S, delays["error_m"].mean(axis=1), criterion_m=RIGHT_M),
    }


def rank_correlation(found: dict[str, Any]) -> float:
    """Return Spearman's correlation of reaction time with the distance at the go cue."""
    from scipy.stats import spearmanr  # noqa: PLC0415 - slow to import

    moves = found["reaction_s"] > 0  # neither hands that never move nor those that moved before the go cue
    return float(spearmanr(found["distance_at_go"][moves], found["reaction_s"][moves]).statistic)


def summary(found: dict[str, dict[str, Any]]) -> str:
    """Return the table, one row a strategy, as CSV."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    go = int(np.argmax(TESTED.epoch("movement")))
    for number, (name, result) in enumerate(found.items()):
        full, noise, delays = result["full_delay"], result["noisy"], result["by_delay"]
        row = {
            "hand_error_mm": 1e3 * full["error_m"].mean(),
            "greatest_drift_mm": 1e3 * full["drift_m"].max(),
            "ready_after_s": result["readiness_s"],
            "readout_null_dimensions": result["null_dimensions"],
            "rate_deviation_at_go_hz": noise["rate_deviation_hz"][go],
            "reaction_against_distance_over_delays": rank_correlation(delays),
            "reaction_against_distance_over_noise": rank_correlation(noise),
        }
        if number == 0:
            writer.writerow(["strategy", *row])
        writer.writerow([name, *(f"{value:.4g}" for value in row.values())])
    return buffer.getvalue()


def main() -> int:
    """Measure every strategy and write what came out."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--folder", type=Path, default=FOLDER)
    options = parser.parse_args()
    found = {}
    try:
        with threadpool_limits(1):
            for name, strategy in STRATEGIES.items():
                found[name] = measure(strategy, options.seed)
                print(f"{name}: {1e3 * found[name]['full_delay']['error_m'].mean():.1f} mm", flush=True)
        options.folder.mkdir(parents=True, exist_ok=True)
        shared = {"times_from_go_s": TESTED.times_from_go_s, "delays_s": DELAYS_S, "left_s": LEFT_S}
        write_arrays(
            options.folder / "preparation.h5",
            KIND,
            {"shared": shared, "strategies": found},
            {"seed": options.seed, "noise_hz": NOISE_HZ, "right_m": RIGHT_M},
            schema_version=SCHEMA_VERSION,
        )
        table = summary(found)
        atomic_write_text(options.folder / "preparation.csv", table)
    except MotorsimError as error:
        print(f"preparation: {error}", file=sys.stderr)
        return 2
    print(table, end="")
    return 0


if __name__ == "__main__":
    sys.exit(main())
