"""Textbook system E, first part: a 2-4-1 tanh network learns exclusive-or.

    python experiments/textbook/exclusive_or.py [TOML] [--results RESULTS]

y = tanh(V tanh(W x + b) + c), trained by plain gradient descent on the mean squared error; then with a hidden
layer that is linear, and with each usual error planted in turn. Writes results/textbook/exclusive_or.h5: of
every line the loss (network, epoch + 1) and the share of samples that are right (network,), NaN after
divergence.
"""

from __future__ import annotations

import sys
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
from learning import Course, Samples, Section, describe, learn, run_script
from pydantic import Field
from usual_errors import Ascent, SquashedTwiceDense, without_error

from motorsim.nn import SGD, Dense, FeedForward, mse

if TYPE_CHECKING:
    from motorsim.types import FloatArray

SAMPLES = Samples.known(
    np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]]), np.array([[0.0], [1.0], [1.0], [0.0]])
)
RIGHT = "2-4-1 tanh"
Positive = Annotated[int, Field(ge=1)]


class ExclusiveOrSettings(Section):
    """The whole experiment."""

    seed: Annotated[int, Field(ge=0)]
    n_hidden: Positive
    learning_rate: Annotated[float, Field(gt=0)]
    n_epochs: Positive
    every_epochs: Positive
    n_seeds: Positive
    n_control_seeds: Positive


def draw(
    rng: np.random.Generator, *, n_hidden: int, hidden: str = "tanh", layer: type[Dense] = Dense
) -> FeedForward:
    """Draw a network of two layers of that kind."""
    return FeedForward.initialise((layer(2, n_hidden, hidden), layer(n_hidden, 1, "tanh")), (2,), rng=rng)


def run(settings: ExclusiveOrSettings) -> dict[str, Course]:
    """Train all networks, the right ones and those with a planted error."""
    right = partial(draw, n_hidden=settings.n_hidden)
    planted: dict[str, dict[str, Any]] = {
        "hidden layer linear": {"draw": partial(right, hidden="linear")},
        "ascent": {"optimiser": Ascent(settings.learning_rate)},
        "tanh' of a squashed value": {"draw": partial(right, layer=SquashedTwiceDense)},
        "no error term": {"loss": without_error},
    }
    usual: dict[str, Any] = {"draw": right, "optimiser": SGD(settings.learning_rate), "loss": mse}
    common: dict[str, Any] = {"n_epochs": settings.n_epochs, "seed": settings.seed}
    courses = {RIGHT: learn(samples=SAMPLES, n_seeds=settings.n_seeds, **usual, **common)}
    for name, change in planted.items():
        n_seeds = settings.n_control_seeds
        courses[name] = learn(samples=SAMPLES, n_seeds=n_seeds, **usual | change, **common)
    return courses


def success_interval(course: Course) -> tuple[float, float]:
    """Return the 95 % interval of the share of networks that solve it (Wilson 1927)."""
    from scipy.stats import binomtest  # noqa: PLC0415 - slow to import

    interval = binomtest(course.n_solved, len(course.right)).proportion_ci(method="wilson")
    return float(interval.low), float(interval.high)


def loss_every(course: Course, every_epochs: int) -> FloatArray:
    """Return the median loss over networks every so many epochs, from the start on."""
    medians: FloatArray = np.median(course.loss, axis=0)
    return medians[::every_epochs]


def tell(courses: dict[str, Course], settings: ExclusiveOrSettings) -> str:
    """Return the loss over epochs, the success, and the table."""
    course = courses[RIGHT]
    lines = ["epoch   median loss"]
    for number, value in enumerate(loss_every(course, settings.every_epochs)):
        lines.append(f"{number * settings.every_epochs:5d}   {value:.5f}")
    low, high = success_interval(course)
    lines.append(
        f"solved by {course.n_solved} of {len(course.right)} networks, interval {low:.1%} - {high:.1%}"
    )
    return "\n".join([*lines, describe(courses)])


def main() -> int:
    """Run from the command line; return the exit status."""
    return run_script("exclusive_or", ExclusiveOrSettings, run, tell)


if __name__ == "__main__":
    sys.exit(main())
