import numpy as np
import pytest
from scipy.linalg import solve_continuous_lyapunov
from scipy.optimize import brentq

from motorsim.cortex import (
    default_circuit,
    random_balanced_weights,
    smoothed_abscissa,
    stability_optimised_weights,
)


def energy(weights, shift):
    """Trace of the Gramian of W - sI: the level set that defines the smoothed abscissa."""
    identity = np.eye(len(weights))
    return np.trace(solve_continuous_lyapunov(weights - shift * identity, -2 * identity))


def test_gradient_is_that_of_the_smoothed_spectral_abscissa():
    # The smoothed abscissa is the shift at which the Gramian has a given trace (Vanbiervliet et al. 2009).
    weights = random_balanced_weights(12, rng=2, connection_probability=0.4, spectral_radius=1.5)
    bound = smoothed_abscissa(weights)
    level = energy(weights, bound.shift)
    step = 1e-6

    def shift_of(changed):
        lowest = np.linalg.eigvals(changed).real.max() + 1e-3
        return brentq(lambda shift: energy(changed, shift) - level, lowest, bound.shift + 5, xtol=1e-13)

    for i, j in [(0, 5), (3, 3), (7, 1), (11, 10)]:
        up, down = weights.copy(), weights.copy()
        up[i, j] += step
        down[i, j] -= step
        difference = (shift_of(up) - shift_of(down)) / (2 * step)
        assert bound.gradient[i, j] == pytest.approx(difference, rel=1e-5, abs=1e-8)


def test_abscissa_from_the_schur_form_is_the_largest_real_part():
    weights = random_balanced_weights(60, rng=0)
    bound = smoothed_abscissa(weights)
    assert bound.abscissa == pytest.approx(np.linalg.eigvals(weights).real.max(), abs=1e-10)
    assert bound.shift == pytest.approx(max(1.5 * bound.abscissa, bound.abscissa + 0.2))


@pytest.fixture(scope="module")
def grown():
    return stability_optimised_weights(60, rng=0, target_abscissa=0.4, max_iterations=2000)


def test_optimisation_makes_the_circuit_stable(grown):
    assert grown.reached
    assert grown.abscissa[0] > 3
    assert grown.circuit.spectral_abscissa <= 0.4
    assert grown.circuit.spectral_abscissa == pytest.approx(grown.abscissa[-1], abs=1e-9)
    assert len(grown.abscissa) == grown.n_iterations + 1


def test_optimisation_keeps_what_it_promises(grown):
    circuit = grown.circuit
    excitatory = circuit.excitatory
    np.testing.assert_array_equal(circuit.weights[:, excitatory], circuit.initial_weights[:, excitatory])
    assert (circuit.weights[:, ~excitatory] <= 0).all()
    assert np.count_nonzero(np.diag(circuit.weights)) == 0
    assert circuit.density(excitatory=False) <= 0.4
    for block in (excitatory, ~excitatory):
        ratio = (
            -circuit.weights[np.ix_(block, ~excitatory)].mean()
            / circuit.weights[np.ix_(block, excitatory)].mean()
        )
        assert ratio == pytest.approx(3.0, rel=1e-9)


def test_early_stop_is_said():
    short = stability_optimised_weights(40, rng=0, max_iterations=3)
    assert not short.reached
    assert short.n_iterations == 3


def test_progress_is_told_every_iteration():
    seen = []
    grown = stability_optimised_weights(
        30, rng=0, max_iterations=5, on_progress=lambda i, a: seen.append((i, a))
    )
    assert [i for i, _ in seen] == list(range(grown.n_iterations + 1))


def test_default_circuit_is_what_its_certificate_says():
    circuit = default_circuit()
    assert circuit.n_units == 200
    assert circuit.spectral_abscissa <= 0.15
    assert circuit.density(excitatory=False) <= 0.4
    np.testing.assert_allclose(
        circuit.initial_weights,
        random_balanced_weights(200, rng=int(circuit.source.split("seed ")[1].rstrip(")"))),
    )
