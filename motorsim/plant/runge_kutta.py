"""Runge-Kutta: one classical fourth-order step under a changing command, and its way back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from motorsim.types import FloatArray


class Flow(Protocol):
    """A differential equation dx/dt = f(x, u) with its vector-Jacobian product."""

    def derivative(self, state: FloatArray, command: FloatArray) -> tuple[FloatArray, Any]:
        """Return f for states (..., state) and commands (..., command), and a cache."""
        ...

    def derivative_vjp(self, cache: Any, grad: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Pull a gradient of f back to state and command."""
        ...


def runge_kutta_step(
    flow: Flow,
    state: FloatArray,
    commands: tuple[FloatArray, FloatArray, FloatArray],
    dt_s: float,
) -> tuple[FloatArray, Any]:
    """Return the state ``dt_s`` later, and the cache for `runge_kutta_vjp`.

    With the stages k1 = f(x, u0), k2 = f(x + dt k1 / 2, um), k3 = f(x + dt k2 / 2, um) and
    k4 = f(x + dt k3, u1) the next state is x + dt (k1 + 2 k2 + 2 k3 + k4) / 6. The error of a step
    is of order dt^5 where the command is smooth and its middle value is exact to that order.

    Parameters
    ----------
    flow
        The differential equation.
    state
        States, (..., state).
    commands
        The command at the start, the middle and the end of the step, each (..., command).
    dt_s
        The step in seconds.
    """
    start, middle, end = commands
    k1, cache1 = flow.derivative(state, start)
    k2, cache2 = flow.derivative(state + dt_s / 2 * k1, middle)
    k3, cache3 = flow.derivative(state + dt_s / 2 * k2, middle)
    k4, cache4 = flow.derivative(state + dt_s * k3, end)
    following = state + dt_s / 6 * (k1 + 2 * k2 + 2 * k3 + k4)
    return following, (dt_s, cache1, cache2, cache3, cache4)


def runge_kutta_vjp(
    flow: Flow, cache: Any, grad: FloatArray
) -> tuple[FloatArray, tuple[FloatArray, FloatArray, FloatArray]]:
    """Pull a gradient of the next state back to the state and to the three commands."""
    dt_s, cache1, cache2, cache3, cache4 = cache
    state4, end = flow.derivative_vjp(cache4, dt_s / 6 * grad)
    state3, middle3 = flow.derivative_vjp(cache3, dt_s / 3 * grad + dt_s * state4)
    state2, middle2 = flow.derivative_vjp(cache2, dt_s / 3 * grad + dt_s / 2 * state3)
    state1, start = flow.derivative_vjp(cache1, dt_s / 6 * grad + dt_s / 2 * state2)
    return grad + state1 + state2 + state3 + state4, (start, middle2 + middle3, end)
