"""Teach a tanh network with softmax-gated outputs what a teacher of its form does; plant the usual errors.

    python experiments/textbook/softmax_gate.py [TOML] [--results RESULTS]

h_t = tanh(W_hh h_{t-1} + W_xh x_t + b_h), h_0 = 0; o_t = softmax(W_ho h_t + b_o); y_t = o_t * h_t. The
mean squared error over random sequences is followed down by plain gradient descent, by BPTT. The magnitudes
of the outputs sum to less than 1, so most targets are out of reach: with normal random ones, even for a
single sequence, most of the loss stays, at least the distance to the nearest outputs whose magnitudes sum to
1. Targets that can be met come from a teacher.

The seven usual errors are planted in turn into the same network in plain arrays (`gated_by_hand.py`). Each is
judged twice: by the loss that its own code reports, and by what the network then does, run rightly, on
sequences that it has not seen. Writes results/textbook/softmax_gate.h5. About half a minute on one core.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
from gated_by_hand import MISTAKES, NO_FIRST, NO_RATE, loss_and_gradients
from pydantic import BaseModel, ConfigDict, Field
from results_folder import add_results_option, make_results_folder
from threadpoolctl import threadpool_limits

from motorsim.checks import MotorsimError
from motorsim.config import read_toml, validate
from motorsim.io import write_arrays
from motorsim.nn import SGD, Network, SoftmaxGated, Vanilla
from motorsim.streams import stream
from motorsim.train import fit

if TYPE_CHECKING:
    from motorsim.types import FloatArray

CONFIG = Path(__file__).with_suffix(".toml")
KIND, SCHEMA_VERSION = "softmax gate", 1

Count = Annotated[int, Field(ge=1)]


class Settings(BaseModel):
    """What `softmax_gate.toml` holds."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    n_seeds: Count
    n_features: Count
    n_times: Count
    n_sequences: Count
    n_new_sequences: Count
    learning_rate: Annotated[float, Field(gt=0)]
    n_iterations: Count


@dataclass(frozen=True, eq=False)
class Problem:
    """A network to train and what it is to learn; arrays are (sequence, time, feature).

    ``random_targets`` are those of the first sequence alone.
    """

    network: Network
    inputs: FloatArray
    targets: FloatArray
    random_targets: FloatArray
    new_inputs: FloatArray
    new_targets: FloatArray

    @classmethod
    def draw(cls, settings: Settings, seed: int) -> Problem:
        """Draw network, teacher and sequences."""
        n = settings.n_features
        cell, readout = Vanilla(n, n, learn_initial_state=False), SoftmaxGated(n)
        network, teacher = (
            Network.initialise(cell, readout, rng=stream(seed, name)) for name in ("network", "teacher")
        )
        rng = stream(seed, "sequences")
        inputs = rng.normal(size=(settings.n_sequences, settings.n_times, n))
        random_targets = rng.normal(size=(1, settings.n_times, n))
        new_inputs = rng.normal(size=(settings.n_new_sequences, settings.n_times, n))
        targets, new_targets = (teacher.forward(drawn).outputs for drawn in (inputs, new_inputs))
        return cls(network, inputs, targets, random_targets, new_inputs, new_targets)

    def new_share(self, network: Network) -> float:
        """Return the loss on new sequences, as a share of that of the network before training."""
        return network.loss(self.new_inputs, self.new_targets) / self.network.loss(
            self.new_inputs, self.new_targets
        )


@dataclass(frozen=True, eq=False)
class Results:
    """What stayed of the loss; shares are of the loss before training.

    Parameters
    ----------
    loss, random_loss
        Before each update and after the last, with a teacher and with random targets, (seed, iteration + 1).
    new_share
        Share that stays on new sequences with a teacher, (seed,).
    floor_share
        Least share that can stay with random targets, (seed,).
    mistake_loss
        What the code with each error reports, (mistake, seed, iteration); NaN from divergence on.
    mistake_share
        Share that stays of the network so trained, run rightly on new sequences, (mistake, seed); after
        divergence infinite.
    """

    loss: FloatArray
    random_loss: FloatArray
    new_share: FloatArray
    floor_share: FloatArray
    mistake_loss: FloatArray
    mistake_share: FloatArray

    @property
    def share(self) -> FloatArray:
        """Share of the loss that stays with a teacher, (seed,)."""
        return self.loss[:, -1] / self.loss[:, 0]

    @property
    def random_share(self) -> FloatArray:
        """Share of the loss that stays with random targets, (seed,)."""
        return self.random_loss[:, -1] / self.random_loss[:, 0]


def learn(problem: Problem, targets: FloatArray, settings: Settings) -> tuple[Network, FloatArray]:
    """Train on the first sequences; return the network and the loss before each update and after the last."""
    inputs = problem.inputs[: len(targets)]
    found = fit(
        problem.network,
        inputs,
        targets,
        optimiser=SGD(settings.learning_rate),
        rng=0,
        n_iterations=settings.n_iterations,
        clip_norm=None,
    )
    return found.network, np.append(found.training_loss, found.network.loss(inputs, targets))


def learn_wrongly(problem: Problem, mistake: str, settings: Settings) -> tuple[FloatArray, float]:
    """Train with one of the usual errors; return the loss as reported, and the share on new sequences."""
    reported = np.full(settings.n_iterations, np.nan)
    # One step is the gradient of half the squared error, summed over everything.
    rate = problem.targets.size / 2 if mistake == NO_RATE else settings.learning_rate
    params, first = problem.network.to_arrays(), None
    for iteration in range(settings.n_iterations):
        with np.errstate(over="ignore", invalid="ignore"):
            loss, gradients, last = loss_and_gradients(
                params, problem.inputs, problem.targets, first=first, mistake=mistake
            )
        if not all(np.isfinite(gradient).all() for gradient in gradients.values()):
            return reported, np.inf
        reported[iteration] = loss
        first = last if mistake == NO_FIRST else None
        params = {name: array - rate * gradients[name] for name, array in params.items()}
    return reported, problem.new_share(problem.network.with_parameters(params))


def least_loss(targets: FloatArray) -> float:
    """Return the mean squared distance of targets (..., output) to outputs whose magnitudes sum to 1 at most.

    The nearest such output takes the same from every magnitude that it leaves (Duchi et al. 2008, figure 1).
    """
    magnitudes = -np.sort(-np.abs(targets), axis=-1)
    over = (np.cumsum(magnitudes, axis=-1) - 1.0) / np.arange(1, targets.shape[-1] + 1)
    n_left = np.sum(magnitudes > over, axis=-1, keepdims=True)
    taken = np.maximum(np.take_along_axis(over, n_left - 1, axis=-1), 0.0)
    return float(np.mean(np.minimum(np.abs(targets), taken) ** 2))


def run(settings: Settings) -> Results:
    """Train every network, rightly and with each usual error."""
    n_seeds, n_losses = settings.n_seeds, settings.n_iterations + 1
    loss, random_loss = np.empty((2, n_seeds, n_losses))
    new_share, floor_share = np.empty((2, n_seeds))
    mistake_loss = np.empty((len(MISTAKES), n_seeds, settings.n_iterations))
    mistake_share = np.empty((len(MISTAKES), n_seeds))
    for seed in range(n_seeds):
        problem = Problem.draw(settings, seed)
        network, loss[seed] = learn(problem, problem.targets, settings)
        new_share[seed] = problem.new_share(network)
        _, random_loss[seed] = learn(problem, problem.random_targets, settings)
        floor_share[seed] = least_loss(problem.random_targets) / random_loss[seed, 0]
        for i, mistake in enumerate(MISTAKES):
            mistake_loss[i, seed], mistake_share[i, seed] = learn_wrongly(problem, mistake, settings)
    return Results(loss, random_loss, new_share, floor_share, mistake_loss, mistake_share)


def tell(results: Results) -> str:
    """Return what stays of the loss, a row a case: median over seeds, and the range."""
    width = max(map(len, MISTAKES))
    reported = results.mistake_loss[:, :, -1] / results.loss[:, 0]
    rows: list[tuple[str, FloatArray, FloatArray | None, str]] = [
        ("as it should be", results.share, results.new_share, ""),
        ("random targets", results.random_share, None, "outputs cannot reach them"),
        ("  the least that can stay", results.floor_share, None, "distance to magnitudes that sum to 1"),
        *(
            (name, reported[i], results.mistake_share[i], why)
            for i, (name, why) in enumerate(MISTAKES.items())
        ),
    ]
    lines = [f"{'share of the loss that stays':{width}}  {'as reported':>24}  {'new sequences':>24}"]
    for name, own, new, why in rows:
        lines.append(f"{name:{width}}  {_range(own):>24}  {'' if new is None else _range(new):>24}  {why}")
    return "\n".join(line.rstrip() for line in lines)


def _range(shares: FloatArray) -> str:
    if not np.isfinite(shares).all():
        return f"{np.sum(~np.isfinite(shares))} of {len(shares)} diverged"
    return f"{np.median(shares):.2%} ({shares.min():.2%} - {shares.max():.2%})"


def main() -> int:
    """Read the TOML, run it, write results/textbook/softmax_gate.h5 and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("config", type=Path, nargs="?", default=CONFIG, help="default: %(default)s")
    add_results_option(parser)
    options = parser.parse_args()
    try:
        settings = validate(Settings, read_toml(options.config))
        path = make_results_folder(options.results) / "softmax_gate.h5"
        # Products this small are slower in several threads, and the numbers are then the same anywhere.
        with threadpool_limits(limits=1):
            results = run(settings)
        arrays: dict[str, Any] = {name: getattr(results, name) for name in Results.__dataclass_fields__}
        attributes = {"settings": settings.model_dump_json(), "mistakes": "; ".join(MISTAKES)}
        write_arrays(path, KIND, arrays, attributes, schema_version=SCHEMA_VERSION)
    except MotorsimError as error:
        print(f"softmax_gate: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("interrupted; nothing was written", file=sys.stderr)
        return 130
    print(tell(results))
    return 0


if __name__ == "__main__":
    sys.exit(main())
