from pathlib import Path

import numpy as np
import pytest
from scipy import linalg

from motorsim.analysis.delay_model import delay_model
from motorsim.analysis.dsa import compare_dynamics, dsa
from motorsim.analysis.dynamics_distance import dynamics_distance
from motorsim.checks import InputError


@pytest.fixture(scope="module")
def peer():
    """Return what experiments/peers/freeze_dsa_values.py wrote."""
    with np.load(Path(__file__).parent / "dsa_values.npz") as stored:
        return dict(stored)


def _simulate(step, seed, *, noise=0.02, shape=(30, 20)):
    rng = np.random.default_rng(seed)
    rates = np.empty((*shape, len(step)))
    rates[:, 0] = rng.standard_normal((shape[0], len(step)))
    for t in range(1, shape[1]):
        rates[:, t] = rates[:, t - 1] @ step.T + noise * rng.standard_normal((shape[0], len(step)))
    return rates


def _twins():
    """Return a non-normal matrix and the normal one of the same eigenvalues."""
    normal = linalg.block_diag([[0.9, -0.3], [0.3, 0.9]], [[0.7, -0.1], [0.1, 0.7]])
    coupling = np.zeros((4, 4))
    coupling[:2, 2:] = 1.0
    return normal + coupling, normal


def test_agrees_with_dsa_metric_over_pairs(peer):
    models = [
        delay_model(rates, n_delays=int(peer["n_delays"]), rank=int(peer["rank"]), whiten=True)
        for rates in peer["rates"]
    ]
    found = [compare_dynamics(models[i], models[j]) for i, j in peer["pairs"]]
    angles = [one.angular_distance_rad for one in found]
    assert np.corrcoef(angles, peer["angular"])[0, 1] > 0.999
    assert np.allclose(angles, peer["angular"], atol=0.01)
    squared = [one.eigenvalue_distance**2 for one in found]
    assert np.corrcoef(squared, peer["wasserstein"])[0, 1] > 0.999
    assert np.allclose(squared, peer["wasserstein"], atol=1e-3)


def test_a_non_normal_system_and_its_normal_twin_come_out_apart():
    non_normal, normal = _twins()
    rates, again, twin = _simulate(non_normal, 0), _simulate(non_normal, 1), _simulate(normal, 2)
    for n_delays in (1, 3):
        apart = dsa(rates, twin, n_delays=n_delays, rank=4)
        same = dsa(rates, again, n_delays=n_delays, rank=4)
        assert apart.eigenvalue_distance < 0.05
        assert same.angular_distance_rad < 0.05
        assert apart.angular_distance_rad > 0.3
        assert apart.euclidean_distance > 10 * same.euclidean_distance
        assert min(model.r2 for model in (apart.model_a, apart.model_b)) > 0.95


def test_whitening_hides_most_of_non_normality():
    rates, twin = (_simulate(step, seed, noise=0.05) for seed, step in enumerate(_twins()))
    plain = dsa(rates, twin, n_delays=1, rank=4).angular_distance_rad
    assert dsa(rates, twin, n_delays=1, rank=4, whiten=True).angular_distance_rad < plain / 3


def test_whitened_at_full_rank_it_ignores_linear_maps_and_else_only_rotation_scale_and_shift():
    rates = _simulate(_twins()[0], 3)
    rng = np.random.default_rng(4)
    rotation = linalg.qr(rng.standard_normal((4, 4)))[0]
    stretched = rates @ (rotation * [0.3, 1, 2, 5]) @ linalg.qr(rng.standard_normal((4, 4)))[0] + 3
    moved = 7 * rates @ rotation + np.arange(4)
    for whiten in (True, False):
        same = dsa(rates, moved, n_delays=2, rank=5, whiten=whiten)
        assert same.angular_distance_rad < 1e-6
        assert same.eigenvalue_distance < 1e-6
    assert dsa(rates, stretched, n_delays=1, rank=4, whiten=True).angular_distance_rad < 1e-6
    assert dsa(rates, stretched, n_delays=1, rank=4).angular_distance_rad > 0.2


def test_conditions_times_and_units_need_not_be_shared():
    step = _twins()[0]
    wide = _simulate(step, 5) @ linalg.qr(np.random.default_rng(6).standard_normal((9, 9)))[0][:4]
    other = _simulate(step, 7, shape=(50, 15))
    found = dsa(wide, other, n_delays=1, rank=4)
    assert found.angular_distance_rad < 0.05
    assert found.model_a.r2 > 0.95


def test_is_symmetric_and_the_comparison_of_its_models():
    a, b = (_simulate(step, seed) for seed, step in enumerate(_twins()))
    there, back = (dsa(*pair, n_delays=2, rank=3, axes="prediction") for pair in ((a, b), (b, a)))
    assert there.angular_distance_rad == back.angular_distance_rad
    assert there.eigenvalue_distance == pytest.approx(back.eigenvalue_distance, abs=1e-12)
    expected = dynamics_distance(there.model_a.dynamics, there.model_b.dynamics)
    assert there.euclidean_distance == expected.euclidean_distance
    assert np.array_equal(there.rotation, expected.rotation)
    model = delay_model(b, n_delays=2, rank=3, axes="prediction")
    assert np.array_equal(there.model_b.dynamics, model.dynamics)
    assert there.model_b.skill == model.skill


def test_unusable_input_is_refused():
    rates = _simulate(_twins()[0], 8)
    with pytest.raises(InputError, match="b: expected finite rates, got NaN or infinity in units 3"):
        dsa(rates, np.where(np.arange(4) == 3, np.nan, rates), n_delays=1, rank=2)
    with pytest.raises(InputError, match="n_delays: expected less than the 5 times of b"):
        dsa(rates, rates[:, :5], n_delays=6, rank=2)
    with pytest.raises(InputError, match=r"rank: expected at most .*rank of the windows"):
        dsa(rates, rates[..., :2], n_delays=1, rank=3)
    with pytest.raises(InputError, match="a: expected rates that vary"):
        dsa(np.ones_like(rates), rates, n_delays=1, rank=2)
