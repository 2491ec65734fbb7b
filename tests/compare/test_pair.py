from dataclasses import replace

import numpy as np
import pytest

from motorsim.checks import InputError
from motorsim.compare import Pair
from motorsim.population import Population


def _pair(world, candidate=None, **masks):
    reference = world.seen(6, 1)
    masks = {"fit_on": world.fit_on, "test_on": world.test_on} | masks
    return Pair(reference, reference if candidate is None else candidate, **masks)


def test_takes_populations_of_other_size_on_the_same_conditions_and_times(world):
    assert _pair(world, world.seen(9, 2)).candidate.n_units == 9


def test_refuses_arrays_and_trials(world):
    with pytest.raises(InputError, match="candidate: expected a Population, got ndarray"):
        _pair(world, np.zeros((16, 30, 6)))
    trials = replace(world.seen(6, 1), sample_axis="trial")
    with pytest.raises(InputError, match=r"over trials; average with \.psth\(\)"):
        _pair(world, trials)


def test_never_reorders_conditions(world):
    with pytest.raises(
        InputError, match="same order, got reach 15 in place 0, where the reference has reach 0"
    ):
        _pair(world, world.seen(6, 1).select(np.arange(16)[::-1]))


def test_names_missing_and_unknown_conditions(world):
    with pytest.raises(InputError, match=r"1 missing \(reach 15\)"):
        _pair(world, world.seen(6, 1).select(slice(15)))
    labels = ("other", *world.seen(6, 1).condition_labels[1:])
    with pytest.raises(InputError, match=r"1 missing \(reach 0\) and 1 unknown \(other\)"):
        _pair(world, replace(world.seen(6, 1), condition_labels=labels))


def test_refuses_other_times(world):
    population = world.seen(6, 1)
    for other in (population.between(0, 0.3), replace(population, times_s=population.times_s + 0.01)):
        with pytest.raises(InputError, match=r"reference's times, 30 samples from 0 to 0\.58 s"):
            _pair(world, other)


def test_refuses_another_event_at_time_zero(world):
    with pytest.raises(InputError, match="times from 'trial start', got from 'go cue'"):
        _pair(world, replace(world.seen(6, 1), zero="go cue"))


def test_joins_single_samples_by_their_time():
    one = Population(np.zeros((3, 1, 2)), np.array([0.1]), ("a", "b", "c"))
    fit_on = np.array([True, True, False])
    assert Pair(one, one, fit_on, ~fit_on).reference is one
    with pytest.raises(InputError, match=r"1 samples from 0\.2 to 0\.2 s"):
        Pair(one, replace(one, times_s=np.array([0.2])), fit_on, ~fit_on)


@pytest.mark.parametrize(
    ("masks", "message"),
    [
        ({"fit_on": np.arange(16)}, "fit_on: expected a boolean mask"),
        ({"test_on": np.ones(5, bool)}, r"test_on: expected a boolean mask of shape \(16,\)"),
        ({"test_on": np.zeros(16, bool)}, "test_on: expected at least one condition"),
        (
            {"test_on": np.ones(16, bool)},
            "test_on: expected conditions that are not in fit_on, got 12 in both",
        ),
    ],
)
def test_refuses_masks_that_leave_nothing_held_out(world, masks, message):
    with pytest.raises(InputError, match=message):
        _pair(world, **masks)
