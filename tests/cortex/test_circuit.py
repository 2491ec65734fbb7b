import numpy as np
import pytest

from motorsim.checks import InputError
from motorsim.cortex import Circuit, random_balanced_weights
from motorsim.cortex.circuit import count_dale_violations
from motorsim.io import load_matrix


def small_weights():
    return random_balanced_weights(40, rng=0, spectral_radius=0.8)


def test_signs_are_found_whatever_the_order_of_the_units():
    weights = small_weights()
    order = np.random.default_rng(1).permutation(40)
    circuit = Circuit.from_weights(weights[np.ix_(order, order)])
    np.testing.assert_array_equal(circuit.excitatory, order < 20)
    assert "20 E + 20 I, in no order" in circuit.describe()
    assert "E before I" in Circuit.from_weights(weights).describe()


def test_order_of_units_leaves_the_spectrum_alone():
    weights = small_weights()
    order = np.random.default_rng(1).permutation(40)
    shuffled = Circuit.from_weights(weights[np.ix_(order, order)])
    assert shuffled.spectral_abscissa == pytest.approx(
        Circuit.from_weights(weights).spectral_abscissa, abs=1e-10
    )


def test_self_connections_are_kept_and_counted():
    weights = small_weights()
    weights[3, 3] = 0.1
    circuit = Circuit.from_weights(weights)
    assert circuit.weights[3, 3] == 0.1
    assert "self-connections of 1 units (kept)" in circuit.describe()


def test_density_counts_possible_connections_without_self():
    weights = np.array([[5.0, 1.0, -1.0], [1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])
    circuit = Circuit.from_weights(weights)
    assert circuit.density(excitatory=True) == pytest.approx(3 / 4)
    assert circuit.density(excitatory=False) == pytest.approx(1 / 2)


def test_a_column_of_both_signs_breaks_dales_law():
    weights = small_weights()
    weights[1, 30], weights[2, 30] = 0.5, -0.5
    with pytest.raises(InputError, match=r"one sign each \(Dale's law.*1 of 40 columns.*the first 30"):
        Circuit.from_weights(weights)


def test_a_transposed_matrix_is_recognised():
    weights = np.abs(small_weights()) + 0.01
    weights[:, 20:] *= -1
    with pytest.raises(InputError, match="transpose it"):
        Circuit.from_weights(weights.T)


def test_stated_signs_must_match_the_weights():
    with pytest.raises(InputError, match="of the other sign"):
        Circuit(small_weights(), np.ones(40, dtype=bool))


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        (np.zeros((3, 4)), "square"),
        (np.array([[0.0, np.nan], [0.0, 0.0]]), "finite"),
        (np.zeros(4), r"postsynaptic|unit, unit"),
    ],
)
def test_malformed_matrices_are_refused(weights, message):
    with pytest.raises(InputError, match=message):
        Circuit.from_weights(weights)


def test_an_unstable_circuit_says_its_abscissa():
    circuit = Circuit.from_weights(np.array([[0.0, 2.0], [2.0, 0.0]]))
    with pytest.raises(InputError, match=r"spectral abscissa 2\.000"):
        circuit.require_stable()


def test_published_circuits_are_read_as_published(shared_data):
    facts = {"20210927T141434": (77, 65, 0.323), "20211006T143906": (82, 48, 0.385)}
    for stamp, (n_excitatory, n_self, abscissa) in facts.items():
        matrix, _ = load_matrix(shared_data / "soc" / f"SOC_Network_{stamp}.mat")
        circuit = Circuit.from_weights(matrix)
        assert circuit.excitatory.sum() == n_excitatory
        assert (np.diag(circuit.weights) != 0).sum() == n_self
        assert circuit.spectral_abscissa == pytest.approx(abscissa, abs=1e-3)


def test_a_circuit_without_dales_law_has_no_excitatory_units():
    weights = np.random.default_rng(0).standard_normal((6, 6))
    circuit = Circuit(weights, None)
    assert not circuit.obeys_dales_law
    assert "without Dale's law" in circuit.describe()
    assert "density 1.00" in circuit.describe()
    with pytest.raises(InputError, match="one with Dale's law"):
        _ = circuit.excitatory


def test_violations_of_dales_law_are_counted_by_column():
    weights = np.array([[0.0, 1.0, -1.0], [1.0, -1.0, 1.0], [0.0, 0.0, -1.0]])
    assert count_dale_violations(weights, np.array([True, True, False])) == 2
    assert count_dale_violations(weights[:, :1], np.array([False])) == 1
