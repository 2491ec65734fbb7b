import numpy as np
import pytest

from motorsim.checks import InputError
from motorsim.cortex import default_circuit, henrici_departure


def test_departure_of_a_two_unit_chain_with_decay_is_known():
    # |W|^2 = 2 a^2 + b^2 with both eigenvalues a: the departure is b / |W|.
    a, b = 0.5, 2.0
    assert henrici_departure(np.array([[a, b], [0.0, a]])) == pytest.approx(b / np.sqrt(2 * a**2 + b**2))


def test_departure_runs_from_normal_to_nilpotent():
    assert henrici_departure(np.array([[0.3, -2.0], [2.0, 0.3]])) == pytest.approx(0.0, abs=1e-14)
    assert henrici_departure(np.array([[0.0, 4.0], [0.0, 0.0]])) == 1.0
    assert henrici_departure(np.zeros((3, 3))) == 0.0


def test_departure_is_what_the_eigenvalues_leave_of_the_norm():
    weights = default_circuit().weights
    norm = (weights**2).sum()
    expected = np.sqrt(1 - (np.abs(np.linalg.eigvals(weights)) ** 2).sum() / norm)
    assert henrici_departure(weights) == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("weights", [np.zeros((2, 3)), np.zeros(3), np.array([[np.nan, 0.0], [0.0, 0.0]])])
def test_what_is_no_square_matrix_is_refused(weights):
    with pytest.raises(InputError, match="weights"):
        henrici_departure(weights)
