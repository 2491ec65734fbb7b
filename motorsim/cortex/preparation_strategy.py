"""Preparation strategies: the input that takes the circuit from rest to where a reach starts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np

from motorsim.checks import InputError, check_array, check_integer, check_positive
from motorsim.cortex.drive import ROWS, Drive
from motorsim.cortex.preparation import ramp

if TYPE_CHECKING:
    from motorsim.cortex.rate_equation import RateEquation
    from motorsim.types import FloatArray, IntArray

# Preparation is quiet along the whole way to x*, not only at its end.
_RAY_FRACTIONS = (0.25, 0.5, 0.75, 1.0)


@dataclass(frozen=True, eq=False)
class PreparatoryPlan:
    """What is to be prepared in a trial: a state for every condition, and another where the target switches.

    Parameters
    ----------
    states_hz
        Preparatory states, (target, condition, unit), in the order in which the targets are shown.
    onsets_s
        When each is shown, (target,), increasing.
    n_steps
        Integration steps from the start of the trial until the movement is released.
    dt_s
        Integration step.

    Raises
    ------
    InputError
        If shapes disagree, onsets do not increase or a number is out of range.
    """

    states_hz: FloatArray
    onsets_s: FloatArray
    n_steps: int
    dt_s: float

    def __post_init__(self) -> None:
        """Check shapes and order."""
        states = check_array(
            "states_hz", self.states_hz, ("target", "condition", "unit"), minimum_sizes=(1, 1, 1)
        )
        onsets = check_array("onsets_s", self.onsets_s, ("target",), shape=(len(states),))
        if (np.diff(onsets) <= 0).any():
            raise InputError("onsets_s", "increasing times", f"{onsets.tolist()}")
        check_integer("n_steps", self.n_steps)
        check_positive("dt_s", self.dt_s)

    @property
    def times_s(self) -> FloatArray:
        """Start, middle and end of every integration step, (step, 3)."""
        starts_s = self.dt_s * np.arange(self.n_steps)
        times_s: FloatArray = starts_s[:, None] + np.linspace(0.0, 1.0, ROWS) * self.dt_s
        return times_s

    @property
    def onset_steps(self) -> IntArray:
        """First integration step in which each target is shown, (target,)."""
        return np.rint(np.asarray(self.onsets_s) / self.dt_s).astype(np.int64)

    def hold(self, values_hz: FloatArray) -> FloatArray:
        """Give each target's value (target, condition, unit) while it is the one shown, 0 before the first.

        Returns (step, 3, condition, unit).
        """
        held = np.zeros((self.n_steps, *values_hz.shape[1:]))
        for value, first in zip(values_hz, self.onset_steps, strict=True):
            held[first:] = value
        return np.repeat(held[:, None], ROWS, axis=1)


class Preparation(Protocol):
    """A way to prepare: an input from the target's onset until the movement is released."""

    @property
    def least_s(self) -> float:
        """The least time in which it reaches the preparatory state."""
        ...

    @property
    def null_tolerance(self) -> float:
        """How small, relative to the largest, an axis of the quiet activity is that the readout may see."""
        ...

    def drive(self, equation: RateEquation, plan: PreparatoryPlan) -> Drive:
        """Return the input from the start of the trial up to the release."""
        ...

    def quiet_states_hz(self, equation: RateEquation, states_hz: FloatArray) -> FloatArray:
        """Return the activations, (sample, unit), that may not move the arm for states (condition, unit)."""
        ...


@dataclass(frozen=True)
class StaticPreparation:
    """A step of the input h* = x* - W g(x*) that holds the preparatory state: the failing control.

    The circuit relaxes to x* along x* - exp(A t) x*, which passes through the mirror image of the reach, and
    the readout cannot be blind to it without being blind to the reach.

    Parameters
    ----------
    null_tolerance
        As in `RayPreparation`.

    Raises
    ------
    InputError
        If it is not positive.
    """

    null_tolerance: float = 1e-4

    def __post_init__(self) -> None:
        """Check the tolerance."""
        check_positive("null_tolerance", self.null_tolerance)

    @property
    def least_s(self) -> float:
        """Return 0: the state is approached and has no time of arrival."""
        return 0.0

    def drive(self, equation: RateEquation, plan: PreparatoryPlan) -> Drive:
        """Return h* of the target shown."""
        return Drive(plan.hold(equation.holding_input_hz(plan.states_hz)))

    def quiet_states_hz(self, equation: RateEquation, states_hz: FloatArray) -> FloatArray:  # noqa: ARG002
        """Return the ray to each state (condition, unit), all that can be asked for, (sample, unit)."""
        return _ray(states_hz)


@dataclass(frozen=True)
class RayPreparation:
    """Drive along the ray x_ref = a(t) x*, a(t) a smooth ramp: h = tau dx_ref/dt + x_ref - W g(x_ref).

    Where the target switches, the ray bends: the state prepared moves from the old one to the new one with a
    ramp of its own.

    Parameters
    ----------
    ramp_s
        How long the ramp takes.
    null_tolerance
        Axes of the activity on the ray below this fraction of the largest may reach the readout.

    Raises
    ------
    InputError
        If a number is not positive.
    """

    ramp_s: float = 0.3
    null_tolerance: float = 1e-4

    def __post_init__(self) -> None:
        """Check the ramp."""
        check_positive("ramp_s", self.ramp_s)
        check_positive("null_tolerance", self.null_tolerance)

    @property
    def least_s(self) -> float:
        """The ramp's duration."""
        return self.ramp_s

    def drive(self, equation: RateEquation, plan: PreparatoryPlan) -> Drive:
        """Return the input that keeps the circuit on the ray."""
        level, slope = self._ramp(plan, 0)
        prepared, change = plan.states_hz[0], np.zeros(())
        for target in range(1, len(plan.states_hz)):
            turned, turning = self._ramp(plan, target)
            ahead = plan.states_hz[target] - prepared
            prepared, change = prepared + turned * ahead, change * (1.0 - turned) + turning * ahead
        reference = level * prepared
        drive = equation.tau_s * (slope * prepared + level * change)
        drive += equation.holding_input_hz(reference)
        return Drive(drive)

    def _ramp(self, plan: PreparatoryPlan, target: int) -> tuple[FloatArray, FloatArray]:
        level, slope = ramp(plan.times_s, float(plan.onsets_s[target]), self.ramp_s)
        return level[..., None, None], slope[..., None, None]

    def quiet_states_hz(self, equation: RateEquation, states_hz: FloatArray) -> FloatArray:  # noqa: ARG002
        """Return points on the ray to each state (condition, unit), (sample, unit)."""
        return _ray(states_hz)


def _ray(states_hz: FloatArray) -> FloatArray:
    return np.concatenate([fraction * states_hz for fraction in _RAY_FRACTIONS])
