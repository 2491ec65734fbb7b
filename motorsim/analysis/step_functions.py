"""How the methods of dynamics take a step function and its Jacobian, with or without inputs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from motorsim.checks import InputError

if TYPE_CHECKING:
    from motorsim.types import FloatArray, IntArray

Step: TypeAlias = Callable[..., Any]
# Error of a central difference in float64 is least near the cube root of its precision.
_DIFFERENCE_SHARE = 1e-5


@dataclass(frozen=True, eq=False)
class Residual:
    """A system as the residual g whose zeros are its fixed points: F(x) - x, or dx/dt in continuous time.

    ``rows`` below are the indices of the states, (batch,), by which each has its input, (batch, feature).
    """

    step: Step
    jacobian: Step
    inputs: FloatArray | None
    continuous: bool

    def _given(self, rows: IntArray) -> FloatArray | None:
        return None if self.inputs is None else self.inputs[rows]

    def values(self, states: FloatArray, rows: IntArray) -> FloatArray:
        """Return g at states (batch, state), (batch, state)."""
        moved = step_from(self.step, states, self._given(rows))
        return moved if self.continuous else moved - states

    def slopes(self, states: FloatArray, rows: IntArray) -> FloatArray:
        """Return dg / dx, (batch, state, state)."""
        matrices = jacobians_at(self.jacobian, states, self._given(rows))
        return matrices if self.continuous else matrices - np.eye(states.shape[1])

    def input_slopes(self, states: FloatArray, rows: IntArray) -> FloatArray:
        """Return dg / d input by central differences, (batch, state, feature)."""
        if self.inputs is None:
            raise InputError("inputs", "the input of each state", "none")
        given = self.inputs[rows]
        width = _DIFFERENCE_SHARE * float(np.max(np.abs(given), initial=1.0))
        slopes = np.empty((*states.shape, given.shape[1]))
        for feature in range(given.shape[1]):
            shift = width * (np.arange(given.shape[1]) == feature)
            ahead, behind = (step_from(self.step, states, given + side * shift) for side in (1, -1))
            slopes[:, :, feature] = (ahead - behind) / (2 * width)
        return slopes


def step_from(step: Step, states: FloatArray, inputs: FloatArray | None) -> FloatArray:
    """Return what ``step`` makes of states (batch, state): checked, finite and of the same shape."""
    following = _call("step", step, states, inputs)
    if following.shape != states.shape:
        expected = f"a function that returns the shape of the states, {states.shape}"
        raise InputError("step", expected, f"shape {following.shape}")
    return _check_finite("step", following)


def jacobians_at(jacobian: Step, states: FloatArray, inputs: FloatArray | None) -> FloatArray:
    """Return the Jacobians at states (batch, state), (batch, state, state): checked and finite."""
    matrices = _call("jacobian", jacobian, states, inputs)
    shape = (*states.shape, states.shape[1])
    if matrices.shape != shape:
        raise InputError(
            "jacobian", f"a function that returns one matrix a state, {shape}", f"shape {matrices.shape}"
        )
    return _check_finite("jacobian", matrices)


def _call(name: str, function: Step, states: FloatArray, inputs: FloatArray | None) -> FloatArray:
    if not callable(function):
        raise InputError(name, "a function of states (batch, state)", repr(function))
    result = function(states) if inputs is None else function(states, inputs)
    if isinstance(result, tuple):
        mend = "a cell returns its cache too: give lambda state, input: cell.step(params, state, input)[0]"
        raise InputError(name, "a function that returns an array", "one that returns a tuple", mend)
    return np.asarray(result, np.float64)


def _check_finite(name: str, values: FloatArray) -> FloatArray:
    if not np.isfinite(values).all():
        mend = "the trajectory diverges: start elsewhere or take shorter steps"
        raise InputError(name, "finite values", "NaN or infinity", mend)
    return values
