"""Panels of one value against time: torque, example unit, overlay."""

from __future__ import annotations

import numpy as np
import pytest

from motorsim.checks import InputError
from motorsim.plots import example_unit_panel, overlay_key, rates_overlay_panel, torque_panel


def test_torque_lines_are_the_torques_with_the_joint_named(ax, clock, traces, conditions):
    lines = torque_panel(ax, clock, traces[..., 0], conditions, joint="elbow")
    np.testing.assert_array_equal([line.get_ydata() for line in lines], traces[..., 0])
    assert ax.get_ylabel() == "elbow torque (N m)"


def test_rates_of_a_unit_start_at_zero_on_the_axis(ax, clock, traces, conditions):
    rate = np.abs(traces[..., 0]) + 10.0
    lines = example_unit_panel(ax, clock, rate, conditions, name="unit 7")
    np.testing.assert_array_equal([line.get_ydata() for line in lines], rate)
    assert ax.get_ylim()[0] == 0.0
    assert ax.get_title() == "unit 7"
    assert ax.get_ylabel() == "firing rate (Hz)"


def test_negative_rates_are_not_cut_off(ax, clock, conditions):
    example_unit_panel(ax, clock, np.full((8, 40), -2.0), conditions, name="unit 0")
    assert ax.get_ylim()[0] <= -2.0


def test_overlay_draws_cortex_broad_and_network_thin_in_one_colour(ax, clock, traces, conditions):
    broad, thin = rates_overlay_panel(ax, clock, traces[..., 0], traces[..., 1], conditions, name="unit 1")
    np.testing.assert_array_equal([line.get_ydata() for line in broad], traces[..., 0])
    np.testing.assert_array_equal([line.get_ydata() for line in thin], traces[..., 1])
    for below, above in zip(broad, thin, strict=True):
        assert below.get_color() == above.get_color()
        assert below.get_linewidth() > 2.0 * above.get_linewidth()
    assert [entry.get_label() for entry in overlay_key()] == ["cortex", "network"]


@pytest.mark.parametrize("panel", [torque_panel, example_unit_panel])
def test_nan_is_refused(ax, clock, conditions, panel):
    name = {"joint": "elbow"} if panel is torque_panel else {"name": "unit"}
    with pytest.raises(InputError, match="NaN"):
        panel(ax, clock, np.full((8, 40), np.nan), conditions, **name)
