import numpy as np
import pytest
from scipy.linalg import expm

from motorsim.checks import InputError
from motorsim.cortex import Circuit, Drive, RateEquation, RateFunction, default_circuit

NOTHING = Drive(np.zeros((1, 3, 1, 200)))


def test_small_activity_follows_the_matrix_exponential():
    circuit, tau_s = default_circuit(), 0.2
    start = 1e-4 * np.random.default_rng(0).standard_normal((1, 200))
    path = RateEquation(circuit, RateFunction(), tau_s).integrate(start, NOTHING, n_samples=101, dt_s=0.002)
    propagator = expm((circuit.weights - np.eye(200)) * 0.2 / tau_s)
    np.testing.assert_allclose(path[0, 100], propagator @ start[0], atol=1e-5 * np.abs(path).max())


def test_without_connections_activity_decays_with_the_time_constant():
    equation = RateEquation(Circuit.from_weights(np.zeros((2, 2))), RateFunction(), 0.1)
    path = equation.integrate(
        np.array([[30.0, -50.0]]), Drive(np.zeros((1, 3, 1, 2))), n_samples=151, dt_s=0.002
    )
    decay = np.exp(-0.002 * np.arange(151) / 0.1)
    np.testing.assert_allclose(path[0], decay[:, None] * [30.0, -50.0], atol=1e-6)


def test_the_holding_input_makes_a_state_a_fixed_point():
    equation = RateEquation(default_circuit(), RateFunction(), 0.2)
    state = 25.0 * np.random.default_rng(1).standard_normal((3, 200))
    derivative = equation.derivative(state, equation.holding_input_hz(state))
    np.testing.assert_allclose(derivative, 0.0, atol=1e-10)


def test_silenced_units_have_the_rate_zero_and_send_nothing_that_depends_on_their_state():
    rng = np.random.default_rng(2)
    baseline_hz = rng.uniform(10, 30, 200)
    equation = RateEquation(default_circuit(), RateFunction(baseline_hz), 0.2)
    silenced = np.arange(200) < 50
    state = 20.0 * rng.standard_normal(200)
    assert (equation.rate_change(state, silenced) + baseline_hz)[:50] == pytest.approx(0.0)
    other = state + 10.0 * silenced
    change = equation.derivative(other, np.zeros(200), silenced) - equation.derivative(
        state, np.zeros(200), silenced
    )
    np.testing.assert_allclose(change, -10.0 * silenced / 0.2, atol=1e-9)


def test_baselines_must_be_those_of_the_circuit():
    with pytest.raises(InputError, match="baseline_hz: expected one rate, or one for each of the 200 units"):
        RateEquation(default_circuit(), RateFunction(np.full(100, 20.0)), 0.2)


@pytest.mark.parametrize(
    ("arguments", "name"),
    [
        ({"feedforward_hz": np.zeros((1, 2, 1, 3))}, "feedforward_hz"),
        ({"feedforward_hz": np.full((1, 3, 1, 3), np.nan)}, "feedforward_hz"),
        ({"feedback": np.zeros((2, 3))}, "feedback"),
        ({"feedback_steps": (5, 2)}, "feedback_steps"),
        ({"silenced": np.zeros((4, 3))}, "silenced"),
        ({"silenced": np.zeros((4, 2), bool)}, "silenced"),
    ],
)
def test_a_drive_that_does_not_fit_itself_is_refused(arguments, name):
    with pytest.raises(InputError, match=name):
        Drive(**({"feedforward_hz": np.zeros((1, 3, 1, 3))} | arguments))
