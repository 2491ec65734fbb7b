"""Count how often the jPCA test rejects where the truth is known: its size, and its power on the cortex.

    python experiments/jpca_calibration.py [TOML]

writes results/<name>/: rejections.csv (a row for each kind of data and statistic), tests.h5 (every p-value),
config.toml and provenance.json. Kinds of data:

- surrogates, known null: drawn from the maximum-entropy distribution of a population of the circuit, and
  tested against further draws from it. Exact by construction, so this checks the code.
- surrogates, fitted null: the same draws, each tested as data are, against a distribution fitted to the draw.
- smooth: Gaussian rates, smooth in time, without dynamics.
- tuning: cosine tuning with latencies that differ between units, without dynamics.
- cortex: the stability-optimised circuit's reaches.

``rejected_adjusted`` is the share whose R^2 stands out from its null, in standard deviations, by more than in
95 % of the surrogates with a fitted null: what is left when the level is the true one.
"""

from __future__ import annotations

import argparse
import multiprocessing
import sys
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
import pandas as pd
import tomli_w
from muscle_fits import Section
from pydantic import Field
from scipy.special import betaincinv
from threadpoolctl import threadpool_limits

from motorsim.analysis import jpca_null, smooth_random, soft_normalise, subtract_condition_mean
from motorsim.analysis import tensor_maximum_entropy as maximum_entropy
from motorsim.checks import MotorsimError
from motorsim.config import read_toml, validate
from motorsim.cortex import RateCortex, default_circuit
from motorsim.files import atomic_write_text, file_digest
from motorsim.io import write_arrays
from motorsim.progress import choose_progress
from motorsim.provenance import code_digest, stage_key
from motorsim.settings import Count  # noqa: TC001 - pydantic reads it
from motorsim.streams import stream
from motorsim.task import DelayedReach, curved_reaches
from motorsim.workspace import Workspace

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from motorsim.analysis import TensorMaximumEntropy
    from motorsim.progress import Progress
    from motorsim.types import FloatArray
    from motorsim.workspace import StageRecord

CONFIG = Path(__file__).with_suffix(".toml")
STAGE, TABLE_FILE, ARRAYS_FILE, CONFIG_FILE = "calibration", "rejections.csv", "tests.h5", "config.toml"
KIND, SCHEMA_VERSION = "jPCA calibration", 1
CODE = ("analysis", "cortex", "task", "plant", "checks", "streams")
DT_S = 0.01
STATISTICS = ("R^2 best", "R^2 skew")
FITTED = "surrogates, fitted null"
PositiveFloat = Annotated[float, Field(gt=0)]
EvenCount = Annotated[int, Field(ge=2, multiple_of=2)]


class DataConfig(Section):
    """The populations."""

    n_directions: Annotated[int, Field(ge=4)] = 12
    curvatures: Annotated[tuple[float, ...], Field(min_length=1, strict=False)] = (-0.3, 0.0, 0.3)
    window_s: Annotated[tuple[float, float], Field(strict=False)] = (-0.05, 0.25)
    n_units: Annotated[int, Field(ge=6, le=200)] = 60
    length_scale_s: PositiveFloat = 0.05
    latency_s: PositiveFloat = 0.1
    width_s: PositiveFloat = 0.06


class TestConfig(Section):
    """The test."""

    n_components: Annotated[tuple[EvenCount, ...], Field(min_length=1, strict=False)] = (6, 12)
    n_surrogates: Count = 19
    level: Annotated[float, Field(gt=0, lt=1)] = 0.05


class DrawsConfig(Section):
    """How many tests."""

    surrogates: Count = 1000
    smooth: Count = 100
    tuning: Count = 100
    maps: Count = 20
    populations: Count = 5


class CalibrationConfig(Section):
    """The whole experiment."""

    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$", max_length=80)]
    seed: Annotated[int, Field(ge=0, lt=2**63)] = 1
    n_workers: Count = 2
    data: DataConfig = DataConfig()
    test: TestConfig = TestConfig()
    draws: DrawsConfig = DrawsConfig()

    @property
    def reaches(self) -> DelayedReach:
        """The task."""
        reaches = curved_reaches(self.data.n_directions, curvature=self.data.curvatures)
        return DelayedReach(reaches, delay_s=0.6, movement_s=0.6)

    @property
    def shape(self) -> tuple[int, int, int]:
        """Conditions, times and units of a population."""
        start_s, stop_s = self.data.window_s
        n_conditions = self.data.n_directions * len(self.data.curvatures)
        return n_conditions, round((stop_s - start_s) / DT_S), self.data.n_units


def cortex_rates(config: CalibrationConfig, number: int) -> FloatArray:
    """Return rates in Hz of the circuit with preparatory states of its own, (condition, time, 200)."""
    task = config.reaches
    cortex = RateCortex(default_circuit(), dt_s=0.005)
    prepared = cortex.prepare(task, rng=stream(config.seed, f"preparatory states {number}"))
    population = prepared.integrate(task).population
    onset_s = task.movement_onset_s
    start_s, stop_s = config.data.window_s
    return population.between(onset_s + start_s, onset_s + stop_s).rates


def population_of(config: CalibrationConfig, rates: FloatArray, name: str) -> FloatArray:
    """Return random units, normalised, their mean over conditions subtracted."""
    units = stream(config.seed, name).permutation(rates.shape[2])[: config.data.n_units]
    return subtract_condition_mean(soft_normalise(rates[:, :, units]))


def smooth_rates(config: CalibrationConfig, number: int) -> FloatArray:
    """Return Gaussian rates that are smooth in time, every condition and unit by itself."""
    return smooth_random(
        *config.shape,
        dt_s=DT_S,
        length_scale_s=config.data.length_scale_s,
        rng=stream(config.seed, f"smooth rates {number}"),
    )


def tuned_rates(config: CalibrationConfig, number: int) -> FloatArray:
    """Return cosine tuning to direction times speed with a latency of each unit's own, without dynamics."""
    n_conditions, n_times, n_units = config.shape
    rng = stream(config.seed, f"tuned rates {number}")
    directions = config.reaches.reaches.direction_rad
    speed = np.repeat(np.linspace(0.7, 1.3, len(config.data.curvatures)), config.data.n_directions)
    preferred, depth = rng.uniform(0, 2 * np.pi, n_units), rng.uniform(0.5, 1.5, n_units)
    latency_s = rng.uniform(-config.data.latency_s, config.data.latency_s, n_units)
    times_s = DT_S * (np.arange(n_times) - n_times / 2)
    course = np.exp(-0.5 * ((times_s[:, None] - latency_s) / config.data.width_s) ** 2)
    tuning = depth * speed[:, None] * np.cos(directions[:, None] - preferred)
    return np.reshape(tuning[:, None] * course, (n_conditions, n_times, n_units))


def run_test(
    states: FloatArray, config: CalibrationConfig, name: str, null: TensorMaximumEntropy | None = None
) -> FloatArray:
    """Return p-values of R^2 best and skew, then their excess in standard deviations of the null.

    (number of components, 4). The null is fitted to the states where it is not given.
    """
    rows = []
    for n_components in config.test.n_components:
        result = jpca_null(
            states,
            dt_s=DT_S,
            rng=stream(config.seed, f"test of {name}"),
            n_surrogates=config.test.n_surrogates,
            n_components=n_components,
            soft_norm_hz=None,
            draw=None if null is None else lambda generator: null.sample(rng=generator),
        )
        excess_best = (result.observed.r2_best - result.r2_best.mean()) / result.r2_best.std()
        excess_skew = (result.observed.r2_skew - result.r2_skew.mean()) / result.r2_skew.std()
        rows.append([result.p_best, result.p_skew, excess_best, excess_skew])
    return np.array(rows)


def test_surrogate(number: int, config: CalibrationConfig, null: TensorMaximumEntropy) -> FloatArray:
    """Test one draw from the null against the null and against one fitted to it, (2, number, 4)."""
    states = null.sample(rng=stream(config.seed, f"surrogate {number}"))
    known = run_test(states, config, f"surrogate {number}, known", null)
    return np.stack([known, run_test(states, config, f"surrogate {number}, fitted")])


def test_control(number: int, config: CalibrationConfig, kind: str) -> FloatArray:
    """Test one set of rates without dynamics, (number, 4)."""
    make = {"smooth": smooth_rates, "tuning": tuned_rates}[kind]
    return run_test(make(config, number), config, f"{kind} {number}")


def test_cortex(number: int, config: CalibrationConfig) -> FloatArray:
    """Test the populations of one set of preparatory states, (population, number, 4)."""
    rates = cortex_rates(config, number)
    names = [f"cortex {number}, population {index}" for index in range(config.draws.populations)]
    return np.stack([run_test(population_of(config, rates, name), config, name) for name in names])


def compute(config: CalibrationConfig, progress: Progress) -> dict[str, FloatArray]:
    """Run all tests: p-values and excess (test, number, 4) of each kind of data."""
    null = maximum_entropy(population_of(config, cortex_rates(config, 0), "population of the null"))
    draws = config.draws
    jobs: list[tuple[Callable[[int], FloatArray], int]] = [
        (partial(test_surrogate, config=config, null=null), draws.surrogates),
        (partial(test_control, config=config, kind="smooth"), draws.smooth),
        (partial(test_control, config=config, kind="tuning"), draws.tuning),
        (partial(test_cortex, config=config), draws.maps),
    ]
    found = []
    context = multiprocessing.get_context("spawn")
    with (
        progress.bar("tests", sum(n for _, n in jobs)) as update,
        ProcessPoolExecutor(config.n_workers, context, initializer=threadpool_limits, initargs=(1,)) as pool,
    ):
        done = 0
        for function, n in jobs:
            rows = []
            for row in (map if config.n_workers == 1 else pool.map)(function, range(n)):
                rows.append(row)
                update(done := done + 1)
            found.append(np.stack(rows))
    surrogates, smooth, tuning, cortex = found
    return {
        "surrogates, known null": surrogates[:, 0],
        FITTED: surrogates[:, 1],
        "smooth": smooth,
        "tuning": tuning,
        "cortex": cortex.reshape(-1, *cortex.shape[2:]),
    }


def table_of(tests: dict[str, FloatArray], config: TestConfig) -> pd.DataFrame:
    """Return the share of tests that reject, with a 95 % interval (Clopper & Pearson)."""
    rows = []
    for (kind, values), (order, n_components), (index, statistic) in product(
        tests.items(), enumerate(config.n_components), enumerate(STATISTICS)
    ):
        p, excess = values[:, order, index], values[:, order, 2 + index]
        n, k = len(p), int(np.sum(p <= config.level + 1e-12))
        threshold = np.quantile(tests[FITTED][:, order, 2 + index], 1 - config.level)
        rows.append(
            {
                "data": kind,
                "components": n_components,
                "statistic": statistic,
                "tests": n,
                "rejected": k / n,
                "low": float(betaincinv(k, n - k + 1, 0.025)) if k else 0.0,
                "high": float(betaincinv(k + 1, n - k, 0.975)) if k < n else 1.0,
                "rejected_adjusted": float(np.mean(excess > threshold)),
                "mean_p": p.mean(),
            }
        )
    return pd.DataFrame(rows)


def load_experiment(path: Path) -> CalibrationConfig:
    """Read the configuration; its name is the run's."""
    return validate(CalibrationConfig, {"name": path.stem} | read_toml(path))


def run(config: CalibrationConfig, *, results: Path, force: bool = False, progress: Progress) -> StageRecord:
    """Bring results/<name>/ up to date and return what was recorded."""
    settings = config.model_dump(mode="json", exclude={"name": True, "n_workers": True})
    inputs = {"script": file_digest(__file__)}
    key = stage_key(STAGE, settings, inputs, code_digest(*CODE))

    def write(staging: Path) -> dict[str, Any]:
        tests = compute(config, progress)
        table = table_of(tests, config.test)
        content = {"kinds": np.array(list(tests)), "tests": {str(i): t for i, t in enumerate(tests.values())}}
        write_arrays(staging / ARRAYS_FILE, KIND, content, schema_version=SCHEMA_VERSION)
        atomic_write_text(staging / TABLE_FILE, table.to_csv(index=False))
        atomic_write_text(staging / CONFIG_FILE, tomli_w.dumps(config.model_dump(mode="json")))
        return {"table": table.round(4).to_dict(orient="records")}

    # More threads only slow down matrices this small.
    with Workspace(results / config.name) as workspace, threadpool_limits(1):
        if not force and workspace.status(STAGE, key) == "current":
            progress.say("up to date")
            return workspace.stages[STAGE]
        workspace.describe_run(seed=config.seed, configuration_hash=key)
        return workspace.run_stage(STAGE, key, (TABLE_FILE, ARRAYS_FILE, CONFIG_FILE), write, inputs=inputs)


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
        print(f"jpca_calibration: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("interrupted; finished results are untouched", file=sys.stderr)
        return 130
    print(pd.DataFrame(record.notes["table"]).to_string(index=False))
    return 0


if __name__ == "__main__":
    sys.exit(main())
