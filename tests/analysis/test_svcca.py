import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from motorsim.analysis import cca
from motorsim.analysis.svcca import svcca
from motorsim.checks import InputError


def _rates(seed, shape=(10, 12, 5)):
    return np.random.default_rng(seed).standard_normal(shape)


def _rotation(n_units, seed):
    return np.linalg.qr(np.random.default_rng(seed).standard_normal((n_units, n_units)))[0]


def _shared_signal(noise):
    """Return two populations of 10 units that share 2 large dimensions beside independent noise."""
    rng = np.random.default_rng(0)
    latent = rng.standard_normal((200, 2))
    return tuple(latent @ _rotation(10, seed)[:2] + noise * rng.standard_normal((200, 10)) for seed in (1, 2))


def test_all_the_variance_is_cca():
    a, b = _rates(3), _rates(4, (10, 12, 7))
    whole = svcca(a, b, variance=1.0)
    assert np.allclose(whole.correlations, cca(a, b).correlations, atol=1e-10)


def test_small_noise_dimensions_count_in_cca_but_not_here():
    a, b = _shared_signal(0.05)
    found = svcca(a, b, variance=0.95)
    assert (len(found.axes_a), len(found.axes_b)) == (2, 2)
    assert found.mean_correlation > 0.99
    assert cca(a, b).mean_correlation < 0.5


def test_keeps_the_least_number_of_components_that_reach_the_share():
    # Orthogonal columns of variances 8, 4, 2, 1, 1: shares 0.5, 0.75, 0.875, 0.9375, 1.
    columns = np.linalg.qr(np.column_stack([np.ones(40), _rates(5, (40, 5))]))[0][:, 1:]
    a = columns * np.sqrt([8, 4, 2, 1, 1])
    for variance, kept in ((0.5, 1), (0.51, 2), (0.75, 2), (0.76, 3), (0.9375, 4), (0.95, 5), (1.0, 5)):
        assert len(svcca(a, _rates(6, (40, 5)), variance=variance).axes_a) == kept


@given(seed=st.integers(0, 10_000), scale=st.floats(1e-2, 1e2))
def test_ignores_rotation_scale_and_shift(seed, scale):
    a, b = _rates(seed), _rates(seed + 1)
    moved = svcca(scale * a @ _rotation(5, seed) + 7, b @ _rotation(5, seed + 1) - 3, variance=0.9)
    assert np.allclose(moved.correlations, svcca(a, b, variance=0.9).correlations, atol=1e-8)


def test_sees_the_scale_of_a_single_unit_where_cca_does_not():
    a, b = _rates(7), _rates(8)
    stretched = a * np.array([1000, 1, 1, 1, 1])
    assert len(svcca(stretched, b).axes_a) == 1
    assert np.allclose(cca(stretched, b).correlations, cca(a, b).correlations, atol=1e-9)


def test_is_symmetric():
    a, b = _rates(9), _rates(10, (10, 12, 3))
    assert np.allclose(svcca(a, b).correlations, svcca(b, a).correlations, atol=1e-12)


def test_held_out_samples_are_projected_on_the_fitted_axes():
    a, b = _shared_signal(0.05)
    found = svcca(a[:100], b[:100], variance=0.95)
    assert np.allclose(found.correlations_of(a[:100], b[:100]), found.correlations, atol=1e-12)
    assert found.correlations_of(a[100:], b[100:]).min() > 0.98
    # Other samples in another order share nothing.
    assert np.abs(found.correlations_of(a[100:], b[:99:-1])).max() < 0.5
    with pytest.raises(InputError, match="b: expected the 10 units of the fit, got 4"):
        found.correlations_of(a, b[:, :4])


def test_unusable_input_is_refused():
    a = _rates(11)
    for variance in (0, 1.01, float("nan")):
        with pytest.raises(InputError, match="variance"):
            svcca(a, a, variance=variance)
    with pytest.raises(InputError, match="b: expected rates that vary, got all 5 units constant"):
        svcca(a, np.ones_like(a))
    with pytest.raises(InputError, match=r"more samples than both ranks together.*reduce both"):
        svcca(a[:1, :8], _rates(12)[:1, :8], variance=1.0)
    with pytest.raises(InputError, match="b: expected the conditions and times of a"):
        svcca(a, a[:, :5])
