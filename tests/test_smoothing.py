import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from motorsim.checks import InputError
from motorsim.population import Population
from motorsim.smoothing import KERNELS, smooth

DT_S = 0.01


def _impulse(at, n_times=41):
    rates = np.zeros((1, n_times, 1))
    rates[0, at, 0] = 1.0
    return rates


def _response(kernel, width_s, at=20, n_times=41):
    return smooth(_impulse(at, n_times), dt_s=DT_S, width_s=width_s, kernel=kernel)[0, :, 0]


@settings(max_examples=40, deadline=None)
@given(kernel=st.sampled_from(KERNELS), width_s=st.floats(1e-4, 100.0), n_times=st.integers(1, 30))
def test_a_constant_rate_stays_what_it_is_to_the_ends_whatever_the_width(kernel, width_s, n_times):
    smoothed = smooth(np.full((2, n_times, 3), 7.0), dt_s=DT_S, width_s=width_s, kernel=kernel)
    np.testing.assert_allclose(smoothed, 7.0, rtol=1e-12)


@pytest.mark.parametrize("width_s", [0.02, 0.03, 0.04, 0.055])
@pytest.mark.parametrize("kernel", ["gaussian", "boxcar"])
def test_a_centred_kernel_does_not_shift_a_spike(kernel, width_s):
    response = _response(kernel, width_s, at=40, n_times=81)
    assert response[40] == pytest.approx(response.max())
    np.testing.assert_allclose(response, response[::-1], atol=1e-15)
    assert response.sum() == pytest.approx(1.0)


@pytest.mark.parametrize("kernel", ["half_gaussian", "exponential", "causal_boxcar"])
def test_a_causal_kernel_says_nothing_before_the_spike(kernel):
    response = _response(kernel, 0.04)
    assert (response[:20] == 0).all()
    assert response[20] == response.max() > 0
    assert response[21] > 0


def test_kernels_have_their_shape_and_width():
    np.testing.assert_allclose(_response("boxcar", 0.03)[18:23], [0, 1 / 3, 1 / 3, 1 / 3, 0])
    np.testing.assert_allclose(_response("boxcar", 0.02)[18:23], [0, 0.25, 0.5, 0.25, 0], atol=1e-15)
    np.testing.assert_allclose(
        _response("causal_boxcar", 0.03)[19:24], [0, 1 / 3, 1 / 3, 1 / 3, 0], atol=1e-15
    )
    decay = _response("exponential", 0.02, at=60, n_times=81)
    np.testing.assert_allclose(decay[61:75] / decay[60:74], np.exp(-0.5), rtol=1e-9)
    lags_s = (np.arange(201) - 100) * DT_S
    bell = _response("gaussian", 0.05, at=100, n_times=201)
    assert np.sqrt(np.sum(bell * lags_s**2)) == pytest.approx(0.05, rel=1e-6)


def test_the_first_and_last_samples_are_kept():
    for at in (0, 40):
        response = _response("gaussian", 0.02, at=at)
        assert response.argmax() == at
    assert smooth(_impulse(40), dt_s=DT_S, width_s=0.05).shape == (1, 41, 1)


def test_a_kernel_much_longer_than_the_data_gives_their_mean():
    rates = np.random.default_rng(0).random((2, 9, 3))
    for kernel in ("gaussian", "boxcar"):
        smoothed = smooth(rates, dt_s=DT_S, width_s=1e4, kernel=kernel)
        np.testing.assert_allclose(smoothed, rates.mean(axis=1, keepdims=True) + 0 * rates, rtol=1e-9)
    running = np.cumsum(rates, axis=1) / np.arange(1, 10)[:, None]
    np.testing.assert_allclose(
        smooth(rates, dt_s=DT_S, width_s=1e4, kernel="exponential"), running, rtol=1e-4
    )


def test_the_exponential_follows_its_recursion():
    rates = np.random.default_rng(1).random((1, 60, 2))
    decay, above, below = np.exp(-DT_S / 0.03), np.zeros(2), 0.0
    for t, sample in enumerate(rates[0]):
        above, below = decay * above + sample, decay * below + 1
        smoothed = smooth(rates[:, : t + 1], dt_s=DT_S, width_s=0.03, kernel="exponential")
        np.testing.assert_allclose(smoothed[0, -1], above / below, rtol=1e-12)


@pytest.mark.parametrize(("kernel", "causal"), [("gaussian", False), ("half_gaussian", True)])
def test_a_population_smooths_alike(kernel, causal):
    rates = np.random.default_rng(2).random((3, 50, 4))
    population = Population(rates, DT_S * np.arange(50), ("a", "b", "c"))
    expected = population.smoothed(0.03, causal=causal).rates
    np.testing.assert_allclose(smooth(rates, dt_s=DT_S, width_s=0.03, kernel=kernel), expected, rtol=1e-12)


def test_a_gaussian_agrees_with_scipy_away_from_the_ends():
    ndimage = pytest.importorskip("scipy.ndimage")
    rates = np.random.default_rng(3).random((2, 100, 3))
    expected = ndimage.gaussian_filter1d(rates, 2.0, axis=1, truncate=8.0)
    found = smooth(rates, dt_s=DT_S, width_s=0.02)
    np.testing.assert_allclose(found[:, 16:-16], expected[:, 16:-16], rtol=1e-10)


def test_unusable_input_is_refused():
    rates = np.ones((2, 5, 3))
    for change, match in (
        ({"dt_s": 0.0}, "dt_s: expected a number above 0"),
        ({"dt_s": -0.01}, "dt_s: expected a number above 0"),
        ({"width_s": -1.0}, "width_s: expected a number above 0"),
        ({"kernel": "hat"}, "kernel: expected one of boxcar"),
    ):
        with pytest.raises(InputError, match=match):
            smooth(rates, **({"dt_s": DT_S, "width_s": 0.1} | change))
    rates[0, 1, 2] = np.nan
    with pytest.raises(InputError, match=r"NaN or infinite values, the first at index \(0, 1, 2\)"):
        smooth(rates, dt_s=DT_S, width_s=0.1)
    with pytest.raises(InputError, match="at least 1 along time"):
        smooth(np.ones((2, 0, 3)), dt_s=DT_S, width_s=0.1)
