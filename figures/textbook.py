"""Draw what experiments/textbook/ found: five textbook systems, rightly and with the usual errors planted.

    python figures/textbook.py [RESULTS_FOLDER]

reads results/textbook/ and writes its figures/textbook.pdf and .png. Panels are those of textbook_panels/;
experiments/textbook/README.md says what every mark and interval is.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from textbook_panels import decoder, memory, rectifiers, softmax_gate, truth_table, visual_reach
from textbook_panels.marks import heading

from motorsim.checks import InputError, MotorsimError
from motorsim.io import read_arrays
from motorsim.plots import new_figure, save_figure, styled
from motorsim.plots.layout import figure_rows, letter_panels

if TYPE_CHECKING:
    from collections.abc import Mapping

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure, FigureBase

KINDS = {
    "softmax_gate": "softmax gate",
    "truth_table": "truth table",
    "lstm_decoder": "LSTM decoder",
    "feed_forward": "feed_forward",
    "exclusive_or": "exclusive_or",
    "memory": "memory",
    "visual_reach": "visual reach",
}
"""What the file of each script holds."""
SCHEMA_VERSION = 1

Results = dict[str, tuple[dict[str, Any], dict[str, Any]]]
"""Arrays and attributes by script."""


def read_results(folder: Path) -> Results:
    """Return what every script left.

    Raises
    ------
    InputError
        If a file is missing, all such scripts named, or cannot be read.
    """
    missing = [name for name in KINDS if not (folder / f"{name}.h5").is_file()]
    if missing:
        scripts = ", ".join(f"experiments/textbook/{name}.py" for name in missing)
        raise InputError(
            "results", f"the results of all scripts in {folder}", "some are missing", f"run {scripts} first"
        )
    return {
        name: read_arrays(folder / f"{name}.h5", kind, schema_version=SCHEMA_VERSION)
        for name, kind in KINDS.items()
    }


def draw_bit_and_decoder(
    part: FigureBase, table: Mapping[str, Any], decoded: Mapping[str, Any]
) -> list[Axes]:
    """Compose the row of systems B and C; return its panels."""
    heading(part, "B  Sigmoid network that must remember a bit (c, d);  C  LSTM decoder (e)")
    axes = list(part.subplots(1, 3))
    truth_table.courses_panel(axes[0], table)
    truth_table.solved_panel(axes[1], table)
    decoder.accuracy_panel(axes[2], decoded)
    return axes


def figure(results: Results) -> Figure:
    """Compose the panels."""
    found = {name: arrays for name, (arrays, _) in results.items()}
    settings = json.loads(str(results["feed_forward"][1]["settings"]))
    fig = new_figure(height_mm=235.0)
    rows = figure_rows(fig, (1.0, 1.03, 0.97, 1.07, 1.0))
    letter_panels(
        [
            *softmax_gate.draw(rows[0], *results["softmax_gate"]),
            *draw_bit_and_decoder(rows[1], found["truth_table"], found["lstm_decoder"]),
            *rectifiers.draw(rows[2], found["feed_forward"], settings),
            *memory.draw(rows[3], found["exclusive_or"], found["memory"]),
            *visual_reach.draw(rows[4], found["visual_reach"]),
        ]
    )
    return fig


def main() -> int:
    """Draw what the experiments left; 2 where something is missing."""
    default = Path(__file__).resolve().parent.parent / "results" / "textbook"
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else default
    try:
        results = read_results(folder)
        with styled():
            fig = figure(results)
        for path in save_figure(fig, folder / "figures", "textbook"):
            print(path)
    except MotorsimError as error:
        print(f"textbook: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
