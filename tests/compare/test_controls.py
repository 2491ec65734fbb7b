from dataclasses import replace

import numpy as np
import pytest

from motorsim.analysis import tuning_model
from motorsim.checks import InputError
from motorsim.compare import shuffled, smooth_random_like, task_only

DIRECTIONS_RAD = 2 * np.pi * np.arange(16) / 16
DISTANCES_M = np.where(np.arange(16) % 2, 0.06, 0.1)
TARGETS_M = DISTANCES_M[:, None] * np.stack([np.cos(DIRECTIONS_RAD), np.sin(DIRECTIONS_RAD)], axis=1)


def test_task_only_predicts_held_out_conditions_from_the_fitted_ones(world):
    reference = world.seen(7, 1)
    control = task_only(reference, DIRECTIONS_RAD, DISTANCES_M, world.fit_on, n_harmonics=1)
    fit = world.fit_on
    model = tuning_model(reference.rates[fit], DIRECTIONS_RAD[fit], DISTANCES_M[fit], n_harmonics=1)
    assert np.array_equal(control.rates, model.predict(DIRECTIONS_RAD, DISTANCES_M))
    assert control.condition_labels == reference.condition_labels
    assert control.unit_labels == reference.unit_labels
    changed = reference.rates.copy()
    changed[world.test_on] = 0.0
    again = task_only(replace(reference, rates=changed), DIRECTIONS_RAD, DISTANCES_M, fit, n_harmonics=1)
    assert np.array_equal(again.rates, control.rates)


def test_task_only_is_exact_where_only_tuning_is(world):
    course, rng = np.sin(np.arange(30) / 5), np.random.default_rng(0)
    preferred = rng.uniform(0, 2 * np.pi, 6)
    rates = 10 + np.cos(DIRECTIONS_RAD[:, None, None] - preferred) * course[:, None]
    reference = world.population(rates)
    control = task_only(reference, DIRECTIONS_RAD, DISTANCES_M, world.fit_on)
    assert np.allclose(control.rates, rates, atol=1e-4)


def test_task_only_names_what_it_cannot_use(world):
    reference = world.seen(7, 1)
    with pytest.raises(InputError, match="directions_rad: expected an array"):
        task_only(reference, DIRECTIONS_RAD[:5], DISTANCES_M, world.fit_on)
    with pytest.raises(InputError, match="distances_m: expected an array"):
        task_only(reference, DIRECTIONS_RAD, DISTANCES_M[:5], world.fit_on)
    with pytest.raises(InputError, match="fit_on: expected a boolean mask"):
        task_only(reference, DIRECTIONS_RAD, DISTANCES_M, np.arange(16))
    with pytest.raises(InputError, match="at least 5 different directions for 2 harmonics, got 3"):
        task_only(reference, DIRECTIONS_RAD, DISTANCES_M, np.arange(16) < 3)
    with pytest.raises(InputError, match="reference: expected a population over conditions"):
        task_only(replace(reference, sample_axis="trial"), DIRECTIONS_RAD, DISTANCES_M, world.fit_on)


def test_shuffling_moves_whole_conditions_under_labels_that_stay(world):
    population = world.seen(7, 1)
    moved = shuffled(population, rng=0)
    assert moved.condition_labels == population.condition_labels
    order = [int(np.flatnonzero((population.rates == rates).all(axis=(1, 2)))[0]) for rates in moved.rates]
    assert sorted(order) == list(range(16))
    assert order != list(range(16))
    assert np.array_equal(shuffled(population, rng=0).rates, moved.rates)
    with pytest.raises(InputError, match="population: expected a population over conditions"):
        shuffled(replace(population, sample_axis="trial"), rng=0)


def _smooth_random(world, reference, seed=0, **kwargs):
    settings = {"fit_on": world.fit_on, "targets_m": TARGETS_M} | kwargs
    return smooth_random_like(reference, rng=seed, **settings)


def test_smooth_random_rates_follow_nothing_of_the_held_out_conditions(world):
    reference = world.seen(7, 1)
    changed = reference.rates.copy()
    changed[world.test_on] = np.random.default_rng(0).standard_normal(changed[world.test_on].shape)
    draws = [_smooth_random(world, each).rates for each in (reference, replace(reference, rates=changed))]
    assert np.array_equal(*draws)
    changed = reference.rates.copy()
    changed[world.fit_on] *= 2
    assert not np.array_equal(_smooth_random(world, replace(reference, rates=changed)).rates, draws[0])


def test_smooth_random_rates_are_as_large_and_as_smooth_as_the_reference_where_it_is_seen(world):
    reference = world.seen(7, 1, noise=0.0)
    reference = replace(reference, rates=reference.rates + 30 * np.sin(np.arange(30) / 3)[:, None])
    seen = reference.rates[world.fit_on]
    draws = np.stack([_smooth_random(world, reference, seed).rates for seed in range(300)])
    draws = draws[:, world.fit_on] - seen.mean(axis=(0, 1))
    assert np.abs(draws.mean(axis=1)).max() < 1e-9
    tuned = seen - seen.mean(axis=0)
    assert np.mean(np.diff(draws, axis=2) ** 2) == pytest.approx(
        np.mean(np.diff(tuned, axis=1) ** 2), rel=0.05
    )
    expected = np.einsum("ctu,ctv->uv", tuned, tuned)
    found = np.einsum("dctu,dctv->uv", draws, draws) / 300
    assert np.linalg.norm(found - expected) < 0.1 * np.linalg.norm(expected)


@pytest.mark.parametrize("length_m", [0.03, 0.1])
def test_smooth_random_rates_fall_apart_over_targets_as_the_kernel_says(world, length_m):
    reference = world.seen(7, 1)
    draws = np.stack(
        [_smooth_random(world, reference, seed, target_length_m=length_m).rates for seed in range(300)]
    )
    apart_m = np.linalg.norm(TARGETS_M[:, None] - TARGETS_M, axis=2)
    difference = np.mean((draws[:, :, None] - draws[:, None]) ** 2, axis=(0, 3, 4))
    expected = 1 - np.exp(-(apart_m**2) / (2 * length_m**2))
    scale = difference.sum() / expected.sum()
    assert np.allclose(difference, scale * expected, atol=0.12 * difference.max())


def test_conditions_with_one_target_get_the_same_smooth_random_rates(world):
    targets_m = TARGETS_M.copy()
    targets_m[1] = targets_m[0]
    draw = _smooth_random(world, world.seen(7, 1), targets_m=targets_m).rates
    assert np.allclose(draw[0], draw[1], atol=1e-5)
    assert not np.allclose(draw[0], draw[2], atol=1.0)


def test_a_longer_length_scale_is_smoother(world):
    reference = world.seen(7, 1)
    short, long = (
        np.mean(np.diff(_smooth_random(world, reference, length_scale_s=scale).rates, axis=1) ** 2)
        for scale in (0.05, 0.5)
    )
    assert long < 0.1 * short


def test_smooth_random_names_what_it_cannot_match(world):
    reference = world.seen(7, 1)
    noise = np.random.default_rng(0).standard_normal((16, 30, 7))
    alternating = np.abs(noise) * np.where(np.arange(30) % 2, 1, -1)[:, None]
    for rates, message in (
        (
            alternating * (1 + np.arange(16))[:, None, None],
            "reference: expected rates that change smoothly in time",
        ),
        (
            np.tile(reference.rates[:1], (16, 1, 1)),
            "reference: expected rates that differ between conditions",
        ),
        (reference.rates[:, :1], "reference: expected at least 2 times, got 1"),
    ):
        with pytest.raises(InputError, match=message):
            _smooth_random(world, world.population(rates))
    for settings, message in (
        ({"length_scale_s": 0.0}, "length_scale_s: expected a number above 0"),
        ({"target_length_m": 0.0}, "target_length_m: expected a number above 0"),
        ({"targets_m": TARGETS_M[:5]}, "targets_m: expected an array"),
        ({"targets_m": np.zeros((16, 2))}, "targets_m: expected targets of the fit conditions that differ"),
        ({"fit_on": np.arange(16) < 1}, "fit_on: expected at least 2 conditions, got 1"),
        ({"fit_on": np.arange(16)}, "fit_on: expected a boolean mask"),
    ):
        with pytest.raises(InputError, match=message):
            _smooth_random(world, reference, **settings)
    with pytest.raises(InputError, match="reference: expected a Population"):
        _smooth_random(world, reference.rates)
