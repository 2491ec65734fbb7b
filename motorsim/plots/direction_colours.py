"""Colours of reach directions: a cyclic map, perceptually uniform, that colour-blind readers can follow."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from motorsim.checks import check_array

if TYPE_CHECKING:
    from motorsim.types import FloatArray

# A circle in CIELAB around a grey of medium lightness. It is tilted, so that lightness changes with it: where
# red and green look alike, lightness and the blue-yellow axis still tell the directions apart. It stays dark
# enough for thin lines on white (L* at most 72) and inside sRGB, where clipping would spoil its evenness.
_LIGHTNESS, _LIGHTNESS_RADIUS = 52.0, 20.0
_TILTED_RADIUS = 36.0
_LEVEL_RADIUS = float(np.hypot(_LIGHTNESS_RADIUS, _TILTED_RADIUS))
_TURN_RAD = np.radians(20.0)

_WHITE_D65 = np.array([0.95047, 1.0, 1.08883])
_XYZ_TO_LINEAR_SRGB = np.array(
    [
        [3.2404542, -1.5371385, -0.4985314],
        [-0.9692660, 1.8760108, 0.0415560],
        [0.0556434, -0.2040259, 1.0572252],
    ]
)


def direction_colours(direction_rad: FloatArray) -> FloatArray:
    """Return a colour for each direction: sRGB from 0 to 1, (condition, 3).

    Parameters
    ----------
    direction_rad
        Directions, (condition,); whole turns do not matter.

    Raises
    ------
    InputError
        If a direction is not finite.
    """
    return _lab_to_srgb(_lab(check_array("direction_rad", direction_rad, ("condition",))))


def _lab(direction_rad: FloatArray) -> FloatArray:
    cosine, sine = np.cos(direction_rad), np.sin(direction_rad)
    tilted, level = -_TILTED_RADIUS * cosine, _LEVEL_RADIUS * sine
    return np.stack(
        [
            _LIGHTNESS + _LIGHTNESS_RADIUS * cosine,
            tilted * np.cos(_TURN_RAD) - level * np.sin(_TURN_RAD),
            tilted * np.sin(_TURN_RAD) + level * np.cos(_TURN_RAD),
        ],
        axis=-1,
    )


def _lab_to_srgb(lab: FloatArray) -> FloatArray:
    """Turn CIELAB (D65) into sRGB (CIE 15; IEC 61966-2-1); each (..., 3)."""
    lightness, a, b = np.moveaxis(lab, -1, 0)
    y = (lightness + 16.0) / 116.0
    cone = np.stack([y + a / 500.0, y, y - b / 200.0], axis=-1)
    knee = 6.0 / 29.0
    xyz = _WHITE_D65 * np.where(cone > knee, cone**3, 3.0 * knee**2 * (cone - 4.0 / 29.0))
    linear = np.clip(xyz @ _XYZ_TO_LINEAR_SRGB.T, 0.0, 1.0)
    srgb: FloatArray = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1.0 / 2.4) - 0.055)
    return srgb
