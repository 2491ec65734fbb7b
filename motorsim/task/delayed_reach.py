"""Delayed reach: rest, a target to prepare for, a go cue, a movement."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar, Literal, TypeAlias

import numpy as np

from motorsim.checks import InputError, check_choice, check_positive

if TYPE_CHECKING:
    from motorsim.task.reaches import HandPath, Reaches
    from motorsim.types import BoolArray, FloatArray

Epoch: TypeAlias = Literal["rest", "preparation", "movement"]

_MAY_BE_ZERO = ("delay_s", "reaction_s")


@dataclass(frozen=True, eq=False)
class DelayedReach:
    """The instructed-delay reaching task: one trial clock for all conditions.

    The target appears after ``rest_s``, the go cue ``delay_s`` later; the hand moves ``reaction_s``
    after the go cue and the trial ends ``movement_s`` after it. Samples stand at 0, dt_s, 2 dt_s,
    ... up to, not including, the end, so that a finer clock holds every sample of a coarser one.

    Parameters
    ----------
    reaches
        The conditions.
    rest_s
        From the start of the trial to the target.
    delay_s
        From the target to the go cue; zero where they come together.
    movement_s
        From the go cue to the end of the trial.
    reaction_s
        From the go cue to movement onset; may be zero.
    dt_s
        Time between samples.

    Raises
    ------
    InputError
        If a time is negative or zero or no multiple of ``dt_s``, or the trial ends before the reach.
    """

    input_scale_m: ClassVar[float] = 0.1

    reaches: Reaches
    rest_s: float = 0.2
    delay_s: float = 0.6
    movement_s: float = 1.1
    reaction_s: float = 0.1
    dt_s: float = 0.01

    def __post_init__(self) -> None:
        """Check the trial clock."""
        dt_s = check_positive("dt_s", self.dt_s)
        for name in ("rest_s", "delay_s", "movement_s", "reaction_s"):
            duration_s = check_positive(name, getattr(self, name), allow_zero=name in _MAY_BE_ZERO)
            _check_multiple(name, duration_s, dt_s)
            object.__setattr__(self, name, duration_s)
        object.__setattr__(self, "dt_s", dt_s)
        needed_s = self.reaction_s + self.reaches.duration_s
        if self.movement_s < needed_s - 1e-9:
            raise InputError(
                "movement_s",
                f"at least reaction_s + duration_s = {needed_s:g} s",
                f"{self.movement_s:g} s",
                "the trial would end before the reach",
            )

    @property
    def target_onset_s(self) -> float:
        """When the target appears."""
        return self.rest_s

    @property
    def go_cue_s(self) -> float:
        """When the go cue comes."""
        return self.rest_s + self.delay_s

    @property
    def movement_onset_s(self) -> float:
        """When the hand is to start."""
        return self.go_cue_s + self.reaction_s

    @property
    def end_s(self) -> float:
        """When the trial ends."""
        return self.go_cue_s + self.movement_s

    @property
    def n_conditions(self) -> int:
        """Number of conditions."""
        return self.reaches.n_conditions

    @property
    def n_times(self) -> int:
        """Number of samples of a trial."""
        return round(self.end_s / self.dt_s)

    @property
    def times_s(self) -> FloatArray:
        """Sample times from the start of the trial, (time,)."""
        return self.dt_s * np.arange(self.n_times, dtype=np.float64)

    @property
    def times_from_go_s(self) -> FloatArray:
        """Sample times from the go cue, (time,)."""
        sample = np.arange(self.n_times, dtype=np.float64)
        return self.dt_s * (sample - round(self.go_cue_s / self.dt_s))

    @property
    def desired_path(self) -> HandPath:
        """Desired hand position, velocity and acceleration, each (condition, time, 2)."""
        return self.reaches.hand_path(self.times_from_go_s, self.reaction_s)

    @property
    def desired_position_m(self) -> FloatArray:
        """Desired hand position in metres from the shoulder, (condition, time, 2)."""
        return self.desired_path.position_m

    @property
    def desired_velocity_m_s(self) -> FloatArray:
        """Desired hand velocity in m/s, (condition, time, 2)."""
        return self.desired_path.velocity_m_s

    @property
    def desired_acceleration_m_s2(self) -> FloatArray:
        """Desired hand acceleration in m/s^2, (condition, time, 2)."""
        return self.desired_path.acceleration_m_s2

    @property
    def input_names(self) -> tuple[str, ...]:
        """The features of `inputs`."""
        names = ("target_x", "target_y", "go_cue")
        return (*names, "via_x", "via_y") if self.reaches.curvature.any() else names

    @property
    def inputs(self) -> FloatArray:
        """Cues as a network receives them, (condition, time, feature); features in `input_names`.

        The target from the start of the reach, in units of 0.1 m, from its onset to the end of the
        trial; the go cue, 0 before and 1 from the go cue on. Where a reach is bowed the via-point
        follows, shown like the target: without it such reaches could not be told apart.
        """
        shown = (~self.epoch("rest")).astype(float)[None, :, None]
        go_cue = np.broadcast_to(
            self.epoch("movement").astype(float)[:, None], (self.n_conditions, self.n_times, 1)
        )
        features = [shown * self._from_start(self.reaches.target_m), go_cue]
        if self.reaches.curvature.any():
            features.append(shown * self._from_start(self.reaches.via_m))
        return np.concatenate(features, -1)

    def _from_start(self, position_m: FloatArray) -> FloatArray:
        scaled: FloatArray = ((position_m - self.reaches.start_m) / self.input_scale_m)[:, None, :]
        return scaled

    def epoch(self, name: Epoch) -> BoolArray:
        """Return which samples, (time,), belong to an epoch.

        ``"rest"`` runs to target onset, ``"preparation"`` to the go cue, ``"movement"`` to the end.

        Raises
        ------
        InputError
            If there is no epoch of that name.
        """
        check_choice("name", name, ("rest", "preparation", "movement"))
        sample = np.arange(self.n_times)
        n_rest, n_go = round(self.rest_s / self.dt_s), round(self.go_cue_s / self.dt_s)
        if name == "rest":
            return sample < n_rest
        if name == "preparation":
            return (sample >= n_rest) & (sample < n_go)
        return sample >= n_go

    def with_dt(self, dt_s: float) -> DelayedReach:
        """Return the same task sampled every ``dt_s`` seconds."""
        return replace(self, dt_s=dt_s)


def _check_multiple(name: str, duration_s: float, dt_s: float) -> None:
    steps = round(duration_s / dt_s)
    if abs(duration_s / dt_s - steps) > 1e-6 or (steps == 0 and duration_s > 0):
        nearest_s = max(steps, 1) * dt_s
        raise InputError(
            name, f"a multiple of dt_s = {dt_s:g} s", f"{duration_s:g} s", f"the nearest is {nearest_s:g} s"
        )
