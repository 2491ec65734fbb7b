import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import linalg
from sklearn.linear_model import LinearRegression

from motorsim.analysis.linear_dynamics import linear_dynamics
from motorsim.checks import InputError

DT_S = 0.01


def _rotation_matrix(frequency_hz, tau_s):
    angle = 2 * np.pi * frequency_hz * DT_S
    return np.exp(-DT_S / tau_s) * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])


def _system():
    return linalg.block_diag(_rotation_matrix(2.0, 0.4), _rotation_matrix(5.0, 0.15), [[np.exp(-DT_S / 0.1)]])


def _run(matrix, intercept, *, seed, n_conditions=15, n_times=40, noise=0.0):
    rng = np.random.default_rng(seed)
    states = [rng.standard_normal((n_conditions, len(matrix)))]
    for _ in range(n_times - 1):
        step = states[-1] @ matrix.T + intercept
        states.append(step + noise * rng.standard_normal(step.shape))
    return np.stack(states, axis=1)


def test_noiseless_system_is_recovered_with_its_spectrum():
    rng = np.random.default_rng(0)
    basis = np.eye(5) + 0.3 * rng.standard_normal((5, 5))
    matrix = basis @ _system() @ np.linalg.inv(basis)
    intercept = rng.standard_normal(5)
    fit = linear_dynamics(_run(matrix, intercept, seed=1), dt_s=DT_S)
    assert fit.rank == 5
    assert np.allclose(fit.matrix, matrix, atol=1e-9)
    assert np.allclose(fit.intercept, intercept, atol=1e-9)
    assert fit.frequencies_hz == pytest.approx([2.0, 2.0, 5.0, 5.0, 0.0], abs=1e-7)
    assert fit.time_constants_s == pytest.approx([0.4, 0.4, 0.15, 0.15, 0.1], rel=1e-7)
    assert fit.eigenvalues[0].imag > 0 > fit.eigenvalues[1].imag
    assert fit.r2_one_step == pytest.approx(1.0)
    assert fit.r2_change == pytest.approx(1.0)


def test_spectrum_of_a_noise_driven_system_to_one_per_cent():
    states = _run(_system(), np.zeros(5), seed=2, n_conditions=2000, n_times=60, noise=0.5)
    fit = linear_dynamics(states, dt_s=DT_S, rank=5)
    truth = np.linalg.eigvals(_system())
    distance = np.abs(fit.eigenvalues[:, None] - truth).min(axis=1)
    assert (distance < 0.01 * np.abs(fit.eigenvalues)).all()
    assert fit.frequencies_hz[:2] == pytest.approx([2.0, 2.0], rel=0.01)


def test_full_rank_least_squares_agrees_with_scikit_learn_and_never_crosses_conditions():
    states = np.random.default_rng(3).standard_normal((6, 9, 4))
    fit = linear_dynamics(states, dt_s=DT_S, rank=4)
    reference = LinearRegression().fit(states[:, :-1].reshape(-1, 4), states[:, 1:].reshape(-1, 4))
    assert np.allclose(fit.matrix, reference.coef_, atol=1e-10)
    assert np.allclose(fit.intercept, reference.intercept_, atol=1e-10)
    residual = states[:, 1:] - fit.predict(states[:, :-1])
    later = states[:, 1:]
    total = np.sum((later - later.mean(axis=(0, 1))) ** 2)
    assert fit.r2_one_step == pytest.approx(1 - np.sum(residual**2) / total, abs=1e-12)
    assert fit.r2_change == pytest.approx(1 - np.sum(residual**2) / np.sum(np.diff(states, axis=1) ** 2))


def test_reduced_rank_is_the_best_of_its_rank():
    states = _run(_system(), np.ones(5), seed=4, noise=0.3)
    fit = linear_dynamics(states, dt_s=DT_S, rank=2)
    assert np.linalg.matrix_rank(fit.matrix, tol=1e-10) == 2
    assert fit.eigenvalues.shape == (2,)
    spectrum = np.linalg.eigvals(fit.matrix)
    assert np.sort(np.abs(spectrum))[-2:] == pytest.approx(np.sort(np.abs(fit.eigenvalues)), abs=1e-10)
    before, after = states[:, :-1].reshape(-1, 5), states[:, 1:].reshape(-1, 5)
    error = np.sum((after - fit.predict(before)) ** 2)
    rng = np.random.default_rng(5)
    left, right = np.linalg.svd(fit.matrix)[0][:, :2], np.linalg.svd(fit.matrix)[2][:2]
    core = left.T @ fit.matrix @ right.T
    for _ in range(50):
        nudged = (left + 1e-2 * rng.standard_normal(left.shape)) @ core @ right
        nudged = nudged + left @ core @ (1e-2 * rng.standard_normal(right.shape))
        rest = after - before @ nudged.T
        assert np.sum((rest - rest.mean(axis=0)) ** 2) > error


@pytest.mark.parametrize("true_rank", [1, 2, 4])
def test_cross_validation_finds_the_rank(true_rank):
    rng = np.random.default_rng(10 + true_rank)
    axes = np.linalg.qr(rng.standard_normal((8, true_rank)))[0]
    matrix = 0.95 * axes @ np.linalg.qr(rng.standard_normal((true_rank, true_rank)))[0] @ axes.T
    states = _run(matrix, np.zeros(8), seed=6, n_conditions=40, n_times=30, noise=0.3)
    fit = linear_dynamics(states, dt_s=DT_S)
    assert fit.rank == true_rank
    assert fit.cross_validation_r2.shape == (8,)
    assert fit.cross_validation_r2[true_rank - 1] >= fit.cross_validation_r2.max() - 0.01


def test_cross_validation_scores_are_those_of_refitting_without_each_fold():
    states = _run(_system(), np.ones(5), seed=7, n_conditions=7, n_times=12, noise=0.4)
    fit = linear_dynamics(states, dt_s=DT_S, n_folds=3)
    for rank in (1, 3, 5):
        error = total = 0.0
        for fold in range(3):
            held_out = np.arange(7) % 3 == fold
            trained = linear_dynamics(states[~held_out], dt_s=DT_S, rank=rank)
            later = states[held_out, 1:]
            error += np.sum((later - trained.predict(states[held_out, :-1])) ** 2)
            total += np.sum((later - states[~held_out, 1:].mean(axis=(0, 1))) ** 2)
        assert fit.cross_validation_r2[rank - 1] == pytest.approx(1 - error / total, abs=1e-10)


def test_steps_ahead_are_powers_of_the_map():
    states = _run(_system(), np.ones(5), seed=8)
    fit = linear_dynamics(states, dt_s=DT_S, rank=5)
    assert np.allclose(fit.predict(states[:, 0], 7), states[:, 7])
    assert np.allclose(fit.simulate(states[:, 3], 20), states[:, 3:23])
    assert fit.r2_after(states, 10) == pytest.approx(1.0)
    noisy = _run(_system(), np.ones(5), seed=9, noise=0.3)
    scores = [linear_dynamics(noisy, dt_s=DT_S, rank=5).r2_after(noisy, k) for k in (1, 5, 20)]
    assert scores[0] > scores[1] > scores[2]
    assert scores[0] == pytest.approx(linear_dynamics(noisy, dt_s=DT_S, rank=5).r2_one_step)


def test_slow_noise_is_predicted_by_persistence_not_by_a_change():
    rng = np.random.default_rng(11)
    walk = np.cumsum(0.05 * rng.standard_normal((200, 30, 3)), axis=1) + rng.standard_normal((200, 1, 3))
    fit = linear_dynamics(walk, dt_s=DT_S, rank=3)
    assert fit.r2_one_step > 0.99
    assert fit.r2_change < 0.05


def test_ridge_shrinks_and_is_chosen_where_asked():
    states = _run(_system(), np.zeros(5), seed=12, n_conditions=4, n_times=8, noise=0.5)
    plain, shrunk = (linear_dynamics(states, dt_s=DT_S, rank=5, ridge=ridge) for ridge in (0.0, 0.5))
    assert np.linalg.norm(shrunk.matrix) < np.linalg.norm(plain.matrix)
    assert linear_dynamics(states, dt_s=DT_S, rank=5, ridge=None).ridge > 0


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10_000))
def test_eigenvalues_do_not_depend_on_the_axes(seed):
    states = _run(_system(), np.ones(5), seed=seed, noise=0.2)
    rng = np.random.default_rng(seed + 1)
    turned = 3.0 * states @ np.linalg.qr(rng.standard_normal((5, 5)))[0] + rng.standard_normal(5)
    for rank in (3, 5):
        fit, other = (linear_dynamics(x, dt_s=DT_S, rank=rank) for x in (states, turned))
        assert np.abs(other.eigenvalues) == pytest.approx(np.abs(fit.eigenvalues), abs=1e-8)
        assert other.r2_one_step == pytest.approx(fit.r2_one_step, abs=1e-10)


def test_growth_has_a_negative_time_constant_and_a_held_state_an_infinite_one():
    growing = _run(np.diag([1.1, 1.0]), np.zeros(2), seed=13, n_times=10)
    constants = linear_dynamics(growing, dt_s=DT_S, rank=2).time_constants_s
    assert constants[0] == pytest.approx(-DT_S / np.log(1.1))
    assert abs(constants[1]) > 1e9 * DT_S


def _bad():
    states = _run(_system(), np.zeros(5), seed=14)
    gappy = states.copy()
    gappy[:, :, 3] = np.nan
    return [
        (gappy, {}, "units 3"),
        (states[:, :1], {}, "at least 2 times"),
        (states[:2], {}, "rank: expected 3 conditions or more"),
        (states[:1], {"rank": 9}, "rank: expected at most 5"),
        (np.ones((4, 9, 2)), {}, "rates that vary"),
        (states, {"rank": 0}, "rank: expected an integer of at least 1"),
        (states, {"dt_s": 0.0}, "dt_s: expected a number above 0"),
        (states, {"dt_s": np.array([0.01, 0.02])}, "dt_s"),
        (states, {"ridge": -1.0}, "ridge"),
        (states, {"n_folds": 1}, "n_folds"),
        (states[0], {}, "condition, time, unit"),
    ]


@pytest.mark.parametrize("number", range(11))
def test_bad_input_is_named(number):
    states, keywords, message = _bad()[number]
    with pytest.raises(InputError, match=message):
        linear_dynamics(states, **({"dt_s": DT_S} | keywords))


def test_prediction_refuses_what_does_not_fit():
    fit = linear_dynamics(_run(_system(), np.zeros(5), seed=15), dt_s=DT_S, rank=5)
    with pytest.raises(InputError, match="5 units"):
        fit.predict(np.ones((2, 4)))
    with pytest.raises(InputError, match="at least 41 times"):
        fit.r2_after(_run(_system(), np.zeros(5), seed=16), 40)
    with pytest.raises(InputError, match="n_times"):
        fit.simulate(np.ones((2, 5)), 0)
