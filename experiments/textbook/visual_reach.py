"""Show a network the target on a screen and train it, from pixels to rates, to do what a motor cortex does.

    python experiments/textbook/visual_reach.py [TOML] [--workers N]

A rate cortex prepares and makes reaches. At each time the network sees an image: an empty screen at rest,
the target from its onset on, and the screen's frame lit from the go cue on, all with pixel noise and with a
target that trembles. Two convolutions and a dense layer encode the image, a GRU runs over time, a linear
readout gives the rates of all units of the cortex; the error goes back through all of it. What differs is how
the encoder comes to see a larger part of the image with fewer numbers:

- the largest or the mean of 2 x 2 pixels after each convolution, or no pooling but convolutions of stride 2;
- the usual error, pooling without a stride: windows move by one pixel, the image keeps its size but for a row
  and a column, and the dense layer has twelve times the weights;
- an encoder with max pooling that stays as it was drawn, with the same network behind it;
- no image: the target's place and the go cue without noise, through the same dense layer.

Some targets are held out of all fits, of each distance and evenly around the circle. Scores are on new
trials: the variance of rates explained (0 is the best constant), each unit in its range; and the hand, which
the cortex's own readout and the arm make of the network's rates. The arm is held until the go cue: nothing
else keeps its posture against errors in preparation. Intervals are Student's t over the networks' seeds; the
cortex and the targets held out are the same for all.

Writes results/textbook/visual_reach.h5. About five minutes of processor time.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from itertools import pairwise, product
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
import pandas as pd
from learning import Section
from pydantic import Field
from results_folder import add_results_option, make_results_folder
from scipy.special import stdtrit
from screen import Screen, draw_images
from threadpoolctl import threadpool_limits
from workers import begin_worker, ending_at_once

from motorsim import nn
from motorsim.analysis import variance_explained
from motorsim.checks import InputError, MotorsimError, check_integer
from motorsim.config import read_toml, validate
from motorsim.cortex import RateCortex, default_circuit
from motorsim.io import write_arrays
from motorsim.plant import simulate_arm
from motorsim.progress import choose_progress
from motorsim.streams import stream
from motorsim.task import DelayedReach, center_out, score_reaches, split_conditions
from motorsim.train import fit

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from motorsim.progress import Progress
    from motorsim.types import BoolArray, FloatArray, Floats, IntArray, Layer

CONFIG = Path(__file__).with_suffix(".toml")
KIND, SCHEMA_VERSION = "visual reach", 1
MAX, AVERAGE, STRIDED = "max pooling", "average pooling", "strided convolution"
ONE_BY_ONE, RANDOM, COORDINATES = "max pooling, stride 1", "random encoder", "coordinates"
KINDS = (MAX, AVERAGE, STRIDED, ONE_BY_ONE, RANDOM, COORDINATES)
CORTEX, MEAN = "the cortex itself", "mean over targets"

Count = Annotated[int, Field(ge=1)]
Positive = Annotated[float, Field(gt=0)]


class Settings(Section):
    """What `visual_reach.toml` holds."""

    seed: Annotated[int, Field(ge=0)]
    n_seeds: Count
    distances_m: Annotated[tuple[Positive, ...], Field(min_length=1, strict=False)]
    rest_s: Positive
    delay_s: Positive
    movement_s: Positive
    dt_s: Positive
    test_fraction: Positive
    readout_ridge: Positive
    soft_norm_hz: Positive
    n_filters: Annotated[tuple[Count, ...], Field(min_length=1, strict=False)]
    n_features: Count
    n_units: Count
    n_updates: Annotated[int, Field(ge=2)]
    batch_size: Count
    learning_rate: Positive
    n_trials: Count
    frame: Positive
    screen: Screen


@dataclass(frozen=True, eq=False)
class Session:
    """What the cortex did.

    Parameters
    ----------
    cortex, task
        Prepared for the reaches of the task that are not held out.
    test, rates_hz
        Which targets are held out of all fits, (condition,); (condition, time, unit).
    mean_hz, scale_hz
        What networks give is (rate - mean) / scale, (unit,); from the targets that are not held out.
    """

    cortex: RateCortex
    task: DelayedReach
    test: BoolArray
    rates_hz: FloatArray
    mean_hz: FloatArray
    scale_hz: FloatArray

    @property
    def targets(self) -> FloatArray:
        """What networks are to give, (condition, time, unit)."""
        return (self.rates_hz - self.mean_hz) / self.scale_hz

    def hand_m(self, outputs: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return the hand's path (condition, time, 2) and end-point errors (condition,) for such outputs."""
        cortex, task = self.cortex, self.task
        assert cortex.readout is not None  # noqa: S101 - the cortex is prepared
        rates_hz = outputs * self.scale_hz + self.mean_hz
        change_hz = rates_hz - cortex.rate_function.baselines_hz(rates_hz.shape[2])
        torque_nm = cortex.readout.torque_nm(change_hz) * task.epoch("movement")[:, None]
        arm = simulate_arm(cortex.arm, torque_nm, dt_s=task.dt_s, start_m=task.reaches.start_m)
        return arm.hand_position_m, score_reaches(task, arm.hand_position_m, arm.hand_velocity_m_s).error_m


def simulate(settings: Settings) -> Session:
    """Let the cortex reach to every target; its readout is fitted to those not held out."""
    reaches = center_out(settings.screen.n_directions, settings.distances_m)
    task = DelayedReach(reaches, **settings.model_dump(include={"rest_s", "delay_s", "movement_s", "dt_s"}))
    test = split_conditions(
        reaches, test_fraction=settings.test_fraction, validation_fraction=0.0, rng=settings.seed
    ).test
    cortex = RateCortex(default_circuit()).prepare(
        task, rng=settings.seed, fit_on=~test, ridge=settings.readout_ridge
    )
    rates_hz = cortex.integrate(task).population.rates
    return Session(cortex, task, test, rates_hz, *scaling(rates_hz[~test], settings.soft_norm_hz))


def scaling(rates_hz: FloatArray, soft_norm_hz: float) -> tuple[FloatArray, FloatArray]:
    """Return mean and scale of each unit, (unit,): range plus constant, times what makes the variance 1."""
    mean_hz = rates_hz.mean(axis=(0, 1))
    weighed_hz = np.ptp(rates_hz, axis=(0, 1)) + soft_norm_hz
    return mean_hz, weighed_hz * ((rates_hz - mean_hz) / weighed_hz).std()


def draw_trials(
    session: Session, settings: Settings, kind: str, conditions: IntArray, rng: np.random.Generator
) -> Floats:
    """Draw what such a network sees in a trial of each condition: images (trial, time, row, column, 1)."""
    if kind == COORDINATES:
        return session.task.inputs[conditions]
    task, screen = session.task, settings.screen
    side, n_directions = screen.n_pixels, screen.n_directions
    images = np.empty((len(conditions), task.n_times, side, side, 1))
    for number, distance_m in enumerate(settings.distances_m):
        distance_pixels = screen.distance_pixels * distance_m / max(settings.distances_m)
        nearer = screen.model_copy(update={"distance_pixels": distance_pixels, "noise": 0.0})
        here = conditions // n_directions == number
        directions = np.repeat(conditions[here] % n_directions, task.n_times)
        images[here] = draw_images(nearer, directions, rng).reshape(-1, *images.shape[1:])
    images[:, task.epoch("rest")] = 0.0
    frame = np.pad(np.zeros((side - 2, side - 2)), 1, constant_values=settings.frame)
    images[:, task.epoch("movement")] += frame[..., None]
    seen: Floats = images.astype(np.float32)
    return seen + np.float32(screen.noise) * rng.standard_normal(seen.shape, dtype=np.float32)


def check_screen(screen: Screen) -> None:
    """Raise `InputError` if the farthest target would stand on the screen's frame or beyond."""
    free = (screen.n_pixels - 1) / 2 - 1
    if screen.distance_pixels > free:
        expected = f"at most {free:g}, for a target within the frame"
        raise InputError("distance_pixels", expected, f"{screen.distance_pixels:g}")


def build_encoder(kind: str, settings: Settings) -> nn.Sequential:
    """Return the layers between what is seen at one time and the recurrent cell."""
    layers: list[Layer] = []
    shape: tuple[int, ...] = (3,)
    if kind != COORDINATES:
        pools = {STRIDED: [], AVERAGE: [nn.AvgPool2D(2)], ONE_BY_ONE: [nn.MaxPool2D(2, stride=1)]}
        pool, stride = pools.get(kind, [nn.MaxPool2D(2)]), 2 if kind == STRIDED else 1
        for n_channels, n_filters in pairwise((1, *settings.n_filters)):
            layers += [nn.Conv2D(n_channels, n_filters, 3, stride, activation="relu"), *pool]
        layers.append(nn.Flatten())
        shape = nn.Sequential(tuple(layers)).output_shape((*[settings.screen.n_pixels] * 2, 1))
    # Not rectifiers: one update of weights on many inputs, all positive, can silence them for good.
    return nn.Sequential((*layers, nn.Dense(shape[0], settings.n_features, "tanh")))


def build_network(kind: str, settings: Settings, n_outputs: int, seed: int) -> nn.Network:
    """Draw a network; equal seeds give equal encoders, learned or not."""
    encoder, n_units = build_encoder(kind, settings), settings.n_units
    drawn = encoder.initial_parameters(rng=seed) if kind == RANDOM else {}
    return nn.Network.initialise(
        nn.GRU(settings.n_features, n_units),
        nn.Linear(n_units, n_outputs),
        rng=seed,
        dtype=np.float32,
        encoder=encoder,
        parametrisations={f"encoder.{name}": nn.Fixed(array) for name, array in drawn.items()},
    )


def train(session: Session, settings: Settings, kind: str, seed: int) -> tuple[nn.Network, dict[str, Any]]:
    """Train one network on targets that are not held out.

    Returns
    -------
    tuple
        The network; and ``training_loss`` (update,), NaN after divergence, ``seconds_per_update`` of
        processor time, ``n_encoded``, the numbers that reach the dense layer, and ``n_parameters``, learned.
    """
    fitted, targets = np.flatnonzero(~session.test), session.targets.astype(np.float32)

    def batch(rng: np.random.Generator) -> tuple[Floats, Floats]:
        conditions = rng.choice(fitted, settings.batch_size)
        return draw_trials(session, settings, kind, conditions, rng), targets[conditions]

    network = build_network(kind, settings, targets.shape[2], seed)
    start_s = time.process_time()
    result = fit(
        network,
        batches=batch,
        optimiser=nn.Adam(settings.learning_rate),
        rng=seed,
        n_iterations=settings.n_updates,
        schedule=nn.Cosine(settings.n_updates, n_warm_up=settings.n_updates // 20, final_factor=0.02),
    )
    n_made = len(result.training_loss)
    return result.network, {
        "training_loss": np.pad(
            result.training_loss, (0, settings.n_updates - n_made), constant_values=np.nan
        ),
        "seconds_per_update": (time.process_time() - start_s) / n_made,
        "n_encoded": build_encoder(kind, settings).layers[-1].parameter_shapes["weights"][1],
        "n_parameters": network.n_parameters,
    }


def judge(session: Session, trials: Sequence[FloatArray]) -> dict[str, Any]:
    """Score outputs, (condition, time, unit) a repetition of all conditions.

    Returns
    -------
    dict
        ``r2_fitted``, ``r2_held_out`` and ``error_m`` (condition,), means over repetitions; and of the first
        ``hand_position_m`` (condition, time, 2) and ``held_out_rates_hz`` (held-out condition, time, unit).
    """
    test, truth = session.test, session.targets
    hands = [session.hand_m(outputs) for outputs in trials]
    score = {
        name: np.mean([variance_explained(truth[of], outputs[of]).pooled for outputs in trials])
        for name, of in (("r2_fitted", ~test), ("r2_held_out", test))
    }
    return {
        **score,
        "error_m": np.mean([error_m for _, error_m in hands], axis=0),
        "hand_position_m": hands[0][0],
        "held_out_rates_hz": (trials[0][test] * session.scale_hz + session.mean_hz).astype(np.float32),
    }


def train_and_judge(session: Session, settings: Settings, drawn: tuple[int, str]) -> dict[str, Any]:
    """Train the network of a seed and kind and judge it on new trials, the same for all kinds."""
    seed, kind = drawn
    network, course = train(session, settings, kind, seed)
    rng, conditions = stream(seed, "trials that judge"), np.arange(session.task.n_conditions)
    trials = [
        network.forward(draw_trials(session, settings, kind, conditions, rng)).outputs.astype(np.float64)
        for _ in range(settings.n_trials)
    ]
    return course | judge(session, trials)


def compete(session: Session, settings: Settings, workers: int, progress: Progress) -> dict[str, list[Any]]:
    """Train and judge all networks side by side; return what `train_and_judge` does, by kind and seed."""
    seeds = range(settings.seed, settings.seed + settings.n_seeds)
    networks, outcomes = list(product(seeds, KINDS)), []
    processes = ProcessPoolExecutor(workers, mp_context=get_context("spawn"), initializer=begin_worker)
    with progress.bar("networks", len(networks)) as update, ending_at_once(processes) as pool:
        for outcome in pool.map(partial(train_and_judge, session, settings), networks):
            outcomes.append(outcome)
            update(len(outcomes))
    return {kind: outcomes[place :: len(KINDS)] for place, kind in enumerate(KINDS)}


def run(settings: Settings, *, workers: int = 1, progress: Progress | None = None) -> dict[str, Any]:
    """Simulate the cortex, train all networks and judge them.

    Returns
    -------
    dict
        ``networks``: by kind, what `train` and `judge` return, the seed as first axis; ``references``:
        the scores of the cortex and of the mean over fitted targets, alike; ``session``: rates, targets,
        times, which are held out, and the images of one trial, (time, row, column).

    Raises
    ------
    InputError
        If there are no workers, the times make no trial, or a target cannot be reached or shown.
    """
    check_integer("workers", workers)
    check_screen(settings.screen)
    session = simulate(settings)
    found = compete(session, settings, workers, progress or choose_progress(quiet=True))
    mean = np.broadcast_to(session.targets[~session.test].mean(axis=0), session.targets.shape)
    example = np.flatnonzero(session.test)[-1:]
    images = draw_trials(session, settings, MAX, example, stream(settings.seed, "example"))
    return {
        "networks": {kind: _stack(by_seed) for kind, by_seed in found.items()},
        "references": {
            CORTEX: _stack([judge(session, [session.targets])]),
            MEAN: _stack([judge(session, [mean])]),
        },
        "session": {
            "rates_hz": session.rates_hz.astype(np.float32),
            "scale_hz": session.scale_hz,
            "target_m": session.task.reaches.target_m,
            "held_out": session.test,
            "times_from_go_s": session.task.times_from_go_s,
            "example_condition": example[0],
            "example_images": images[0, ..., 0],
        },
    }


def _stack(by_seed: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    return {name: np.stack([found[name] for found in by_seed]) for name in by_seed[0]}


def summarise(results: Mapping[str, Any]) -> pd.DataFrame:
    """Return one row a kind of network and reference: sizes, cost, and scores with their intervals."""
    held_out, rows = results["session"]["held_out"], []
    for name, got in (results["networks"] | results["references"]).items():
        row: dict[str, Any] = {"": name}
        if name in results["networks"]:
            row["encoded"], row["parameters"] = (str(got[size][0]) for size in ("n_encoded", "n_parameters"))
            row["ms an update"] = f"{1e3 * np.median(got['seconds_per_update']):.0f}"
        for part, of in (("fitted", ~held_out), ("held out", held_out)):
            row[f"R2 {part}"] = with_interval(got[f"r2_{part.replace(' ', '_')}"], 3)
            row[f"hand {part} (mm)"] = with_interval(1e3 * got["error_m"][:, of].mean(axis=1), 1)
        rows.append(row)
    return pd.DataFrame(rows)


def with_interval(values: FloatArray, digits: int) -> str:
    """Return the mean over seeds, (seed,), and half of its 95 % interval where there are several."""
    n_seeds, mean = len(values), f"{values.mean():.{digits}f}"
    if n_seeds == 1:
        return mean
    return f"{mean} +- {stdtrit(n_seeds - 1, 0.975) * values.std(ddof=1) / np.sqrt(n_seeds):.{digits}f}"


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
        path = make_results_folder(options.results) / "visual_reach.h5"
        with threadpool_limits(1):
            results = run(settings, workers=options.workers, progress=choose_progress(quiet=options.quiet))
        write_arrays(
            path, KIND, results, {"settings": settings.model_dump_json()}, schema_version=SCHEMA_VERSION
        )
    except MotorsimError as error:
        print(f"visual_reach: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("interrupted; nothing was written", file=sys.stderr)
        return 130
    print(summarise(results).to_string(index=False, na_rep=""))
    print(f"file: {path}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
