from dataclasses import replace

import numpy as np
import pytest

from motorsim.checks import InputError
from motorsim.compare import score_prediction
from motorsim.population import Population

FIT = np.arange(12) < 8
TEST = ~FIT


def smooth_population(rng, n_units=20):
    walks = np.cumsum(rng.standard_normal((12, 40, n_units)), axis=1)
    return Population(20 + walks, np.arange(40) * 0.01, tuple(f"c{i}" for i in range(12)))


def score(reference, prediction, **options):
    return score_prediction(
        reference, prediction, rng=0, fit_on=FIT, test_on=TEST, **options
    ).table.set_index("metric")


def test_the_reference_itself_scores_one_whatever_the_units():
    reference = smooth_population(np.random.default_rng(0))
    table = score(reference, reference)
    for name in ("rates_r2_test", "rates_r2_test_tuned"):
        assert table.loc[name, ["value", "low", "high"]].tolist() == [1.0, 1.0, 1.0]
        assert table.loc[name, "null_high"] < 0.5


def test_the_mean_over_fit_conditions_scores_nothing():
    reference = smooth_population(np.random.default_rng(1))
    flat = np.broadcast_to(reference.rates[FIT].mean(axis=(0, 1)), reference.rates.shape)
    course = np.broadcast_to(reference.rates[FIT].mean(axis=0), reference.rates.shape)
    assert score(reference, replace(reference, rates=flat)).loc["rates_r2_test", "value"] == pytest.approx(
        0.0, abs=1e-12
    )
    tuned = score(reference, replace(reference, rates=course)).loc["rates_r2_test_tuned", "value"]
    assert tuned == pytest.approx(0.0, abs=1e-12)


def test_noise_of_known_size_lowers_the_score_by_its_share():
    rng = np.random.default_rng(2)
    reference = smooth_population(rng)
    truth = reference.rates[TEST]
    total = ((truth - reference.rates[FIT].mean(axis=(0, 1))) ** 2).mean()
    noisy = replace(
        reference, rates=reference.rates + np.sqrt(0.1 * total) * rng.standard_normal(reference.rates.shape)
    )
    assert score(reference, noisy).loc["rates_r2_test", "value"] == pytest.approx(0.9, abs=0.01)


def test_only_test_conditions_count():
    reference = smooth_population(np.random.default_rng(3))
    wrong = reference.rates.copy()
    wrong[FIT] += 100.0
    assert score(reference, replace(reference, rates=wrong)).loc["rates_r2_test", "value"] == 1.0


def test_the_interval_is_as_wide_as_that_of_units_drawn_with_replacement_and_holds_the_value():
    rng = np.random.default_rng(4)
    reference = smooth_population(rng, n_units=30)
    prediction = replace(
        reference, rates=reference.rates + rng.standard_normal(reference.rates.shape) * np.arange(30) / 8
    )
    row = score(reference, prediction, n_subsamples=2000).loc["rates_r2_test"]
    mean = reference.rates[FIT].mean(axis=(0, 1))
    residual = ((reference.rates - prediction.rates)[TEST] ** 2).sum(axis=(0, 1))
    total = ((reference.rates[TEST] - mean) ** 2).sum(axis=(0, 1))
    draws = np.random.default_rng(5).integers(30, size=(4000, 30))
    brute = np.percentile(1 - residual[draws].sum(axis=1) / total[draws].sum(axis=1), (2.5, 97.5))
    assert row["high"] - row["low"] == pytest.approx(brute[1] - brute[0], rel=0.15)
    assert row["low"] < row["value"] < row["high"]


def test_draws_in_which_nothing_varies_are_left_out_of_the_interval():
    reference = smooth_population(np.random.default_rng(9), n_units=4)
    rates = reference.rates.copy()
    rates[:, :, :2] = 20.0
    row = score(replace(reference, rates=rates), replace(reference, rates=rates + 0.1)).loc["rates_r2_test"]
    assert row["low"] < row["value"] < row["high"]


def test_one_unit_has_no_interval():
    reference = smooth_population(np.random.default_rng(8), n_units=1)
    row = score(reference, reference).loc["rates_r2_test"]
    assert row["value"] == 1.0
    assert np.isnan(row["low"])
    assert np.isnan(row["high"])


def test_other_units_are_refused():
    reference = smooth_population(np.random.default_rng(6))
    with pytest.raises(InputError, match="reference's units"):
        score(reference, reference.select_units(slice(0, 5)))


def test_a_reference_that_stands_still_is_refused():
    reference = smooth_population(np.random.default_rng(7))
    still = replace(reference, rates=np.full_like(reference.rates, 20.0))
    with pytest.raises(InputError, match="depart from the fit mean"):
        score(still, reference)
