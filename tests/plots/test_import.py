from __future__ import annotations

import subprocess
import sys


def test_the_rooms_are_imported_without_matplotlib_and_pandas():
    code = (
        "import sys, motorsim.plots, motorsim.report;"
        "print([name for name in ('matplotlib', 'pandas', 'brian2') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)  # noqa: S603
    assert done.stdout.strip() == "[]"


def test_figures_open_no_window_and_leave_pyplot_alone():
    code = (
        "import sys, numpy as np, motorsim.plots as plots\n"
        "with plots.styled():\n"
        "    ax = plots.new_figure(height_mm=40.0).subplots()\n"
        "    plots.amplification_panel(ax, np.array([2.0, 1.0]))\n"
        "print('matplotlib.pyplot' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)  # noqa: S603
    assert done.stdout.strip() == "False"
