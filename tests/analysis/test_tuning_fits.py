import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from motorsim.analysis.tuning_curves import tuning_curves
from motorsim.analysis.tuning_fits import tuning
from motorsim.analysis.von_mises import fit_von_mises
from motorsim.checks import InputError

DIRECTIONS = 2 * np.pi * np.arange(8) / 8
TRIALS = np.tile(DIRECTIONS, 10)


def _wrapped(angle):
    return np.angle(np.exp(1j * np.asarray(angle)))


def test_a_von_mises_curve_is_recovered():
    rng = np.random.default_rng(0)
    preferred, kappa = rng.uniform(-np.pi, np.pi, 40), rng.uniform(0.3, 6, 40)
    amplitude, base = rng.uniform(2, 30, 40), rng.uniform(0, 5, 40)
    rates = base + amplitude * np.exp(kappa * (np.cos(DIRECTIONS[:, None] - preferred) - 1))
    found = tuning(rates[:, None], DIRECTIONS, rng=1, model="von_mises", resample="residuals", n_resamples=2)
    np.testing.assert_allclose(_wrapped(found.preferred_direction_rad[0] - preferred), 0, atol=1e-6)
    np.testing.assert_allclose(found.concentration[0], kappa, rtol=1e-5)
    np.testing.assert_allclose(found.modulation_depth[0], amplitude * (1 - np.exp(-2 * kappa)) / 2, rtol=1e-5)
    circle = np.linspace(-np.pi, np.pi, 720, endpoint=False)
    curve = base + amplitude * np.exp(kappa * (np.cos(circle[:, None] - preferred) - 1))
    np.testing.assert_allclose(found.curve(circle)[:, 0], curve, atol=1e-4)
    np.testing.assert_allclose(found.baseline[0], curve.mean(axis=0), rtol=1e-6)
    np.testing.assert_allclose(found.r2, 1, atol=1e-10)


def test_von_mises_fits_are_as_good_as_scipys():
    optimize = pytest.importorskip("scipy.optimize")
    rng = np.random.default_rng(1)
    preferred = rng.uniform(-np.pi, np.pi, 12)
    rates = rng.poisson(2 + 15 * np.exp(2.5 * (np.cos(TRIALS[:, None] - preferred) - 1)))
    fit = fit_von_mises(rates.astype(float), TRIALS)
    error = np.sum((rates - fit.curves) ** 2, axis=0)
    for unit, truth in enumerate(preferred):

        def residual(p, unit=unit):
            return rates[:, unit] - p[0] - p[1] * np.exp(np.exp(p[2]) * (np.cos(TRIALS - p[3]) - 1))

        best = optimize.least_squares(residual, [2, 15, np.log(2.5), truth], xtol=1e-12, ftol=1e-12)
        assert error[unit] <= 2 * best.cost * (1 + 1e-8)


@settings(max_examples=20, deadline=None)
@given(turn=st.floats(-3.0, 3.0), scale=st.floats(0.1, 10.0), shift=st.floats(-20.0, 20.0))
def test_von_mises_fits_turn_scale_and_shift_with_the_data(turn, scale, shift):
    rng = np.random.default_rng(2)
    rates = rng.poisson(2 + 20 * np.exp(2 * (np.cos(TRIALS - 0.7) - 1)))[:, None].astype(float)
    first = fit_von_mises(rates, TRIALS)
    second = fit_von_mises(shift + scale * rates, TRIALS + turn)
    assert _wrapped(second.preferred_rad - first.preferred_rad - turn)[0] == pytest.approx(0, abs=1e-4)
    np.testing.assert_allclose(second.depth, scale * first.depth, rtol=1e-3)
    np.testing.assert_allclose(second.concentration, first.concentration, rtol=1e-3)


def test_the_cosine_is_that_of_the_tuning_curves():
    rates = np.random.default_rng(3).poisson(8 + 3 * np.cos(TRIALS - 1), (1, 80))[0][:, None, None]
    found, plain = tuning(rates, TRIALS, rng=1, n_resamples=10), tuning_curves(rates, TRIALS)
    for name in ("baseline", "modulation_depth", "preferred_direction_rad", "r2"):
        np.testing.assert_allclose(getattr(found, name), getattr(plain, name), rtol=1e-10)
    assert np.isnan(found.concentration).all()


def test_the_interval_holds_the_true_direction_in_95_of_100_units():
    rng = np.random.default_rng(4)
    preferred = rng.uniform(-np.pi, np.pi, 600)
    directions = np.tile(DIRECTIONS, 25)
    rates = rng.poisson(10 + 4 * np.cos(directions[:, None, None] - preferred))
    for resample in ("trials", "residuals"):
        found = tuning(rates, directions, rng=5, resample=resample, n_resamples=400)
        turned = _wrapped(preferred - found.preferred_direction_rad)
        low, high = (each - found.preferred_direction_rad for each in (found.low_rad, found.high_rad))
        assert np.mean((low <= turned) & (turned <= high)) == pytest.approx(0.95, abs=0.03)


def test_the_interval_shrinks_with_the_root_of_the_number_of_trials_and_never_wraps():
    rng = np.random.default_rng(6)
    widths = []
    for n in (10, 160):
        directions = np.tile(DIRECTIONS, n)
        rates = rng.poisson(10 + 5 * np.cos(directions[:, None, None] - np.full(50, np.pi)))
        found = tuning(rates, directions, rng=7, n_resamples=200)
        assert (found.low_rad <= found.preferred_direction_rad).all()
        assert (found.high_rad >= found.preferred_direction_rad).all()
        widths.append(np.mean(found.high_rad - found.low_rad))
    assert widths[0] / widths[1] == pytest.approx(4.0, rel=0.15)


def test_residuals_are_scaled_for_the_parameters_that_the_fit_took():
    """The variance of a preferred direction is 2 (noise / depth)^2 / n, with 8 averages, too."""
    rates = (
        20
        + 8 * np.cos(DIRECTIONS - 0.5)[:, None, None]
        + np.random.default_rng(12).standard_normal((8, 1, 600))
    )
    found = tuning(rates, DIRECTIONS, rng=1, resample="residuals", n_resamples=300)
    variance = np.mean(((found.high_rad - found.low_rad) / 3.92) ** 2)
    assert variance == pytest.approx(2 / 64 / 8, rel=0.1)


def test_the_criterion_prefers_the_curve_that_made_the_data():
    rng = np.random.default_rng(8)
    directions = np.tile(DIRECTIONS, 20)[:, None, None] + np.zeros((1, 1, 30))
    sharp = rng.poisson(2 + 20 * np.exp(4 * (np.cos(directions) - 1)))
    broad = 10 + 4 * np.cos(directions) + rng.standard_normal(directions.shape)
    for rates, best in ((sharp, "von_mises"), (broad, "cosine")):
        cosine, von_mises = (
            tuning(rates, directions[:, 0, 0], rng=1, model=model, n_resamples=1).aicc
            for model in ("cosine", "von_mises")
        )
        assert np.mean((von_mises < cosine) == (best == "von_mises")) > 0.8


def test_the_criterion_has_its_closed_form():
    rng = np.random.default_rng(9)
    rates = rng.standard_normal((80, 1, 1))
    found = tuning(rates, TRIALS, rng=1, n_resamples=1)
    squares = (1 - found.r2[0, 0]) * np.sum((rates - rates.mean()) ** 2)
    expected = 80 * np.log(squares / 80) + 8 + 2 * 4 * 5 / 75
    assert found.aicc[0, 0] == pytest.approx(expected)


def test_a_unit_that_does_not_vary_has_no_direction():
    rates = np.full((80, 1, 2), 7.0)
    rates[:, 0, 1] += np.cos(TRIALS)
    for model in ("cosine", "von_mises"):
        found = tuning(rates, TRIALS, rng=1, model=model, n_resamples=3)
        assert np.isnan([found.preferred_direction_rad[0, 0], found.low_rad[0, 0], found.r2[0, 0]]).all()
        assert found.preferred_direction_rad[0, 1] == pytest.approx(0.0, abs=1e-6)


def test_the_same_seed_gives_the_same_interval():
    rates = np.random.default_rng(10).poisson(9.0, (80, 2, 3))
    first, again, other = (tuning(rates, TRIALS, rng=seed, n_resamples=20).low_rad for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()


def test_unusable_input_is_refused():
    rates = np.random.default_rng(11).random((8, 1, 2))
    with pytest.raises(InputError, match=r'at least 2 trials of each direction.*resample="residuals"'):
        tuning(rates, DIRECTIONS, rng=1)
    few = np.tile([0.0, 1.0, 2.0, 3.0], 2)
    with pytest.raises(InputError, match=r"at least 5 different directions .* fit a cosine instead"):
        tuning(rates, few, rng=1, model="von_mises")
    with pytest.raises(InputError, match="model: expected one of cosine, von_mises"):
        tuning(rates, few, rng=1, model="gaussian")
    with pytest.raises(InputError, match="resample: expected one of"):
        tuning(rates, few, rng=1, resample="units")
    with pytest.raises(InputError, match="directions_rad: expected at least 3"):
        tuning(rates, np.zeros(8), rng=1)
