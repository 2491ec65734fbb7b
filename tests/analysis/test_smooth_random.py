import numpy as np
import pytest

from motorsim.analysis import smooth_random
from motorsim.checks import InputError


def _draw(n_conditions=300, n_times=15, n_units=40, **keywords):
    return smooth_random(
        n_conditions, n_times, n_units, **{"dt_s": 0.01, "length_scale_s": 0.03, "rng": 0, **keywords}
    )


def test_times_correlate_as_the_kernel_says():
    rates = _draw()
    flat = np.moveaxis(rates, 1, 0).reshape(15, -1)
    covariance = flat @ flat.T / flat.shape[1]
    lags_s = 0.01 * (np.arange(15)[:, None] - np.arange(15))
    assert np.abs(covariance - np.exp(-(lags_s**2) / (2 * 0.03**2))).max() < 0.05


def test_conditions_and_units_covary_as_asked():
    conditions = np.array([[2.0, 1.0], [1.0, 3.0]])
    units = np.array([[1.0, -0.5], [-0.5, 1.0]])
    rng = np.random.default_rng(1)
    draws = np.stack(
        [_draw(2, 3, 2, condition_covariance=conditions, unit_covariance=units, rng=rng) for _ in range(6000)]
    )
    assert np.allclose(np.einsum("sctu,sdtu->cd", draws, draws) / 18000, 2 * conditions, atol=0.3)
    assert np.allclose(np.einsum("sctu,sctv->uv", draws, draws) / 18000, 5 * units, atol=0.3)


def test_units_live_in_as_many_dimensions_as_asked():
    rates = _draw(20, 30, 12, n_dimensions=3)
    spectrum = np.linalg.svd(rates.reshape(-1, 12), compute_uv=False)
    assert spectrum[2] > 0.1 * spectrum[0]
    assert spectrum[3] < 1e-10 * spectrum[0]


def test_variance_a_unit_is_one_whatever_the_dimension():
    assert np.mean(_draw(n_dimensions=5) ** 2) == pytest.approx(1.0, abs=0.1)


def test_same_seed_same_rates():
    assert np.array_equal(_draw(rng=4), _draw(rng=4))
    assert not np.array_equal(_draw(rng=4), _draw(rng=5))


@pytest.mark.parametrize(
    ("keywords", "message"),
    [
        ({"dt_s": 0.0}, "dt_s: expected a number above 0"),
        ({"length_scale_s": -0.1}, "length_scale_s: expected a number above 0"),
        ({"n_conditions": 0}, "n_conditions: expected an integer"),
        ({"n_dimensions": 41}, "n_dimensions: expected an integer from 1 to 40"),
        ({"n_dimensions": 2, "unit_covariance": np.eye(40)}, "either n_dimensions or unit_covariance"),
        ({"unit_covariance": np.eye(3)}, r"unit_covariance: expected an array of shape \(40, 40\)"),
        (
            {"n_conditions": 2, "condition_covariance": np.array([[1.0, 2.0], [2.0, 1.0]])},
            "positive semidefinite",
        ),
        (
            {"n_conditions": 2, "condition_covariance": np.array([[1.0, 0.5], [0.0, 1.0]])},
            "a symmetric matrix",
        ),
    ],
)
def test_unusable_input_is_refused(keywords, message):
    with pytest.raises(InputError, match=message):
        _draw(**keywords)
