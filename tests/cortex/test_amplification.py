import numpy as np
import pytest
from scipy.linalg import expm

from motorsim.checks import InputError
from motorsim.cortex import Circuit, amplified_modes, default_circuit


def test_without_connections_nothing_is_amplified():
    modes = amplified_modes(Circuit.from_weights(np.zeros((4, 4))))
    np.testing.assert_allclose(modes.energies, 1.0)


def test_a_chain_amplifies_in_closed_form():
    # x2 = exp(-t), x1 = a t exp(-t): energy 1 + a^2 / 2 in units of tau / 2.
    a = 3.0
    circuit = Circuit.from_weights(np.array([[0.0, a], [0.0, 0.0]]))
    modes = amplified_modes(circuit)
    energy_of_second_unit = (modes.energies * modes.states[:, 1] ** 2).sum()
    assert energy_of_second_unit == pytest.approx(1 + a**2 / 2)


def test_energy_is_the_integral_of_the_squared_response():
    circuit = default_circuit()
    modes = amplified_modes(circuit)
    dt = 0.005
    propagator = expm((circuit.weights - np.eye(200)) * dt)
    state, total = modes.states[0], 0.0
    for _ in range(6000):
        following = propagator @ state
        total += dt * (state @ state + following @ following) / 2
        state = following
    assert 2 * total == pytest.approx(modes.energies[0], rel=1e-3)


def test_default_circuit_amplifies_like_the_published_recipe():
    energies = amplified_modes(default_circuit()).energies
    assert 11 < energies[0] < 18
    assert 2.0 < energies.mean() < 3.0


def test_modes_are_orthonormal_and_ranked():
    modes = amplified_modes(default_circuit())
    np.testing.assert_allclose(modes.states @ modes.states.T, np.eye(200), atol=1e-10)
    assert (np.diff(modes.energies) <= 1e-9).all()


def test_unstable_circuit_has_no_gramian():
    with pytest.raises(InputError, match="stable"):
        amplified_modes(Circuit.from_weights(np.array([[0.0, 2.0], [2.0, 0.0]])))
