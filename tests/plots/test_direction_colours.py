from __future__ import annotations

import numpy as np
import pytest

from motorsim.checks import InputError
from motorsim.plots import direction_colours

TURN = 2.0 * np.pi * np.arange(72) / 72


def lab(srgb):
    """Return CIELAB of sRGB, by the textbook's way back."""
    linear = np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4)
    to_xyz = np.array(
        [
            [0.4124564, 0.3575761, 0.1804375],
            [0.2126729, 0.7151522, 0.0721750],
            [0.0193339, 0.1191920, 0.9503041],
        ]
    )
    xyz = linear @ to_xyz.T / np.array([0.95047, 1.0, 1.08883])
    cone = np.where(xyz > (6 / 29) ** 3, np.cbrt(xyz), xyz / (3 * (6 / 29) ** 2) + 4 / 29)
    return np.stack(
        [116 * cone[..., 1] - 16, 500 * (cone[..., 0] - cone[..., 1]), 200 * (cone[..., 1] - cone[..., 2])],
        -1,
    )


def test_a_whole_turn_comes_back_to_the_same_colour():
    np.testing.assert_allclose(direction_colours(TURN), direction_colours(TURN - 2.0 * np.pi), atol=1e-12)


def test_equal_turns_look_equally_different():
    colours = lab(direction_colours(TURN))
    steps = np.linalg.norm(colours - np.roll(colours, 1, axis=0), axis=1)
    assert steps.max() / steps.min() < 1.02


def test_no_direction_vanishes_on_white_paper():
    assert lab(direction_colours(TURN))[:, 0].max() < 75.0


def test_without_the_red_green_axis_opposite_directions_still_differ():
    seen = lab(direction_colours(TURN))[:, [0, 2]]
    assert np.linalg.norm(seen - np.roll(seen, 36, axis=0), axis=1).min() > 30.0


def test_a_direction_that_is_not_finite_is_refused():
    with pytest.raises(InputError, match="direction_rad"):
        direction_colours(np.array([0.0, np.nan]))
