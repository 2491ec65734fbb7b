import numpy as np
import pytest

from motorsim.checks import InputError
from motorsim.task import ConditionSplit, center_out, curved_reaches, split_conditions

SEEDS = pytest.mark.parametrize("seed", range(5))


def sizes(split):
    return tuple(int(mask.sum()) for mask in (split.train, split.validation, split.test))


def gaps(mask):
    """Steps around the circle from each held-out direction to the next."""
    places = np.flatnonzero(mask)
    return np.diff([*places, places[0] + len(mask)])


@SEEDS
def test_sixteen_directions_at_two_distances(seed):
    split = split_conditions(center_out(16, [0.06, 0.10]), rng=seed)
    assert sizes(split) == (20, 4, 8)
    np.testing.assert_array_equal(split.train.astype(int) + split.validation + split.test, 1)
    for distance in range(2):
        kind = slice(16 * distance, 16 * (distance + 1))
        np.testing.assert_array_equal(gaps(split.test[kind]), 4)
        np.testing.assert_array_equal(gaps(split.validation[kind]), 8)
        held_out = ~split.train[kind]
        assert not (held_out & np.roll(held_out, 1)).any(), "neighbours of a held-out direction are trained"
    by_distance = split.train.reshape(2, 16)
    assert by_distance.any(0).all(), "a direction held out at one distance is trained at the other"


@SEEDS
def test_eight_directions_at_one_distance(seed):
    split = split_conditions(center_out(), rng=seed)
    assert sizes(split) == (5, 1, 2)
    np.testing.assert_array_equal(gaps(split.test), 4)
    held_out = ~split.train
    assert not (held_out & np.roll(held_out, 1)).any()


@SEEDS
def test_every_distance_and_curvature_is_tested_and_validated(seed):
    reaches = curved_reaches(8, [0.06, 0.10])
    split = split_conditions(reaches, rng=seed)
    for mask, n_each in ((split.test, 2), (split.validation, 1)):
        kinds = np.stack([reaches.distance_m, reaches.curvature], -1)[mask]
        _, counts = np.unique(kinds, axis=0, return_counts=True)
        np.testing.assert_array_equal(counts, [n_each] * 6)


def test_order_of_the_conditions_does_not_undo_the_spread():
    order = np.random.default_rng(0).permutation(16)
    split = split_conditions(center_out(16).select(order), rng=0)
    in_order = np.zeros(16, bool)
    in_order[order] = split.test
    np.testing.assert_array_equal(gaps(in_order), 4)


def test_seed_turns_the_circle_and_fixes_the_split():
    reaches = center_out(16, [0.06, 0.10])
    drawn = {tuple(np.flatnonzero(split_conditions(reaches, rng=seed).test)) for seed in range(40)}
    assert len(drawn) == 4, "four rotations of four evenly spaced tests"
    first, again = (split_conditions(reaches, rng=3) for _ in range(2))
    for name in ("train", "validation", "test"):
        np.testing.assert_array_equal(getattr(first, name), getattr(again, name))


def test_fractions_are_kept_and_validation_can_be_left_out():
    split = split_conditions(center_out(20), test_fraction=0.5, validation_fraction=0.0, rng=0)
    assert sizes(split) == (10, 0, 10)
    np.testing.assert_array_equal(gaps(split.test), 2)


def test_smallest_set_that_can_be_split():
    assert sizes(split_conditions(center_out(3), rng=0)) == (1, 1, 1)
    with pytest.raises(
        InputError,
        match=r"reaches: expected more than 2 conditions of each distance .* got 2 like condition 0",
    ):
        split_conditions(center_out(2), rng=0)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"test_fraction": 0.0, "rng": 0}, "test_fraction: expected a number above 0"),
        ({"test_fraction": 0.9, "rng": 0}, r"fractions that sum to less than 1, got 0\.9 \+ 0\.125"),
        ({"validation_fraction": -0.1, "rng": 0}, "validation_fraction: expected a number of at least 0"),
        ({"rng": None}, "rng: expected a non-negative integer"),
    ],
)
def test_bad_input_is_refused_by_name(options, message):
    with pytest.raises(InputError, match=message):
        split_conditions(center_out(), **options)


@pytest.mark.parametrize(
    ("train", "validation", "test", "message"),
    [
        (
            [True, True],
            [False, False],
            [True, False],
            "every condition in exactly one set, got condition 0 in 2",
        ),
        ([True, False], [False, False], [False, False], "got condition 1 in 0"),
        ([False, False], [True, False], [False, True], "train: expected at least one condition, got none"),
        ([True, False], [False, False], [False, True, True], "boolean masks of one length"),
    ],
)
def test_sets_that_overlap_or_leave_out_are_refused(train, validation, test, message):
    with pytest.raises(InputError, match=message):
        ConditionSplit(train=np.array(train), validation=np.array(validation), test=np.array(test))


def test_indices_in_place_of_masks_are_refused():
    with pytest.raises(InputError, match=r"boolean masks of one length, got int64 of shape \(2,\)"):
        ConditionSplit(train=np.array([1, 0]), validation=np.array([0, 1]), test=np.array([0, 0]))
