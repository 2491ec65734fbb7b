"""Teach a sigmoid network truth tables whose first bit has to be remembered, and plant the usual errors.

    python experiments/textbook/truth_table.py [TOML]

The network is h_t = sigma(W x_t + R h_{t-1}), h_0 = 0, y = V h_2 + b: two bits, x2 first, then x1, and the
mean squared error of the last output is followed down by plain gradient descent. An output counts as right on
the target's side of one half. NOT x2 needs nothing but memory, exclusive-or memory and a comparison. Without
recurrence (R = 0) neither can be done: the output is a function of x1 alone.

The five usual errors are planted in turn into the same network written out in plain arrays. Writes
results/textbook/truth_table.h5 and prints both tables. About a minute on one core.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
import pandas as pd
from pydantic import BaseModel, ConfigDict, Field
from results_folder import add_results_option, make_results_folder
from threadpoolctl import threadpool_limits

from motorsim.checks import MotorsimError
from motorsim.config import read_toml, validate
from motorsim.io import write_arrays
from motorsim.nn import SGD, Fixed, Linear, Network, Vanilla
from motorsim.train import fit

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from motorsim.types import FloatArray

CONFIG = Path(__file__).with_suffix(".toml")
KIND, SCHEMA_VERSION = "truth table", 1
BITS = np.array([[0.0, 1.0], [1.0, 1.0], [1.0, 0.0], [0.0, 0.0]])
"""(case, time): x2, then x1, of the cases (x1, x2) = (1, 0), (1, 1), (0, 1), (0, 0)."""
TABLES = {"NOT x2": np.array([1.0, 0.0, 0.0, 1.0]), "exclusive-or": np.array([1.0, 0.0, 1.0, 0.0])}

SHARED = "input and output share one matrix (V = W')"
TWICE = "W applied twice (2 W x)"
CUT = "no recurrence (R = 0)"
NO_SLOPE = "derivative of sigma left out"
LINEAR = "prediction without sigma"
MISTAKES = (SHARED, TWICE, CUT, NO_SLOPE, LINEAR)

Weights = dict[str, "FloatArray"]


class Settings(BaseModel):
    """What `truth_table.toml` holds."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    n_seeds: Annotated[int, Field(ge=1)]
    n_units: Annotated[int, Field(ge=1)]
    gain: Annotated[float, Field(gt=0)]
    learning_rate: Annotated[float, Field(gt=0)]
    n_iterations: Annotated[int, Field(ge=1)]


def initial_network(settings: Settings, seed: int, *, recurrent: bool) -> Network:
    """Return the network of a seed; the equations have neither a hidden bias nor, where cut, a recurrence."""
    n_units = settings.n_units
    cell = Vanilla(1, n_units, gain=settings.gain, activation="sigmoid", learn_initial_state=False)
    held = {"cell.bias": Fixed(np.zeros(n_units))}
    if not recurrent:
        held["cell.recurrent_weights"] = Fixed(np.zeros((n_units, n_units)))
    return Network.initialise(cell, Linear(n_units, 1), rng=seed, parametrisations=held)


def learn(network: Network, table: FloatArray, settings: Settings) -> tuple[FloatArray, FloatArray]:
    """Train on a table; return the last outputs, (case,), and the loss before each update, (iteration,)."""
    targets = np.zeros((*BITS.shape, 1))
    targets[:, -1, 0] = table
    mask = np.zeros(BITS.shape, dtype=bool)
    mask[:, -1] = True
    result = fit(
        network,
        BITS[..., None],
        targets,
        mask=mask,
        optimiser=SGD(settings.learning_rate),
        rng=0,
        n_iterations=settings.n_iterations,
        clip_norm=None,
    )
    return result.network.forward(BITS[..., None]).outputs[:, -1, 0], result.training_loss


def draw_weights(settings: Settings) -> Weights:
    """Return W, R, V and b of all networks in plain arrays, the first axis the seed."""
    drawn = [initial_network(settings, seed, recurrent=True).parameters for seed in range(settings.n_seeds)]
    names = {
        "W": "cell.input_weights",
        "R": "cell.recurrent_weights",
        "V": "readout.weights",
        "b": "readout.bias",
    }
    return {letter: np.stack([each[name] for each in drawn]) for letter, name in names.items()}


def run_plain(
    weights: Weights, mistake: str | None, *, squash: bool = True
) -> tuple[FloatArray, list[FloatArray]]:
    """Return the last outputs, (seed, case), and h_0, h_1, h_2, each (seed, case, unit)."""
    into = 2.0 * weights["W"] if mistake == TWICE else weights["W"]
    recurrent = np.zeros_like(weights["R"]) if mistake == CUT else weights["R"]
    out = weights["W"].swapaxes(1, 2) if mistake == SHARED else weights["V"]
    hidden = [np.zeros((len(into), len(BITS), into.shape[1]))]
    for bit in BITS.T:
        drive = bit[:, None] * into.swapaxes(1, 2) + hidden[-1] @ recurrent.swapaxes(1, 2)
        hidden.append(0.5 + 0.5 * np.tanh(0.5 * drive) if squash else drive)
    return (hidden[-1] @ out.swapaxes(1, 2) + weights["b"][:, None])[..., 0], hidden


def plain_gradients(
    weights: Weights, table: FloatArray, mistake: str | None = None
) -> tuple[FloatArray, Weights]:
    """Return the loss, (seed,), and its gradients, or what the mistake takes for them."""
    outputs, hidden = run_plain(weights, mistake)
    error = outputs - table
    grad_output = (2.0 / len(table)) * error[..., None]
    grads = {name: np.zeros_like(array) for name, array in weights.items()}
    grads["b"] += grad_output.sum(axis=1)
    grad_out = grad_output.swapaxes(1, 2) @ hidden[-1]
    grads["W" if mistake == SHARED else "V"] += grad_out.swapaxes(1, 2) if mistake == SHARED else grad_out
    grad_hidden = grad_output @ (weights["W"].swapaxes(1, 2) if mistake == SHARED else weights["V"])
    for step in (2, 1):
        slope = 1.0 if mistake == NO_SLOPE else hidden[step] * (1.0 - hidden[step])
        grad_drive = (grad_hidden * slope).swapaxes(1, 2)
        grads["W"] += grad_drive @ BITS[:, step - 1, None]
        if mistake == CUT:
            break  # the last output knows no earlier step
        grads["R"] += grad_drive @ hidden[step - 1]
        grad_hidden = grad_drive.swapaxes(1, 2) @ weights["R"]
    return (error**2).mean(axis=1), grads


def plain_learning(
    table: FloatArray, mistake: str | None, settings: Settings
) -> tuple[FloatArray, FloatArray]:
    """Train all networks with a mistake; return last predictions, (seed, case), and losses, (seed,)."""
    weights = draw_weights(settings)
    # A mistake may drive the weights out of the finite numbers, which shows in the loss.
    with np.errstate(over="ignore", invalid="ignore"):
        for _ in range(settings.n_iterations):
            loss, grads = plain_gradients(weights, table, mistake)
            weights = {name: array - settings.learning_rate * grads[name] for name, array in weights.items()}
        return run_plain(weights, mistake, squash=mistake != LINEAR)[0], loss


def n_right(outputs: FloatArray, table: FloatArray) -> FloatArray:
    """Return how many cases lie on their target's side of one half, over the last axis."""
    return (np.isfinite(outputs) & ((outputs > 0.5) == (table > 0.5))).sum(axis=-1)


def run(settings: Settings) -> dict[str, Any]:
    """Train every network; return by table what the learned, the cut and each mistaken form gave.

    ``outputs`` are (seed, case), ``loss`` is (seed, iteration) or, with mistakes, the last, (seed,).
    """
    results: dict[str, Any] = {}
    for name, table in TABLES.items():
        found: dict[str, Any] = {"targets": table, "mistakes": {}}
        for form, recurrent in (("learned", True), ("without recurrence", False)):
            pairs = [
                learn(initial_network(settings, seed, recurrent=recurrent), table, settings)
                for seed in range(settings.n_seeds)
            ]
            found[form] = {
                "outputs": np.stack([p[0] for p in pairs]),
                "loss": np.stack([p[1] for p in pairs]),
            }
        for mistake in MISTAKES:
            outputs, loss = plain_learning(table, mistake, settings)
            found["mistakes"][mistake] = {"outputs": outputs, "loss": loss}
        results[name] = found
    return results


def summarise(results: Mapping[str, Any]) -> pd.DataFrame:
    """Return one row a table and form: seeds with all four cases right, mean right, median last loss."""
    rows = []
    for name, found in results.items():
        forms = {form: found[form] for form in ("learned", "without recurrence")} | found["mistakes"]
        for form, got in forms.items():
            right = n_right(got["outputs"], found["targets"])
            last = got["loss"] if got["loss"].ndim == 1 else got["loss"][:, -1]
            rows.append(
                {
                    "table": name,
                    "network": form if form in found else f"error: {form}",
                    "solved": f"{int((right == len(found['targets'])).sum())} of {len(right)}",
                    "cases right": right.mean(),
                    "median loss": np.median(np.nan_to_num(last, nan=np.inf)),
                }
            )
    return pd.DataFrame(rows)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run from the command line; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("config", type=Path, nargs="?", default=CONFIG, help="default: %(default)s")
    add_results_option(parser)
    options = parser.parse_args(arguments)
    try:
        settings = validate(Settings, read_toml(options.config))
        path = make_results_folder(options.results) / "truth_table.h5"
        with threadpool_limits(1):
            results = run(settings)
        write_arrays(path, KIND, results, settings.model_dump(), schema_version=SCHEMA_VERSION)
    except MotorsimError as error:
        print(f"truth_table: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("interrupted; nothing was written", file=sys.stderr)
        return 130
    print(summarise(results).to_string(index=False, float_format="{:.3g}".format))
    print(f"file: {path}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
