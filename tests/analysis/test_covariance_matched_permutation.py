import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from motorsim.analysis import jpca_null
from motorsim.analysis.covariance_matched_permutation import _least_change, covariance_matched_permutation
from motorsim.checks import InputError


def _rates(seed, n_conditions=12, n_times=15, n_units=6):
    """Smooth, correlated between units, with a mean over conditions."""
    rng = np.random.default_rng(seed)
    rates = np.cumsum(rng.standard_normal((n_conditions, n_times, n_units)), axis=1)
    return rates @ rng.standard_normal((n_units, n_units)) + 5 * np.sin(np.arange(n_times))[:, None]


def _covariance(rates):
    flat = rates.reshape(-1, rates.shape[2])
    return np.cov(flat.T)


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), scale=st.floats(1e-3, 1e3))
def test_covariance_of_units_and_mean_over_conditions_are_kept(seed, scale):
    rates = scale * _rates(seed)
    surrogate = covariance_matched_permutation(rates, rng=seed)
    np.testing.assert_allclose(
        _covariance(surrogate), _covariance(rates), atol=1e-8 * np.abs(_covariance(rates)).max()
    )
    np.testing.assert_allclose(surrogate.mean(axis=0), rates.mean(axis=0), atol=1e-9 * np.abs(rates).max())


def test_units_lose_their_common_conditions():
    """After the permutation a condition's mean says no more of what it was, but for chance."""
    rng = np.random.default_rng(0)
    rates = rng.standard_normal((200, 3, 2)) + 3 * rng.standard_normal((200, 1, 2))
    surrogate = covariance_matched_permutation(rates, rng=1)
    means = surrogate.mean(axis=1), rates.mean(axis=1)
    for unit in range(2):
        assert abs(np.corrcoef(means[0][:, unit], means[1][:, unit])[0, 1]) < 0.25


def test_a_single_unit_keeps_its_responses_and_only_trades_conditions():
    rates = _rates(2, n_units=1)
    surrogate = covariance_matched_permutation(rates, rng=3)
    tuned, shuffled = ((x - x.mean(axis=0))[..., 0] for x in (rates, surrogate))
    order = np.abs(shuffled[:, None] - tuned).max(axis=2).argmin(axis=1)
    assert sorted(order) == list(range(12))
    np.testing.assert_allclose(shuffled, tuned[order], atol=1e-9)


def test_the_map_changes_the_samples_less_than_any_other_with_that_covariance():
    rng = np.random.default_rng(4)
    samples, wanted = rng.standard_normal((50, 4)), rng.standard_normal((4, 4))
    wanted = wanted @ wanted.T
    change = _least_change(samples.T @ samples, wanted)
    moved = samples @ change
    np.testing.assert_allclose(moved.T @ moved, wanted, atol=1e-10)
    least = np.sum((moved - samples) ** 2)
    root = np.linalg.cholesky(wanted).T
    for _ in range(50):
        turn = np.linalg.qr(rng.standard_normal((4, 4)))[0]
        other = samples @ np.linalg.solve(np.linalg.cholesky(samples.T @ samples).T, turn @ root)
        np.testing.assert_allclose(other.T @ other, wanted, atol=1e-9)
        assert np.sum((other - samples) ** 2) >= least
    np.testing.assert_allclose(_least_change(samples.T @ samples, samples.T @ samples), np.eye(4), atol=1e-10)


def test_rotations_of_a_population_do_not_survive():
    rng = np.random.default_rng(5)
    start = rng.standard_normal((24, 1, 3)) + 1j * rng.standard_normal((24, 1, 3))
    turning = start * np.exp(2j * np.pi * np.array([1.5, 2.5, 3.5]) * 0.01 * np.arange(25)[:, None])
    states = np.concatenate([turning.real, turning.imag], axis=2) @ rng.standard_normal((6, 10))
    states += 0.01 * rng.standard_normal(states.shape)
    null = jpca_null(
        states,
        dt_s=0.01,
        rng=6,
        soft_norm_hz=None,
        n_surrogates=39,
        draw=lambda generator: covariance_matched_permutation(states - states.mean(axis=0), rng=generator),
    )
    assert null.p_skew == pytest.approx(1 / 40)
    assert null.r2_skew.max() < null.observed.r2_skew - 0.1


def test_same_seed_same_surrogate_and_constant_units_stay_constant():
    rates = np.concatenate([_rates(7), np.full((12, 15, 1), 3.0)], axis=2)
    surrogate = covariance_matched_permutation(rates, rng=1)
    assert np.array_equal(surrogate, covariance_matched_permutation(rates, rng=1))
    assert not np.allclose(surrogate, covariance_matched_permutation(rates, rng=2))
    np.testing.assert_allclose(surrogate[..., -1], 3.0, atol=1e-9)


def test_unusable_input_is_refused():
    with pytest.raises(InputError, match="at least 2 conditions, got 1"):
        covariance_matched_permutation(_rates(8)[:1], rng=0)
    with pytest.raises(InputError, match="rates that differ between conditions"):
        covariance_matched_permutation(np.tile(_rates(8)[:1], (4, 1, 1)), rng=0)
    rng = np.random.default_rng(9)
    with pytest.raises(InputError, match=r"span the directions of the data, got .* reduce the units by PCA"):
        covariance_matched_permutation(rng.standard_normal((3, 4, 40)), rng=0)
    bad = _rates(8)
    bad[0, 0, 2] = np.nan
    with pytest.raises(InputError, match="NaN or infinity in units 2"):
        covariance_matched_permutation(bad, rng=0)
