import numpy as np
import pytest
from scipy import linalg

from motorsim.analysis import pca
from motorsim.analysis.delay_dynamics import delay_dynamics
from motorsim.analysis.delay_model import delay_model
from motorsim.analysis.dynamics_distance import dynamics_distance
from motorsim.checks import InputError


def _simulate(step, seed, *, noise=0.0, shape=(30, 20)):
    rng = np.random.default_rng(seed)
    rates = np.empty((*shape, len(step)))
    rates[:, 0] = rng.standard_normal((shape[0], len(step)))
    for t in range(1, shape[1]):
        rates[:, t] = rates[:, t - 1] @ step.T + noise * rng.standard_normal((shape[0], len(step)))
    return rates


def _step():
    return linalg.block_diag([[0.9, -0.3], [0.3, 0.9]], 0.7) + np.diag([0.0, 0.5], 1)


def test_without_noise_the_spectrum_is_that_of_the_system_and_the_prediction_perfect():
    rates = _simulate(_step(), 0) + 10.0
    for axes in ("variance", "prediction"):
        found = delay_model(rates, n_delays=1, rank=3, axes=axes)
        assert np.allclose(np.sort(found.eigenvalues), np.sort(linalg.eigvals(_step())), atol=1e-9)
        # Eigenvalues alone would not tell the map from its transpose.
        assert dynamics_distance(found.dynamics, _step()).euclidean_distance < 1e-6
        assert dynamics_distance(found.dynamics, _step().T).euclidean_distance > 0.1
        assert (found.r2, found.skill, found.variance_ratio) == pytest.approx((1, 1, 1), abs=1e-9)
        assert found.persistence_r2 < 0.9


def test_is_the_map_of_delay_dynamics():
    rates = _simulate(_step(), 1, noise=0.3)
    found = delay_model(rates, n_delays=4, rank=5)
    expected = delay_dynamics(rates, dt_s=1.0, n_delays=4, rank=5)
    assert np.allclose(found.dynamics, expected.matrix, atol=1e-10)
    assert np.allclose(found.eigenvalues, expected.eigenvalues, atol=1e-10)
    assert found.r2 == pytest.approx(expected.r2_one_step, abs=1e-12)
    assert found.variance_ratio == pytest.approx(expected.variance_ratio.sum(), abs=1e-12)


def test_dynamics_turn_with_the_axes_of_the_units():
    rates = _simulate(_step(), 2)
    axes = linalg.qr(np.random.default_rng(3).standard_normal((3, 3)))[0]
    components = pca(rates, 3).components
    assert np.allclose(delay_model(rates, n_delays=1, rank=3).dynamics, components @ _step() @ components.T)
    turned = pca(rates @ axes, 3).components
    expected = turned @ axes.T @ _step() @ axes @ turned.T
    assert np.allclose(delay_model(rates @ axes, n_delays=1, rank=3).dynamics, expected)


def test_whitening_scales_the_coordinates_to_unit_variance():
    rates = _simulate(_step(), 4, noise=0.1)
    plain = delay_model(rates, n_delays=2, rank=4)
    white = delay_model(rates, n_delays=2, rank=4, whiten=True)
    coordinates = delay_dynamics(rates, dt_s=1.0, n_delays=2, rank=4).coordinates
    spread = coordinates.std(axis=(0, 1))
    assert np.allclose(white.dynamics, plain.dynamics * spread / spread[:, None], atol=1e-10)
    assert np.allclose(white.eigenvalues, plain.eigenvalues, atol=1e-10)
    assert white.r2 == plain.r2


def test_prediction_axes_pass_over_large_noise():
    signal = _simulate(_step()[:2, :2], 5, shape=(60, 30))
    noise = 5 * np.random.default_rng(6).standard_normal((60, 30, 3))
    rates = np.concatenate([noise, signal], axis=2)
    by_variance = delay_model(rates, n_delays=1, rank=2)
    by_prediction = delay_model(rates, n_delays=1, rank=2, axes="prediction")
    assert by_prediction.r2 > by_variance.r2
    assert by_prediction.variance_ratio < 0.2 < by_variance.variance_ratio
    assert np.allclose(np.abs(by_prediction.eigenvalues), np.abs(linalg.eigvals(_step()[:2, :2])), atol=0.02)
    assert np.abs(by_variance.eigenvalues).max() < 0.2


def test_slow_rates_are_predicted_by_persistence_and_skill_says_so():
    walk = np.cumsum(np.random.default_rng(7).standard_normal((40, 60, 3)), axis=1)
    found = delay_model(walk, n_delays=1, rank=3)
    change = np.sum(np.diff(walk, axis=1) ** 2)
    total = np.sum((walk[:, 1:] - walk[:, 1:].mean(axis=(0, 1))) ** 2)
    assert found.persistence_r2 == pytest.approx(1 - change / total, abs=1e-12)
    assert found.r2 > 0.9
    assert abs(found.skill) < 0.05


def test_unusable_input_is_refused():
    rates = _simulate(_step(), 8, noise=0.1)
    with pytest.raises(InputError, match="axes: expected one of prediction, variance"):
        delay_model(rates, n_delays=1, rank=2, axes="time")
    with pytest.raises(InputError, match="n_delays: expected less than the 20 times of b, got 20"):
        delay_model(rates, n_delays=20, rank=2, name="b")
    with pytest.raises(InputError, match=r"rank: expected at most .*rank of the windows, got 7"):
        delay_model(rates, n_delays=2, rank=7)
    for rank, n_delays in ((0, 1), (2, 0), (2.0, 1), (2, -1)):
        with pytest.raises(InputError, match=r"rank|n_delays"):
            delay_model(rates, n_delays=n_delays, rank=rank)
    with pytest.raises(InputError, match="axes: expected more steps than the 45 entries of a window, got 10"):
        delay_model(rates[:2], n_delays=15, rank=2, axes="prediction")
    with pytest.raises(InputError, match="rank: expected at most the rank of the predictions, got 4"):
        delay_model(rates, n_delays=1, rank=4, axes="prediction")
    with pytest.raises(InputError, match="rates: expected rates that change in time"):
        delay_model(np.repeat(rates[:, :1], 9, axis=1), n_delays=1, rank=2)
    stops = np.where(np.arange(20)[:, None] < 2, rates, rates[:, 2:3])
    assert delay_model(stops, n_delays=1, rank=2).persistence_r2 < 1
    with pytest.raises(InputError, match="change in time, got none that do after the first window"):
        delay_model(stops, n_delays=3, rank=2)
    with pytest.raises(InputError, match="change in time, got none that do after the first window"):
        delay_model(np.where(np.arange(20)[:, None] < 2, rates, 1.0), n_delays=2, rank=2)
    with pytest.raises(InputError, match="rates: expected rates that vary"):
        delay_model(np.ones_like(rates), n_delays=1, rank=2)
    with pytest.raises(InputError, match="NaN or infinity in units 1"):
        delay_model(np.where(np.arange(3) == 1, np.nan, rates), n_delays=1, rank=2)
    with pytest.raises(InputError, match="at least 2 times a condition"):
        delay_model(rates[:, :1], n_delays=1, rank=2)
