"""Arm loop: the arm stepped beside the circuit, with loads on the hand and feedback from it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from motorsim.checks import DivergenceError, check_array
from motorsim.plant.runge_kutta import runge_kutta_step

if TYPE_CHECKING:
    from collections.abc import Sequence

    from motorsim.cortex.hand_feedback import HandFeedback, HandLoad
    from motorsim.plant import Arm
    from motorsim.task import DelayedReach
    from motorsim.types import FloatArray


class ArmLoop:
    """An arm that advances one integration step at a time, as `motorsim.plant.simulate_arm` would move it.

    Torque is linear between steps; the torque of a load is that of the arm's posture at the start of a step.

    Parameters
    ----------
    arm
        The body.
    task
        The task sampled at every integration step, its movement released at its go cue.
    n_trials
        Trials of each condition.
    loads
        Forces on the hand.
    feedback
        Feedback from the hand, or None.

    Raises
    ------
    InputError
        If a load lasts beyond the trial, or the feedback's delay is no multiple of the step.
    """

    def __init__(
        self,
        arm: Arm,
        task: DelayedReach,
        n_trials: int,
        *,
        loads: Sequence[HandLoad] = (),
        feedback: HandFeedback | None = None,
    ) -> None:
        for load in loads:
            load.check_within(task.end_s)
        self._arm, self._loads, self._dt_s = arm, tuple(loads), task.dt_s
        path = task.desired_path
        desired = np.concatenate([path.position_m, path.velocity_m_s], axis=2)
        self._desired = np.tile(desired, (n_trials, 1, 1))
        self._gain = None if feedback is None else check_array("gain", feedback.gain)
        self._delay = 0 if feedback is None else feedback.delay_steps(task.dt_s)
        n_copies, n_times, _ = self._desired.shape
        start = np.tile(task.reaches.start_m, (n_trials, 1))
        self._states = np.zeros((n_copies, n_times, 4))
        self._states[:, 0, :2] = arm.inverse_kinematics(start)
        self._hand = np.zeros((n_copies, n_times, 4))
        self._hand[:, 0] = self._hand_of(self._states[:, 0])
        self._torque: FloatArray | None = None

    @property
    def is_closed(self) -> bool:
        """Whether the hand feeds back into the circuit."""
        return self._gain is not None

    def advance(self, sample: int, torque_nm: FloatArray) -> None:
        """Move the arm to a sample at which the circuit's torque is (trial, 2); samples come in order."""
        if sample > 0:
            assert self._torque is not None  # noqa: S101 - sample 0 has set it
            before = self._states[:, sample - 1]
            load = self._load_torque(before[:, :2], (sample - 1) * self._dt_s)
            start, end = self._torque + load, torque_nm + load
            middle = (self._torque + torque_nm) / 2 + load
            state, _ = runge_kutta_step(self._arm, before, (start, middle, end), self._dt_s)
            if not np.isfinite(state).all():
                time_s = sample * self._dt_s
                raise DivergenceError(f"the arm left the finite numbers at {time_s:g} s; lower the gain")
            self._states[:, sample] = state
            self._hand[:, sample] = self._hand_of(state)
        self._torque = torque_nm

    def feedback_hz(self, sample: int) -> FloatArray:
        """Return the input that the hand feeds back at a sample, (trial, unit)."""
        assert self._gain is not None  # noqa: S101 - only asked for where there is feedback
        felt = sample - self._delay
        if felt < 0:
            return np.zeros((len(self._hand), len(self._gain)))
        deviation: FloatArray = self._hand[:, felt] - self._desired[:, felt]
        return deviation @ self._gain.T

    @property
    def hand_position_m(self) -> FloatArray:
        """Hand from the shoulder, (trial, time, 2)."""
        return self._hand[..., :2]

    @property
    def hand_velocity_m_s(self) -> FloatArray:
        """Velocity of the hand, (trial, time, 2)."""
        return self._hand[..., 2:]

    def _hand_of(self, state: FloatArray) -> FloatArray:
        q, qd = state[:, :2], state[:, 2:]
        return np.concatenate([self._arm.hand_position(q), self._arm.hand_velocity(q, qd)], axis=1)

    def _load_torque(self, q: FloatArray, time_s: float) -> FloatArray:
        force_n = sum((load.force_at(time_s) for load in self._loads), np.zeros(2))
        torque: FloatArray = np.einsum("tij,i->tj", self._arm.hand_jacobian(q), force_n)
        return torque
