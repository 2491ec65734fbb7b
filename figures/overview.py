"""The figure of the README, from the default run: ``python figures/overview.py [results/default]``."""

from __future__ import annotations

import sys
from pathlib import Path

from motorsim.checks import MotorsimError
from motorsim.config import load_config
from motorsim.pipeline.figures import collect_inputs
from motorsim.plots import (
    comparison_panel,
    hand_paths_panel,
    jpca_panel,
    new_figure,
    panel_letter,
    save_figure,
    styled,
)

HERE = Path(__file__).parent
SHOWN = {"rates_r2_test": "R² of rates", "cca_test": "canonical correlation"}
LEFT_OUT = ("shuffled", "smooth random")


def draw(folder: Path) -> Path:
    """Draw hand paths, rotations and the comparison, and keep the PNG beside this script."""
    inputs = collect_inputs(load_config(folder / "config.toml"), folder)
    movement, comparison = inputs.movement, inputs.comparison
    table = comparison.table[~comparison.table["candidate"].isin(LEFT_OUT)]
    with styled():
        fig = new_figure(height_mm=82.0)
        grid = fig.add_gridspec(2, 3, width_ratios=(1.5, 1.0, 0.95))
        paths = fig.add_subplot(grid[:, 0])
        hand_paths_panel(
            paths,
            movement.hand_position_m,
            movement.desired_position_m,
            reaches=movement.reaches,
            held_out=movement.held_out,
        )
        paths.set_title("hand paths")
        panel_letter(paths, "a")
        for row, (letter, population) in enumerate(zip("bc", inputs.populations[:2], strict=True)):
            ax = fig.add_subplot(grid[row, 1])
            jpca_panel(ax, population.jpca, population.conditions, unit=population.jpca_unit)
            ax.set_title(f"{population.name}, {population.jpca.frequencies_hz[0]:.1f} Hz")
            panel_letter(ax, letter)
        for row, (letter, (metric, label)) in enumerate(zip("de", SHOWN.items(), strict=True)):
            ax = fig.add_subplot(grid[row, 2])
            comparison_panel(ax, table, metric, label=label)
            panel_letter(ax, letter)
        pdf, png = save_figure(fig, HERE, "overview")
    pdf.unlink()
    return png


def main() -> int:
    """Draw what the run left; 2 where there is none."""
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else HERE.parent / "results" / "default")
    try:
        print(draw(folder))
    except MotorsimError as error:
        print(f"overview: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
