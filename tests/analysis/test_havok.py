import numpy as np
import pytest

from motorsim.analysis.havok import havok
from motorsim.checks import InputError

DT_S = 0.001


def _lorenz(n_times=20_000):
    """Integrate the Lorenz system by Runge-Kutta 4: its first coordinate, (1, time, 1)."""

    def slope(x):
        return np.array([10 * (x[1] - x[0]), x[0] * (28 - x[2]) - x[1], x[0] * x[1] - 8 / 3 * x[2]])

    state, path = np.array([-8.0, 8.0, 27.0]), np.empty(n_times)
    for time in range(n_times):
        path[time] = state[0]
        k1 = slope(state)
        k2 = slope(state + DT_S / 2 * k1)
        k3 = slope(state + DT_S / 2 * k2)
        state = state + DT_S / 6 * (k1 + 2 * k2 + 2 * k3 + slope(state + DT_S * k3))
    return path[None, :, None]


def test_forced_system_is_exact_where_the_coordinates_are_closed():
    times = DT_S * np.arange(3000)
    rng = np.random.default_rng(0)
    phase = rng.uniform(0, 6, (10, 1, 2))
    waves = np.cos(2 * np.pi * times[:, None] * np.array([2.0, 9.0]) + phase) @ np.array([2.0, 1.0])
    fit = havok(waves[..., None], dt_s=DT_S, n_delays=40, rank=4)
    assert fit.r2_change == pytest.approx(1.0, abs=1e-9)
    assert fit.matrix.shape == (3, 3)
    assert fit.forcing_gain.shape == (3,)
    assert fit.coordinates.shape == (10, 2961, 3)
    assert fit.forcing.shape == (10, 2961)
    one_on = (
        fit.coordinates[:, :-1] @ fit.matrix.T + fit.forcing[:, :-1, None] * fit.forcing_gain + fit.intercept
    )
    assert np.allclose(one_on, fit.coordinates[:, 1:], atol=1e-8)


def test_lorenz_is_nearly_skew_linear_dynamics_forced_in_bursts():
    fit = havok(_lorenz(), dt_s=DT_S, n_delays=100, rank=7)
    assert fit.r2_change > 0.999
    assert fit.r2_change_unforced < 0.8
    generator = (fit.matrix - np.eye(6)) / DT_S
    symmetric, skew = generator + generator.T, generator - generator.T
    assert np.linalg.norm(symmetric) < 0.1 * np.linalg.norm(skew)
    # The forcing has long tails: a Gaussian has a kurtosis of 3.
    standard = (fit.forcing - fit.forcing.mean()) / fit.forcing.std()
    assert np.mean(standard**4) > 10
    by_map = np.linalg.eigvals(fit.matrix)
    assert np.sort_complex(np.exp(fit.eigenvalues_per_s * DT_S)) == pytest.approx(np.sort_complex(by_map))
    assert np.mean(fit.coordinates**2, axis=(0, 1)) == pytest.approx(np.ones(6))


@pytest.mark.parametrize(("keywords", "message"), [({"rank": 1}, "rank"), ({"n_delays": 30}, "n_delays")])
def test_bad_input_is_named(keywords, message):
    states = np.random.default_rng(1).standard_normal((3, 30, 2))
    with pytest.raises(InputError, match=message):
        havok(states, **({"dt_s": DT_S, "n_delays": 4, "rank": 3} | keywords))
