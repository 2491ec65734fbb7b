"""Textbook system E, usual errors of gated cells: right and wrong ones on the task of `memory.py`.

    python experiments/textbook/memory_errors.py [TOML] [--workers N] [--results FOLDER] [--quiet]

An LSTM without a cell state and a GRU whose reset gate scales the input too (`wrong_cells.py`) learn beside
the right cells, from the same initial weights and with the same budget. Their gradients are the right ones of
the wrong equations. A network that does not bridge the delay is trained again with the next learning rate.

Writes results/textbook/memory_errors.h5: of every kind the fraction of right reaches (network, delay,
learning rate, look), NaN where it was not tried, and ``looked_at``, the updates before each look. Prints
means over networks with bootstrap intervals.
"""

from __future__ import annotations

import argparse
import os
import sys
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from memory import CHECK_EVERY, Settings, check_times, draw_trials, fraction_right
from results_folder import add_results_option, make_results_folder
from workers import begin_worker, ending_at_once
from wrong_cells import CelllessLSTM, ResetInputGRU

from motorsim.checks import MotorsimError, check_integer
from motorsim.config import read_toml, validate
from motorsim.io import write_arrays
from motorsim.nn import GRU, LSTM, Adam, Linear, Network
from motorsim.progress import choose_progress
from motorsim.streams import stream
from motorsim.train import fit

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from motorsim.progress import Progress
    from motorsim.train import TrainingProgress
    from motorsim.types import BoolArray, FloatArray, IntArray

CONFIG = Path(__file__).with_suffix(".toml")
KIND, SCHEMA_VERSION = "memory errors", 1
CELLS = {
    "LSTM": LSTM,
    "LSTM without a cell state": CelllessLSTM,
    "GRU": GRU,
    "GRU that resets the input too": ResetInputGRU,
}


def looks(settings: Settings) -> IntArray:
    """Return the numbers of updates after which reaches are counted, (look,); the last one is the budget."""
    return np.array([*range(CHECK_EVERY, settings.n_updates, CHECK_EVERY), settings.n_updates])


def learn(settings: Settings, kind: str, *, delay_s: float, learning_rate: float, seed: int) -> FloatArray:
    """Train one network for a delay; return the fraction of right reaches at each look, (look,).

    They are counted on new trials each time; after divergence none is right.
    """
    cell = CELLS[kind](3, settings.n_units, gain=settings.gain)
    network = Network.initialise(cell, Linear(settings.n_units, 2), rng=seed, dtype=np.float32)
    shortest, longest = (round(time_s / settings.dt_s) for time_s in (settings.delays_s[0], delay_s))
    fresh, places = stream(seed, "trials that judge"), {int(at): i for i, at in enumerate(looks(settings))}
    course = np.zeros(len(places))

    def batch(rng: np.random.Generator) -> tuple[FloatArray, FloatArray, BoolArray]:
        delays = settings.dt_s * rng.integers(shortest, longest, endpoint=True, size=settings.batch_size)
        return draw_trials(settings, delays, rng)[:3]

    def count(progress: TrainingProgress) -> None:
        if progress.iteration in places:
            now = network.with_parameters(progress.parameters)
            course[places[progress.iteration]] = fraction_right(now, settings, delay_s, fresh)

    fit(
        network,
        batches=batch,
        optimiser=Adam(learning_rate),
        rng=seed,
        n_iterations=settings.n_updates,
        callbacks=(count,),
    )
    return course


def try_rates(settings: Settings, kind: str, delay_s: float, seed: int) -> FloatArray:
    """Learn with one rate after another until one bridges the delay; return (learning rate, look).

    NaN where a rate was not tried.
    """
    courses = np.full((len(settings.learning_rates), len(looks(settings))), np.nan)
    for course, rate in zip(courses, settings.learning_rates, strict=True):
        course[:] = learn(settings, kind, delay_s=delay_s, learning_rate=rate, seed=seed)
        if course[-1] >= settings.right:
            break
    return courses


def run(settings: Settings, *, workers: int = 1, progress: Progress | None = None) -> dict[str, FloatArray]:
    """Return of every kind the fraction of right reaches, (network, delay, learning rate, look)."""
    check_integer("workers", workers)
    check_times(settings)
    progress = choose_progress(quiet=True) if progress is None else progress
    delays = settings.delays_s
    shape = settings.n_seeds, len(delays), len(settings.learning_rates), len(looks(settings))
    results = {kind: np.full(shape, np.nan) for kind in CELLS}
    tasks = [(kind, seed, rung) for kind in CELLS for seed in range(shape[0]) for rung in range(shape[1])]
    with (
        progress.bar("networks", len(tasks)) as update,
        ending_at_once(
            ProcessPoolExecutor(workers, mp_context=get_context("spawn"), initializer=begin_worker)
        ) as pool,
    ):
        futures = {
            pool.submit(try_rates, settings, kind, delays[rung], seed): (kind, seed, rung)
            for kind, seed, rung in tasks
        }
        for done, future in enumerate(as_completed(futures)):
            kind, seed, rung = futures[future]
            results[kind][seed, rung] = future.result()
            update(done + 1)
    return results


def best_courses(courses: FloatArray) -> FloatArray:
    """Return the course that ends best of those tried, (..., look) of (..., learning rate, look)."""
    best = np.nan_to_num(courses[..., -1], nan=-1.0).argmax(axis=-1)
    picked: FloatArray = np.take_along_axis(courses, best[..., None, None], axis=-2)[..., 0, :]
    return picked


def updates_needed(courses: FloatArray, settings: Settings) -> FloatArray:
    """Return the updates before the first look at which enough is right, (...,); infinite for never."""
    enough = courses >= settings.right
    return np.where(enough.any(axis=-1), looks(settings)[enough.argmax(axis=-1)], np.inf)


def summarise(results: Mapping[str, FloatArray], settings: Settings) -> pd.DataFrame:
    """Return a row a kind and delay: mean of what is right in the end, 95 % interval, updates needed."""
    rows = []
    for kind, tried in results.items():
        for rung, delay_s in enumerate(settings.delays_s):
            courses = best_courses(tried[:, rung])
            right, needed = courses[:, -1], updates_needed(courses, settings)
            picks = stream(0, "networks drawn again").integers(
                len(right), size=(settings.n_resamples, len(right))
            )
            low, high = np.percentile(right[picks].mean(axis=1), [2.5, 97.5])
            rows.append(
                {
                    "network": kind,
                    "delay (s)": delay_s,
                    "right (%)": 100 * right.mean(),
                    "low": 100 * low,
                    "high": 100 * high,
                    "bridged": f"{int((right >= settings.right).sum())} of {len(right)}",
                    "updates, median": np.median(needed),
                    "least": needed.min(),
                    "most": needed.max(),
                }
            )
    return pd.DataFrame(rows)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run from the command line; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("config", type=Path, nargs="?", default=CONFIG, help="default: %(default)s")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1, help="default: %(default)s")
    add_results_option(parser)
    parser.add_argument("--quiet", action="store_true", help="no progress")
    options = parser.parse_args(arguments)
    try:
        settings = validate(Settings, read_toml(options.config))
        path = make_results_folder(options.results) / "memory_errors.h5"
        results = run(settings, workers=options.workers, progress=choose_progress(quiet=options.quiet))
        lists = {name: np.array(getattr(settings, name)) for name in ("delays_s", "learning_rates")}
        content: dict[str, Any] = lists | {"looked_at": looks(settings), "networks": results}
        write_arrays(
            path, KIND, content, settings.model_dump(exclude=set(lists)), schema_version=SCHEMA_VERSION
        )
    except MotorsimError as error:
        print(f"memory_errors: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("interrupted; nothing was written", file=sys.stderr)
        return 130
    print(summarise(results, settings).to_string(index=False, float_format="{:.4g}".format))
    print(f"file: {path}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
