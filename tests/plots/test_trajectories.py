from __future__ import annotations

import numpy as np
import pytest

from motorsim.analysis import jpca
from motorsim.checks import InputError
from motorsim.plots import jpca_panel, new_figure, share_limits, trajectory_panel


def test_trajectories_are_the_projections_on_one_scale(ax, traces, conditions):
    lines = trajectory_panel(ax, traces, conditions, labels=("PC 1 (Hz)", "PC 2 (Hz)"))
    np.testing.assert_array_equal([line.get_xydata() for line in lines], traces)
    assert ax.get_aspect() == 1.0
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("PC 1 (Hz)", "PC 2 (Hz)")


def test_a_dot_starts_and_an_arrow_head_ends_each_trajectory_pointing_ahead(ax, conditions):
    ways = np.stack([np.cos(conditions.direction_rad), np.sin(conditions.direction_rad)], -1)
    paths = np.linspace(0.0, 1.0, 20)[None, :, None] * ways[:, None]
    trajectory_panel(ax, paths, conditions, labels=("x", "y"))
    dots = [line for line in ax.lines if line.get_marker() == "o"]
    heads = [line for line in ax.lines if isinstance(line.get_marker(), tuple)]
    np.testing.assert_allclose([dot.get_xydata()[0] for dot in dots], paths[:, 0])
    np.testing.assert_allclose([head.get_xydata()[0] for head in heads], paths[:, -1])
    # An unturned triangle points up.
    angles = np.array([head.get_marker()[2] + 90.0 for head in heads])
    np.testing.assert_allclose(np.cos(np.radians(angles) - conditions.direction_rad), 1.0)


def test_a_state_that_stands_still_at_the_end_still_has_a_heading(ax, conditions):
    path = np.zeros((8, 20, 2))
    path[:, :10, 1] = np.linspace(1.0, 0.0, 10)
    trajectory_panel(ax, path, conditions, labels=("x", "y"))
    heads = [line for line in ax.lines if isinstance(line.get_marker(), tuple)]
    assert heads[0].get_marker()[2] == pytest.approx(-180.0)


def test_the_heading_is_that_of_the_last_stretch_not_of_the_whole_way(ax, conditions):
    path = np.zeros((8, 20, 2))
    path[:, :10, 0] = np.linspace(0.0, 1.0, 10)
    path[:, 10:, 0], path[:, 10:, 1] = 1.0, np.linspace(0.1, 1.0, 10)
    trajectory_panel(ax, path, conditions, labels=("x", "y"))
    heads = [line for line in ax.lines if isinstance(line.get_marker(), tuple)]
    assert heads[0].get_marker()[2] == pytest.approx(0.0)


def test_a_jpca_panel_shows_its_plane_frequency_and_variance(ax, conditions):
    rates = np.cumsum(np.random.default_rng(0).normal(size=(8, 30, 20)), axis=1)
    result = jpca(rates, dt_s=0.01, n_components=4)
    lines = jpca_panel(ax, result, conditions, plane=1, unit="a.u.")
    np.testing.assert_array_equal([line.get_xydata() for line in lines], result.projections[1])
    frequency, share = result.frequencies_hz[1], 100.0 * result.plane_variance_ratio[1]
    assert ax.get_title() == f"{frequency:.1f} Hz, {share:.0f} % of variance"
    assert ax.get_xlabel() == "jPC 3 (a.u.)"
    with pytest.raises(InputError, match="plane"):
        jpca_panel(ax, result, conditions, plane=2, unit="a.u.")


def test_shared_limits_hold_every_panel_and_zero_in_the_middle(traces, conditions):
    panels = list(new_figure(height_mm=60.0).subplots(1, 2))
    for size, ax in enumerate(panels, 1):
        trajectory_panel(ax, size * traces, conditions, labels=("x", "y"))
    share_limits(panels)
    low, high = panels[0].get_xlim()
    assert low == -high
    assert high >= np.abs(2.0 * traces).max()
    assert {ax.get_xlim() for ax in panels} | {ax.get_ylim() for ax in panels} == {(low, high)}
