import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from motorsim.analysis import smooth_random
from motorsim.analysis.fixed_frequency_rotations import fixed_frequency_rotations
from motorsim.checks import InputError

DT_S = 0.01
TIMES_S = DT_S * np.arange(60)
FREQUENCIES_HZ = np.array([1.5, 4.0])


def _orthonormal(n_units, n, seed):
    return np.linalg.qr(np.random.default_rng(seed).standard_normal((n_units, n)))[0]


def _loadings(seed, n_conditions=7, n_units=12):
    return np.random.default_rng(seed).standard_normal((n_conditions, 5, n_units))


def _rates(loadings, decay_s=(np.inf, np.inf)):
    columns = [np.ones(60)]
    for frequency, decay in zip(FREQUENCIES_HZ, decay_s, strict=True):
        phase = 2 * np.pi * frequency * TIMES_S
        columns += [np.exp(-TIMES_S / decay) * np.cos(phase), np.exp(-TIMES_S / decay) * np.sin(phase)]
    return np.stack(columns, axis=1) @ loadings


def _fit(rates, **keywords):
    return fixed_frequency_rotations(rates, **({"dt_s": DT_S, "frequencies_hz": FREQUENCIES_HZ} | keywords))


@pytest.mark.parametrize("decay_s", [None, (0.3, 0.2)])
def test_planted_loadings_and_planes_are_recovered(decay_s):
    planted = _loadings(0)
    fit = _fit(_rates(planted, decay_s or (np.inf, np.inf)), decay_s=decay_s)
    assert fit.r2 == pytest.approx(1.0, abs=1e-12)
    assert np.allclose(fit.loadings, planted, atol=1e-9)
    assert np.allclose(fit.reconstruct(), _rates(planted, decay_s or (np.inf, np.inf)))
    for frequency in range(2):
        for condition in range(7):
            truth = np.linalg.qr(planted[condition, 1 + 2 * frequency : 3 + 2 * frequency].T)[0]
            plane = fit.planes[frequency, condition]
            assert np.allclose(plane @ plane.T, truth @ truth.T, atol=1e-9)


def test_each_plane_turns_from_its_first_axis_towards_its_second():
    fit = _fit(_rates(_loadings(1)))
    for frequency in range(2):
        wave = fit.temporal_functions[:, 1 + 2 * frequency : 3 + 2 * frequency]
        path = np.einsum("tk,cku->ctu", wave, fit.loadings[:, 1 + 2 * frequency : 3 + 2 * frequency])
        x, y = np.einsum("ctu,cuk->kct", path, fit.planes[frequency])
        area = np.sum(x[:, :-1] * y[:, 1:] - y[:, :-1] * x[:, 1:], axis=1)
        assert (area > 0).all()
        assert (np.abs(x).max(axis=1) > np.abs(y).max(axis=1)).all()


def test_circles_and_lines_are_told_by_the_axis_ratio():
    axes = _orthonormal(12, 2, 2)
    loadings = np.zeros((3, 5, 12))
    loadings[0, 1], loadings[0, 2] = axes[:, 0], axes[:, 1]
    loadings[1, 1], loadings[1, 2] = axes[:, 0], 0.5 * axes[:, 1]
    loadings[2, 1], loadings[2, 2] = axes[:, 0], 2.0 * axes[:, 0]
    loadings[:, 3:] = np.random.default_rng(3).standard_normal((3, 2, 12))
    assert _fit(_rates(loadings)).axis_ratio[0] == pytest.approx([1.0, 0.5, 0.0], abs=1e-9)


def test_shared_planes_hold_all_where_conditions_share_them_and_little_where_reoriented():
    shared_axes = _orthonormal(12, 4, 4)
    turns = np.random.default_rng(5).standard_normal((7, 2, 2))
    shared = np.zeros((7, 5, 12))
    shared[:, 1:3] = turns @ shared_axes[:, :2].T
    shared[:, 3:] = turns @ shared_axes[:, 2:].T
    fit = _fit(_rates(shared))
    assert fit.shared_variance_ratio == pytest.approx([1.0, 1.0])
    for frequency in range(2):
        truth = shared_axes[:, 2 * frequency : 2 * frequency + 2]
        assert np.allclose(fit.shared_planes[frequency] @ fit.shared_planes[frequency].T, truth @ truth.T)
    assert np.allclose(fit.plane_overlap(), 1.0)
    apart = np.zeros((6, 5, 24))
    axes = _orthonormal(24, 24, 6).T
    apart[:, 1:3], apart[:, 3:] = axes[:12].reshape(6, 2, 24), axes[12:].reshape(6, 2, 24)
    fit = _fit(_rates(apart))
    assert fit.shared_variance_ratio == pytest.approx([1 / 6, 1 / 6])
    assert np.allclose(fit.plane_overlap(), np.eye(6), atol=1e-9)


def test_frequency_alone_explains_what_is_planted_at_it():
    loadings = _loadings(7)
    loadings[:, 0], loadings[:, 3:] = 0, 0
    fit = _fit(_rates(loadings))
    assert fit.unique_variance_ratio[1] == pytest.approx(0.0, abs=1e-10)
    assert fit.unique_variance_ratio[0] > 0.8
    wrong = _fit(_rates(loadings), frequencies_hz=[7.0])
    assert wrong.r2 < 0.5


def test_smooth_random_rates_are_fitted_too_so_r2_alone_shows_nothing():
    rates = smooth_random(20, 60, 30, dt_s=DT_S, length_scale_s=0.1, rng=8)
    fit = _fit(rates, frequencies_hz=[0.8, 1.6, 2.4, 3.2])
    assert fit.r2 > 0.9
    assert (fit.shared_variance_ratio < 0.5).all()


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10_000), st.floats(0.1, 50.0))
def test_invariant_to_rotation_scale_and_shift_of_state_space(seed, scale):
    rates = np.cumsum(np.random.default_rng(seed).standard_normal((5, 60, 8)), axis=1)
    turned = scale * rates @ _orthonormal(8, 8, seed + 1) + np.arange(8.0)
    fit, other = _fit(rates), _fit(turned)
    assert other.r2 == pytest.approx(fit.r2, abs=1e-9)
    assert np.allclose(other.unique_variance_ratio, fit.unique_variance_ratio, atol=1e-9)
    assert np.allclose(other.axis_ratio, fit.axis_ratio, atol=1e-7)
    assert np.allclose(other.shared_variance_ratio, fit.shared_variance_ratio, atol=1e-9)
    assert np.allclose(other.plane_overlap(), fit.plane_overlap(), atol=1e-6)


def _bad():
    rates = _rates(_loadings(9))
    gappy = rates.copy()
    gappy[0, 0, 4] = np.nan
    return [
        (gappy, {}, "units 4"),
        (rates, {"frequencies_hz": [0.0]}, "above 0 and below 50 Hz"),
        (rates, {"frequencies_hz": [50.0]}, "above 0 and below 50 Hz"),
        (rates, {"frequencies_hz": [2.0, 2.0]}, "tells apart.*leave out one"),
        (rates, {"frequencies_hz": []}, "frequencies_hz"),
        (rates[:, :4], {}, "at least 5 times"),
        (rates, {"decay_s": [0.1]}, "decay_s"),
        (rates, {"decay_s": [0.1, -0.1]}, "decay_s"),
        (rates, {"dt_s": 0}, "dt_s"),
        (np.ones((2, 60, 3)), {}, "rates that vary"),
        (rates[:, :, :1], {}, "at least 2 units"),
    ]


@pytest.mark.parametrize("number", range(11))
def test_bad_input_is_named(number):
    rates, keywords, message = _bad()[number]
    with pytest.raises(InputError, match=message):
        _fit(rates, **keywords)
