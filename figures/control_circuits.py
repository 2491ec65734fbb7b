"""Draw what experiments/control_circuits.py found: a row a circuit, from its spectrum to its reaches.

    python figures/control_circuits.py [RESULTS_FOLDER]

reads results/control_circuits/ and writes control_circuits.pdf and .png into it.
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
from motorsim.plots import Conditions, new_figure, save_figure, styled
from motorsim.plots.style import NULL_COLOUR, TEXT_COLOUR

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

KIND, SCHEMA_VERSION = "control circuits", 1
CIRCUIT_COLOUR = "#0072b2"
HEADINGS = ("spectrum", "energy of the modes", "unit that varies most; jPCA of all", "hand; fitted, held out")
# The mean inhibition puts a single eigenvalue far to the left, which would squeeze all others into a line.
SPECTRUM_LIMITS = (-4.0, 2.0)


def read_table(path: Path) -> dict[str, dict[str, str]]:
    """Return the row of each circuit."""
    if not path.is_file():
        raise InputError("results", f"the file {path}", "none", "run experiments/control_circuits.py first")
    with path.open(newline="", encoding="utf-8") as file:
        return {row["circuit"]: row for row in csv.DictReader(file)}


def draw_spectrum(ax: Axes, circuit: Mapping[str, Any], row: Mapping[str, str]) -> None:
    """Draw eigenvalues, the line of stability, and how far the matrix is from normal."""
    ax.plot(
        circuit["eigenvalues_real"],
        circuit["eigenvalues_imaginary"],
        ".",
        color=CIRCUIT_COLOUR,
        markersize=2.5,
    )
    ax.axvline(1.0, color=TEXT_COLOUR, linewidth=0.6, linestyle="--")
    outside = int((circuit["eigenvalues_real"] < SPECTRUM_LIMITS[0]).sum())
    if outside:
        leftmost = float(circuit["eigenvalues_real"].min())
        text = f"← {outside}, down to {leftmost:.0f}"
        ax.annotate(text, (0.03, 0.03), xycoords="axes fraction", fontsize=6.0)
    ax.set_title(
        f"abscissa {float(row['spectral_abscissa']):.2f}, departure {float(row['henrici_departure']):.2f}"
    )
    ax.set(xlabel="real part", ylabel="imaginary part", xlim=SPECTRUM_LIMITS)


def draw_energies(ax: Axes, circuit: Mapping[str, Any], row: Mapping[str, str]) -> None:
    """Draw the energy of every mode, the largest first."""
    energies = circuit["energies"]
    ax.axhline(1.0, color=NULL_COLOUR, linewidth=0.7, zorder=0)
    ax.plot(np.arange(1, len(energies) + 1), energies, color=CIRCUIT_COLOUR)
    ax.set(xlabel="mode, by energy", ylabel="energy ($\\tau$ / 2)", yscale="log")
    ax.yaxis.set_major_formatter("{x:g}")
    ax.set_title(f"top {float(row['top_energy']):.1f}")


def draw_rates(
    ax: Axes,
    circuit: Mapping[str, Any],
    row: Mapping[str, str],
    results: Mapping[str, Any],
    looks: Conditions,
) -> None:
    """Draw the unit whose rate varies most in movement, for the far targets."""
    rates, from_go_s = circuit["rates_hz"], results["from_go_s"]
    unit = rates[:, from_go_s >= 0].var(axis=(0, 1)).argmax()
    far = np.flatnonzero(results["distance_m"] >= results["distance_m"].max() - 1e-9)
    for condition in far:
        ax.plot(from_go_s, rates[condition, :, unit], color=tuple(looks.colours[condition]), linewidth=0.6)
    ax.axvline(0.0, color=NULL_COLOUR, linewidth=0.7, zorder=0)
    ax.set(xlabel="time from go cue (s)", ylabel="rate (Hz)", xlim=(-0.6, 1.0))
    ax.set_title(
        f"R² {float(row['jpca_r2_best']):.2f}, skew {float(row['jpca_r2_skew']):.2f}, "
        f"{float(row['jpca_frequency_hz']):.1f} Hz"
    )


def draw_hand(
    ax: Axes,
    circuit: Mapping[str, Any],
    row: Mapping[str, str],
    results: Mapping[str, Any],
    looks: Conditions,
) -> None:
    """Draw hand paths, dashed where held out, over the desired ones."""
    for path in results["desired_position_m"]:
        ax.plot(*(100.0 * path.T), color=NULL_COLOUR, linewidth=1.4, zorder=0)
    for condition, path in enumerate(circuit["hand_position_m"]):
        ax.plot(*(100.0 * path.T), **looks.line(condition))
    ax.set_aspect("equal", adjustable="box")
    ax.set(xlabel="x (cm)", ylabel="y (cm)")
    fitted, held_out = float(row["hand_error_fitted_mm"]), float(row["hand_error_held_out_mm"])
    ax.set_title(f"error {fitted:.1f}, {held_out:.1f} mm")


def draw_figure(results: Mapping[str, Any], table: Mapping[str, Mapping[str, str]]) -> Figure:
    """Draw a row a circuit."""
    names = [str(name) for name in results["names"]]
    looks = Conditions(results["direction_rad"], results["distance_m"], results["held_out"].astype(bool))
    fig = new_figure(height_mm=32.0 * len(names) + 10.0)
    axes = fig.subplots(len(names), len(HEADINGS), sharex="col", sharey="col")
    for number, (name, panels) in enumerate(zip(names, axes, strict=True)):
        circuit, row = results["circuits"][str(number)], table[name]
        draw_spectrum(panels[0], circuit, row)
        draw_energies(panels[1], circuit, row)
        draw_rates(panels[2], circuit, row, results, looks)
        draw_hand(panels[3], circuit, row, results, looks)
        panels[0].annotate(
            name,
            (0.0, 0.5),
            xycoords="axes fraction",
            xytext=(-32.0, 0.0),
            textcoords="offset points",
            rotation=90.0,
            ha="center",
            va="center",
            fontweight="bold",
        )
        if number + 1 < len(names):
            for ax in panels:
                ax.set_xlabel("")
    for ax, heading in zip(axes[0], HEADINGS, strict=True):
        ax.set_title(f"{heading}\n{ax.get_title()}")
    return fig


def draw(folder: Path) -> list[Path]:
    """Draw a results folder; return the files."""
    table = read_table(folder / "controls.csv")
    results, attributes = read_arrays(folder / "controls.h5", KIND, schema_version=SCHEMA_VERSION)
    results["from_go_s"] = results["times_s"] - float(attributes["go_cue_s"])
    with styled():
        return list(save_figure(draw_figure(results, table), folder, "control_circuits"))


def main(arguments: Sequence[str] | None = None) -> int:
    """Run from the command line; return the exit status, 2 for results that cannot be used."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, nargs="?", default=Path("results") / "control_circuits")
    try:
        paths = draw(parser.parse_args(arguments).folder)
    except MotorsimError as error:
        print(f"control_circuits: {error}", file=sys.stderr)
        return 2
    print("\n".join(str(path) for path in paths))
    return 0


if __name__ == "__main__":
    sys.exit(main())
