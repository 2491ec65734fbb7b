from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_hex

from motorsim.checks import InputError
from motorsim.plots import candidate_look, comparison_panel, jpca_range_panel

COLUMNS = ["metric", "candidate", "value", "low", "high", "null", "ceiling", "higher_is_more_alike"]


@pytest.fixture
def table():
    rows = [
        ("cca", "data-driven", 0.9, 0.85, 0.93, 0.2, 0.97, True),
        ("cca", "untrained", 0.6, np.nan, np.nan, np.nan, np.nan, True),
        ("distance", "data-driven", 0.3, 0.2, 0.4, 1.2, 0.1, False),
        ("distance", "untrained", np.nan, np.nan, np.nan, 1.1, 0.1, False),
    ]
    return pd.DataFrame(rows, columns=COLUMNS)


def drawn(ax):
    """Return the lines that show something."""
    return [line for line in ax.lines if np.isfinite(line.get_xydata()).all()]


def test_value_interval_null_and_ceiling_stand_in_the_candidates_row(ax, table):
    dots = comparison_panel(ax, table, "cca")
    assert [float(dot.get_xdata()[0]) for dot in dots] == [0.9, 0.6]
    assert [to_hex(dot.get_color()) for dot in dots] == [
        candidate_look(name).colour for name in ("data-driven", "untrained")
    ]
    first_row = sorted(tuple(line.get_xdata()) for line in drawn(ax) if line.get_ydata()[0] == 0)
    assert first_row == [(0.2,), (0.85, 0.93), (0.9,), (0.97,)]


def test_intervals_and_nulls_that_do_not_exist_are_left_out(ax, table):
    comparison_panel(ax, table, "cca")
    assert [tuple(line.get_xdata()) for line in drawn(ax) if line.get_ydata()[0] == 1] == [(0.6,)]


def test_a_missing_value_is_said_in_words_with_nothing_beside_it(ax, table):
    comparison_panel(ax, table, "distance")
    assert [(text.get_text(), text.get_position()[1]) for text in ax.texts] == [("not defined", 1)]
    assert {float(line.get_ydata()[0]) for line in drawn(ax)} == {0.0}


def test_the_axis_says_which_way_is_more_alike(ax, table):
    comparison_panel(ax, table, "cca")
    assert ax.get_xlabel() == "more alike →"
    comparison_panel(ax, table, "distance")
    assert ax.get_xlabel() == "← more alike"
    comparison_panel(ax, table.assign(higher_is_more_alike=None), "cca")
    assert ax.get_xlabel() == ""


def test_the_first_candidate_is_on_top(ax, table):
    comparison_panel(ax, table, "cca")
    assert [text.get_text() for text in ax.get_yticklabels()] == ["data-driven", "untrained"]
    assert ax.yaxis_inverted()


def test_tables_that_cannot_be_drawn_are_refused(ax, table):
    with pytest.raises(InputError, match="none called null"):
        comparison_panel(ax, table.drop(columns="null"), "cca")
    with pytest.raises(InputError, match="one of cca, distance"):
        comparison_panel(ax, table, "dsa")
    with pytest.raises(InputError, match="'untrained' twice"):
        comparison_panel(ax, pd.concat([table, table.iloc[[1]]]), "cca")


def test_simulated_values_stand_on_the_range_of_real_cortex(ax):
    dots = jpca_range_panel(ax, {"cortex": 0.4, "smooth random": 0.2}, (0.29, 0.52), label="R² skew")
    assert [dot.get_xydata()[0].tolist() for dot in dots] == [[0.4, 0.0], [0.2, 1.0]]
    (bar,) = ax.patches
    np.testing.assert_allclose([bar.get_x(), bar.get_x() + bar.get_width()], [0.29, 0.52])
    assert ax.get_xlabel() == "R² skew"


def test_a_range_upside_down_a_nan_and_nothing_are_refused(ax):
    with pytest.raises(InputError, match="real_range"):
        jpca_range_panel(ax, {"cortex": 0.4}, (0.5, 0.3), label="R²")
    with pytest.raises(InputError, match=r"values\['cortex'\]"):
        jpca_range_panel(ax, {"cortex": np.nan}, (0.3, 0.5), label="R²")
    with pytest.raises(InputError, match="at least one population"):
        jpca_range_panel(ax, {}, (0.3, 0.5), label="R²")
