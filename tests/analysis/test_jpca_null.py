import numpy as np
import pytest

from motorsim.analysis import jpca, jpca_null, smooth_random, tensor_maximum_entropy
from motorsim.checks import InputError

DT_S = 0.01


def _rotating(seed, n_conditions=16, n_times=20, n_units=8):
    """Two rotations shared by all conditions, each with its own starting states, and a little noise."""
    rng = np.random.default_rng(seed)
    axes = np.linalg.qr(rng.standard_normal((n_units, 4)))[0]
    start = rng.standard_normal((2, n_conditions, 1)) + 1j * rng.standard_normal((2, n_conditions, 1))
    turning = start * np.exp(2j * np.pi * np.array([3.0, 5.0])[:, None, None] * DT_S * np.arange(n_times))
    states = np.stack([part for plane in turning for part in (plane.real, plane.imag)], axis=-1)
    return states @ axes.T + 0.01 * rng.standard_normal((n_conditions, n_times, n_units))


def _test(states, **keywords):
    defaults = {"dt_s": DT_S, "n_components": 4, "soft_norm_hz": None, "n_surrogates": 39, "rng": 0}
    return jpca_null(states, **{**defaults, **keywords})


def test_real_rotation_is_beyond_every_surrogate():
    result = _test(_rotating(0))
    assert result.p_skew == pytest.approx(1 / 40)
    assert result.p_best == pytest.approx(1 / 40)
    assert result.observed.r2_skew > 0.9
    assert result.r2_skew.max() < 0.9


def test_observed_fit_is_jpca_of_the_rates():
    rates = 30 + 5 * _rotating(1)
    result = _test(rates, soft_norm_hz=5.0, n_surrogates=1)
    assert result.observed.r2_skew == jpca(rates, dt_s=DT_S, n_components=4).r2_skew


def test_p_value_counts_the_data_among_its_surrogates():
    result = _test(_rotating(2), n_surrogates=9)
    for null, seen, p in (
        (result.r2_best, result.observed.r2_best, result.p_best),
        (result.r2_skew, result.observed.r2_skew, result.p_skew),
    ):
        assert p == (1 + np.sum(null >= seen)) / 10
    own = _test(_rotating(2), n_surrogates=3, draw=lambda _: _rotating(2))
    assert own.p_best == own.p_skew == 1.0


def test_p_value_is_uniform_where_the_data_come_from_the_null():
    distribution = tensor_maximum_entropy(_rotating(3) - _rotating(3).mean(axis=0))
    rng = np.random.default_rng(4)

    def draw(generator):
        return distribution.sample(rng=generator)

    p = np.array([_test(draw(rng), n_surrogates=9, rng=rng, draw=draw).p_skew for _ in range(200)])
    assert 0.5 < p.mean() < 0.6
    assert (
        np.abs(np.array([np.mean(p <= level) for level in (0.1, 0.3, 0.5, 0.8)]) - [0.1, 0.3, 0.5, 0.8]).max()
        < 0.1
    )


def test_null_fitted_to_its_own_draws_seldom_rejects():
    distribution = tensor_maximum_entropy(_rotating(5) - _rotating(5).mean(axis=0))
    rng = np.random.default_rng(6)
    p = np.array([_test(distribution.sample(rng=rng), n_surrogates=19, rng=rng).p_skew for _ in range(60)])
    assert np.mean(p <= 0.05) < 0.2
    assert 0.3 < p.mean() < 0.7


def test_other_surrogates_may_be_drawn():
    result = _test(
        _rotating(5),
        draw=lambda rng: smooth_random(16, 20, 8, dt_s=DT_S, length_scale_s=0.05, rng=rng),
        n_surrogates=19,
    )
    assert result.p_skew == pytest.approx(1 / 20)
    assert (result.top_frequency_hz > 0).all()
    assert len(np.unique(result.r2_skew)) == 19


def test_same_seed_same_null():
    first, second = _test(_rotating(6), rng=3, n_surrogates=4), _test(_rotating(6), rng=3, n_surrogates=4)
    assert np.array_equal(first.r2_skew, second.r2_skew)
    assert len(np.unique(first.r2_skew)) == 4


def test_unusable_input_is_refused():
    with pytest.raises(
        InputError, match=r"draw: expected surrogates of shape \(16, 20, 8\), got \(2, 2, 2\)"
    ):
        _test(_rotating(7), draw=lambda _: np.ones((2, 2, 2)))
    with pytest.raises(InputError, match="n_surrogates: expected an integer of at least 1"):
        _test(_rotating(7), n_surrogates=0)


def test_numbers_do_not_depend_on_the_workers():
    for draw in (
        None,
        lambda rng: smooth_random(16, 20, 8, dt_s=DT_S, length_scale_s=0.05, rng=rng),
    ):
        one, three = (_test(_rotating(8), rng=5, n_workers=n, draw=draw) for n in (1, 3))
        for name in ("r2_best", "r2_skew", "r2_ratio", "top_frequency_hz"):
            assert np.array_equal(getattr(one, name), getattr(three, name))
        assert (one.p_best, one.p_skew) == (three.p_best, three.p_skew)


def test_surrogates_go_through_the_fit_of_the_data():
    draws = []

    def draw(generator):
        draws.append(smooth_random(16, 20, 8, dt_s=DT_S, length_scale_s=0.05, rng=generator))
        return draws[-1]

    result = _test(_rotating(9), draw=draw, n_surrogates=5, subtract_mean=False)
    fits = [jpca(x, dt_s=DT_S, n_components=4, soft_norm_hz=None, subtract_mean=False) for x in draws]
    assert result.r2_skew.tolist() == [fit.r2_skew for fit in fits]
    assert result.top_frequency_hz.tolist() == [fit.frequencies_hz[0] for fit in fits]


def test_no_workers_are_refused():
    with pytest.raises(InputError, match="n_workers: expected an integer of at least 1"):
        _test(_rotating(7), n_workers=0)
