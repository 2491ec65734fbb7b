from __future__ import annotations

import numpy as np
from matplotlib.colors import to_hex

from motorsim.plots import task_panel


def test_targets_stand_where_they_are_in_centimetres(ax, reaches, held_out):
    targets = task_panel(ax, reaches, held_out=held_out)
    drawn = np.array([target.get_xydata()[0] for target in targets])
    np.testing.assert_allclose(drawn, reaches.target_m * 100.0)
    assert "(cm)" in ax.get_xlabel()
    assert "(cm)" in ax.get_ylabel()


def test_held_out_targets_are_open_and_the_others_filled(ax, reaches, held_out):
    targets = task_panel(ax, reaches, held_out=held_out)
    is_open = [to_hex(target.get_markerfacecolor()) == "#ffffff" for target in targets]
    np.testing.assert_array_equal(is_open, held_out)


def test_a_centimetre_is_as_long_up_as_across(ax, reaches, held_out):
    task_panel(ax, reaches, held_out=held_out)
    assert ax.get_aspect() == 1.0
