"""The held-out metrics: what they are blind to, what they see, and that moments give the same numbers."""

from dataclasses import replace

import numpy as np
import pytest

from motorsim.analysis import smooth_random
from motorsim.checks import InputError
from motorsim.compare import HeldOutCCA, HeldOutProcrustes, HeldOutR2
from motorsim.compare.contrast import Activity, Contrast, Subsample
from motorsim.compare.held_out_r2 import RIDGES

RIDGE = 1e-8
METRICS = [
    HeldOutCCA(4),
    HeldOutCCA(4, tuned=True),
    HeldOutProcrustes(4),
    HeldOutR2("candidate_to_reference", ridge=1e-4),
    HeldOutR2("reference_to_candidate", ridge=1e-4),
    HeldOutR2("candidate_to_reference", tuned=True, ridge=1e-4),
    HeldOutR2("reference_to_candidate", tuned=True, ridge=1e-4),
]
by_name = pytest.mark.parametrize("metric", METRICS, ids=lambda metric: metric.name)


def _contrast(world, reference, candidate):
    return Contrast(*(Activity(rates, world.fit_on, world.test_on) for rates in (reference, candidate)))


def _score(world, metric, reference, candidate):
    return metric(reference, candidate, fit_on=world.fit_on, test_on=world.test_on)


def _two(world):
    latent = world.latent(0)
    return world.rates(latent, 12, 1, noise=1.0), world.rates(latent, 9, 2, noise=1.0)


@by_name
def test_moments_give_the_definition(world, metric):
    reference, candidate = _two(world)
    fast = _contrast(world, reference, candidate).score(metric)
    assert fast == pytest.approx(_score(world, metric, reference, candidate), abs=1e-9)
    assert 0.1 < fast < 0.99


@by_name
def test_drawing_units_in_the_moments_is_drawing_them_in_the_data(world, metric):
    reference, candidate = _two(world)
    contrast = _contrast(world, reference, candidate)
    rng = np.random.default_rng(3)
    for _ in range(3):
        units, others = rng.permutation(12)[:6], rng.permutation(9)[:5]
        drawn = reference[:, :, units]
        fast = Subsample(contrast, units).score(metric)
        assert fast == pytest.approx(_score(world, metric, drawn, candidate), abs=1e-8)
        both = Subsample(contrast, units, others).score(metric)
        assert both == pytest.approx(_score(world, metric, drawn, candidate[:, :, others]), abs=1e-8)


@by_name
def test_a_population_is_like_itself(world, metric):
    reference = world.rates(world.latent(0), 12, 1)
    metric = replace(metric, ridge=RIDGE) if isinstance(metric, HeldOutR2) else metric
    assert _contrast(world, reference, reference).score(metric) == pytest.approx(1.0, abs=1e-6)


@by_name
def test_blind_to_shift_scale_and_rotation_of_either(world, metric):
    reference, candidate = _two(world)
    plain = _score(world, metric, reference, candidate)
    for size, array in ((12, reference), (9, candidate)):
        rotation = np.linalg.qr(np.random.default_rng(4).standard_normal((size, size)))[0]
        moved = 3.0 * array @ rotation - 7.0
        pair = (moved, candidate) if size == 12 else (reference, moved)
        assert _score(world, metric, *pair) == pytest.approx(plain, abs=1e-8)


def test_cca_on_all_components_is_blind_to_any_invertible_map_and_procrustes_is_not(world):
    candidate = world.rates(world.latent(0), 9, 2)
    reference = world.rates(world.latent(0), 9, 1)
    stretched = candidate * np.geomspace(1, 30, 9)
    for metric, blind in ((HeldOutCCA(9), True), (HeldOutProcrustes(9), False)):
        plain, moved = (_score(world, metric, reference, other) for other in (candidate, stretched))
        assert (abs(plain - moved) < 1e-6) is blind


@by_name
def test_more_planted_agreement_scores_higher(world, metric):
    reference = world.rates(world.latent(0), 12, 1)
    shared, own = world.latent(0), world.latent(9)
    mixtures = [world.rates(share * shared + (1 - share) * own, 9, 2) for share in (0.0, 0.5, 1.0)]
    scores = [_score(world, metric, reference, mixture) for mixture in mixtures]
    assert scores[0] < scores[1] - 0.1 < scores[2] - 0.2


@by_name
def test_a_time_course_of_all_conditions_counts_only_untuned(world, metric):
    course = 20 * np.sin(np.arange(30) / 4)[:, None]
    reference, candidate = world.rates(world.latent(0), 12, 1), world.rates(world.latent(9), 9, 2)
    bare = _score(world, metric, reference, candidate)
    shared = _score(world, metric, reference + course, candidate + course)
    if metric.tuned:
        assert shared == pytest.approx(bare, abs=1e-9)
    else:
        assert shared > bare + 0.1


@by_name
def test_fits_see_no_test_condition(world, metric):
    # With maps and means from the fit conditions alone, scored rates of both populations that depart from
    # the fit mean by a common factor more or less keep every score; any part fitted to them would turn.
    reference, candidate = _two(world)
    plain = _score(world, metric, reference, candidate)
    chosen = replace(metric, ridge=None) if isinstance(metric, HeldOutR2) else metric
    plain_chosen = _score(world, chosen, reference, candidate)
    for factor in (0.1, 7.0):
        moved = []
        for rates in (reference, candidate):
            fit = rates[world.fit_on]
            mean = fit.mean(axis=0) if metric.tuned else fit.mean(axis=(0, 1))
            scaled = rates.copy()
            scaled[world.test_on] = mean + factor * (rates[world.test_on] - mean)
            moved.append(scaled)
        assert _score(world, metric, *moved) == pytest.approx(plain, abs=1e-9)
        assert _score(world, chosen, *moved) == pytest.approx(plain_chosen, abs=1e-9)
        assert _contrast(world, *moved).score(metric) == pytest.approx(plain, abs=1e-9)


@pytest.mark.parametrize("ridge", [None, 0.03])
def test_the_most_favourable_ridge_is_the_best_of_the_grid_and_the_metrics_own(world, ridge):
    reference, candidate = world.rates(world.latent(0), 12, 1), world.rates(world.latent(9), 9, 2)
    contrast = _contrast(world, reference, candidate)
    for direction in ("candidate_to_reference", "reference_to_candidate"):
        metric = HeldOutR2(direction, ridge=ridge)
        grid = RIDGES if ridge is None else (*RIDGES, ridge)
        scores = [contrast.score(replace(metric, ridge=each)) for each in grid]
        assert contrast.most_favourable(metric) == pytest.approx(max(scores), abs=1e-12)
        assert max(scores) > scores[0] + 1e-3
    for metric in (HeldOutCCA(4), HeldOutProcrustes(4)):
        assert contrast.most_favourable(metric) == contrast.score(metric)


@pytest.mark.parametrize("direction", ["candidate_to_reference", "reference_to_candidate"])
def test_ridge_is_chosen_on_fit_conditions(world, direction):
    reference, candidate = _two(world)
    metric = HeldOutR2(direction)
    settled = metric.settled(reference, candidate, fit_on=world.fit_on)
    ruined_reference, ruined_candidate = reference.copy(), candidate.copy()
    ruined_reference[world.test_on], ruined_candidate[world.test_on] = 1e3, -1e3
    assert metric.settled(ruined_reference, ruined_candidate, fit_on=world.fit_on) == settled
    assert settled.ridge is not None
    assert f"ridge {settled.ridge:g}" in settled.note
    assert _score(world, metric, reference, candidate) == _score(world, settled, reference, candidate)


def test_each_direction_predicts_what_it_says(world):
    latent = world.latent(0)
    small = world.rates(latent[:, :, :1], 6, 1, noise=0.0)
    large = world.rates(latent, 6, 2, noise=0.0)
    forward, backward = (
        _score(world, HeldOutR2(direction, ridge=RIDGE), small, large)
        for direction in ("candidate_to_reference", "reference_to_candidate")
    )
    assert forward > 0.999
    assert backward < 0.6


def test_many_random_smooth_units_predict_a_reference_that_does_not_predict_them(world):
    reference = world.rates(world.latent(0), 12, 1)
    angle = 2 * np.pi * np.arange(16) / 16
    smooth_over_targets = np.exp(np.cos(angle[:, None] - angle) - 1)
    random = smooth_random(
        16, 30, 60, dt_s=0.02, length_scale_s=0.08, condition_covariance=smooth_over_targets, rng=0
    )
    forward, backward = (
        _score(world, HeldOutR2(direction), reference, random)
        for direction in ("candidate_to_reference", "reference_to_candidate")
    )
    assert forward > 0.6
    assert backward < forward - 0.5


def test_test_correlation_is_about_the_mean_of_the_test_conditions(world):
    reference, candidate = _two(world)
    contrast = _contrast(world, reference, candidate)
    candidate = candidate.copy()
    candidate[world.test_on] += 50.0
    shifted = _contrast(world, reference, candidate)
    assert shifted.score(HeldOutCCA(4)) == pytest.approx(contrast.score(HeldOutCCA(4)), abs=1e-8)
    assert shifted.score(HeldOutProcrustes(4)) < contrast.score(HeldOutProcrustes(4)) - 1


def test_too_few_dimensions_are_named(world):
    reference, candidate = _two(world)
    for metric in (HeldOutCCA(10), HeldOutProcrustes(10)):
        with pytest.raises(
            InputError, match="at most the rank of the candidate over the fit conditions, 9, got 10"
        ):
            _contrast(world, reference, candidate).score(metric)
        with pytest.raises(InputError, match="n_components: expected at most the rank"):
            _score(world, metric, reference, candidate)


def test_a_source_that_does_not_vary_is_refused(world):
    reference, candidate = _two(world)
    with pytest.raises(InputError, match="a source that varies over the fit conditions"):
        _contrast(world, reference, np.ones_like(candidate)).score(HeldOutR2(ridge=RIDGE))


def test_test_conditions_in_which_nothing_happens_are_refused(world):
    _, candidate = _two(world)
    half = np.random.default_rng(5).integers(-3, 4, size=(16, 15, 12)).astype(float)
    reference = np.concatenate([half, -half], axis=1)
    reference[world.test_on] = 0.0
    contrast = _contrast(world, reference, candidate)
    for metric in (HeldOutR2(ridge=RIDGE), HeldOutProcrustes(4)):
        with pytest.raises(
            InputError, match="test_on: expected test conditions that depart from the fit mean"
        ):
            contrast.score(metric)
    with pytest.raises(InputError, match="test_on: expected test conditions that vary"):
        contrast.score(HeldOutCCA(4))


def test_settings_are_checked():
    for metric in (HeldOutCCA, HeldOutProcrustes):
        with pytest.raises(InputError, match="n_components: expected an integer of at least 1"):
            metric(0)
    with pytest.raises(InputError, match="direction: expected one of"):
        HeldOutR2("sideways")
    with pytest.raises(InputError, match="ridge: expected a number above 0"):
        HeldOutR2(ridge=0.0)


def test_moments_need_a_ridge(world):
    with pytest.raises(InputError, match=r"ridge: expected a strength, got none; call settled\(\) first"):
        _contrast(world, *_two(world)).score(HeldOutR2())
