"""Angle between two arrays taken as vectors."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from motorsim.types import FloatArray


def cosine_and_angle(a: FloatArray, b: FloatArray) -> tuple[float, float]:
    """Return the cosine of the angle between two arrays of one shape, neither zero, and the angle in rad."""
    unit_a, unit_b = a / np.linalg.norm(a), b / np.linalg.norm(b)
    # Kahan's formula: arccos of a cosine near 1 would lose half the digits.
    angle = 2 * np.arctan2(np.linalg.norm(unit_a - unit_b), np.linalg.norm(unit_a + unit_b))
    return float(np.clip(np.vdot(unit_a, unit_b), -1.0, 1.0)), float(angle)
