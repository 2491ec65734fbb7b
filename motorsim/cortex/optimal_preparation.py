"""Optimal preparation: feedback that makes the prospective error small, quickly and cheaply."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.linalg import solve_continuous_are, solve_continuous_lyapunov

from motorsim.checks import check_positive
from motorsim.cortex.drive import Drive
from motorsim.cortex.preparation_strategy import PreparatoryPlan

if TYPE_CHECKING:
    from motorsim.cortex.circuit import Circuit
    from motorsim.cortex.rate_equation import RateEquation
    from motorsim.types import FloatArray

_PATH_S, _PATH_DT_S, _PATH_EVERY = 0.6, 0.002, 5


@dataclass(frozen=True, eq=False)
class Regulator:
    """The solution of a linear-quadratic regulator for a circuit linearised at rest.

    Parameters
    ----------
    gain
        F of the input F (x - x*), (unit, unit), dimensionless.
    error_cost
        Q, (unit, unit): the prospective error of a deviation d is d' Q d.
    total_cost
        P, (unit, unit): the least total cost from a deviation d is d' P d, in the units of Q times seconds.
    """

    gain: FloatArray
    error_cost: FloatArray
    total_cost: FloatArray


def optimal_regulator(circuit: Circuit, *, tau_s: float, energy_weight: float) -> Regulator:
    """Solve for the feedback that minimises prospective error and input energy.

    With d = x - x*, u the input beside h*, A = (W - I) / tau and B = I / tau, minimise the integral of
    d' Q d + lambda u' u over all time (Kao, Sadabadi & Hennequin 2021, Neuron). P solves
    A'P + PA - P B B'P / lambda + Q = 0 and F = -B'P / lambda. Q is the observability Gramian of the whole
    state, A'Q + QA + (2 / tau) I = 0: d' Q d is the energy of the error that a deviation left at the go cue
    would grow into if the circuit then moved by itself.

    Parameters
    ----------
    circuit
        A stable circuit.
    tau_s
        Time constant of the units.
    energy_weight
        lambda, dimensionless.

    Raises
    ------
    InputError
        If the circuit is unstable or a number is out of range.
    """
    circuit.require_stable()
    tau_s, energy_weight = check_positive("tau_s", tau_s), check_positive("energy_weight", energy_weight)
    identity = np.eye(circuit.n_units)
    # In units of tau, in which the equations hold no small number.
    linear = circuit.weights - identity
    gramian = solve_continuous_lyapunov(linear.T, -2.0 * identity)
    gramian = (gramian + gramian.T) / 2.0
    total = solve_continuous_are(linear, identity, gramian, energy_weight * identity)
    gain, error_cost, total_cost = (
        np.asarray(m, np.float64) for m in (-total / energy_weight, gramian, tau_s * total)
    )
    return Regulator(gain, error_cost, total_cost)


@dataclass(frozen=True)
class OptimalPreparation:
    """Optimal feedback preparation: u = h* + F (x - x*), F of `optimal_regulator`, until the release.

    The cost is that of the whole state and not only of what the torque readout sees: the latter leaves the
    directions that give no torque to wander to twice the size of x*, all of which a readout that is to be
    null on preparation must give up; and it needs the readout before the readout can be fitted. The whole
    state's Gramian is dominated by the few modes that the circuit amplifies, so it is as selective.

    Parameters
    ----------
    energy_weight
        lambda: what input energy costs; less is faster and takes more input.
    null_tolerance
        Axes of the preparatory path below this fraction of the largest may reach the readout.

    Raises
    ------
    InputError
        If a number is not positive.
    """

    energy_weight: float = 0.1
    null_tolerance: float = 1e-3

    def __post_init__(self) -> None:
        """Check the numbers."""
        check_positive("energy_weight", self.energy_weight)
        check_positive("null_tolerance", self.null_tolerance)

    @property
    def least_s(self) -> float:
        """Return 0: the state is approached ever more closely and has no time of arrival."""
        return 0.0

    def drive(self, equation: RateEquation, plan: PreparatoryPlan) -> Drive:
        """Return h* - F x* of the target shown, and F from the first target on."""
        circuit, tau_s = equation.circuit, equation.tau_s
        gain = optimal_regulator(circuit, tau_s=tau_s, energy_weight=self.energy_weight).gain
        offset_hz = equation.holding_input_hz(plan.states_hz) - plan.states_hz @ gain.T
        return Drive(plan.hold(offset_hz), gain, (int(plan.onset_steps[0]), plan.n_steps))

    def quiet_states_hz(self, equation: RateEquation, states_hz: FloatArray) -> FloatArray:
        """Return the paths from rest to states (condition, unit), (sample, unit)."""
        n_steps = round(_PATH_S / _PATH_DT_S)
        drive = self.drive(equation, PreparatoryPlan(states_hz[None], np.zeros(1), n_steps, _PATH_DT_S))
        path = equation.integrate(np.zeros_like(states_hz), drive, n_samples=n_steps, dt_s=_PATH_DT_S)
        return path[:, ::_PATH_EVERY].reshape(-1, states_hz.shape[1])
