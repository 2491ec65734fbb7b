"""Textbook system D: rectified networks learn four patterns, and the direction of a target on a screen.

    python experiments/textbook/feed_forward.py [TOML] [--results RESULTS]

y = V relu(W x + b) + c, trained by plain gradient descent: one output under the mean squared error, or three
classes, softmax and cross-entropy; then the same code on flattened images. Each usual error is planted in
turn. Writes results/textbook/feed_forward.h5: of every line the loss (network, epoch + 1) and the share of
samples that are right (network,), NaN after divergence; and ``example_image`` (row, column), one of the
images that the networks are tested on.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Annotated

import numpy as np
from learning import Course, Samples, Section, describe, learn, run_script
from pydantic import Field
from screen import Screen, draw_images
from usual_errors import Ascent, OneMinusOutputDense, UntaughtDense

from motorsim.checks import InputError
from motorsim.nn import SGD, Dense, FeedForward, Flatten, Linear, Softmax, cross_entropy, mse, one_hot
from motorsim.streams import stream

if TYPE_CHECKING:
    from collections.abc import Sequence

    from motorsim.nn import Loss
    from motorsim.types import FloatArray, Readout

Positive = Annotated[int, Field(ge=1)]
Rate = Annotated[float, Field(gt=0)]


class Patterns(Section):
    """Four patterns and what they stand for."""

    inputs: list[list[float]]
    bits: list[int]
    classes: list[int]
    n_hidden: Positive
    learning_rate: Rate
    n_seeds: Positive


class Direction(Section):
    """How the direction of a target is learned."""

    n_train: Positive
    n_test: Positive
    n_hidden: Positive
    learning_rate: Rate
    n_seeds: Positive


class FeedForwardSettings(Section):
    """The whole experiment."""

    seed: Annotated[int, Field(ge=0)]
    n_epochs: Positive
    patterns: Patterns
    screen: Screen
    direction: Direction


@dataclass(frozen=True, eq=False)
class Problem:
    """A task, and the network and the descent that are to solve it."""

    samples: Samples
    loss: Loss
    readout: Readout
    learning_rate: float
    n_seeds: int

    def draw(self, rng: np.random.Generator, *, hidden: type[Dense] = Dense) -> FeedForward:
        """Draw a network with one rectified layer, of this kind."""
        shape = self.samples.inputs.shape[1:]
        layer = hidden(int(np.prod(shape)), self.readout.n_units, "relu")
        return FeedForward.initialise((Flatten(), layer), shape, rng=rng, readout=self.readout)

    def learn(
        self,
        settings: FeedForwardSettings,
        *,
        hidden: type[Dense] = Dense,
        optimiser: type[SGD] = SGD,
        samples: Sequence[Samples] | None = None,
    ) -> Course:
        """Train, with these parts in place of the right ones."""
        return learn(
            partial(self.draw, hidden=hidden),
            self.samples if samples is None else samples,
            optimiser=optimiser(self.learning_rate),
            loss=self.loss,
            n_epochs=settings.n_epochs,
            n_seeds=self.n_seeds,
            seed=settings.seed,
        )


def pattern_problems(settings: FeedForwardSettings) -> dict[str, Problem]:
    """Return the patterns with one output and with classes."""
    given = settings.patterns
    inputs, n_classes = np.array(given.inputs), max(given.classes) + 1
    one = Samples.known(inputs, np.array(given.bits, dtype=np.float64)[:, None])
    several = Samples.known(inputs, one_hot(np.array(given.classes), n_classes))
    size = f"{inputs.shape[1]}-{given.n_hidden}"
    rest = (given.learning_rate, given.n_seeds)
    return {
        f"{size}-1": Problem(one, mse, Linear(given.n_hidden, 1), *rest),
        f"{size}-{n_classes}": Problem(several, cross_entropy, Softmax(given.n_hidden, n_classes), *rest),
    }


def screen_problem(settings: FeedForwardSettings) -> Problem:
    """Draw the images, those for the test from a stream of their own."""
    given, screen = settings.direction, settings.screen
    drawn = []
    for name, n_samples in (("train", given.n_train), ("test", given.n_test)):
        directions = np.arange(n_samples) % screen.n_directions
        drawn.append(draw_images(screen, directions, stream(settings.seed, f"{name} images")))
        drawn.append(one_hot(directions, screen.n_directions))
    readout = Softmax(given.n_hidden, screen.n_directions)
    return Problem(Samples(*drawn), cross_entropy, readout, given.learning_rate, given.n_seeds)


def shuffled(samples: Samples, rng: np.random.Generator) -> Samples:
    """Return the samples with the targets that are learned in another order."""
    order = rng.permutation(len(samples.targets))
    return Samples(samples.inputs, samples.targets[order], samples.test_inputs, samples.test_targets)


def refusal(problem: Problem) -> str:
    """Return what a user reads whose targets have more outputs than the network."""
    targets = np.zeros((len(problem.samples.inputs), problem.readout.n_outputs + 1))
    try:
        problem.draw(np.random.default_rng(0)).loss(problem.samples.inputs, targets, loss=problem.loss)
    except InputError as error:
        return str(error)
    return "nothing: they were taken"


def run(settings: FeedForwardSettings) -> dict[str, Course]:
    """Train all networks, the right ones and those with a planted error."""
    images = screen_problem(settings)
    courses = {}
    for name, problem in (pattern_problems(settings) | {"screen": images}).items():
        courses[name] = problem.learn(settings)
        courses[f"{name}, no error for the first layer"] = problem.learn(settings, hidden=UntaughtDense)
        courses[f"{name}, 1 - relu for its derivative"] = problem.learn(settings, hidden=OneMinusOutputDense)
        courses[f"{name}, ascent"] = problem.learn(settings, optimiser=Ascent)
    mixed = [
        shuffled(images.samples, stream(settings.seed, f"shuffled directions {number}"))
        for number in range(images.n_seeds)
    ]
    courses["screen, directions shuffled"] = images.learn(settings, samples=mixed)
    return courses


def show(settings: FeedForwardSettings) -> dict[str, FloatArray]:
    """Return one of the images that the networks are tested on, (row, column)."""
    return {"example_image": screen_problem(settings).samples.test_inputs[1, ..., 0]}


def tell(courses: dict[str, Course], settings: FeedForwardSettings) -> str:
    """Return the table, chance, and the answer to targets of another size."""
    chance = f"chance of a direction on a screen (images not learned): {1 / settings.screen.n_directions:.1%}"
    first = next(iter(pattern_problems(settings).values()))
    return "\n".join([describe(courses), chance, f"targets of another size: {refusal(first)}"])


def main() -> int:
    """Run from the command line; return the exit status."""
    return run_script("feed_forward", FeedForwardSettings, run, tell, show=show)


if __name__ == "__main__":
    sys.exit(main())
