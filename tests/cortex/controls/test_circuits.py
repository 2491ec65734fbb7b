import numpy as np
import pytest

from motorsim.analysis import henrici_departure
from motorsim.checks import InputError
from motorsim.cortex import Circuit, amplified_modes, default_circuit
from motorsim.cortex.controls import (
    feedforward_chain,
    in_other_basis,
    normal_twin,
    random_balanced_circuit,
    unconnected_circuit,
)


def distance_of_spectra(a, b):
    """Largest distance from an eigenvalue of either to the nearest of the other."""
    distances = np.abs(a[:, None] - b)
    return max(distances.min(axis=0).max(), distances.min(axis=1).max())


@pytest.fixture(scope="module")
def twin():
    return normal_twin(default_circuit())


def test_the_normal_twin_has_the_same_spectrum_and_no_departure_from_normality(twin):
    assert distance_of_spectra(twin.eigenvalues, default_circuit().eigenvalues) < 1e-8
    assert henrici_departure(twin.weights) < 1e-12
    np.testing.assert_allclose(twin.weights @ twin.weights.T, twin.weights.T @ twin.weights, atol=1e-10)
    assert twin.weights.dtype == np.float64
    assert not twin.obeys_dales_law


def test_modes_of_the_normal_twin_evoke_what_their_eigenvalues_say(twin):
    expected = np.sort(1 / (1 - twin.eigenvalues.real))[::-1]
    np.testing.assert_allclose(amplified_modes(twin).energies, expected, rtol=1e-9)


def test_a_normal_circuit_is_its_own_twin():
    rotation = np.array([[0.2, 1.5, 0.0], [-1.5, 0.2, 0.0], [0.0, 0.0, -0.4]])
    np.testing.assert_allclose(normal_twin(Circuit(rotation, None)).weights, rotation, atol=1e-12)


def test_activity_leaves_a_chain_after_its_last_layer():
    chain = feedforward_chain(20, rng=0, n_layers=4)
    np.testing.assert_array_equal(np.linalg.matrix_power(chain.weights, 4), 0.0)
    from_first_to_last = np.linalg.matrix_power(chain.weights, 3)[15:, :5]
    assert np.linalg.matrix_rank(from_first_to_last) == 5
    assert henrici_departure(chain.weights) == pytest.approx(1.0)
    assert chain.spectral_abscissa == pytest.approx(0.0, abs=1e-3)


def test_a_chain_of_two_layers_amplifies_in_closed_form():
    # Gramian [[1 + a^2 / 2, a / 2], [a / 2, 1]] for two units.
    chain = feedforward_chain(8, rng=0, n_layers=2, top_energy=6.0)
    gain = np.linalg.svd(chain.weights)[1][0]
    gramian = np.array([[1 + gain**2 / 2, gain / 2], [gain / 2, 1.0]])
    assert np.linalg.eigvalsh(gramian)[-1] == pytest.approx(6.0, rel=1e-9)


def test_every_unit_of_the_first_layer_is_amplified_as_asked():
    energies = amplified_modes(feedforward_chain(50, rng=3, n_layers=5, top_energy=9.0)).energies
    np.testing.assert_allclose(energies[:10], 9.0, rtol=1e-9)
    assert energies[10] < 8.0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"n_units": 21, "n_layers": 4}, "a multiple of n_layers = 4, got 21"),
        ({"n_units": 20, "top_energy": 1.0}, "top_energy"),
        ({"n_units": 20, "n_layers": 1}, "n_layers"),
    ],
)
def test_chains_that_cannot_be_are_refused(arguments, message):
    with pytest.raises(InputError, match=message):
        feedforward_chain(rng=0, **arguments)


def test_another_basis_changes_units_and_nothing_else():
    circuit = default_circuit()
    other = in_other_basis(circuit, rng=0)
    np.testing.assert_allclose(other.rotation @ other.rotation.T, np.eye(200), atol=1e-12)
    assert distance_of_spectra(other.circuit.eigenvalues, circuit.eigenvalues) < 1e-8
    assert henrici_departure(other.circuit.weights) == pytest.approx(henrici_departure(circuit.weights))
    np.testing.assert_allclose(
        amplified_modes(other.circuit).energies, amplified_modes(circuit).energies, rtol=1e-8
    )
    states = np.random.default_rng(0).standard_normal((3, 200))
    np.testing.assert_allclose(
        (states @ other.rotation.T) @ other.circuit.weights.T,
        (states @ circuit.weights.T) @ other.rotation.T,
        atol=1e-10,
    )
    assert not other.circuit.obeys_dales_law


@pytest.mark.parametrize("seed", range(4))
def test_a_random_balanced_circuit_is_stable_and_obeys_dales_law(seed):
    circuit = random_balanced_circuit(100, rng=seed, excitatory_fraction=0.8, spectral_abscissa=0.7)
    assert circuit.spectral_abscissa == pytest.approx(0.7)
    assert circuit.excitatory.sum() == 80
    assert np.unique(circuit.weights).size == 3


def test_an_unstable_random_circuit_is_refused():
    with pytest.raises(InputError, match="below 1"):
        random_balanced_circuit(50, rng=0, spectral_abscissa=1.0)


def test_a_random_circuit_without_loops_is_refused():
    with pytest.raises(InputError, match="loop"):
        random_balanced_circuit(4, rng=0, connection_probability=0.01)


def test_unconnected_units_amplify_nothing():
    np.testing.assert_allclose(amplified_modes(unconnected_circuit(5)).energies, 1.0)
