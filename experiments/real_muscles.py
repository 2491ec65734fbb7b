"""Fit a recurrent network to the real muscles of a monkey that reaches in eight directions.

    python experiments/real_muscles.py [TOML]

writes results/<name>/: muscles.h5 (activity, predictions, networks), scores.csv (variance explained),
config.toml and provenance.json. `python figures/real_muscles.py` draws them.

Each test direction is left out of a fit of its own; the one opposite stops that fit, the others are fitted.
Beside the network stands a model without dynamics, harmonics of direction with a free time course, fitted to
all but the test direction.

Neither sampling rate nor alignment of the data is stated. Time is a share of the trial throughout, and what
asks for seconds is given trials. Nor is it stated which direction is which: they are taken as equally spaced,
in the order of the file.
"""

from __future__ import annotations

import argparse
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import muscle_fits
import numpy as np
import tomli_w
from muscle_fits import PARTS, Fold, Muscles, NetworkConfig, Section, fit_network, predict_task_only, score
from pydantic import Field
from threadpoolctl import threadpool_limits

from motorsim.analysis import jpca_null
from motorsim.checks import InputError, MotorsimError
from motorsim.config import read_toml, validate
from motorsim.files import atomic_write_text, file_digest
from motorsim.io import load_array, write_arrays
from motorsim.progress import choose_progress
from motorsim.provenance import code_digest, stage_key
from motorsim.settings import Count, FilePath  # noqa: TC001 - pydantic reads them
from motorsim.streams import stream
from motorsim.train import network_to_arrays
from motorsim.workspace import Workspace

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from motorsim.analysis import JPCANull, VarianceExplained
    from motorsim.progress import Progress
    from motorsim.train import Fit
    from motorsim.train.callbacks import TrainingProgress
    from motorsim.types import FloatArray
    from motorsim.workspace import StageRecord

CONFIG = Path(__file__).with_suffix(".toml")
STAGE, ARRAYS_FILE, SCORES_FILE, CONFIG_FILE = "muscles", "muscles.h5", "scores.csv", "config.toml"
KIND, SCHEMA_VERSION = "real muscles", 1
CODE = ("analysis", "io", "nn", "train", "checks", "streams")

Index = Annotated[int, Field(ge=0)]


class DataConfig(Section):
    """The recording: a variable (muscle, time, direction) of a .mat, .npy or .npz file.

    ``test_directions``, counted from 0, are left out, each of a fit of its own.
    """

    file: FilePath
    variable: str | None = None
    bin_samples: Count = 20
    test_directions: Annotated[tuple[Index, ...], Field(min_length=1, strict=False)] = tuple(range(8))


class ControlsConfig(Section):
    """The model without dynamics, and the surrogates that rotations of the muscles are held against."""

    n_harmonics: Count = 2
    jpca_components: Annotated[int, Field(ge=2, multiple_of=2)] = 6
    n_surrogates: Count = 200


class RealMusclesConfig(Section):
    """The whole experiment."""

    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$", max_length=80)]
    seed: Annotated[int, Field(ge=0, lt=2**63)] = 1
    data: DataConfig
    network: NetworkConfig = NetworkConfig()
    controls: ControlsConfig = ControlsConfig()


def load_experiment(path: Path) -> RealMusclesConfig:
    """Read the configuration; the path of the data starts from its folder, and its name is the run's."""
    content = {"name": path.stem} | read_toml(path)
    data = content.get("data")
    if isinstance(data, dict) and isinstance(data.get("file"), str):
        data["file"] = str(path.parent / data["file"])
    return validate(RealMusclesConfig, content)


@dataclass(frozen=True, eq=False)
class Result:
    """What came out; ``predicted`` is (fold, direction, time, muscle) for each model."""

    muscles: Muscles
    folds: Sequence[Fold]
    fits: Sequence[Fit]
    predicted: dict[str, FloatArray]
    rotations: JPCANull

    @property
    def scores(self) -> dict[str, dict[str, VarianceExplained]]:
        """Variance explained by model and part."""
        return {
            model: score(self.muscles.activity, made, self.folds) for model, made in self.predicted.items()
        }

    def to_arrays(self) -> dict[str, Any]:
        """Return what is kept of the result, nested arrays."""
        return {
            "activity": self.muscles.activity,
            "ranges": self.muscles.ranges,
            "directions_rad": self.muscles.directions_rad,
            "test": np.array([fold.test for fold in self.folds]),
            "validation": np.array([fold.validation for fold in self.folds]),
            "predicted": self.predicted,
            "fits": {
                str(fold.test): {
                    "training_loss": result.training_loss,
                    "validation_loss": result.validation_loss,
                    "evaluated_at": result.evaluated_at,
                    "best_iteration": result.best_iteration,
                }
                | network_to_arrays(result.network)
                for fold, result in zip(self.folds, self.fits, strict=True)
            },
        }

    def to_notes(self) -> dict[str, Any]:
        """Return the main numbers, fit for JSON."""
        found, null = self.rotations.observed, self.rotations
        skew = {"muscles": found.r2_skew, "surrogates": float(np.median(null.r2_skew)), "p": null.p_skew}
        best = {"muscles": found.r2_best, "surrogates": float(np.median(null.r2_best)), "p": null.p_best}
        return {
            "variance_explained": {
                model: {part: explained.pooled for part, explained in parts.items()}
                for model, parts in self.scores.items()
            },
            "rotations": {"R^2 skew": skew, "R^2 best": best},
            "training": {
                f"without direction {fold.test + 1}": result.message
                for fold, result in zip(self.folds, self.fits, strict=True)
            },
            "bins": self.muscles.activity.shape[1],
            "samples_left_over": self.muscles.n_left_over,
        }

    def to_csv(self) -> str:
        """Return the scores, a row for each model, part and muscle (counted from 1), and one for all."""
        rows = ["model,directions,muscle,variance_explained"]
        for model, parts in self.scores.items():
            for part, explained in parts.items():
                muscles = {str(number): value for number, value in enumerate(explained.per_unit, 1)}
                for muscle, value in (muscles | {"all": explained.pooled}).items():
                    rows.append(f"{model},{part},{muscle},{value:.6f}")
        return "\n".join(rows) + "\n"


def compute(config: RealMusclesConfig, progress: Progress) -> Result:
    """Read the muscles, fit both models without each test direction, and look for rotations."""
    samples = load_array(config.data.file, config.data.variable, ("muscle", "time", "direction"))
    muscles = Muscles.of(samples, config.data.bin_samples)
    tests = config.data.test_directions
    if len(set(tests)) != len(tests):
        raise InputError("data.test_directions", "each direction once", f"{list(tests)}")
    folds = [Fold.of(test, len(muscles.activity)) for test in tests]
    # First what is quick to refuse.
    n_harmonics = config.controls.n_harmonics
    task_only = np.stack([predict_task_only(muscles, fold, n_harmonics) for fold in folds])
    rotations = jpca_null(
        muscles.activity,
        dt_s=1 / muscles.activity.shape[1],
        rng=config.seed,
        n_surrogates=config.controls.n_surrogates,
        n_components=config.controls.jpca_components,
        soft_norm_hz=None,
    )
    fits, made = fit_networks(config, muscles, folds, progress)
    return Result(muscles, folds, fits, {"network": made, "task-only": task_only}, rotations)


def fit_networks(
    config: RealMusclesConfig, muscles: Muscles, folds: Sequence[Fold], progress: Progress
) -> tuple[list[Fit], FloatArray]:
    """Train one network a fold; return fits and predictions (fold, direction, time, muscle)."""
    n = config.network.n_iterations
    fits, predicted = [], []
    with progress.bar("networks", len(folds) * n) as update:
        for number, fold in enumerate(folds):

            def show(told: TrainingProgress, start: int = number * n, test: int = fold.test) -> None:
                update(start + told.iteration, f"without direction {test + 1}")

            rng = stream(config.seed, f"network without direction {fold.test}")
            result, made = fit_network(config.network, muscles, fold, rng=rng, callbacks=[show])
            fits.append(result)
            predicted.append(made)
    return fits, np.stack(predicted)


def run(config: RealMusclesConfig, *, results: Path, force: bool = False, progress: Progress) -> StageRecord:
    """Bring results/<name>/ up to date and return what was recorded."""
    if not config.data.file.is_file():
        raise InputError(
            "data.file", "a file of muscle activity", f"{config.data.file}, which does not exist"
        )
    settings = config.model_dump(mode="json", exclude={"name": True, "data": {"file"}})
    inputs = {
        "data": file_digest(config.data.file),
        "script": file_digest(__file__),
        "fits": file_digest(muscle_fits.__file__),
    }
    key = stage_key(STAGE, settings, inputs, code_digest(*CODE))
    folder = results / config.name

    def write(staging: Path) -> dict[str, Any]:
        result = compute(config, progress)
        write_arrays(staging / ARRAYS_FILE, KIND, result.to_arrays(), schema_version=SCHEMA_VERSION)
        atomic_write_text(staging / SCORES_FILE, result.to_csv())
        content = config.model_dump(mode="json", exclude_none=True)
        content["data"]["file"] = os.path.relpath(config.data.file, folder)
        atomic_write_text(staging / CONFIG_FILE, tomli_w.dumps(content))
        return result.to_notes()

    # More threads only slow down matrices this small.
    with Workspace(folder) as workspace, threadpool_limits(1):
        if not force and workspace.status(STAGE, key) == "current":
            progress.say("up to date")
            return workspace.stages[STAGE]
        workspace.describe_run(seed=config.seed, configuration_hash=key)
        return workspace.run_stage(STAGE, key, (ARRAYS_FILE, SCORES_FILE, CONFIG_FILE), write, inputs=inputs)


def describe(notes: Mapping[str, Any]) -> str:
    """Return the main numbers as lines for a person."""
    lines = [f"{fold}: {message}" for fold, message in notes["training"].items()]
    lines.append(f"{'variance explained':<22}" + "".join(f"{part:>10}" for part in PARTS))
    for model, parts in notes["variance_explained"].items():
        lines.append(f"{model:<22}" + "".join(f"{parts[part]:>10.3f}" for part in PARTS))
    for name, found in notes["rotations"].items():
        surrogates = f"surrogates {found['surrogates']:.3f}, p = {found['p']:.2f}"
        lines.append(f"rotations of the muscles, {name}: {found['muscles']:.3f} ({surrogates})")
    if notes["samples_left_over"]:
        lines.append(f"samples at the end of the trial that fill no bin: {notes['samples_left_over']}")
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run from the command line; return the exit status: 2 for what cannot be used, 130 when interrupted."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("config", type=Path, nargs="?", default=CONFIG, help="default: %(default)s")
    parser.add_argument("--results", type=Path, default=Path("results"), help="folder of results folders")
    parser.add_argument("--force", action="store_true", help="compute again although nothing changed")
    parser.add_argument("--quiet", action="store_true", help="no progress")
    options = parser.parse_args(arguments)
    try:
        config = load_experiment(options.config)
        progress = choose_progress(quiet=options.quiet)
        record = run(config, results=options.results, force=options.force, progress=progress)
    except MotorsimError as error:
        print(f"real_muscles: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("interrupted; finished results are untouched", file=sys.stderr)
        return 130
    print(describe(record.notes))
    print(f"files: {options.results / config.name}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
