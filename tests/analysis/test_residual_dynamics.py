import numpy as np
import pytest

from motorsim.analysis.residual_dynamics import _cross_validate, residual_dynamics
from motorsim.analysis.two_stage_least_squares import second_stage
from motorsim.checks import InputError

DT_S, N_TIMES, N_UNITS = 0.02, 24, 12


def _rotation(angle, modulus=0.94):
    return modulus * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])


def _trials(matrices, seed, *, n_trials=400, noise=1.0, n_units=N_UNITS, n_conditions=4):
    """A linear system seen through n_units noisy units, about a mean of each condition's own."""
    rng = np.random.default_rng(seed)
    n = matrices.shape[-1]
    matrices = np.broadcast_to(matrices, (N_TIMES, n, n))
    axes = np.linalg.qr(rng.standard_normal((n_units, n)))[0]
    states = np.empty((n_trials, N_TIMES, n))
    states[:, 0] = 2 * rng.standard_normal((n_trials, n))
    for time in range(N_TIMES - 1):
        states[:, time + 1] = states[:, time] @ matrices[time].T + 0.6 * rng.standard_normal((n_trials, n))
    conditions = np.arange(n_trials) % n_conditions
    means = 20 * rng.standard_normal((n_conditions, N_TIMES, n_units))
    trials = states @ axes.T + means[conditions] + noise * rng.standard_normal((n_trials, N_TIMES, n_units))
    return trials, conditions, axes


def _fit(trials, conditions, n_components=2, **keywords):
    return residual_dynamics(
        trials, conditions, **({"dt_s": DT_S, "n_components": n_components, "rng": 0} | keywords)
    )


def test_a_planted_system_is_recovered_where_least_squares_is_biased_to_zero():
    truth = _rotation(0.3)
    trials, conditions, axes = _trials(truth, 0)
    fit = _fit(trials, conditions, axes=axes.T, smoothness=1e6)
    assert np.abs(fit.matrices.mean(axis=0) - truth).max() < 0.02
    np.testing.assert_allclose(np.abs(fit.eigenvalues), 0.94, atol=0.02)
    np.testing.assert_allclose(fit.frequencies_hz, 0.3 / (2 * np.pi * DT_S), rtol=0.05)
    np.testing.assert_allclose(fit.time_constants_s, -DT_S / np.log(0.94), rtol=0.4)
    least_squares = np.abs(np.linalg.eigvals(fit.least_squares_matrices.mean(axis=0)))
    assert (least_squares < 0.8).all()


@pytest.mark.parametrize("noise", [0.1, 1.0, 2.0])
def test_noise_biases_least_squares_as_the_theory_says_and_the_instruments_not(noise):
    """The regression slope on noisy states is A P (P + noise^2)^-1, P the variance of the residuals."""
    truth = _rotation(0.0)
    trials, conditions, axes = _trials(truth, 1, noise=noise, n_trials=1500)
    fit = _fit(trials, conditions, axes=axes.T, smoothness=1e6)
    variance, expected = 4.0, []
    for _ in range(N_TIMES - 1):
        expected.append(0.94 * variance / (variance + noise**2))
        variance = 0.94**2 * variance + 0.36
    slopes = np.diagonal(fit.least_squares_matrices, axis1=1, axis2=2).mean(axis=1)
    np.testing.assert_allclose(slopes, expected[fit.first_index :], atol=0.05)
    assert slopes.mean() == pytest.approx(np.mean(expected[fit.first_index :]), abs=0.01)
    assert np.diagonal(fit.matrices, axis1=1, axis2=2).mean() == pytest.approx(0.94, abs=0.02)


def test_dynamics_that_change_are_followed_at_the_time_they_change():
    """Rotation in the first half, none in the second."""
    turning = np.stack([_rotation(0.5 if time < 12 else 0.0) for time in range(N_TIMES)])
    trials, conditions, axes = _trials(turning, 2, n_trials=1500, noise=0.5)
    fit = _fit(trials, conditions, axes=axes.T)
    angle = np.arctan2(fit.matrices[:, 1, 0] - fit.matrices[:, 0, 1], np.trace(fit.matrices.T))
    before, after = angle[: 11 - fit.first_index], angle[14 - fit.first_index :]
    assert before[:-1].mean() == pytest.approx(0.5, abs=0.05)
    assert after.mean() == pytest.approx(0.0, abs=0.05)
    middle = np.flatnonzero(angle < 0.25)[0] + fit.first_index
    assert abs(middle - 12) <= 1
    constant = _fit(trials, conditions, axes=axes.T, smoothness=1e8).matrices
    assert np.ptp(constant, axis=0).max() < 1e-4


def test_cross_validation_smooths_constant_dynamics_and_not_changing_ones():
    turning = np.stack([_rotation(0.8 if time % 12 < 6 else -0.8) for time in range(N_TIMES)])
    constant = _fit(*_trials(_rotation(0.3), 3, n_trials=200)[:2])
    changing = _fit(*_trials(turning, 3, n_trials=200)[:2])
    assert constant.smoothness >= 10 * changing.smoothness
    assert constant.cross_validation_r2.shape == (13,)
    assert changing.smoothness == np.logspace(-2, 4, 13)[changing.cross_validation_r2.argmax()]


def test_left_out_trials_have_no_part_in_either_stage_of_their_prediction():
    trials, conditions, axes = _trials(_rotation(0.3), 17, n_trials=60)
    strengths, rng = (1e-9, 1e9), np.random.default_rng(18)
    means = np.stack([trials[conditions == c].mean(axis=0) for c in range(4)])
    states = (trials - means[conditions]) @ axes
    fold = rng.permutation(60) % 3
    errors, total = np.zeros(2), 0.0
    for left_out in range(3):
        train, test = states[fold != left_out], states[fold == left_out]
        predicted = []
        for time in range(1, N_TIMES - 1):
            weights = np.linalg.lstsq(train[:, time - 1], train[:, time], rcond=None)[0]
            predicted.append((train[:, time - 1] @ weights, test[:, time - 1] @ weights))
        after, truth = train[:, 2:].transpose(1, 0, 2), test[:, 2:].transpose(1, 0, 2)
        each = [np.linalg.lstsq(x, y, rcond=None)[0] for (x, _), y in zip(predicted, after, strict=True)]
        shared = np.linalg.lstsq(np.concatenate([x for x, _ in predicted]), after.reshape(-1, 2), rcond=None)[
            0
        ]
        for index, maps in enumerate((each, [shared] * len(each))):
            guess = np.stack([x @ m for (_, x), m in zip(predicted, maps, strict=True)])
            errors[index] += np.sum((truth - guess) ** 2)
        total += np.sum(truth**2)
    np.testing.assert_allclose(_cross_validate(states, fold, 1, strengths), 1 - errors / total, atol=1e-5)


def test_subspace_is_that_of_the_dynamics_not_of_the_noise():
    trials, conditions, axes = _trials(_rotation(0.3), 4)
    loud = np.zeros(N_UNITS)
    loud[0] = 8.0
    trials = trials + loud * np.random.default_rng(5).standard_normal(trials.shape)
    fit = _fit(trials, conditions)
    assert np.linalg.svd(fit.axes @ axes, compute_uv=False).min() > 0.95
    assert fit.singular_values[1] > 3 * fit.singular_values[2]
    np.testing.assert_allclose(fit.axes @ fit.axes.T, np.eye(2), atol=1e-12)


def test_means_of_conditions_count_for_nothing():
    trials, conditions, _ = _trials(_rotation(0.3), 6)
    shift = 1e3 * np.random.default_rng(7).standard_normal((4, N_TIMES, N_UNITS))
    first, second = (_fit(t, conditions, smoothness=1.0) for t in (trials, trials + shift[conditions]))
    np.testing.assert_allclose(second.matrices, first.matrices, atol=1e-7)


def test_an_input_shared_by_trials_is_not_taken_for_recurrence():
    """Every condition is driven round a fast circle, while the recurrence only decays."""
    trials, conditions, axes = _trials(_rotation(0.0), 8)
    phase = 1.5 * np.arange(N_TIMES) + conditions[:, None]
    trials = trials + 50 * np.stack([np.cos(phase), np.sin(phase)], axis=-1) @ axes.T
    fit = _fit(trials, conditions, smoothness=1e6)
    np.testing.assert_allclose(fit.eigenvalues.real, 0.94, atol=0.04)
    assert np.median(fit.frequencies_hz) < 0.5


def test_non_normal_dynamics_have_gains_above_their_eigenvalues():
    shear = np.array([[0.7, 1.5], [0.0, 0.7]])
    trials, conditions, axes = _trials(shear, 9, n_trials=1500, noise=0.5)
    fit = _fit(trials, conditions, axes=axes.T, smoothness=1e6)
    np.testing.assert_allclose(
        fit.singular_gains.mean(axis=0), np.linalg.svd(shear, compute_uv=False), rtol=0.05
    )
    assert (np.abs(fit.eigenvalues) < 0.95).all()
    assert fit.henrici_departures.mean() > 0.5
    normal = _fit(*_trials(_rotation(0.3), 9, n_trials=1500)[:2], smoothness=1e6)
    assert normal.henrici_departures.mean() < 0.05
    np.testing.assert_allclose(normal.singular_gains, np.abs(normal.eigenvalues), atol=0.05)


def test_eigenvalues_do_not_depend_on_the_axes_of_the_units():
    trials, conditions, _ = _trials(_rotation(0.3), 10, n_trials=120)
    turn = np.linalg.qr(np.random.default_rng(11).standard_normal((N_UNITS, N_UNITS)))[0]
    first, second = (_fit(t, conditions, smoothness=1.0) for t in (trials, 3.0 * trials @ turn))
    np.testing.assert_allclose(second.eigenvalues, first.eigenvalues, atol=1e-8)
    np.testing.assert_allclose(second.instrument_r2, first.instrument_r2, atol=1e-10)


def test_weak_instruments_show():
    trials, conditions, _ = _trials(_rotation(0.3), 12)
    strong = _fit(trials, conditions).instrument_r2
    white = np.random.default_rng(13).standard_normal(trials.shape)
    weak = _fit(white, conditions).instrument_r2
    assert strong.shape == (N_TIMES - 4,)
    assert (strong > 0.3).all()
    assert (weak < 0.1).all()


def test_smoothed_regression_is_the_minimum_of_its_objective():
    rng = np.random.default_rng(14)
    before, after, strength = rng.standard_normal((5, 30, 3)), rng.standard_normal((5, 30, 3)), 0.7
    found = second_stage(before, after, strength)
    weight = strength * np.sum(before**2) / (5 * 3)

    def loss(matrices):
        fit = np.sum((after - before @ matrices.transpose(0, 2, 1)) ** 2)
        return fit + weight * np.sum(np.diff(matrices, axis=0) ** 2)

    for _ in range(30):
        direction = 1e-3 * rng.standard_normal(found.shape)
        assert loss(found + direction) > loss(found)
        assert loss(found + direction) - loss(found) == pytest.approx(
            loss(found - direction) - loss(found), rel=1e-6
        )
    plain = second_stage(before, after, 0.0)
    for time in range(5):
        expected = np.linalg.lstsq(before[time], after[time], rcond=None)[0].T
        np.testing.assert_allclose(plain[time], expected, atol=1e-10)


def test_same_seed_same_folds():
    trials, conditions, _ = _trials(_rotation(0.3), 15, n_trials=80)
    scores = [_fit(trials, conditions, rng=seed).cross_validation_r2 for seed in (1, 1, 2)]
    assert np.array_equal(scores[0], scores[1])
    assert not np.array_equal(scores[0], scores[2])


def _nan(trials):
    trials = trials.copy()
    trials[0, 0, [2, 5]] = np.nan
    return trials


@pytest.mark.parametrize(
    ("change", "keywords", "message"),
    [
        (_nan, {}, "NaN or infinity in units 2, 5"),
        (lambda t: t[:, :4], {}, "at least 5 times a condition, got 4"),
        (lambda t: t[:9], {}, "at least 2 trials a condition, got 1 of condition"),
        (lambda t: t[:10], {}, "more than 6 trials beyond one a condition, got 10 trials of 5 conditions"),
        (np.zeros_like, {}, "trials that differ from each other"),
        (None, {"dt_s": 0.0}, "dt_s: expected a number above 0"),
        (None, {"n_components": 13}, "n_components: expected at most 12, the rank of the residuals, got 13"),
        (None, {"n_lags": 0}, "n_lags: expected an integer of at least 1"),
        (None, {"smoothness": -1.0}, "smoothness: expected a number of at least 0"),
        (None, {"smoothness": (1.0, 0.0)}, "smoothness: expected a number above 0"),
        (None, {"axes": np.ones((2, 12))}, "axes: expected orthonormal rows"),
        (None, {"axes": np.eye(12)[:3]}, r"axes: expected an array .* of shape \(2, 12\)"),
        (None, {"n_folds": 1}, "n_folds: expected an integer of at least 2"),
    ],
)
def test_unusable_input_is_refused(change, keywords, message):
    trials, conditions, _ = _trials(_rotation(0.3), 16, n_trials=40, n_conditions=5)
    trials = trials if change is None else change(trials)
    with pytest.raises(InputError, match=message):
        _fit(trials, conditions[: len(trials)], **keywords)
