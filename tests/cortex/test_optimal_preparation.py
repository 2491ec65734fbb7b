import numpy as np
import pytest
from scipy.linalg import expm

from motorsim.checks import InputError
from motorsim.cortex import (
    OptimalPreparation,
    PreparatoryPlan,
    RateEquation,
    RateFunction,
    amplified_modes,
    optimal_regulator,
    stability_optimised_weights,
)

TAU_S, WEIGHT = 0.2, 0.3


@pytest.fixture(scope="module")
def circuit():
    return stability_optimised_weights(24, rng=0, spectral_radius=3.0, target_abscissa=0.6).circuit


@pytest.fixture(scope="module")
def regulator(circuit):
    return optimal_regulator(circuit, tau_s=TAU_S, energy_weight=WEIGHT)


def linear(circuit):
    return (circuit.weights - np.eye(24)) / TAU_S


def test_the_cost_is_what_the_riccati_equation_flows_to(circuit, regulator):
    a, q, p = linear(circuit), regulator.error_cost, np.zeros((24, 24))

    def flow(p):
        return a.T @ p + p @ a - p @ p / (TAU_S**2 * WEIGHT) + q

    step = 0.002
    for _ in range(1500):
        k1 = flow(p)
        k2 = flow(p + step / 2 * k1)
        k3 = flow(p + step / 2 * k2)
        p = p + step / 6 * (k1 + 2 * k2 + 2 * k3 + flow(p + step * k3))
    np.testing.assert_allclose(regulator.total_cost, p, atol=1e-6 * np.abs(p).max())
    np.testing.assert_allclose(
        regulator.gain, -p / (TAU_S * WEIGHT), atol=1e-6 * np.abs(regulator.gain).max()
    )


def simulated_cost(circuit, regulator, gain, deviation, step=0.0005):
    """Integrate d' Q d + lambda u' u along the linear closed loop, by Simpson's rule."""
    closed = linear(circuit) + gain / TAU_S
    propagator, states = expm(closed * step), [deviation]
    for _ in range(6000):
        states.append(propagator @ states[-1])
    states = np.array(states)
    inputs = states @ gain.T
    density = np.einsum("ti,ij,tj->t", states, regulator.error_cost, states) + WEIGHT * (inputs**2).sum(
        axis=1
    )
    simpson = np.ones(6001)
    simpson[1:-1:2], simpson[2:-1:2] = 4, 2
    return step / 3 * simpson @ density


def test_the_cost_is_that_of_the_simulated_loop_and_any_other_gain_costs_more(circuit, regulator):
    rng = np.random.default_rng(0)
    deviation = rng.standard_normal(24)
    least = simulated_cost(circuit, regulator, regulator.gain, deviation)
    assert least == pytest.approx(deviation @ regulator.total_cost @ deviation, rel=1e-4)
    for _ in range(4):
        other = regulator.gain + 0.05 * rng.standard_normal((24, 24))
        assert simulated_cost(circuit, regulator, other, deviation) > least
    for scale in (0.8, 1.25):
        assert simulated_cost(circuit, regulator, scale * regulator.gain, deviation) > least


def test_prospective_error_is_the_energy_that_a_deviation_grows_into(circuit, regulator):
    modes = amplified_modes(circuit)
    for mode, energy in zip(modes.states[:3], modes.energies[:3], strict=True):
        assert mode @ regulator.error_cost @ mode == pytest.approx(energy)


def test_optimal_preparation_is_fastest_in_what_is_amplified_and_settles_on_the_state(circuit):
    equation = RateEquation(circuit, RateFunction(), TAU_S)
    state = 15.0 * amplified_modes(circuit).states[:1] + 10.0 * amplified_modes(circuit).states[10:11]
    plan = PreparatoryPlan(state[None], np.array([0.1]), n_steps=500, dt_s=0.002)
    drive = OptimalPreparation().drive(equation, plan)
    assert drive.feedback_steps == (50, 500)
    path = equation.integrate(np.zeros((1, 24)), drive, n_samples=501, dt_s=0.002)[0]
    np.testing.assert_array_equal(path[:51], 0.0)
    np.testing.assert_allclose(path[-1], state[0], atol=1e-3)
    left = (path[80] - state[0]) @ np.linalg.pinv(amplified_modes(circuit).states)
    assert abs(left[0]) / 15.0 < 0.5 * abs(left[10]) / 10.0


def test_cheaper_energy_prepares_faster(circuit):
    slow, fast = (
        np.linalg.eigvals(
            linear(circuit) + optimal_regulator(circuit, tau_s=TAU_S, energy_weight=weight).gain / TAU_S
        ).real.max()
        for weight in (1.0, 0.01)
    )
    assert fast < slow < np.linalg.eigvals(linear(circuit)).real.max()


@pytest.mark.parametrize(
    "arguments", [{"energy_weight": 0.0}, {"energy_weight": np.nan}, {"null_tolerance": -1}]
)
def test_bad_numbers_are_named(arguments):
    with pytest.raises(InputError, match=next(iter(arguments))):
        OptimalPreparation(**arguments)
