import numpy as np
import pytest
from scipy import linalg
from scipy.optimize import minimize_scalar

from motorsim.analysis.non_normality import henrici_departure, non_normality, numerical_abscissa
from motorsim.checks import InputError


def _normal(seed, n=8):
    """A stable normal matrix: decays and rotations in orthogonal planes."""
    rng = np.random.default_rng(seed)
    blocks = [
        np.array([[-a, -w], [w, -a]])
        for a, w in zip(rng.uniform(1, 3, n // 2), rng.uniform(0, 20, n // 2), strict=True)
    ]
    basis = np.linalg.qr(rng.standard_normal((n, n)))[0]
    return basis @ linalg.block_diag(*blocks) @ basis.T


def _chain(rate_per_s, coupling):
    """Two units with the same decay, the second driving the first: growth in closed form."""
    return rate_per_s * np.array([[-1.0, coupling], [0.0, -1.0]])


@pytest.mark.parametrize(("rate_per_s", "coupling"), [(1.0, 3.0), (5.0, 10.0), (0.1, 40.0)])
def test_two_unit_chain_has_its_closed_form(rate_per_s, coupling):
    result = non_normality(_chain(rate_per_s, coupling))
    # |exp(At)| = exp(-s) exp(asinh(M s / 2)) at s = rate t, largest at M s = sqrt(M^2 - 4).
    peak = np.sqrt(coupling**2 - 4) / coupling
    assert result.maximum_gain == pytest.approx(np.exp(np.arcsinh(coupling * peak / 2) - peak), rel=1e-10)
    assert result.maximum_gain_time_s == pytest.approx(peak / rate_per_s, rel=1e-4)
    assert result.spectral_abscissa_per_s == pytest.approx(-rate_per_s)
    assert result.numerical_abscissa_per_s == pytest.approx(rate_per_s * (coupling / 2 - 1))
    best = minimize_scalar(
        lambda x: -x / (x + 1) * np.exp(np.arcsinh(coupling / (2 * (x + 1)))),
        bounds=(1e-3, 1e3),
        method="bounded",
    )
    assert result.kreiss_bound == pytest.approx(-best.fun, rel=1e-4)
    assert result.henrici_departure == pytest.approx(coupling / np.sqrt(2 + coupling**2))


def test_normal_matrix_amplifies_nothing():
    result = non_normality(_normal(0))
    assert result.henrici_departure < 1e-12
    assert result.numerical_abscissa_per_s == pytest.approx(result.spectral_abscissa_per_s)
    assert result.maximum_gain == 1.0
    assert result.maximum_gain_time_s == 0.0
    assert result.kreiss_bound == pytest.approx(1.0, abs=1e-6)


@pytest.mark.parametrize("seed", range(5))
def test_kreiss_bound_gain_and_abscissa_bound_each_other(seed):
    rng = np.random.default_rng(seed)
    matrix = np.triu(3 * rng.standard_normal((6, 6)), 1) - np.diag(rng.uniform(0.5, 2, 6))
    result = non_normality(matrix)
    assert 1 < result.kreiss_bound <= result.maximum_gain * (1 + 1e-9)
    assert result.maximum_gain <= np.e * 6 * result.kreiss_bound
    times = np.linspace(0, 10, 4001)
    gains = [np.linalg.norm(linalg.expm(matrix * time), 2) for time in times[:: len(times) // 400]]
    assert max(gains) <= result.maximum_gain * (1 + 1e-9)
    assert max(gains) > 0.999 * result.maximum_gain
    early = 1e-6
    growth = (np.linalg.norm(linalg.expm(matrix * early), 2) - 1) / early
    assert growth == pytest.approx(result.numerical_abscissa_per_s, rel=1e-3)


def test_most_amplified_state_grows_to_the_maximum_gain():
    rng = np.random.default_rng(6)
    matrix = np.triu(3 * rng.standard_normal((6, 6)), 1) - np.eye(6)
    result = non_normality(matrix)
    grown = linalg.expm(matrix * result.maximum_gain_time_s) @ result.most_amplified_state
    assert np.linalg.norm(result.most_amplified_state) == pytest.approx(1.0)
    assert np.allclose(grown, result.maximum_gain * result.amplified_to, atol=1e-9)


def test_all_measures_are_invariant_to_rotation_and_scale_with_time():
    rng = np.random.default_rng(7)
    matrix = np.triu(3 * rng.standard_normal((5, 5)), 1) - np.eye(5)
    basis = np.linalg.qr(rng.standard_normal((5, 5)))[0]
    plain, turned = non_normality(matrix), non_normality(4.0 * basis @ matrix @ basis.T)
    assert turned.maximum_gain == pytest.approx(plain.maximum_gain, rel=1e-9)
    assert turned.maximum_gain_time_s == pytest.approx(plain.maximum_gain_time_s / 4, rel=1e-4)
    assert turned.kreiss_bound == pytest.approx(plain.kreiss_bound, rel=1e-4)
    assert turned.henrici_departure == pytest.approx(plain.henrici_departure)
    assert turned.numerical_abscissa_per_s == pytest.approx(4 * plain.numerical_abscissa_per_s)


def test_departure_runs_from_normal_to_nilpotent():
    assert henrici_departure(np.array([[0.3, -2.0], [2.0, 0.3]])) == pytest.approx(0.0, abs=1e-14)
    assert henrici_departure(np.array([[0.0, 4.0], [0.0, 0.0]])) == 1.0
    assert henrici_departure(np.zeros((3, 3))) == 0.0


def test_departure_is_what_the_eigenvalues_leave_of_the_norm():
    matrix = np.random.default_rng(8).standard_normal((20, 20))
    expected = np.sqrt(1 - np.sum(np.abs(np.linalg.eigvals(matrix)) ** 2) / np.sum(matrix**2))
    assert henrici_departure(matrix) == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("matrix", [np.zeros((2, 3)), np.zeros(3), np.array([[np.nan, 0.0], [0.0, 0.0]])])
@pytest.mark.parametrize("function", [henrici_departure, numerical_abscissa, non_normality])
def test_what_is_no_square_matrix_is_refused(function, matrix):
    with pytest.raises(InputError, match="matrix"):
        function(matrix)


def test_unstable_matrix_is_refused_with_what_to_do():
    with pytest.raises(InputError, match=r"stable matrix.*spectral abscissa 0.5 per s.*W - I"):
        non_normality(np.diag([-1.0, 0.5]))
