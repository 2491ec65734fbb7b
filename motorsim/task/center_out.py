"""Centre-out reaches: from one start to targets on circles around it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from motorsim.checks import check_array, check_integer
from motorsim.task.reaches import Reaches, check_distinct

if TYPE_CHECKING:
    from collections.abc import Sequence


def center_out(
    n_directions: int = 8,
    distance_m: float | Sequence[float] = 0.10,
    *,
    start_m: tuple[float, float] = (0.0, 0.40),
    duration_s: float = 0.5,
) -> Reaches:
    """Return straight reaches in evenly spaced directions, from the first along the x axis.

    Parameters
    ----------
    n_directions
        Number of directions.
    distance_m
        Distance of the targets, or several; conditions run through the directions of the first
        distance, then of the next.
    start_m
        Hand at the start, from the shoulder.
    duration_s
        Duration of each movement.

    Raises
    ------
    InputError
        If a number is not positive, or distances are repeated.
    """
    n_directions = check_integer("n_directions", n_directions)
    distances = check_array("distance_m", np.atleast_1d(distance_m), ("distance",), minimum_sizes=(1,))
    check_distinct("distance_m", distances)
    directions = 2 * np.pi * np.arange(n_directions) / n_directions
    return Reaches(
        direction_rad=np.tile(directions, len(distances)),
        distance_m=np.repeat(distances, n_directions),
        start_m=np.array(start_m),
        curvature=np.zeros(n_directions * len(distances)),
        duration_s=duration_s,
    )
