import numpy as np
import pytest
from scipy import linalg

from motorsim.analysis import jpca, soft_normalise
from motorsim.analysis.jpca import fit_dynamics
from motorsim.analysis.rotation_planes import rotation_planes
from motorsim.checks import InputError

DT_S = 0.01


def _orthonormal(n_units, n, seed):
    return np.linalg.qr(np.random.default_rng(seed).standard_normal((n_units, n)))[0]


def _rotation(frequency_hz, n_conditions=12, n_times=31, turns=1, growth=1.0):
    """Circles whose starting phases are spread evenly, (condition, time, 2)."""
    start = 2 * np.pi * turns * np.arange(n_conditions)[:, None] / n_conditions
    phase = start + 2 * np.pi * frequency_hz * DT_S * np.arange(n_times)
    return np.stack([np.cos(phase), np.sin(phase)], axis=-1) * growth ** np.arange(n_times)[:, None]


def _random_states(seed, n_conditions=20, n_times=25, n_units=15):
    rng = np.random.default_rng(seed)
    return np.cumsum(rng.standard_normal((n_conditions, n_times, n_units)), axis=1)


def _fit(states, n_components=2, **keywords):
    return jpca(states, dt_s=DT_S, n_components=n_components, soft_norm_hz=None, **keywords)


@pytest.mark.parametrize("frequency_hz", [0.7, 2.0, 9.0, 20.0])
def test_one_rotation_has_its_closed_form(frequency_hz):
    axes = _orthonormal(9, 2, 0)
    fit = _fit(_rotation(frequency_hz) @ axes.T)
    w = 2 * np.pi * frequency_hz * DT_S
    assert fit.frequencies_hz == pytest.approx([frequency_hz], rel=1e-12)
    assert fit.r2_best == pytest.approx(1.0, abs=1e-12)
    assert fit.r2_skew == pytest.approx(np.cos(w / 2) ** 2, abs=1e-12)
    assert fit.r2_ratio == pytest.approx(np.cos(w / 2) ** 2, abs=1e-12)
    assert np.abs(linalg.eigvals(fit.skew_matrix_per_s).imag).max() * DT_S == pytest.approx(
        np.sin(w), abs=1e-12
    )
    assert fit.plane_variance_ratio == pytest.approx([1.0], abs=1e-12)
    assert fit.phase_mean_rad == pytest.approx([np.pi / 2], abs=1e-12)
    assert fit.phase_resultant_length == pytest.approx([1.0], abs=1e-12)


def test_expansion_has_no_rotation():
    growing = _rotation(0.0, growth=1.05)
    fit = _fit(growing)
    assert fit.r2_best == pytest.approx(1.0, abs=1e-12)
    assert fit.r2_skew == pytest.approx(0.0, abs=1e-12)
    assert fit.frequencies_hz == pytest.approx([0.0], abs=1e-9)
    assert fit.phase_mean_rad == pytest.approx([0.0], abs=1e-9)


def test_growing_rotation_mixes_both():
    w, growth = 2 * np.pi * 3.0 * DT_S, 1.02
    fit = _fit(_rotation(3.0, growth=growth))
    change = growth**2 - 2 * growth * np.cos(w) + 1
    assert fit.r2_skew == pytest.approx((growth * np.sin(w)) ** 2 / change, abs=1e-12)
    assert fit.frequencies_hz == pytest.approx(
        [np.arcsin(growth * np.sin(w)) / (2 * np.pi * DT_S)], abs=1e-10
    )


def test_two_rotations_in_orthogonal_planes_are_told_apart():
    axes = _orthonormal(11, 4, 1)
    slow, fast = 2.0 * _rotation(1.0), _rotation(4.0, turns=2)
    states = slow @ axes[:, :2].T + fast @ axes[:, 2:].T
    fit = _fit(states, n_components=4)
    assert fit.frequencies_hz == pytest.approx([4.0, 1.0], rel=1e-10)
    assert fit.plane_variance_ratio == pytest.approx([0.2, 0.8], abs=1e-12)
    for plane, truth in zip(fit.planes, (axes[:, 2:], axes[:, :2]), strict=True):
        assert np.allclose(plane @ plane.T, truth @ truth.T, atol=1e-10)
    w = 2 * np.pi * DT_S * np.array([4.0, 1.0])
    power = np.array([1.0, 4.0]) * (2 - 2 * np.cos(w))
    assert fit.r2_skew == pytest.approx(np.sum(power * np.cos(w / 2) ** 2) / power.sum(), abs=1e-12)
    assert fit.r2_skew_top_plane == pytest.approx(np.cos(w[0] / 2) ** 2, abs=1e-12)
    assert fit.r2_best_top_plane == pytest.approx(1.0, abs=1e-12)


def test_variance_is_a_share_of_the_total_not_of_the_components():
    axes = _orthonormal(11, 4, 2)
    states = 2.0 * _rotation(1.0) @ axes[:, :2].T + _rotation(4.0, turns=2) @ axes[:, 2:].T
    fit = _fit(states, n_components=2)
    assert fit.plane_variance_ratio == pytest.approx([0.8], abs=1e-12)
    assert fit.captured_variance_ratio == pytest.approx(0.8, abs=1e-12)


def test_no_skew_matrix_fits_better():
    rng = np.random.default_rng(3)
    states = rng.standard_normal((200, 6)) @ rng.standard_normal((6, 6))
    change = states @ rng.standard_normal((6, 6)) + rng.standard_normal((200, 6))
    best, skew = fit_dynamics(states, change)
    assert np.array_equal(skew, -skew.T)

    def residual(matrix):
        return np.sum((change - states @ matrix.T) ** 2)

    for row in range(6):
        for column in range(row):
            direction = np.zeros((6, 6))
            direction[row, column], direction[column, row] = 1e-3, -1e-3
            assert residual(skew + direction) > residual(skew)
            assert residual(skew - direction) > residual(skew)
    assert np.allclose(best.T, np.linalg.lstsq(states, change, rcond=None)[0])
    variance = states.T @ states
    assert np.allclose(skew @ variance + variance @ skew, change.T @ states - states.T @ change)


def test_r2_has_an_uncentred_total_and_needs_the_state_at_the_start_of_the_bin():
    states = _random_states(4)
    fit = _fit(states, n_components=6)
    tuned = states - states.mean(axis=0)
    scores = tuned @ fit.components.T
    before, change = scores[:, :-1].reshape(-1, 6), np.diff(scores, axis=1).reshape(-1, 6)
    for matrix, r2 in ((fit.best_matrix_per_s, fit.r2_best), (fit.skew_matrix_per_s, fit.r2_skew)):
        error = change - before @ matrix.T * DT_S
        assert r2 == pytest.approx(1 - np.sum(error**2) / np.sum(change**2), abs=1e-12)
    assert fit.r2_skew <= fit.r2_best


def test_top_plane_scores_the_changes_within_the_fastest_plane_only():
    states = _random_states(22)
    fit = _fit(states, n_components=6)
    scores = (states - states.mean(axis=0)) @ fit.components.T
    before, change = scores[:, :-1].reshape(-1, 6), np.diff(scores, axis=1).reshape(-1, 6)
    top = fit.components @ fit.planes[0]
    for matrix, r2 in (
        (fit.best_matrix_per_s, fit.r2_best_top_plane),
        (fit.skew_matrix_per_s, fit.r2_skew_top_plane),
    ):
        error = (change - before @ matrix.T * DT_S) @ top
        assert r2 == pytest.approx(1 - np.sum(error**2) / np.sum((change @ top) ** 2), abs=1e-12)


def test_invariant_to_rotation_and_scale_of_the_state_space():
    states = _random_states(5)
    fit = _fit(states, n_components=6)
    turned = _fit(37.0 * states @ _orthonormal(15, 15, 6), n_components=6)
    assert turned.r2_best == pytest.approx(fit.r2_best, rel=1e-9)
    assert turned.r2_skew == pytest.approx(fit.r2_skew, rel=1e-9)
    assert turned.r2_skew_top_plane == pytest.approx(fit.r2_skew_top_plane, rel=1e-9)
    assert turned.frequencies_hz == pytest.approx(fit.frequencies_hz, rel=1e-9)
    assert turned.plane_variance_ratio == pytest.approx(fit.plane_variance_ratio, rel=1e-9)
    assert np.allclose(
        turned.projections, 37.0 * fit.projections, atol=1e-8 * np.abs(turned.projections).max()
    )


def test_planes_follow_a_permutation_of_units():
    rates = 20 + _random_states(7)
    order = np.random.default_rng(8).permutation(15)
    fit, shuffled = jpca(rates, dt_s=DT_S), jpca(rates[..., order], dt_s=DT_S)
    assert np.allclose(shuffled.planes, fit.planes[:, order], atol=1e-9)
    assert shuffled.r2_skew == pytest.approx(fit.r2_skew, rel=1e-10)


def test_time_reversal_keeps_the_frequency_and_every_plane_turns_anticlockwise():
    for states in (_rotation(2.0), _rotation(2.0)[:, ::-1]):
        fit = _fit(states @ _orthonormal(5, 2, 9).T)
        assert fit.frequencies_hz == pytest.approx([2.0])
        assert fit.phase_mean_rad == pytest.approx([np.pi / 2])


def test_planes_are_orthonormal_and_axes_laid_by_the_first_time():
    fit = _fit(_random_states(10), n_components=6)
    basis = np.concatenate(list(fit.planes), axis=1)
    assert np.allclose(basis.T @ basis, np.eye(6), atol=1e-12)
    for projection in fit.projections:
        covariance = np.cov(projection[:, 0].T)
        assert covariance[0, 0] > covariance[1, 1]
        assert abs(covariance[0, 1]) < 1e-10 * covariance[0, 0]
        assert projection[..., 1].max() >= -projection[..., 1].min()
    assert (np.diff(fit.frequencies_hz) <= 0).all()


def test_a_direction_that_does_not_turn_still_has_an_orthonormal_plane():
    skew = np.zeros((4, 4))
    skew[0, 2], skew[2, 0] = 0.3, -0.3
    angles, planes = rotation_planes(skew, np.random.default_rng(11).standard_normal((5, 6, 4)))
    assert angles == pytest.approx([0.3, 0.0])
    basis = np.concatenate(list(planes), axis=1)
    assert np.allclose(basis.T @ basis, np.eye(4), atol=1e-12)
    assert np.allclose(planes[0][[1, 3]], 0.0)


def test_projection_of_the_fitted_rates_and_of_held_out_conditions():
    rates = 30 + 3 * _random_states(12)
    fit = jpca(rates[:15], dt_s=DT_S)
    assert np.allclose(fit.project(rates[:15]), fit.projections)
    prepared = soft_normalise(rates[:15], 5.0)
    by_hand = (rates[15:] / fit.divisors - prepared.mean(axis=0)) @ fit.planes[1]
    assert np.allclose(fit.project(rates[15:])[1], by_hand)


def test_soft_normalisation_and_none_are_what_they_say():
    rates = 30 + 3 * _random_states(13)
    assert jpca(rates, dt_s=DT_S).r2_skew == _fit(soft_normalise(rates, 5.0), n_components=6).r2_skew
    assert np.array_equal(_fit(rates).divisors, np.ones(15))


def test_mean_over_conditions_is_subtracted_unless_told_otherwise():
    common = 50 * np.sin(np.arange(25) / 3)[:, None] * np.random.default_rng(14).random(15)
    states = _random_states(15)
    assert _fit(states + common).r2_skew == pytest.approx(_fit(states).r2_skew, rel=1e-9)
    kept = _fit(states + common, subtract_mean=False)
    assert abs(kept.r2_skew - _fit(states, subtract_mean=False).r2_skew) > 1e-3
    assert kept.project(states[:, :7]).shape == (1, 20, 7, 2)


def test_constant_unit_changes_nothing():
    rates = 30 + 3 * _random_states(16)
    silent = np.concatenate([rates, np.zeros((20, 25, 1))], axis=2)
    assert jpca(silent, dt_s=DT_S).r2_skew == pytest.approx(jpca(rates, dt_s=DT_S).r2_skew, rel=1e-10)


def _with_nan():
    rates = _random_states(17)
    rates[0, 0, [2, 11]] = np.nan
    return rates


@pytest.mark.parametrize(
    ("rates", "keywords", "message"),
    [
        (_random_states(18)[:1], {}, "at least 2 conditions, got 1; the method compares conditions"),
        (_random_states(18)[:, :2], {}, "at least 3 times a condition, got 2; take a longer window"),
        (_random_states(18)[:5], {}, "n_components: expected at most the 5 conditions, got 6"),
        (_random_states(18), {"n_components": 5}, "an even number"),
        (_random_states(18), {"n_components": 0}, "an integer of at least 2"),
        (_random_states(18)[..., :4], {}, "at most the rank of the centred rates, 4, got 6"),
        (_with_nan(), {}, "NaN or infinity in units 2, 11;"),
        (_random_states(18), {"dt_s": 0.0}, "dt_s: expected a number above 0, got 0.0"),
        (_random_states(18), {"dt_s": -0.01}, "dt_s: expected a number above 0"),
        (np.tile(_random_states(18)[:1], (8, 1, 1)), {}, "rates that differ between conditions"),
        (np.repeat(_random_states(18)[:, :1], 9, axis=1), {}, "rates that change in time"),
        (np.full((8, 9, 10), 3.0), {"soft_norm_hz": 0.0}, "constant units 0, 1, 2, 3, 4, 5, 6, 7 and 2 more"),
    ],
)
def test_unusable_input_is_refused(rates, keywords, message):
    with pytest.raises(InputError, match=message):
        jpca(rates, **{"dt_s": DT_S, **keywords})


def test_states_visited_at_the_last_time_only_are_refused():
    states = _rotation(2.0) @ _orthonormal(6, 2, 19).T
    rng = np.random.default_rng(20)
    jump = 10 * rng.standard_normal(states[:, -1].shape)
    states[:, -1] = jump - jump.mean(axis=0)
    with pytest.raises(InputError, match="at most 2, the rank before the last time, got 4"):
        _fit(states, n_components=4, subtract_mean=False)


def test_projection_on_other_units_or_times_is_refused():
    fit = _fit(_random_states(21))
    with pytest.raises(InputError, match="expected 15 units, got 14"):
        fit.project(_random_states(21)[..., :14])
    with pytest.raises(InputError, match=r"the 25 times of the fit, got 20; .*subtract_mean=False"):
        fit.project(_random_states(21)[:, :20])
