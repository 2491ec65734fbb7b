from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
import pytest

from motorsim.analysis import jpca, participation_ratio, smooth_random
from motorsim.checks import InputError
from motorsim.compare import (
    Dimensionality,
    HeldOutCCA,
    HeldOutProcrustes,
    HeldOutR2,
    Rotations,
    compare,
    shuffled,
)
from motorsim.compare.comparison import COLUMNS

HELD_OUT = [
    "cca_test",
    "cca_test_tuned",
    "procrustes_r2_test",
    "r2_candidate_to_reference",
    "r2_reference_to_candidate",
    "r2_candidate_to_reference_tuned",
    "r2_reference_to_candidate_tuned",
]
DESCRIPTIONS = [
    "participation_ratio",
    "jpca_r2_best",
    "jpca_r2_skew",
    "jpca_ratio",
    "jpca_frequency_1_hz",
    "jpca_frequency_2_hz",
    "jpca_frequency_3_hz",
    "jpca_top_plane_variance",
]
TANH = {"quantity": "hidden state"}


def _compare(world, reference, candidate, **kwargs):
    settings = {"n_subsamples": 20, "n_shuffles": 20, "n_halvings": 3}
    if "metrics" not in kwargs:
        settings["n_components"] = 4
    masks = {"fit_on": world.fit_on, "test_on": world.test_on, "rng": 0}
    return compare(reference, candidate, **(settings | masks | kwargs))


def _table(*args, **kwargs):
    return _compare(*args, **kwargs).table.set_index("metric")


@pytest.fixture
def pair(world):
    return world.seen(30, 1), world.seen(20, 2, **TANH)


def test_one_row_a_metric_in_a_stated_order(world, pair):
    comparison = _compare(world, *pair, candidate_name="network")
    assert tuple(comparison.table.columns) == COLUMNS
    assert list(comparison.table["metric"]) == HELD_OUT + DESCRIPTIONS
    assert set(comparison.table["candidate"]) == {"network"}
    assert (comparison.reference, comparison.candidates) == ("cortex", ("network",))


def test_what_does_not_apply_is_nan_and_nothing_else_is(world, pair):
    table = _table(world, *pair)
    scores, descriptions = table.loc[HELD_OUT], table.loc[DESCRIPTIONS]
    assert np.isfinite(scores[["value", "low", "high", "null", "null_high", "ceiling"]].astype(float)).all(
        axis=None
    )
    assert scores["reference_value"].isna().all()
    assert scores["higher_is_more_alike"].tolist() == [True] * 7
    assert set(scores["conditions"]) == {"test"}
    assert np.isfinite(descriptions[["value", "low", "high", "reference_value"]].astype(float)).all(axis=None)
    assert descriptions[["null", "null_high", "ceiling", "higher_is_more_alike"]].isna().all(axis=None)
    assert set(descriptions["conditions"]) == {"all"}


def test_the_reference_is_like_itself_and_above_its_ceiling(world):
    reference = world.seen(30, 1)
    scores = _table(world, reference, reference).loc[HELD_OUT]
    assert np.allclose(scores["value"].astype(float), 1.0, atol=1e-6)
    assert (scores["ceiling"] < 1).all()
    assert (scores["ceiling"] > scores["null_high"] + 0.1).all()


def test_a_shuffled_candidate_passes_the_null_as_often_as_it_says(world, pair):
    # Among shuffles of itself a shuffled candidate has no rank of its own: 5 % are above the 95th percentile.
    reference, candidate = pair
    metrics = [HeldOutCCA(4), HeldOutProcrustes(4)]
    above, over_median = [], []
    for seed in range(60):
        other = shuffled(candidate, rng=seed)
        table = _table(world, reference, other, metrics=metrics, rng=100 + seed, n_subsamples=1, n_halvings=1)
        above.append((table["value"] > table["null_high"]).to_numpy())
        over_median.append((table["value"] > table["null"]).to_numpy())
    assert (np.mean(above, axis=0) < 0.2).all()
    assert (np.abs(np.mean(over_median, axis=0) - 0.5) < 0.2).all()


def test_unrelated_smooth_candidates_rarely_pass_the_null(world):
    # Rates that are smooth over targets let each fit condition be predicted from its neighbours, so the ridge
    # is chosen small, and shuffled pairs overfit with it: more than half would pass a null that kept it.
    angle = 2 * np.pi * np.arange(16) / 16
    covariance = np.exp(3 * (np.cos(angle[:, None] - angle) - 1))
    test_on = np.arange(16) < 4
    metrics = [HeldOutR2("reference_to_candidate"), HeldOutR2("reference_to_candidate", tuned=True)]
    above, nulls = [], []
    for seed in range(40):
        latents = (
            smooth_random(
                16, 20, 20, dt_s=0.02, length_scale_s=0.1, condition_covariance=covariance, rng=each
            )
            for each in (seed, 1000 + seed)
        )
        reference, candidate = (
            world.population(world.rates(latent, n_units, 2000 + seed + n_units, noise=0.1))
            for latent, n_units in zip(latents, (20, 15), strict=True)
        )
        masks = {"fit_on": ~test_on, "test_on": test_on}
        counts = {"n_subsamples": 1, "n_halvings": 1, "n_shuffles": 20}
        table = _table(world, reference, candidate, metrics=metrics, rng=seed, **masks, **counts)
        above.append((table["value"] > table["null_high"]).to_numpy())
        nulls.append(table["null"].to_numpy(float))
    assert (np.mean(above, axis=0) <= 0.2).all()
    assert (np.abs(np.median(nulls, axis=0)) < 0.05).all()


def test_a_related_candidate_is_far_above_the_null_and_above_an_unrelated_one(world, pair):
    reference, related = pair
    unrelated = world.seen(20, 2, latent_seed=9)
    for name in ("cca_test_tuned", "r2_candidate_to_reference_tuned", "procrustes_r2_test"):
        near, far = (_table(world, reference, other).loc[name] for other in (unrelated, related))
        assert far["value"] > far["null_high"] + 0.3
        assert far["value"] > near["value"] + 0.5


def test_intervals_hold_the_mean_score_over_samples_of_units(world):
    latent = world.latent(0)
    everyone, candidate = world.rates(latent, 400, 1, noise=1.0), world.seen(30, 2, noise=1.0)
    metrics = [HeldOutCCA(4), HeldOutProcrustes(4), HeldOutR2(), HeldOutR2("reference_to_candidate")]
    counts = {"n_subsamples": 60, "n_shuffles": 1, "n_halvings": 1}
    values, lows, highs = [], [], []
    for seed in range(40):
        units = np.random.default_rng(seed).choice(400, 40, replace=False)
        reference = world.population(everyone[:, :, units])
        table = _table(world, reference, candidate, metrics=metrics, rng=seed, **counts).astype(
            {"value": float}
        )
        values.append(table["value"])
        lows.append(table["low"])
        highs.append(table["high"])
    values, lows, highs = np.array(values), np.array(lows), np.array(highs)
    mean = values.mean(axis=0)
    assert (np.mean((lows <= mean) & (mean <= highs), axis=0) >= 0.8).all()
    assert ((lows <= values) & (values <= highs)).all()
    assert (np.mean(highs - lows, axis=0) < 12 * values.std(axis=0)).all()


def test_the_interval_of_a_description_holds_its_mean_over_samples_of_units(world):
    everyone, reference = world.rates(world.latent(0), 400, 1, noise=1.0), world.seen(5, 2)
    values = []
    for seed in range(30):
        units = np.random.default_rng(seed).choice(400, 40, replace=False)
        candidate = world.population(everyone[:, :, units])
        table = _table(world, reference, candidate, metrics=[Dimensionality()], rng=seed, n_subsamples=60)
        values.append(table.loc["participation_ratio", ["value", "low", "high"]].astype(float))
    values = np.array(values)
    held = (values[:, 1] <= values[:, 0].mean()) & (values[:, 0].mean() <= values[:, 2])
    assert held.mean() >= 0.8
    assert ((values[:, 1] <= values[:, 0]) & (values[:, 0] <= values[:, 2])).all()


def test_the_ceiling_is_the_references_own_whatever_the_candidate(world, pair):
    reference, candidate = pair
    first, other = (
        _table(world, reference, each).loc[HELD_OUT, "ceiling"] for each in (candidate, world.seen(15, 7))
    )
    pd.testing.assert_series_equal(first, other, check_exact=True)


def test_descriptions_give_the_candidate_beside_the_reference(world, pair):
    reference, candidate = pair
    table = _table(world, reference, candidate, jpca_window_s=(0.1, 0.4))
    assert table.loc["participation_ratio", "value"] == pytest.approx(participation_ratio(candidate.rates))
    assert table.loc["participation_ratio", "reference_value"] == pytest.approx(
        participation_ratio(reference.rates)
    )
    window = slice(5, 20)
    own = jpca(candidate.rates[:, window], dt_s=0.02, soft_norm_hz=None)
    others = jpca(reference.rates[:, window], dt_s=0.02, soft_norm_hz=5.0)
    for column, fit in (("value", own), ("reference_value", others)):
        values = table.loc[DESCRIPTIONS[1:], column].astype(float)
        top = fit.plane_variance_ratio[0]
        expected = [fit.r2_best, fit.r2_skew, fit.r2_skew / fit.r2_best, *fit.frequencies_hz, top]
        assert np.allclose(values, expected, rtol=1e-9)
    note = table.loc["jpca_r2_best", "note"]
    assert "candidate: hidden state not soft-normalised; 6 components, 0.1 to 0.38 s" in note
    assert "reference: soft-normalised by range + 5 Hz" in note


def test_the_interval_of_a_description_is_over_the_candidates_units(world, pair):
    reference, candidate = pair
    metrics = [Dimensionality(), Rotations()]
    plain = _table(world, reference, candidate, metrics=metrics)
    other = _table(world, world.seen(25, 8), candidate, metrics=metrics)
    pd.testing.assert_frame_equal(plain[["value", "low", "high"]], other[["value", "low", "high"]])
    assert (plain["high"] > plain["low"]).all()


def test_equal_seeds_give_equal_tables_and_others_do_not(world, pair):
    first, again, other = (_compare(world, *pair, rng=seed).table for seed in (3, 3, 4))
    pd.testing.assert_frame_equal(first, again, check_exact=True)
    assert first["value"].equals(other["value"])
    for column in ("low", "null", "ceiling"):
        assert not first[column].equals(other[column])
    generators = [_compare(world, *pair, rng=np.random.default_rng(3)).table for _ in range(2)]
    pd.testing.assert_frame_equal(*generators, check_exact=True)


def test_a_metrics_row_does_not_depend_on_what_else_is_measured(world, pair):
    whole = _compare(world, *pair).table
    alone = _compare(world, *pair, metrics=[HeldOutCCA(4)]).table
    pd.testing.assert_frame_equal(alone, whole.iloc[[0]], check_dtype=False)


def test_conditions_in_neither_mask_do_not_matter_to_held_out_scores(world, pair):
    reference, candidate = pair
    test_on = world.test_on & (np.arange(16) < 8)
    changed = candidate.rates.copy()
    changed[world.test_on & ~test_on] = 0.0
    columns = ["value", "low", "high", "ceiling"]
    before, after = (
        _table(world, reference, replace(candidate, rates=rates), test_on=test_on).loc[HELD_OUT, columns]
        for rates in (candidate.rates, changed)
    )
    pd.testing.assert_frame_equal(before, after, check_exact=True)


def test_units_too_few_for_a_draw_or_a_half_are_said(world):
    reference = world.seen(8, 1)
    table = _table(world, reference, reference, n_components=5, jpca_n_components=4)
    row = table.loc["cca_test"]
    assert "20 of 20 draws of units left out: rank too low" in row["note"]
    assert "no ceiling: half of the units are too few" in row["note"]
    assert np.isnan(row[["low", "high", "ceiling"]].astype(float)).all()
    assert np.isfinite(row["value"])
    assert "left out" not in table.loc["r2_candidate_to_reference", "note"]
    one = replace(reference.select_units([0]), quantity="one")
    single = _table(world, one, one, metrics=[HeldOutR2()]).iloc[0]
    assert np.isnan(single[["low", "high", "ceiling"]].astype(float)).all()
    assert single["value"] == pytest.approx(1.0, abs=1e-6)


@dataclass(frozen=True)
class _Distance:
    """A metric of the user's own, without moments and with the other direction."""

    name: str = "distance"
    higher_is_more_alike: bool = False
    bounds: tuple[float, float] = (0.0, np.inf)
    note: str = "mean rate"

    def __call__(self, reference, candidate, *, fit_on, test_on):
        assert not (fit_on & test_on).any()
        return float(np.abs(reference[test_on].mean() - candidate[test_on].mean()))


def test_takes_a_metric_of_the_users_own(world, pair):
    reference, candidate = pair
    row = _table(world, reference, candidate, metrics=[_Distance()]).iloc[0]
    expected = abs(reference.rates[world.test_on].mean() - candidate.rates[world.test_on].mean())
    assert row["value"] == pytest.approx(expected)
    assert 0 <= row["low"] < row["high"]
    assert row["ceiling"] > 0
    assert row["higher_is_more_alike"] is False or not row["higher_is_more_alike"]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"n_subsamples": 0}, "n_subsamples: expected an integer of at least 1"),
        ({"n_shuffles": 0}, "n_shuffles: expected an integer of at least 1"),
        ({"n_halvings": 0}, "n_halvings: expected an integer of at least 1"),
        ({"n_components": 25}, "n_components: expected at most the rank of the candidate .* 20, got 25"),
        ({"jpca_n_components": 5}, "jpca_n_components: expected an even number, got 5"),
        (
            {"jpca_n_components": 18},
            "jpca_n_components: expected at most the 16 conditions, got 18; ask for fewer",
        ),
        ({"jpca_window_s": (0.3, 0.1)}, "jpca_window_s: expected a start before a stop"),
        ({"jpca_window_s": (0.1, 0.13)}, "jpca_window_s: expected at least 3 samples inside, got 2"),
        ({"jpca_window_s": (2.0, 3.0)}, r"expected a window that meets 0 to 0\.58 s"),
        ({"soft_norm_hz": 0.0}, "soft_norm_hz: expected a number above 0"),
        ({"candidate_name": ""}, "candidate_name: expected a name, got ''"),
        ({"reference_name": 3}, "reference_name: expected a name, got 3"),
        ({"rng": -1}, "rng: expected a non-negative integer"),
        (
            {"fit_on": np.arange(16) < 2, "test_on": np.arange(16) > 5},
            "fit_on: expected at least 3 conditions",
        ),
        ({"metrics": []}, "metrics: expected at least one metric, got none"),
        ({"metrics": [HeldOutCCA]}, "metrics: expected objects that meet HeldOutMetric or Description"),
        ({"metrics": ["cca_test"]}, "metrics: expected objects .*, got 'cca_test'"),
        (
            {"metrics": [HeldOutCCA(3), HeldOutCCA(4)]},
            "metrics: expected each name once, got cca_test more than once",
        ),
        ({"metrics": [HeldOutCCA(3)], "n_components": 4}, "either metrics or settings .*, got n_components"),
    ],
)
def test_what_cannot_be_used_is_named(world, pair, settings, message):
    with pytest.raises(InputError, match=message):
        _compare(world, *pair, **settings)


def test_a_rank_too_low_for_jpca_is_named_as_its_setting(world):
    population = world.seen(12, 1, noise=0.0)
    with pytest.raises(InputError, match=r"jpca_n_components: expected at most the rank .* 5, got 6"):
        _compare(world, population, population)


def test_the_population_that_fails_a_description_is_named(world, pair):
    reference, candidate = pair
    same = replace(candidate, rates=np.tile(candidate.rates[:1], (16, 1, 1)))
    with pytest.raises(InputError, match="candidate: expected rates that differ between conditions"):
        _compare(world, reference, same, metrics=[Rotations()])
    with pytest.raises(InputError, match="reference: expected rates that differ between conditions"):
        _compare(world, same, candidate, metrics=[Rotations()])


@pytest.mark.parametrize(
    ("quantity", "normalised"),
    [("firing rate (Hz)", True), ("spikes/s", True), ("hidden state", False), ("power (kHz)", False)],
)
def test_only_rates_are_soft_normalised(world, quantity, normalised):
    population = replace(world.seen(10, 1), quantity=quantity)
    fit = Rotations().fit(population)
    assert (fit.divisors > 5).all() == normalised
    assert (fit.divisors == 1).all() != normalised
    assert ("not soft-normalised" in Rotations().note(population)) != normalised
