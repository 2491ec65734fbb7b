"""Draw what experiments/preparation.py found: three ways to prepare a reach, side by side.

    python figures/preparation.py [RESULTS_FOLDER]

reads results/preparation/ and writes its figures/preparation.pdf and .png.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from motorsim.checks import MotorsimError
from motorsim.io import read_arrays
from motorsim.plots import direction_colours, new_figure, panel_letter, save_figure, styled
from motorsim.plots.style import NULL_COLOUR

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from motorsim.types import FloatArray

KIND, SCHEMA_VERSION = "preparation", 1
LOOKS = {
    "static step": {"color": "#b2542d", "linestyle": (0, (1, 1)), "marker": "s"},
    "along the ray": {"color": "#2b6ca3", "linestyle": (0, (4, 1.5)), "marker": "o"},
    "optimal feedback": {"color": "#1d8260", "linestyle": "-", "marker": "^"},
}


def line(name: str) -> dict[str, Any]:
    """Return colour and dashes of a strategy."""
    return {key: value for key, value in LOOKS[name].items() if key != "marker"}


def paths_panel(ax: Axes, name: str, found: dict[str, Any], before: Any) -> None:
    """Draw hand paths: up to the go cue thick, from then on thin."""
    position_cm = 100.0 * found["full_delay"]["hand_position_m"]
    start_cm = position_cm[0, 0]
    n_conditions = len(position_cm)
    directions = 2 * np.pi * np.arange(n_conditions) / n_conditions
    targets_cm = start_cm + 10.0 * np.stack([np.cos(directions), np.sin(directions)], 1)
    ax.scatter(*targets_cm.T, s=22, facecolor="none", edgecolor=NULL_COLOUR, linewidth=0.8, zorder=0)
    for path, colour in zip(position_cm, direction_colours(directions), strict=True):
        ax.plot(*path.T, color=colour, linewidth=0.7)
        ax.plot(*path[before].T, color=colour, linewidth=2.2, solid_capstyle="round")
    ax.set_title(name)
    ax.set_aspect("equal")
    ax.set_xlim(start_cm[0] - 12.5, start_cm[0] + 12.5)
    ax.set_ylim(start_cm[1] - 12.5, start_cm[1] + 12.5)
    ax.set_axis_off()


def time_panel(ax: Axes, shared: dict[str, Any], curves: dict[str, FloatArray], label: str) -> None:
    """Draw a course from target onset to a little after the go cue for every strategy."""
    times_s = shared["times_from_go_s"]
    shown = (times_s >= -0.7) & (times_s <= 0.1)
    for name, curve in curves.items():
        ax.plot(times_s[shown], curve[shown], label=name, **line(name))
    for event_s in (-shared["delays_s"][-1], 0.0):
        ax.axvline(event_s, color=NULL_COLOUR, linewidth=0.6, zorder=0)
    ax.set_xlabel("time from go cue (s)")
    ax.set_ylabel(label)


def error_panel(ax: Axes, times_s: FloatArray, errors: dict[str, FloatArray], right_m: float) -> None:
    """Draw the mean hand error in mm over times of preparation, and the range over directions."""
    for name, error_m in errors.items():
        error_mm = 1e3 * error_m
        ax.fill_between(
            times_s, error_mm.min(axis=1), error_mm.max(axis=1), color=LOOKS[name]["color"], alpha=0.15, lw=0
        )
        ax.plot(times_s, error_mm.mean(axis=1), markersize=2.5, label=name, **LOOKS[name])
    ax.axhline(1e3 * right_m, color=NULL_COLOUR, linewidth=0.6, zorder=0)
    ax.set_yscale("log")
    ax.set_ylabel("hand error (mm)")


def reaction_panel(ax: Axes, strategies: dict[str, Any]) -> None:
    """Draw reaction time against the distance from the prepared state at the go cue.

    Large marks are delays, small ones noisy trials after the longest. The static step is left out: its hand
    moves before the go cue.
    """
    for name in ("along the ray", "optimal feedback"):
        colour, marker = LOOKS[name]["color"], LOOKS[name]["marker"]
        for found, size in ((strategies[name]["noisy"], 2.0), (strategies[name]["by_delay"], 10.0)):
            moves = found["reaction_s"] > 0
            distance, reaction_ms = found["distance_at_go"][moves], 1e3 * found["reaction_s"][moves]
            ax.scatter(distance, reaction_ms, s=size, color=colour, marker=marker, linewidth=0, alpha=0.8)
    ax.set_xlabel("distance from x* at go cue")
    ax.set_ylabel("reaction time (ms)")


def figure(arrays: dict[str, Any], right_m: float) -> Figure:
    """Compose the panels."""
    shared, strategies = arrays["shared"], {name: arrays["strategies"][name] for name in LOOKS}
    fig = new_figure(height_mm=160.0)
    axes = fig.subplots(3, 3)
    before = shared["times_from_go_s"] <= 0
    for ax, (name, found) in zip(axes[0], strategies.items(), strict=True):
        paths_panel(ax, name, found, before)
    full = {name: found["full_delay"] for name, found in strategies.items()}
    drift_mm = {name: 1e3 * found["away_m"].mean(axis=0) for name, found in full.items()}
    time_panel(axes[1, 0], shared, drift_mm, "hand from start (mm)")
    axes[1, 0].set_yscale("log")
    axes[1, 0].set_ylim(1e-3, 300.0)
    time_panel(
        axes[1, 1],
        shared,
        {name: found["distance"].mean(axis=0) for name, found in full.items()},
        "distance from x* / |x*|",
    )
    deviation = {name: found["noisy"]["rate_deviation_hz"] for name, found in strategies.items()}
    time_panel(axes[1, 2], shared, deviation, "deviation over trials (Hz)")
    axes[1, 2].set_ylim(bottom=0.0)
    errors = {name: found["by_delay"]["error_m"] for name, found in strategies.items()}
    error_panel(axes[2, 0], shared["delays_s"], errors, right_m)
    axes[2, 0].set_xlabel("delay before go cue (s)")
    switched = {name: found["switch_error_m"] for name, found in strategies.items()}
    error_panel(axes[2, 1], shared["left_s"], switched, right_m)
    axes[2, 1].set_xlabel("time left after target switch (s)")
    reaction_panel(axes[2, 2], strategies)
    handles, names = axes[2, 0].get_legend_handles_labels()
    fig.legend(handles, names, loc="outside lower center", ncols=3)
    for ax, letter in zip([axes[0, 0], *axes[1], *axes[2]], "abcdefg", strict=True):
        panel_letter(ax, letter)
    return fig


def main() -> int:
    """Draw what the experiment left; 2 where there is none."""
    default = Path(__file__).resolve().parent.parent / "results" / "preparation"
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else default
    try:
        arrays, attributes = read_arrays(folder / "preparation.h5", KIND, schema_version=SCHEMA_VERSION)
        with styled():
            fig = figure(arrays, float(attributes["right_m"]))
        for path in save_figure(fig, folder / "figures", "preparation"):
            print(path)
    except MotorsimError as error:
        print(f"preparation: {error}; run experiments/preparation.py first", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
