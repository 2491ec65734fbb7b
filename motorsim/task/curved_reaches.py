"""Curved reaches: centre-out reaches that bow to either side."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from motorsim.checks import check_array
from motorsim.task.center_out import center_out
from motorsim.task.reaches import Reaches, check_distinct

if TYPE_CHECKING:
    from collections.abc import Sequence


def curved_reaches(
    n_directions: int = 12,
    distance_m: float | Sequence[float] = 0.10,
    *,
    curvature: float | Sequence[float] = (-0.3, 0.0, 0.3),
    start_m: tuple[float, float] = (0.0, 0.40),
    duration_s: float = 0.5,
) -> Reaches:
    """Return reaches in evenly spaced directions, each through a via-point beside the straight line.

    Curved paths raise the rank of the population's activity beyond that of one harmonic of
    direction; the default gives 36 conditions.

    Parameters
    ----------
    n_directions, distance_m, start_m, duration_s
        As for `center_out`.
    curvature
        Distance of the via-point from the straight line as a fraction of the reach, one or several;
        positive bows to the left, zero is straight. Conditions run through the directions and
        distances of the first curvature, then of the next.

    Raises
    ------
    InputError
        As for `center_out`, and if a curvature is not finite or repeated.
    """
    curvatures = check_array("curvature", np.atleast_1d(curvature), ("curvature",), minimum_sizes=(1,))
    check_distinct("curvature", curvatures)
    straight = center_out(n_directions, distance_m, start_m=start_m, duration_s=duration_s)
    n_each = straight.n_conditions
    return Reaches(
        direction_rad=np.tile(straight.direction_rad, len(curvatures)),
        distance_m=np.tile(straight.distance_m, len(curvatures)),
        start_m=np.array(start_m),
        curvature=np.repeat(curvatures, n_each),
        duration_s=duration_s,
    )
