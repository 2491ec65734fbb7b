"""Draw what experiments/real_muscles.py found: recorded, fitted and predicted muscles, and the scores.

    python figures/real_muscles.py [RESULTS_FOLDER]

reads results/real_muscles/ and writes its figures/: PDF and PNG.
"""

from __future__ import annotations

import argparse
import csv
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from motorsim.checks import InputError, MotorsimError
from motorsim.io import read_arrays
from motorsim.plots import (
    TimeAxis,
    candidate_look,
    muscles_key,
    muscles_panel,
    new_figure,
    panel_letter,
    save_figure,
    styled,
)
from motorsim.plots.style import NULL_COLOUR

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from motorsim.types import BoolArray, FloatArray

KIND, SCHEMA_VERSION = "real muscles", 1
LOOKS = {"network": candidate_look("data-driven"), "task-only": candidate_look("task-only")}

Scores = dict[tuple[str, str], dict[str, float]]


def read_scores(path: Path) -> Scores:
    """Return variance explained by (model, directions), then by muscle, ``all`` for all of them."""
    if not path.is_file():
        raise InputError("results", f"the file {path}", "none", "run experiments/real_muscles.py first")
    scores: Scores = {}
    with path.open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            by_muscle = scores.setdefault((row["model"], row["directions"]), {})
            by_muscle[row["muscle"]] = float(row["variance_explained"])
    return scores


def grid_figure(
    results: Mapping[str, Any],
    predicted: FloatArray,
    *,
    names: Sequence[str],
    held_out: BoolArray,
    title: str,
) -> Figure:
    """Draw recorded activity and what networks made of it, ``predicted`` (direction, time, muscle)."""
    recorded = results["activity"]
    n_times, n_muscles = recorded.shape[1:]
    fig = new_figure(height_mm=8.5 * n_muscles + 24.0)
    ax = fig.subplots()
    muscles_panel(
        ax,
        # The clock counts trials: seconds are not known.
        TimeAxis((np.arange(n_times) + 0.5) / n_times),
        recorded,
        predicted,
        labels=[f"{muscle}" for muscle in range(1, n_muscles + 1)],
        condition_labels=names,
        held_out=held_out,
        scale_bar=(0.5, "half a trial"),
    )
    ax.set_ylabel("muscle, each scaled by its range")
    ax.set_title(title, pad=6.0)
    keys = muscles_key()
    fig.legend(handles=keys if held_out.any() else keys[:2], loc="outside lower center", ncols=3)
    return fig


def fitted_figure(results: Mapping[str, Any], fold: int) -> Figure:
    """Draw one network: the directions that it was fitted to, the one that stopped the fit, and its test."""
    names = direction_names(results)
    test, validation = results["test"][fold], results["validation"][fold]
    names[test] += "\nheld out"
    names[validation] += "\nstopped the fit"
    return grid_figure(
        results,
        results["predicted"]["network"][fold],
        names=names,
        held_out=np.arange(len(names)) == test,
        title=f"one network, fitted to {len(names) - 2} directions (assumed equally spaced)",
    )


def held_out_figure(results: Mapping[str, Any]) -> Figure:
    """Draw every direction as the network predicts it that was not fitted to it."""
    names = direction_names(results)
    return grid_figure(
        results,
        results["predicted"]["network"][np.argsort(results["test"]), np.arange(len(names))],
        names=names,
        held_out=np.zeros(len(names), dtype=bool),
        title="each direction (assumed equally spaced) as predicted by a network that was not fitted to it",
    )


def direction_names(results: Mapping[str, Any]) -> list[str]:
    """Return a label for each direction."""
    return [f"{angle:.0f}°" for angle in np.degrees(results["directions_rad"])]


def scores_figure(scores: Scores) -> Figure:
    """Draw the variance explained of every muscle, fitted and held out, by both models."""
    fig = new_figure(height_mm=72.0)
    lowest = min(value for by_muscle in scores.values() for value in by_muscle.values())
    for ax, letter, part in zip(fig.subplots(1, 2), "ab", ("fitted", "held out"), strict=True):
        score_panel(ax, {model: scores[model, part] for model in LOOKS})
        ax.set_xlim(min(0.0, lowest) - 0.02, 1.0)
        ax.axvline(0.0, color=NULL_COLOUR, linewidth=0.5, zorder=0)
        ax.set_title(f"directions that were {part}")
        panel_letter(ax, letter)
    handles, labels = ax.get_legend_handles_labels()
    fig.legend(handles, labels, loc="outside lower center", ncols=len(labels))
    return fig


def score_panel(ax: Axes, by_model: Mapping[str, Mapping[str, float]]) -> None:
    """Draw a row a muscle, each model with a marker of its own, and one row for all muscles together."""
    for offset, (model, by_muscle) in zip((-0.16, 0.16), by_model.items(), strict=True):
        look = LOOKS[model]
        rows = np.arange(len(by_muscle)) + offset
        ax.plot(
            list(by_muscle.values()),
            rows,
            look.marker,
            color=look.colour,
            markersize=4.0,
            label=model,
            clip_on=False,
        )
        names = list(by_muscle)
    ax.set_yticks(range(len(names)), names)
    ax.set_ylim(len(names) - 0.4, -0.6)
    ax.axhline(len(names) - 1.5, color=NULL_COLOUR, linewidth=0.5, zorder=0)
    ax.set(xlabel="variance explained", ylabel="muscle")


def draw(folder: Path) -> list[Path]:
    """Draw all figures of a results folder; return their files."""
    scores = read_scores(folder / "scores.csv")
    results, _ = read_arrays(folder / "muscles.h5", KIND, schema_version=SCHEMA_VERSION)
    with styled():
        figures = {"muscles_fitted": fitted_figure(results, 0), "muscles_scores": scores_figure(scores)}
        if len(results["test"]) == len(results["activity"]):
            figures["muscles_held_out"] = held_out_figure(results)
    return [path for name, fig in figures.items() for path in save_figure(fig, folder / "figures", name)]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run from the command line; return the exit status, 2 for results that cannot be used."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, nargs="?", default=Path("results") / "real_muscles")
    try:
        paths = draw(parser.parse_args(arguments).folder)
    except MotorsimError as error:
        print(f"real_muscles: {error}", file=sys.stderr)
        return 2
    print("\n".join(str(path) for path in paths))
    return 0


if __name__ == "__main__":
    sys.exit(main())
