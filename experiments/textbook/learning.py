"""Learning: one network drawn many times and trained by gradient descent, and how it went."""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
from pydantic import BaseModel, ConfigDict
from results_folder import add_results_option, make_results_folder
from threadpoolctl import threadpool_limits

from motorsim.checks import MotorsimError
from motorsim.config import read_toml, validate
from motorsim.io import write_arrays
from motorsim.streams import stream
from motorsim.train import fit

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from motorsim.nn import FeedForward, Loss, Optimiser
    from motorsim.types import BoolArray, FloatArray, Floats


class Section(BaseModel):
    """A frozen table that knows its keys and no others, and takes no text or boolean for a number."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


Settings = TypeVar("Settings", bound=Section)


@dataclass(frozen=True, eq=False)
class Samples:
    """What is learned and what is asked afterwards: inputs (sample, ...) and targets (sample, output)."""

    inputs: FloatArray
    targets: FloatArray
    test_inputs: FloatArray
    test_targets: FloatArray

    @classmethod
    def known(cls, inputs: FloatArray, targets: FloatArray) -> Samples:
        """Ask what was learned."""
        return cls(inputs, targets, inputs, targets)


@dataclass(frozen=True, eq=False)
class Course:
    """How learning went, a row a network.

    Parameters
    ----------
    loss
        Before each update and after the last, (network, epoch + 1); NaN after the loss that was divergence.
    right
        Share of the tested samples that are right in the end, (network,): one output on the target's side of
        a half, or the largest of several that of the target. NaN after divergence, which leaves no network.
    """

    loss: FloatArray
    right: FloatArray

    @property
    def diverged(self) -> BoolArray:
        """Whether training ended early or at a loss that is no number, (network,)."""
        return ~np.isfinite(self.loss[:, -1])

    @property
    def n_solved(self) -> int:
        """Number of networks with all samples right, none of them diverged."""
        return int(((self.right == 1.0) & ~self.diverged).sum())

    @property
    def n_diverged(self) -> int:
        """Number of networks that diverged."""
        return int(self.diverged.sum())


def learn(
    draw: Callable[[np.random.Generator], FeedForward],
    samples: Samples | Sequence[Samples],
    *,
    optimiser: Optimiser,
    loss: Loss,
    n_epochs: int,
    n_seeds: int,
    seed: int,
) -> Course:
    """Draw ``n_seeds`` networks and train each on all samples at every update.

    The samples are the same for all networks, or a sequence with those of each.
    """
    losses, right = np.full((n_seeds, n_epochs + 1), np.nan), np.full(n_seeds, np.nan)
    of_each = [samples] * n_seeds if isinstance(samples, Samples) else samples
    for number, own in zip(range(n_seeds), of_each, strict=True):
        found = fit(
            draw(stream(seed, f"network {number}")),
            own.inputs,
            own.targets,
            optimiser=optimiser,
            rng=seed,
            n_iterations=n_epochs,
            loss=loss,
            clip_norm=None,
        )
        losses[number, : len(found.training_loss)] = found.training_loss
        if found.stopped == "iterations":
            losses[number, -1] = found.network.loss(own.inputs, own.targets, loss=loss)
            right[number] = share_right(found.network.forward(own.test_inputs), own.test_targets)
    return Course(losses, right)


def share_right(outputs: Floats, targets: Floats) -> float:
    """Return the share of samples whose output, (sample, output), names the class of the target."""
    if targets.shape[1] == 1:
        return float(np.mean((outputs > 0.5) == (targets > 0.5)))
    return float(np.mean(outputs.argmax(axis=1) == targets.argmax(axis=1)))


def describe(courses: Mapping[str, Course]) -> str:
    """Return one line a course: how many networks solved it, the share right, the loss before and after.

    Mean share and median loss in the end are those of the networks that did not diverge.
    """
    width = max(map(len, courses))
    lines = [f"{'':{width}}  all right   right  loss before   after  diverged"]
    for name, course in courses.items():
        kept, n_seeds = ~course.diverged, len(course.right)
        right = f"{course.right[kept].mean():.1%}" if kept.any() else "-"
        after = f"{np.median(course.loss[kept, -1]):.4f}" if kept.any() else "-"
        lines.append(
            f"{name:{width}}  {course.n_solved:4d}/{n_seeds:<4d} {right:>6}"
            f"{np.median(course.loss[:, 0]):13.3f}{after:>8}{course.n_diverged:6d}/{n_seeds}"
        )
    return "\n".join(lines)


def run_script(
    name: str,
    kind: type[Settings],
    run: Callable[[Settings], dict[str, Course]],
    tell: Callable[[dict[str, Course], Settings], str],
    *,
    show: Callable[[Settings], Mapping[str, FloatArray]] = lambda _: {},
) -> int:
    """Read the TOML of a script, run it, write results/textbook/<name>.h5 and print what came out.

    The file holds the courses and the arrays that ``show`` returns; printed is what ``tell`` returns.
    """
    parser = argparse.ArgumentParser(prog=f"{name}.py")
    config = Path(__file__).with_name(f"{name}.toml")
    parser.add_argument("config", type=Path, nargs="?", default=config, help="default: %(default)s")
    add_results_option(parser)
    options = parser.parse_args()
    try:
        settings = validate(kind, read_toml(options.config))
        path = make_results_folder(options.results) / f"{name}.h5"
        with threadpool_limits(1):
            courses = run(settings)
        arrays: dict[str, Any] = {
            title: {"loss": course.loss, "right": course.right} for title, course in courses.items()
        } | dict(show(settings))
        attributes = {"settings": settings.model_dump_json()}
        write_arrays(path, name, arrays, attributes, schema_version=1)
    except MotorsimError as error:
        print(f"{name}: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("interrupted; nothing was written", file=sys.stderr)
        return 130
    print(tell(courses, settings))
    return 0
