"""Place code: a target as the activity of units with receptive fields in the plane."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from motorsim.checks import check_array, check_integer, check_positive

if TYPE_CHECKING:
    from motorsim.task.delayed_reach import DelayedReach
    from motorsim.types import FloatArray


@dataclass(frozen=True)
class PlaceCode:
    """Gaussian receptive fields on a square grid around the start of the reach.

    Through broad fields a network has smooth functions of the target at hand, and so interpolates between
    targets.

    Parameters
    ----------
    n_per_axis
        Fields along x and along y.
    extent_m
        The grid reaches from minus to plus this distance.
    width_m
        Standard deviation of a field.

    Raises
    ------
    InputError
        If a number is out of range.
    """

    n_per_axis: int = 5
    extent_m: float = 0.10
    width_m: float = 0.15

    def __post_init__(self) -> None:
        """Check the numbers."""
        check_integer("n_per_axis", self.n_per_axis, minimum=2)
        check_positive("extent_m", self.extent_m)
        check_positive("width_m", self.width_m)

    @property
    def centres_m(self) -> FloatArray:
        """Centres of the fields relative to the start of the reach, (field, 2)."""
        axis = np.linspace(-self.extent_m, self.extent_m, self.n_per_axis)
        return np.stack(np.meshgrid(axis, axis), axis=-1).reshape(-1, 2)

    def encode(self, position_m: FloatArray) -> FloatArray:
        """Return the activity for positions relative to the start, (..., 2) to (..., field)."""
        position = check_array("position_m", position_m)
        distance = np.linalg.norm(position[..., None, :] - self.centres_m, axis=-1)
        activity: FloatArray = np.exp(-0.5 * (distance / self.width_m) ** 2)
        return activity

    def inputs(self, task: DelayedReach) -> FloatArray:
        """Return what a network receives, (condition, time, field + 1): the coded target, then the go cue.

        The target is shown from its onset to the go cue, so that the movement has to come out of the prepared
        state (Sussillo et al. 2015, Nature Neuroscience); the go cue is 0 before and 1 from the go cue on.
        """
        coded = self.encode(task.reaches.target_m - task.reaches.start_m)
        shown = task.epoch("preparation").astype(np.float64)
        if task.reaches.curvature.any():
            coded = np.concatenate([coded, self.encode(task.reaches.via_m - task.reaches.start_m)], axis=1)
        go_cue = np.broadcast_to(
            task.epoch("movement").astype(np.float64)[:, None], (task.n_conditions, task.n_times, 1)
        )
        return np.concatenate([coded[:, None, :] * shown[:, None], go_cue], axis=2)
