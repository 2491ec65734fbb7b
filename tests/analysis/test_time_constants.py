import numpy as np
import pytest
from scipy.optimize import curve_fit

from motorsim.analysis.time_constants import time_constants
from motorsim.checks import InputError

BIN_S = 0.05


def _counts(
    tau_s, *, seed, n_trials=400, n_bins=20, mean_hz=40.0, std_hz=15.0, n_units=1, fine=10, drift=None
):
    """Poisson counts of rates that fluctuate as an Ornstein-Uhlenbeck process, drawn on a finer grid."""
    rng = np.random.default_rng(seed)
    step_s = BIN_S / fine
    keep = np.exp(-step_s / tau_s)
    state = rng.standard_normal((n_trials, n_units))
    rates = np.empty((n_trials, n_bins * fine, n_units))
    for time in range(n_bins * fine):
        rates[:, time] = state
        state = keep * state + np.sqrt(1 - keep**2) * rng.standard_normal(state.shape)
    rates = np.maximum(mean_hz + std_hz * rates, 0.0)
    if drift is not None:
        rates = rates * np.repeat(drift, fine)[:, None]
    return rng.poisson(rates.reshape(n_trials, n_bins, fine, n_units).mean(axis=2) * BIN_S)


@pytest.mark.parametrize("tau_s", [0.08, 0.2])
def test_planted_time_constant_is_recovered(tau_s):
    fit = time_constants(_counts(tau_s, seed=0, n_units=30), np.zeros(400), bin_s=BIN_S)
    assert fit.population_tau_s == pytest.approx(tau_s, rel=0.15)
    assert np.nanmedian(fit.tau_s) == pytest.approx(tau_s, rel=0.25)
    assert np.nanmedian(fit.r2) > 0.8
    assert fit.lags_s == pytest.approx(BIN_S * np.arange(1, 20))
    assert fit.autocorrelation.shape == (19, 30)


def test_exact_decay_is_fitted_exactly_and_as_by_scipy():
    # Trials whose correlation of bins i and j is exactly 0.6 (exp(-|i - j| / 3) + 0.2) off the diagonal.
    n_bins = 16
    lag = np.abs(np.subtract.outer(np.arange(n_bins), np.arange(n_bins)))
    matrix = 0.6 * (np.exp(-lag / 3.0) + 0.2)
    np.fill_diagonal(matrix, 1.0)
    rng = np.random.default_rng(1)
    white = rng.standard_normal((500, n_bins))
    white -= white.mean(axis=0)
    white = np.linalg.qr(white)[0]
    trials = white @ np.linalg.cholesky(matrix).T
    counts = (trials - trials.min())[:, :, None]
    fit = time_constants(counts, np.zeros(500), bin_s=BIN_S)
    assert fit.tau_s == pytest.approx([3.0 * BIN_S], rel=1e-6)
    assert fit.amplitude == pytest.approx([0.6], rel=1e-6)
    assert fit.offset == pytest.approx([0.2], rel=1e-5)
    assert fit.r2 == pytest.approx([1.0])
    noisy = (trials + 0.02 * rng.standard_normal(trials.shape))[:, :, None]
    noisy -= noisy.min()
    fit = time_constants(noisy, np.zeros(500), bin_s=BIN_S)
    lags = np.arange(1, n_bins)
    found, _ = curve_fit(
        lambda k, a, tau, b: a * (np.exp(-k / tau) + b),
        lags,
        fit.autocorrelation[:, 0],
        p0=(0.5, 2.0, 0.1),
        sigma=1 / np.sqrt(n_bins - lags),
    )
    assert [fit.amplitude[0], fit.tau_s[0] / BIN_S, fit.offset[0]] == pytest.approx(found, rel=1e-4)


def test_autocorrelation_is_the_mean_of_pearson_correlations_at_each_lag():
    counts = _counts(0.1, seed=2, n_trials=50, n_bins=8)
    fit = time_constants(counts, np.zeros(50), bin_s=BIN_S)
    matrix = np.corrcoef(counts[:, :, 0].T)
    expected = [np.mean(np.diagonal(matrix, lag)) for lag in range(1, 8)]
    assert fit.autocorrelation[:, 0] == pytest.approx(expected, abs=1e-12)


def test_mean_time_course_and_tuning_do_not_count():
    drift = np.linspace(0.3, 1.7, 20)
    plain = time_constants(_counts(0.1, seed=3, n_units=30), np.zeros(400), bin_s=BIN_S)
    drifting = time_constants(_counts(0.1, seed=3, n_units=30, drift=drift), np.zeros(400), bin_s=BIN_S)
    assert drifting.population_tau_s == pytest.approx(plain.population_tau_s, rel=0.2)
    labels = np.arange(400) % 2
    tuned = _counts(0.1, seed=3, n_units=30) + 6 * labels[:, None, None]
    assert time_constants(tuned, labels, bin_s=BIN_S).autocorrelation[-1].mean() < 0.05
    assert time_constants(tuned, np.zeros(400), bin_s=BIN_S).autocorrelation[-1].mean() > 0.5


def test_bin_width_does_not_matter():
    fine = _counts(0.3, seed=4, n_units=40, n_trials=600, n_bins=40)
    coarse = fine.reshape(600, 20, 2, 40).sum(axis=2)
    taus = [
        time_constants(counts, np.zeros(600), bin_s=width_s).population_tau_s
        for counts, width_s in ((fine, BIN_S), (coarse, 2 * BIN_S))
    ]
    assert taus[1] == pytest.approx(taus[0], rel=0.1)


def test_first_lag_leaves_out_what_is_shorter():
    counts = _counts(0.2, seed=5, n_units=20).astype(float)
    # Adaptation: each bin takes from the next, which spoils the first lag alone.
    counts[:, 1:] = np.maximum(counts[:, 1:] - 0.5 * counts[:, :-1], 0.0)
    early, later = (
        time_constants(counts, np.zeros(400), bin_s=BIN_S, first_lag=lag).population_tau_s for lag in (1, 3)
    )
    assert abs(later - 0.2) < abs(early - 0.2) or np.isnan(early)


def test_silent_and_white_units_have_no_time_constant():
    rng = np.random.default_rng(6)
    counts = np.concatenate(
        [_counts(0.1, seed=7), np.zeros((400, 20, 1), int), rng.poisson(2.0, (400, 20, 1))], axis=2
    )
    fit = time_constants(counts, np.zeros(400), bin_s=BIN_S)
    assert np.isfinite(fit.tau_s[0])
    assert np.isnan([fit.tau_s[1], fit.amplitude[1], fit.offset[1], fit.r2[1]]).all()
    assert np.isnan(fit.r2[2]) or fit.r2[2] < 0.5
    silent = time_constants(np.zeros((10, 12, 2)), np.zeros(10), bin_s=BIN_S)
    assert np.isnan(silent.population_tau_s)


@pytest.mark.parametrize(
    ("counts", "keywords", "message"),
    [
        (-np.ones((5, 12, 2)), {}, "counts of at least 0"),
        (np.full((5, 12, 2), np.nan), {}, "finite"),
        (np.ones((5, 5, 2)), {}, "at least 6 bins a trial, got 5; take a longer epoch"),
        (np.ones((5, 12, 2)), {"bin_s": -0.05}, "bin_s"),
        (np.ones((5, 12, 2)), {"first_lag": 0}, "first_lag"),
        (np.ones((5, 12)), {}, "trial, window, unit"),
        (np.ones((0, 12, 2)), {}, "at least 2 along trial"),
        (np.ones((5, 12, 2)), {"conditions": np.arange(5)}, "at least 2 trials a condition"),
    ],
)
def test_bad_input_is_named(counts, keywords, message):
    with pytest.raises(InputError, match=message):
        time_constants(counts, **({"conditions": np.zeros(5), "bin_s": BIN_S} | keywords))
