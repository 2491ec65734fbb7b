from __future__ import annotations

import numpy as np
import pytest

from motorsim.checks import InputError
from motorsim.plots import Conditions, condition_key, direction_colours, direction_key
from motorsim.plots.conditions import condition_lines


def test_one_line_a_condition_with_the_data_that_went_in(ax, clock, traces, conditions):
    lines = condition_lines(ax, clock.times_s, traces[..., 0], conditions)
    assert len(lines) == conditions.n_conditions
    for line, trace in zip(lines, traces[..., 0], strict=True):
        np.testing.assert_array_equal(line.get_xydata(), np.column_stack([clock.times_s, trace]))


def test_colour_is_direction_dashes_are_held_out_and_width_is_distance(
    ax, clock, traces, conditions, reaches
):
    lines = condition_lines(ax, clock.times_s, traces[..., 0], conditions)
    expected = direction_colours(reaches.direction_rad)
    for condition, line in enumerate(lines):
        np.testing.assert_allclose(line.get_color(), expected[condition])
        assert line.is_dashed() == conditions.held_out[condition]
    assert lines[0].get_color() == lines[4].get_color()
    assert lines[0].get_linewidth() < lines[4].get_linewidth()


def test_the_key_names_only_what_differs(conditions):
    labels = [entry.get_label() for entry in condition_key(conditions)]
    assert labels == ["fitted condition", "held-out condition", "far target", "near target"]
    alike = Conditions(np.arange(3.0), np.full(3, 0.1), np.zeros(3, dtype=bool))
    assert condition_key(alike) == []


def test_the_compass_has_a_bar_a_direction_pointing_that_way(ax, conditions):
    bars = direction_key(ax, conditions)
    tips = np.array([bar.get_xydata()[-1] for bar in bars])
    np.testing.assert_allclose(tips, [[1, 0], [0, 1], [-1, 0], [0, -1]], atol=1e-9)


def test_selected_conditions_keep_their_looks(conditions):
    chosen = conditions.select(conditions.held_out)
    assert chosen.n_conditions == 2
    assert chosen.held_out.all()
    np.testing.assert_array_equal(chosen.colours, conditions.colours[conditions.held_out])


@pytest.mark.parametrize("mask", [np.zeros(3, dtype=bool), np.zeros(8), np.arange(8)])
def test_a_mask_that_does_not_fit_is_refused(reaches, mask):
    with pytest.raises(InputError, match="held_out: expected a boolean mask of length 8"):
        Conditions.of(reaches, held_out=mask)
