"""Ask how long a vanilla network, a GRU and an LSTM remember where to reach.

    python experiments/textbook/memory.py [TOML] [--workers N]

One of eight targets is flashed; after a delay a go cue asks for the reach, and the network gives the position
of the hand in units of the target's distance: still at the start before, a minimum-jerk reach after. All
inputs carry white noise, so that a memory has to last against noise and cannot hide in the last digits. A
reach is right if its end is nearer to its target than to the other seven or to the start.

For each delay of a ladder a new network is trained with the same budget of updates and the same settings, on
trials whose delays are spread from the shortest on to that delay, so that every network meets short delays
first hand and none can count steps; it is then judged on trials of the longest. A network *bridges* a delay
if the given fraction of those reaches is right, with any of the given learning rates: no kind shall fail for
the wrong one. A kind of network climbs the ladder, seed by seed, up to the first delay that it does not
bridge, and what counts is the delay before. Training ends early at a delay that is bridged. The ladder ends
at 7 s: a network that climbs all of it might remember longer.

Gates have more parameters for as many units: units and budget of updates are the same, parameters and time
are not. The gated cells start as they do everywhere in motorsim (forget bias 1), so nothing tells them how
long to remember.

Writes results/textbook/memory.h5 and prints medians over seeds with bootstrap intervals.
"""

from __future__ import annotations

import argparse
import os
import sys
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
import pandas as pd
from pydantic import BaseModel, ConfigDict, Field
from results_folder import add_results_option, make_results_folder
from workers import begin_worker, ending_at_once

from motorsim.checks import InputError, MotorsimError, check_integer
from motorsim.config import read_toml, validate
from motorsim.io import write_arrays
from motorsim.nn import GRU, LSTM, Adam, Linear, Network, Vanilla
from motorsim.progress import choose_progress
from motorsim.streams import stream
from motorsim.task import minimum_jerk
from motorsim.train import fit

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from motorsim.progress import Progress
    from motorsim.train import TrainingProgress
    from motorsim.types import BoolArray, FloatArray, IntArray

CONFIG = Path(__file__).with_suffix(".toml")
KIND, SCHEMA_VERSION = "memory", 1
CELLS = {"vanilla": Vanilla, "GRU": GRU, "LSTM": LSTM}
INITIALISATIONS = ("gaussian", "orthogonal")
N_TARGETS = 8
CHECK_EVERY = 50


class Settings(BaseModel):
    """What `memory.toml` holds."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    n_seeds: Annotated[int, Field(ge=1)]
    delays_s: Annotated[tuple[float, ...], Field(min_length=1, strict=False)]
    dt_s: Annotated[float, Field(gt=0)]
    rest_s: Annotated[float, Field(ge=0)]
    flash_s: Annotated[float, Field(gt=0)]
    movement_s: Annotated[float, Field(gt=0)]
    reach_s: Annotated[float, Field(gt=0)]
    input_noise_std: Annotated[float, Field(ge=0)]
    n_units: Annotated[int, Field(ge=1)]
    gain: Annotated[float, Field(gt=0)]
    batch_size: Annotated[int, Field(ge=1)]
    learning_rates: Annotated[tuple[Annotated[float, Field(gt=0)], ...], Field(min_length=1, strict=False)]
    n_updates: Annotated[int, Field(ge=1)]
    n_trials: Annotated[int, Field(ge=1)]
    right: Annotated[float, Field(gt=0, le=1)]
    n_resamples: Annotated[int, Field(ge=1)]


def check_times(settings: Settings) -> None:
    """Refuse a ladder that does not rise and times that are no multiples of the step."""
    delays = settings.delays_s
    if min(delays) <= 0 or list(delays) != sorted(set(delays)):
        raise InputError("delays_s", "delays above zero, each longer than the one before", f"{delays}")
    if settings.reach_s >= settings.movement_s:
        raise InputError("reach_s", f"less than movement_s = {settings.movement_s}", f"{settings.reach_s}")
    for time_s in (*delays, settings.rest_s, settings.flash_s, settings.movement_s, settings.reach_s):
        steps = time_s / settings.dt_s
        if abs(steps - round(steps)) > 1e-6:
            raise InputError("dt_s", f"a step of which {time_s} s is a multiple", f"{settings.dt_s}")


def draw_trials(
    settings: Settings, delays_s: FloatArray, rng: np.random.Generator
) -> tuple[FloatArray, FloatArray, BoolArray, IntArray]:
    """Draw one trial for each delay, multiples of the step.

    Returns
    -------
    tuple
        Inputs (trial, time, 3): direction of the target while it is flashed, and the go cue; target positions
        (trial, time, 2); the times until the end of each trial (trial, time); and the target's number
        (trial,).
    """
    rest, flash, movement = (
        round(time_s / settings.dt_s) for time_s in (settings.rest_s, settings.flash_s, settings.movement_s)
    )
    delays = np.rint(np.asarray(delays_s) / settings.dt_s).astype(int)
    target = rng.integers(N_TARGETS, size=len(delays))
    direction = target_positions()[target]
    go = rest + flash + delays
    n_times = int(go.max()) + movement
    from_go = np.arange(n_times) - go[:, None]
    inputs = np.zeros((len(delays), n_times, 3))
    inputs[:, rest : rest + flash, :2] = direction[:, None]
    inputs[..., 2] = (from_go >= 0) & (from_go < movement)
    inputs += rng.normal(0.0, settings.input_noise_std, inputs.shape) if settings.input_noise_std else 0.0
    course = minimum_jerk(settings.dt_s * np.arange(1, movement + 1), duration_s=settings.reach_s).position
    way = np.concatenate([[0.0], course])[np.clip(from_go + 1, 0, movement)]
    return inputs, way[..., None] * direction[:, None], from_go < movement, target


def target_positions() -> FloatArray:
    """Return the targets on the unit circle, (target, 2)."""
    angles_rad = 2 * np.pi * np.arange(N_TARGETS) / N_TARGETS
    return np.column_stack([np.cos(angles_rad), np.sin(angles_rad)])


def fraction_right(network: Network, settings: Settings, delay_s: float, rng: np.random.Generator) -> float:
    """Return the fraction of reaches that end nearest to their own target."""
    inputs, _, _, target = draw_trials(settings, np.full(settings.n_trials, delay_s), rng)
    ends = network.forward(inputs).outputs[:, -1]
    places = np.concatenate([target_positions(), np.zeros((1, 2))])
    nearest = np.linalg.norm(ends[:, None] - places, axis=2).argmin(axis=1)
    return float((nearest == target).mean())


def train_at(
    settings: Settings,
    kind: str,
    initialisation: str,
    *,
    delay_s: float,
    learning_rate: float,
    seed: int,
) -> tuple[float, int]:
    """Train one network for a delay; return the fraction of right reaches and the updates made."""
    cell = CELLS[kind](3, settings.n_units, gain=settings.gain, initialisation=initialisation)
    network = Network.initialise(cell, Linear(settings.n_units, 2), rng=seed, dtype=np.float32)
    shortest, longest = (round(time_s / settings.dt_s) for time_s in (settings.delays_s[0], delay_s))
    judged = stream(seed, "trials that end training")

    def batch(rng: np.random.Generator) -> tuple[FloatArray, FloatArray, BoolArray]:
        delays = settings.dt_s * rng.integers(shortest, longest, endpoint=True, size=settings.batch_size)
        return draw_trials(settings, delays, rng)[:3]

    def bridged(progress: TrainingProgress) -> bool:
        if progress.iteration % CHECK_EVERY:
            return False
        now = network.with_parameters(progress.parameters)
        # Above the criterion, so that chance among so many looks does not pass what fresh trials then fail.
        return fraction_right(now, settings, delay_s, judged) >= 0.5 * (1.0 + settings.right)

    result = fit(
        network,
        batches=batch,
        optimiser=Adam(learning_rate),
        rng=seed,
        n_iterations=settings.n_updates,
        callbacks=(bridged,),
    )
    fresh = stream(seed, "trials that judge")
    return fraction_right(result.network, settings, delay_s, fresh), len(result.training_loss)


def climb(settings: Settings, kind: str, initialisation: str, seed: int) -> tuple[FloatArray, IntArray]:
    """Climb the ladder until a delay is not bridged; return fractions right and updates made.

    Both are (delay, learning rate), NaN and 0 for what was not tried.
    """
    shape = len(settings.delays_s), len(settings.learning_rates)
    fractions, updates = np.full(shape, np.nan), np.zeros(shape, dtype=np.int64)
    for rung, delay_s in enumerate(settings.delays_s):
        for column, rate in enumerate(settings.learning_rates):
            tried = train_at(settings, kind, initialisation, delay_s=delay_s, learning_rate=rate, seed=seed)
            fractions[rung, column], updates[rung, column] = tried
            if tried[0] >= settings.right:
                break
        else:
            break
    return fractions, updates


def run(settings: Settings, *, workers: int = 1, progress: Progress | None = None) -> dict[str, Any]:
    """Let every kind of network climb.

    Returns
    -------
    dict
        For each kind and initialisation ``fraction_right`` and ``n_updates``, (seed, delay, learning rate),
        NaN and 0 for what was not tried, and
        ``bridged_s``, (seed,): the longest delay bridged together with all shorter ones, 0 for none.
    """
    check_integer("workers", workers)
    check_times(settings)
    progress = choose_progress(quiet=True) if progress is None else progress
    names = [(kind, initialisation) for kind in CELLS for initialisation in INITIALISATIONS]
    found: dict[tuple[str, str], dict[int, tuple[FloatArray, IntArray]]] = {name: {} for name in names}
    tasks = [(*name, seed) for seed in range(settings.n_seeds) for name in names]
    context = get_context("spawn")
    with (
        progress.bar("networks", len(tasks)) as update,
        ending_at_once(ProcessPoolExecutor(workers, mp_context=context, initializer=begin_worker)) as pool,
    ):
        futures = {pool.submit(climb, settings, *task): task for task in tasks}
        for done, future in enumerate(as_completed(futures)):
            kind, initialisation, seed = futures[future]
            found[kind, initialisation][seed] = future.result()
            update(done + 1)
    results: dict[str, Any] = {kind: {} for kind in CELLS}
    for (kind, initialisation), by_seed in found.items():
        fractions, updates = (np.stack([by_seed[seed][i] for seed in sorted(by_seed)]) for i in (0, 1))
        results[kind][initialisation] = {
            "fraction_right": fractions,
            "n_updates": updates,
            "bridged_s": bridged_s(fractions, settings),
        }
    return results


def bridged_s(fractions: FloatArray, settings: Settings) -> FloatArray:
    """Return the longest delay bridged together with all shorter ones, (seed,); 0 for none.

    ``fractions`` are (seed, delay, learning rate).
    """
    bridged = (fractions >= settings.right).any(axis=2)
    n_bridged = np.logical_and.accumulate(bridged, axis=1).sum(axis=1)
    return np.array([0.0, *settings.delays_s])[n_bridged]


def summarise(results: Mapping[str, Any], settings: Settings) -> pd.DataFrame:
    """Return a row a kind and initialisation: median over seeds, 95 % interval, ratio to plain vanilla."""
    plain = results["vanilla"]["gaussian"]["bridged_s"]
    rows = []
    for kind, forms in results.items():
        for initialisation, got in forms.items():
            delays = got["bridged_s"]
            picks = stream(0, "seeds drawn again").integers(
                len(delays), size=(settings.n_resamples, len(delays))
            )
            low, high = np.percentile(np.median(delays[picks], axis=1), [2.5, 97.5])
            at_top = int((delays == settings.delays_s[-1]).sum())
            rows.append(
                {
                    "network": kind,
                    "initialisation": initialisation,
                    "bridged (s)": np.median(delays),
                    "low": low,
                    "high": high,
                    "top of the ladder": f"{at_top} of {len(delays)}",
                    "x vanilla": np.median(delays) / max(np.median(plain), settings.dt_s),
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
        path = make_results_folder(options.results) / "memory.h5"
        results = run(settings, workers=options.workers, progress=choose_progress(quiet=options.quiet))
        attributes = settings.model_dump(exclude={"delays_s", "learning_rates"})
        tried = {name: np.array(getattr(settings, name)) for name in ("delays_s", "learning_rates")}
        content = tried | {"networks": results}
        write_arrays(path, KIND, content, attributes, schema_version=SCHEMA_VERSION)
    except MotorsimError as error:
        print(f"memory: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("interrupted; nothing was written", file=sys.stderr)
        return 130
    print(summarise(results, settings).to_string(index=False, float_format="{:.3g}".format))
    print(f"file: {path}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
