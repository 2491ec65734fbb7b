"""Draw what experiments/physiology.py measured: single neurons, pairs, the population, spikes against rates.

    python figures/physiology.py [RESULTS_FOLDER]

reads results/physiology/ and writes its figures/: PDF and PNG.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from motorsim.checks import InputError, MotorsimError
from motorsim.io import read_arrays
from motorsim.plots import TimeAxis, new_figure, panel_letter, save_figure, styled
from motorsim.plots.style import NULL_COLOUR, TEXT_COLOUR

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.gridspec import SubplotSpec

    from motorsim.types import FloatArray

KIND, SCHEMA_VERSION = "physiology", 1
EXCITATORY, INHIBITORY = "#0072b2", "#d55e00"
PREPARATION, MOVEMENT = "#009e73", "#0072b2"
RATE_FORM, SPIKING = TEXT_COLOUR, "#0072b2"
N_TUNED = 3

Arrays = dict[str, Any]


def clock(arrays: Arrays, times_s: FloatArray) -> TimeAxis:
    """Return a time axis with the events of the recording."""
    events = zip(("target", "go", "move"), arrays["events_s"].tolist(), strict=True)
    return TimeAxis(times_s, events_s=dict(events))


def raster_panel(ax: Axes, arrays: Arrays) -> None:
    """Draw the spikes of one trial, a row a unit, excitatory ones below."""
    colours = np.where(arrays["raster_excitatory"], EXCITATORY, INHIBITORY)
    units = arrays["raster_units"].astype(int)
    ax.scatter(arrays["raster_times_s"], units, s=0.8, c=colours[units], linewidths=0.0)
    clock(arrays, arrays["example_times_s"]).draw(ax, labelled=False)
    ax.set(ylim=(-1, len(colours)), ylabel="unit", yticks=[])
    ax.tick_params(labelbottom=False)


def example_rates_panel(ax: Axes, arrays: Arrays) -> None:
    """Draw rates of some units in the condition of that trial, and the speed of the hand."""
    times_s = arrays["example_times_s"]
    ax.plot(times_s, arrays["example_rates_hz"].T, color=TEXT_COLOUR, linewidth=0.7)
    clock(arrays, times_s).draw(ax, named_events=False)
    ax.set(ylabel="rate (Hz)", ylim=(0.0, None))
    if "hand_speed_m_s" in arrays:
        right = ax.twinx()
        right.fill_between(
            arrays["hand_times_s"], 100 * arrays["hand_speed_m_s"], color=NULL_COLOUR, alpha=0.5
        )
        right.set(ylabel="hand (cm/s)", ylim=(0.0, None))
        right.spines["right"].set_visible(True)
        ax.set_zorder(right.get_zorder() + 1)
        ax.patch.set_visible(False)


def distribution_panel(ax: Axes, values: FloatArray, *, label: str, mark: float | None = None) -> None:
    """Draw how a property of units is distributed, its median as a triangle, and a value to hold it to."""
    known = values[np.isfinite(values)]
    ax.hist(known, bins=int(np.sqrt(known.size)) + 4, color=EXCITATORY, alpha=0.75)
    ax.plot(np.median(known), 0.0, "^", color=TEXT_COLOUR, clip_on=False, zorder=3)
    if mark is not None:
        ax.axvline(mark, color=TEXT_COLOUR, linewidth=0.7, linestyle="--")
    ax.set(xlabel=label, ylabel="units")


def fano_panel(ax: Axes, recordings: Sequence[Arrays]) -> None:
    """Draw the mean-matched Fano factor with its interval; other recordings as thin lines."""
    first = recordings[0]
    times_s = first["fano_times_s"]
    for number, other in enumerate(recordings[1:]):
        label = "other recordings" if number == 0 else None
        ax.plot(other["fano_times_s"], other["fano"], color=SPIKING, linewidth=0.4, alpha=0.6, label=label)
    ax.fill_between(times_s, first["fano_low"], first["fano_high"], color=SPIKING, alpha=0.25, linewidth=0.0)
    ax.plot(times_s, first["fano"], color=SPIKING, label="mean-matched")
    ax.plot(times_s, first["fano_unmatched"], color=NULL_COLOUR, label="all points", zorder=1)
    clock(first, times_s).draw(ax)
    ax.set_ylabel("Fano factor")
    ax.legend(loc="lower left")


def tuning_panel(ax: Axes, arrays: Arrays) -> None:
    """Draw tuning curves of some units in movement with their cosines."""
    depth = np.where(arrays["tuned"][1], arrays["tuning_depth_hz"][1], -1.0)
    order = np.argsort(depth)[::-1]
    chosen = order[np.linspace(0, max(int((depth > 0).sum()) - 1, 0) // 2, N_TUNED).astype(int)]
    fine = np.linspace(0, 2 * np.pi, 200)
    for unit, marker in zip(chosen, "os^", strict=True):
        for epoch, colour in enumerate((PREPARATION, MOVEMENT)):
            rates_hz = arrays["tuning_rates_hz"][:, epoch, unit]
            turn = fine - arrays["preferred_direction_rad"][epoch, unit]
            cosine = arrays["tuning_depth_hz"][epoch, unit] * np.cos(turn)
            ax.plot(np.degrees(fine), arrays["tuning_baseline_hz"][epoch, unit] + cosine, color=colour)
            ax.plot(
                np.degrees(arrays["tuning_directions_rad"]), rates_hz, marker, color=colour, markersize=2.5
            )
    ax.plot([], [], color=PREPARATION, label="preparation")
    ax.plot([], [], color=MOVEMENT, label="movement")
    ax.set(
        xlabel="direction of reach (°)", ylabel="rate (Hz)", xticks=[0, 90, 180, 270, 360], ylim=(0.0, None)
    )
    ax.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=2, handlelength=1.2, columnspacing=1.0)


def preferred_panel(ax: Axes, arrays: Arrays) -> None:
    """Draw preferred directions in movement against those in preparation, of units tuned in both."""
    both = arrays["tuned"].astype(bool).all(axis=0)
    preparation, movement = np.degrees(np.mod(arrays["preferred_direction_rad"][:, both], 2 * np.pi))
    ax.plot([0, 360], [0, 360], color=NULL_COLOUR, linewidth=0.7, zorder=0)
    ax.plot(preparation, movement, "o", color=MOVEMENT, markersize=2.0, alpha=0.7, markeredgewidth=0.0)
    ticks = [0, 90, 180, 270, 360]
    ax.set(xlim=(0, 360), ylim=(0, 360), xticks=ticks, yticks=ticks, aspect="equal", box_aspect=1)
    ax.set(xlabel="preferred direction,\npreparation (°)", ylabel="movement (°)")


def correlation_panel(ax: Axes, arrays: Arrays) -> None:
    """Draw how count correlations are distributed, within and across pools, with their means."""
    parts = {"within pools": arrays["correlations_within"], "across pools": arrays["correlations_across"]}
    parts = {name: values for name, values in parts.items() if values.size}
    edge = np.percentile(np.abs(np.concatenate(list(parts.values()))), 99.5)
    bins = np.linspace(-edge, edge, 40)
    for (name, values), colour in zip(parts.items(), (SPIKING, "#8c8c8c"), strict=False):
        label = f"{name}: {values.mean():.3f}"
        ax.hist(values, bins=bins, density=True, histtype="step", color=colour, label=label)
        ax.axvline(values.mean(), color=colour, linewidth=0.7, linestyle="--")
    ax.set(xlabel="count correlation", ylabel="density")
    ax.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), handlelength=1.2)


def power_panel(ax: Axes, arrays: Arrays) -> None:
    """Draw the spectrum of fluctuations of all neurons together and of single pools."""
    for name, label, colour in (
        ("population", "all units", TEXT_COLOUR),
        ("pool", "one pool, mean", SPIKING),
    ):
        if f"{name}_spectrum" in arrays:
            ax.loglog(
                arrays["spectrum_frequencies_hz"], arrays[f"{name}_spectrum"], color=colour, label=label
            )
    ax.axhline(1.0, color=NULL_COLOUR, linewidth=0.7, zorder=0)
    low, high = ax.get_ylim()
    low, high = min(low, 0.5), max(high, 2.0)
    levels = [level for level in (0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500) if low <= level <= high]
    ax.set_yticks(levels, [f"{level:g}" for level in levels])
    ax.set_yticks([], minor=True)
    ax.set(xlabel="frequency (Hz)", ylabel="power (× Poisson)", ylim=(low, high))
    ax.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=2, handlelength=1.2)


def invariant_panel(ax: Axes, arrays: Arrays) -> None:
    """Draw the largest condition-invariant component and the largest tuned one of every condition."""
    times_s = arrays["invariant_times_s"]
    ax.plot(times_s, arrays["tuned_component"].T, color=NULL_COLOUR, linewidth=0.6)
    ax.plot([], [], color=NULL_COLOUR, label="tuned")
    ax.plot(times_s, arrays["invariant_component"], color=TEXT_COLOUR, linewidth=1.4, label="invariant")
    clock(arrays, times_s).draw(ax)
    ax.set_ylabel("component (a.u.)")
    ax.legend(loc="lower center", bbox_to_anchor=(0.5, 1.06), ncols=2, handlelength=1.2, columnspacing=1.0)


def scatter_panel(ax: Axes, arrays: Arrays, correlation: float) -> None:
    """Draw rate changes after go in the spiking form against the rate form."""
    rate_form, spiking = arrays["rate_form_points_hz"]
    edge = float(np.abs(arrays["rate_form_points_hz"]).max())
    ax.plot([-edge, edge], [-edge, edge], color=NULL_COLOUR, linewidth=0.7, zorder=0)
    ax.plot(rate_form, spiking, ".", color=SPIKING, markersize=1.2, alpha=0.4, rasterized=True)
    ax.set(xlim=(-edge, edge), ylim=(-edge, edge), box_aspect=1)
    ax.set(xlabel="rate form (Hz)", ylabel="spiking form (Hz)", title=f"after go, r = {correlation:.2f}")


def traces_panel(ax: Axes, arrays: Arrays) -> None:
    """Draw the rates of some pools in one condition, in both forms, one above the other."""
    times_s = arrays["rate_form_times_s"]
    rate_form, spiking = arrays["rate_form_traces_hz"]
    step_hz = 1.1 * float(np.ptp(arrays["rate_form_traces_hz"], axis=(0, 2)).max())
    for row, (smooth, noisy) in enumerate(zip(rate_form, spiking, strict=True)):
        shift_hz = row * step_hz - smooth.mean()
        ax.plot(
            times_s, noisy + shift_hz, color=SPIKING, linewidth=0.7, label="spiking form" if not row else None
        )
        ax.plot(
            times_s, smooth + shift_hz, color=RATE_FORM, linewidth=0.9, label="rate form" if not row else None
        )
    clock(arrays, times_s).draw(ax)
    bar_hz = 10.0 * max(1, round(step_hz / 30))
    ax.plot([times_s[0]] * 2, [-0.45 * step_hz, bar_hz - 0.45 * step_hz], color=TEXT_COLOUR, linewidth=2.0)
    ax.annotate(
        f"{bar_hz:g} Hz",
        (times_s[0], bar_hz / 2 - 0.45 * step_hz),
        xytext=(-4.0, 0.0),
        textcoords="offset points",
        ha="right",
        va="center",
        rotation=90.0,
    )
    ax.spines["left"].set_visible(False)
    ax.set(ylabel="pools", yticks=[])
    ax.yaxis.labelpad = 12.0
    ax.legend(loc="lower right", bbox_to_anchor=(1.0, 1.0), ncols=2, handlelength=1.2)


def physiology_figure(recordings: Sequence[Arrays], estimates: Mapping[str, FloatArray]) -> Figure:
    """Compose the page; of several recordings the first is shown in detail."""
    first = recordings[0]
    paired = "rate_form_points_hz" in first
    fig = new_figure(height_mm=215.0 if paired else 165.0)
    rows = fig.add_gridspec(4 if paired else 3, 1, height_ratios=(1.35, 1.0, 1.0, 1.0)[: 4 if paired else 3])
    top, middle, low = (
        rows[row].subgridspec(1, 3, width_ratios=widths)
        for row, widths in enumerate(((2.0, 1.0, 1.0), (1.3, 1.0, 0.8), (1.0, 1.0, 1.0)))
    )
    left = top[0].subgridspec(2, 1, height_ratios=(1.6, 1.0))
    raster = fig.add_subplot(left[0])
    raster_panel(raster, first)
    example_rates_panel(fig.add_subplot(left[1]), first)
    panels = iter("abcdefghijk")
    panel_letter(raster, next(panels))

    def place(cell: SubplotSpec) -> Axes:
        ax = fig.add_subplot(cell)
        panel_letter(ax, next(panels))
        return ax

    distribution_panel(place(top[1]), first["unit_rate_hz"], label="mean rate (Hz)")
    distribution_panel(place(top[2]), first["unit_interval_cv"], label="CV of intervals", mark=1.0)
    fano_panel(place(middle[0]), recordings)
    tuning_panel(place(middle[1]), first)
    preferred_panel(place(middle[2]), first)
    correlation_panel(place(low[0]), first)
    power_panel(place(low[1]), first)
    invariant_panel(place(low[2]), first)
    if paired:
        bottom = rows[3].subgridspec(1, 2, width_ratios=(1.0, 2.2))
        scatter_panel(place(bottom[0]), first, float(estimates["rate_form_correlation_movement"][0]))
        traces_panel(place(bottom[1]), first)
    return fig


def draw(folder: Path) -> tuple[Path, Path]:
    """Draw the figure of a results folder; return its files."""
    path = folder / "physiology.h5"
    if not path.is_file():
        raise InputError("results", f"the file {path}", "none", "run experiments/physiology.py first")
    content, _ = read_arrays(path, KIND, schema_version=SCHEMA_VERSION)
    recordings = [content[str(number)] for number in range(len(content))]
    with styled():
        fig = physiology_figure([each["arrays"] for each in recordings], recordings[0]["estimates"])
        return save_figure(fig, folder / "figures", "physiology")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run from the command line; return the exit status, 2 for results that cannot be used."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, nargs="?", default=Path("results") / "physiology")
    try:
        paths = draw(parser.parse_args(arguments).folder)
    except MotorsimError as error:
        print(f"physiology: {error}", file=sys.stderr)
        return 2
    print("\n".join(str(path) for path in paths))
    return 0


if __name__ == "__main__":
    sys.exit(main())
