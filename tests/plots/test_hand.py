from __future__ import annotations

import numpy as np
import pytest

from motorsim.checks import InputError
from motorsim.plots import hand_paths_panel, hand_speed_panel


def test_paths_made_are_drawn_in_centimetres_one_a_condition(ax, reaches, held_out, traces):
    desired = np.zeros((8, 5, 2))
    lines = hand_paths_panel(ax, traces, desired, reaches=reaches, held_out=held_out)
    assert len(lines) == 8
    for line, path in zip(lines, traces, strict=True):
        np.testing.assert_allclose(line.get_xydata(), path * 100.0)


def test_speed_is_the_length_of_the_velocity_in_centimetres_per_second(ax, clock, conditions):
    velocity = np.zeros((8, 40, 2))
    velocity[..., 0], velocity[..., 1] = 0.3, -0.4
    lines = hand_speed_panel(ax, clock, velocity, conditions)
    np.testing.assert_allclose(lines[0].get_ydata(), 50.0)
    assert ax.get_ylabel() == "hand speed (cm/s)"


def test_desired_speed_lies_beneath_once_a_distance(ax, clock, conditions, reaches, traces):
    desired = reaches.hand_path(clock.times_s).velocity_m_s
    hand_speed_panel(ax, clock, traces, conditions, desired_velocity_m_s=desired)
    beneath = [line for line in ax.lines if line.get_zorder() == 0 and len(line.get_xdata()) == 40]
    assert len(beneath) == 2


def test_nan_in_a_path_is_refused_by_name(ax, reaches, held_out, traces):
    traces[2, 7, 1] = np.nan
    with pytest.raises(InputError, match=r"hand_position_m.*\(2, 7, 1\)"):
        hand_paths_panel(ax, traces, np.zeros((8, 5, 2)), reaches=reaches, held_out=held_out)


def test_velocities_of_other_times_are_refused(ax, clock, conditions):
    with pytest.raises(InputError, match=r"hand_velocity_m_s.*\(8, 40, 2\)"):
        hand_speed_panel(ax, clock, np.zeros((8, 39, 2)), conditions)
