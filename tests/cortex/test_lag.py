import numpy as np
import pytest

from motorsim.checks import InputError
from motorsim.cortex import (
    Circuit,
    augmented_abscissa,
    augmented_spectrum,
    default_circuit,
    random_balanced_weights,
)
from motorsim.cortex.lag import augmented_schur, augmented_weights


def circuit(n_units=30):
    return Circuit.from_weights(random_balanced_weights(n_units, rng=1, spectral_radius=2.0))


def test_every_root_solves_the_lagged_characteristic_equation():
    given, tau_s, lag_s = circuit(), 0.2, 0.005
    roots = augmented_spectrum(given, tau_s, lag_s)
    assert roots.shape == (60,)
    reached = (1 + tau_s * roots) * (1 + lag_s * roots)
    np.testing.assert_allclose(reached, np.tile(given.eigenvalues, 2), atol=1e-10)


def test_spectrum_is_that_of_slow_states_and_lagging_rates_together():
    given, tau_s, lag_s = circuit(), 0.2, 0.008
    identity = np.eye(30)
    dynamics = np.block([[-identity / tau_s, given.weights / tau_s], [identity / lag_s, -identity / lag_s]])
    expected = np.linalg.eigvals(dynamics)
    found = augmented_spectrum(given, tau_s, lag_s)
    distances = np.abs(expected[:, None] - found)
    assert distances.min(axis=0).max() < 1e-9 / lag_s
    assert distances.min(axis=1).max() < 1e-9 / lag_s


def test_without_a_lag_the_spectrum_is_the_circuits_own():
    given = circuit()
    np.testing.assert_allclose(augmented_spectrum(given, 0.2, 0.0), (given.eigenvalues - 1) / 0.2)
    assert augmented_abscissa(given, 0.2, 0.0) == pytest.approx(given.spectral_abscissa)
    assert augmented_abscissa(given, 0.2, 1e-7) == pytest.approx(given.spectral_abscissa, abs=1e-4)


def test_a_lag_of_three_milliseconds_makes_the_default_circuit_unstable():
    assert augmented_abscissa(default_circuit(), 0.2, 0.001) < 1
    assert augmented_abscissa(default_circuit(), 0.2, 0.003) > 1


@pytest.mark.parametrize("n_units", [2, 31, 60])
def test_augmented_schur_form_is_one_of_the_augmented_matrix(n_units):
    weights = np.random.default_rng(0).standard_normal((n_units, n_units))
    form, basis = augmented_schur(weights, 0.025)
    np.testing.assert_allclose(basis @ form @ basis.T, augmented_weights(weights, 0.025), atol=1e-11)
    np.testing.assert_allclose(basis @ basis.T, np.eye(2 * n_units), atol=1e-12)
    assert not np.tril(form, -2).any()
    below = np.diag(form, -1) != 0
    assert not (below[1:] & below[:-1]).any()


def test_augmented_abscissa_is_that_of_the_augmented_weights():
    given = circuit()
    abscissa = np.linalg.eigvals(augmented_weights(given.weights, 0.04)).real.max()
    assert augmented_abscissa(given, 0.2, 0.008) == pytest.approx(abscissa, abs=1e-9)


@pytest.mark.parametrize(("tau_s", "lag_s", "name"), [(0.0, 0.001, "tau_s"), (0.2, -0.001, "lag_s")])
def test_impossible_times_are_refused(tau_s, lag_s, name):
    with pytest.raises(InputError, match=name):
        augmented_spectrum(circuit(), tau_s, lag_s)
