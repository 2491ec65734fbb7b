"""Reaches: where each condition starts and ends, and the way between."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from motorsim.checks import InputError, check_array, check_positive
from motorsim.task.minimum_jerk import lateral_bump, minimum_jerk

if TYPE_CHECKING:
    from motorsim.plant.arm import Arm
    from motorsim.types import FloatArray

_N_PATH_POINTS = 101


class HandPath(NamedTuple):
    """A desired hand path: position (m), velocity (m/s), acceleration (m/s^2), (condition, time, 2)."""

    position_m: FloatArray
    velocity_m_s: FloatArray
    acceleration_m_s2: FloatArray


@dataclass(frozen=True, eq=False, kw_only=True)
class Reaches:
    """Point-to-point reaches of one duration, straight or bowed, one a condition.

    The hand moves by minimum jerk along the straight line (Flash & Hogan, J. Neurosci. 1985); a
    bowed reach adds a `lateral_bump` across it, and so passes the via-point at half time.

    Parameters
    ----------
    direction_rad
        Direction of the target from the start, counter-clockwise from the x axis, (condition,).
    distance_m
        Distance of the target from the start, (condition,).
    start_m
        Hand at the start, from the shoulder, (condition, 2), or (2,) for all.
    curvature
        Distance of the via-point from the straight line as a fraction of ``distance_m``,
        (condition,); positive bows to the left of the reach, zero is straight.
    duration_s
        Duration of the movement.

    Raises
    ------
    InputError
        If sizes differ, a value is not finite, or a distance or the duration not positive.
    """

    direction_rad: FloatArray
    distance_m: FloatArray
    start_m: FloatArray
    curvature: FloatArray
    duration_s: float

    def __post_init__(self) -> None:
        """Check the arrays against each other."""
        direction = check_array("direction_rad", self.direction_rad, ("condition",), minimum_sizes=(1,))
        n = len(direction)
        distance = check_array("distance_m", self.distance_m, ("condition",), shape=(n,))
        if (distance <= 0).any():
            raise InputError("distance_m", "distances above 0", f"{distance.min():g} m")
        start = check_array("start_m", self.start_m)
        if start.shape not in ((2,), (n, 2)):
            raise InputError("start_m", f"an array of shape (2,) or ({n}, 2)", f"shape {start.shape}")
        curvature = check_array("curvature", self.curvature, ("condition",), shape=(n,))
        checked = {
            "direction_rad": direction,
            "distance_m": distance,
            "start_m": np.broadcast_to(start, (n, 2)).copy(),
            "curvature": curvature,
            "duration_s": check_positive("duration_s", self.duration_s),
        }
        for name, value in checked.items():
            object.__setattr__(self, name, value)

    @property
    def n_conditions(self) -> int:
        """Number of reaches."""
        return len(self.direction_rad)

    @property
    def target_m(self) -> FloatArray:
        """Targets from the shoulder, (condition, 2)."""
        return self.start_m + self.distance_m[:, None] * self._along

    @property
    def via_m(self) -> FloatArray:
        """Hand at half time, from the shoulder, (condition, 2)."""
        return (self.start_m + self.target_m) / 2 + self._bow_m[:, None] * self._across

    @property
    def labels(self) -> tuple[str, ...]:
        """What tells the conditions apart, for instance ``"10 cm, 45 deg"``, ``"6 cm, 0 deg, bow -0.3"``."""
        return tuple(
            f"{100 * distance:.4g} cm, {np.degrees(direction):.5g} deg" + (f", bow {bow:+.3g}" if bow else "")
            for distance, direction, bow in zip(
                self.distance_m, self.direction_rad, self.curvature, strict=True
            )
        )

    @property
    def _along(self) -> FloatArray:
        return np.stack([np.cos(self.direction_rad), np.sin(self.direction_rad)], -1)

    @property
    def _across(self) -> FloatArray:
        return np.stack([-np.sin(self.direction_rad), np.cos(self.direction_rad)], -1)

    @property
    def _bow_m(self) -> FloatArray:
        bow_m: FloatArray = self.curvature * self.distance_m
        return bow_m

    def hand_path(self, times_s: FloatArray, onset_s: float = 0.0) -> HandPath:
        """Return the desired hand path and its analytic derivatives, each (condition, time, 2).

        Parameters
        ----------
        times_s
            Times, (time,).
        onset_s
            When the movement starts; the hand rests at the start before and at the target after.
        """
        covered = minimum_jerk(times_s, onset_s=onset_s, duration_s=self.duration_s)
        bowed = lateral_bump(times_s, onset_s=onset_s, duration_s=self.duration_s)
        along_m = (self.distance_m[:, None] * self._along)[:, None, :]
        across_m = (self._bow_m[:, None] * self._across)[:, None, :]
        displacement, velocity, acceleration = (
            forwards[:, None] * along_m + sideways[:, None] * across_m
            for forwards, sideways in zip(covered, bowed, strict=True)
        )
        return HandPath(self.start_m[:, None] + displacement, velocity, acceleration)

    def select(self, conditions: Any) -> Reaches:
        """Return some of the reaches.

        Parameters
        ----------
        conditions
            Indices, in the order wanted and repeated if wanted, or a boolean mask (condition,).

        Raises
        ------
        InputError
            If nothing is selected, an index does not exist or a mask has another length.
        """
        chosen = np.asarray(conditions)
        n = self.n_conditions
        fits = chosen.ndim == 1 and (
            len(chosen) == n if chosen.dtype.kind == "b" else chosen.dtype.kind in "iu" and len(chosen) > 0
        )
        if not fits:
            expected = f"a list of indices or a boolean mask of length {n}"
            raise InputError("conditions", expected, f"{chosen.dtype} of shape {chosen.shape}")
        indices = np.flatnonzero(chosen) if chosen.dtype.kind == "b" else chosen
        if len(indices) == 0 or indices.min() < 0 or indices.max() >= n:
            got = f"indices {indices.min()} to {indices.max()}" if len(indices) else "none selected"
            raise InputError("conditions", f"at least one index from 0 to {n - 1}", got)
        return replace(
            self,
            direction_rad=self.direction_rad[indices],
            distance_m=self.distance_m[indices],
            start_m=self.start_m[indices],
            curvature=self.curvature[indices],
        )

    def check_reachable(self, arm: Arm) -> None:
        """Raise `InputError`, naming the first such condition, if a hand path leaves the arm's reach."""
        path_m = self.hand_path(np.linspace(0.0, self.duration_s, _N_PATH_POINTS)).position_m
        from_shoulder_m = np.linalg.norm(path_m, axis=-1)
        least, greatest = arm.reach_m
        outside = (from_shoulder_m <= least) | (from_shoulder_m >= greatest)
        if outside.any():
            condition, time = (int(i) for i in np.argwhere(outside)[0])
            raise InputError(
                "reaches",
                f"hand paths {least:.3f} to {greatest:.3f} m from the shoulder",
                f"{from_shoulder_m[condition, time]:.3f} m in condition {condition} "
                f"({self.labels[condition]})",
                "move start_m or take shorter reaches",
            )


def check_distinct(name: str, values: FloatArray) -> None:
    """Raise `InputError` if a value occurs twice, which would make a condition twice."""
    if len(np.unique(values.round(9))) < len(values):
        raise InputError(name, "different values", str(values.tolist()))
