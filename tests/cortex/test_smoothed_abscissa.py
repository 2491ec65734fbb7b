import numpy as np
import pytest
from scipy.linalg import solve_continuous_lyapunov
from scipy.optimize import brentq

from motorsim.checks import InputError
from motorsim.cortex import random_balanced_weights, smoothed_abscissa
from motorsim.cortex.lag import augmented_weights


def small_weights():
    return random_balanced_weights(12, rng=2, connection_probability=0.4, spectral_radius=1.5)


def energy(weights, shift, lag_ratio):
    """Energy of the slow states for noise into them: the level set that defines the smoothed abscissa."""
    n_units = len(weights)
    system = augmented_weights(weights, lag_ratio) if lag_ratio else weights
    slow = np.diag((np.arange(len(system)) < n_units).astype(float))
    gramian = solve_continuous_lyapunov(system - shift * np.eye(len(system)), -2 * slow)
    return np.trace(gramian[:n_units, :n_units])


@pytest.mark.parametrize("lag_ratio", [0.0, 0.025, 0.3])
def test_gradient_is_that_of_the_smoothed_spectral_abscissa(lag_ratio):
    # The smoothed abscissa is the shift at which the Gramian has a given trace (Vanbiervliet et al. 2009).
    weights = small_weights()
    bound = smoothed_abscissa(weights, lag_ratio=lag_ratio)
    level = energy(weights, bound.shift, lag_ratio)
    step = 1e-6

    def shift_of(changed):
        lowest = bound.abscissa + 0.5 * (bound.shift - bound.abscissa)
        return brentq(
            lambda shift: energy(changed, shift, lag_ratio) - level, lowest, bound.shift + 5, xtol=1e-13
        )

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


def test_a_vanishing_lag_leaves_the_gradient_as_it_is_without():
    weights = small_weights()
    without, vanishing = smoothed_abscissa(weights), smoothed_abscissa(weights, lag_ratio=1e-7)
    assert vanishing.abscissa == pytest.approx(without.abscissa, abs=1e-5)
    np.testing.assert_allclose(
        vanishing.gradient, without.gradient, atol=1e-5 * np.abs(without.gradient).max()
    )


def test_a_negative_lag_is_refused():
    with pytest.raises(InputError, match="lag_ratio"):
        smoothed_abscissa(small_weights(), lag_ratio=-0.1)
