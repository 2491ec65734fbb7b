"""The rate circuit's differential equation in NumPy: what Brian2 integrates, and the same integration."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from motorsim.checks import check_array, check_integer, check_positive

if TYPE_CHECKING:
    from motorsim.cortex.circuit import Circuit
    from motorsim.cortex.drive import Drive
    from motorsim.cortex.rate_function import RateFunction
    from motorsim.types import BoolArray, FloatArray


@dataclass(frozen=True, eq=False)
class RateEquation:
    """tau dx/dt = -x + W g(x) + h (Hennequin, Vogels & Gerstner 2014, Neuron).

    Parameters
    ----------
    circuit
        The weights W.
    rate_function
        g and the baseline rates.
    tau_s
        Time constant of the units.

    Raises
    ------
    InputError
        If the time constant is not positive, or there is a baseline for every unit of another circuit.
    """

    circuit: Circuit
    rate_function: RateFunction
    tau_s: float

    def __post_init__(self) -> None:
        """Check the numbers."""
        check_positive("tau_s", self.tau_s)
        self.rate_function.baselines_hz(self.circuit.n_units)

    def rate_change(self, state: FloatArray, silenced: BoolArray | None = None) -> FloatArray:
        """Return the rates relative to baseline in Hz, (..., unit); those of silenced units are -r0."""
        change = self.rate_function.rate_change(state)
        if silenced is None:
            return change
        return np.where(silenced, -self.rate_function.baselines_hz(self.circuit.n_units), change)

    def derivative(
        self,
        state: FloatArray,
        input: FloatArray,  # noqa: A002 - the protocol's name
        silenced: BoolArray | None = None,
    ) -> FloatArray:
        """Return dx/dt in Hz/s for activations and inputs in Hz, each (..., unit)."""
        recurrent = self.rate_change(state, silenced) @ self.circuit.weights.T
        return (-state + recurrent + input) / self.tau_s

    def jacobian(self, state: FloatArray) -> FloatArray:
        """Return d(dx/dt)/dx in 1/s, (..., unit, unit)."""
        slope = self.rate_function.slope(state)
        return (self.circuit.weights * slope[..., None, :] - np.eye(self.circuit.n_units)) / self.tau_s

    def holding_input_hz(self, state: FloatArray) -> FloatArray:
        """Return the input that makes a state (..., unit) a fixed point, x - W g(x)."""
        return state - self.rate_function.rate_change(state) @ self.circuit.weights.T

    def integrate(self, initial_hz: FloatArray, drive: Drive, *, n_samples: int, dt_s: float) -> FloatArray:
        """Integrate from given states by Runge-Kutta 4, the scheme that Brian2 runs, without noise.

        Parameters
        ----------
        initial_hz
            Activations at the start, (condition, unit).
        drive
            The input.
        n_samples
            States to return, one an integration step, the initial one first.
        dt_s
            Integration step.

        Returns
        -------
        FloatArray
            Activations in Hz, (condition, time, unit).

        Raises
        ------
        InputError
            If shapes disagree or a number is out of range.
        """
        shape = (drive.n_conditions, self.circuit.n_units)
        state = check_array("initial_hz", initial_hz, ("condition", "unit"), shape=shape)
        n_samples, dt_s = check_integer("n_samples", n_samples), check_positive("dt_s", dt_s)
        path = np.empty((shape[0], n_samples, shape[1]))
        path[:, 0] = state
        for step in range(n_samples - 1):
            state = self._step(state, drive, step, dt_s)
            path[:, step + 1] = state
        return path

    def _step(self, state: FloatArray, drive: Drive, step: int, dt_s: float) -> FloatArray:
        start, middle, end = drive.rows_hz(step)
        feedback, silenced = drive.feedback_at(step), drive.silenced_at(step)

        def slope(stage: FloatArray, input_hz: FloatArray) -> FloatArray:
            fed_back = input_hz if feedback is None else input_hz + stage @ feedback.T
            return self.derivative(stage, fed_back, silenced)

        k1 = slope(state, start)
        k2 = slope(state + dt_s / 2 * k1, middle)
        k3 = slope(state + dt_s / 2 * k2, middle)
        k4 = slope(state + dt_s * k3, end)
        following: FloatArray = state + dt_s / 6 * (k1 + 2 * k2 + 2 * k3 + k4)
        return following
