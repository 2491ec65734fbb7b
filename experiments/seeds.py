"""Run the main job over several seeds, to see whether its numbers hold beyond one draw.

    python experiments/seeds.py [--seeds 2 3 4 5 6] [CONFIG]

runs the line once a seed (results/seed-2/, ...; finished stages are kept) and writes results/seeds.csv,
a row a seed.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from motorsim.checks import MotorsimError
from motorsim.config import load_config
from motorsim.files import atomic_write_text
from motorsim.pipeline import STAGES, run_stages
from motorsim.pipeline.compare import load_table
from motorsim.progress import choose_progress

if TYPE_CHECKING:
    from collections.abc import Mapping

    from motorsim.workspace import StageRecord

COMPARED = ("data-driven", "goal-driven", "untrained", "reservoir")


def summarise(seed: int, records: Mapping[str, StageRecord], folder: Path) -> dict[str, Any]:
    """Return the main numbers of one run."""
    simulated, fitted = records["simulate"].notes, records["fit"].notes
    values = load_table(folder).set_index(["metric", "candidate"])["value"]
    order = [float(values["cca_test", name]) for name in COMPARED]
    rotations = records["compare"].notes["jpca"]
    return {
        "seed": seed,
        "hand_error_fitted_mm": simulated["hand_error_fitted_mm"]["mean"],
        "hand_error_fitted_max_mm": simulated["hand_error_fitted_mm"]["max"],
        "hand_error_test_mm": simulated["hand_error_test_mm"]["mean"],
        "hand_error_test_max_mm": simulated["hand_error_test_mm"]["max"],
        "end_speed_fitted_max_mm_s": simulated["end_speed_fitted_mm_s"]["max"],
        "end_speed_test_max_mm_s": simulated["end_speed_test_mm_s"]["max"],
        "preparatory_drift_max_mm": simulated["preparatory_drift_mm"]["max"],
        "torque_before_go_max_percent": simulated["torque_up_to_go_cue_percent_of_peak"]["max"],
        "rates_r2_train": fitted["data-driven"]["variance_explained_train"],
        "rates_r2_validation": fitted["data-driven"]["variance_explained_validation"],
        "rates_r2_test": fitted["data-driven"]["variance_explained_test"],
        "task_only_rates_r2_test": float(values["rates_r2_test", "task-only"]),
        **{f"cca_test_{name}": value for name, value in zip(COMPARED, order, strict=True)},
        "in_order": order[:3] == sorted(order[:3], reverse=True),
        **rotations,
    }


def main() -> int:
    """Run every seed, write the table and show it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("config", nargs="?", type=Path, help="TOML; the defaults where none is given")
    parser.add_argument("--seeds", type=int, nargs="+", default=[2, 3, 4, 5, 6])
    parser.add_argument("--results", type=Path, default=Path("results"))
    options = parser.parse_args()
    progress = choose_progress()
    rows = []
    try:
        for seed in options.seeds:
            progress.say(f"seed {seed}")
            config = load_config(options.config, name=f"seed-{seed}", seed=seed)
            result = run_stages(STAGES, config, results=options.results, until="compare", progress=progress)
            rows.append(summarise(seed, result.records, result.folder))
    except MotorsimError as error:
        print(f"seeds: {error}", file=sys.stderr)
        return 2
    table = pd.DataFrame(rows)
    atomic_write_text(options.results / "seeds.csv", table.to_csv(index=False, lineterminator="\n"))
    print(table.set_index("seed").T.to_string(float_format=lambda value: f"{value:.3f}"))
    return 0


if __name__ == "__main__":
    sys.exit(main())
