from __future__ import annotations

import matplotlib as mpl
import pytest

from motorsim.checks import InputError
from motorsim.plots import new_figure, panel_letter, styled


def test_the_style_holds_inside_and_the_users_settings_come_back():
    with mpl.rc_context({"font.size": 31.0, "lines.color": "red"}):
        with styled():
            assert mpl.rcParams["font.size"] == 7.0
            assert mpl.rcParams["lines.color"] != "red"
            assert mpl.rcParams["pdf.fonttype"] == 42
        assert mpl.rcParams["font.size"] == 31.0


def test_figures_are_measured_in_millimetres_and_never_wider_than_two_columns():
    fig = new_figure(width_mm=88.0, height_mm=50.8)
    assert tuple(fig.get_size_inches()) == pytest.approx((88.0 / 25.4, 2.0))
    with pytest.raises(InputError, match="at most 180 mm"):
        new_figure(width_mm=181.0, height_mm=50.0)
    with pytest.raises(InputError, match="height_mm"):
        new_figure(height_mm=-1.0)


def test_panel_letters_are_bold_and_outside_the_axes(ax):
    letter = panel_letter(ax, "a")
    ax.figure.draw_without_rendering()
    assert letter.get_fontweight() == "bold"
    assert letter.get_window_extent().x1 < ax.get_window_extent().x0
