"""Batches: every row once a round, and each update's batch a function of its number alone."""

import numpy as np

from motorsim.train.batches import Rounds


def _data(n):
    inputs = np.arange(n, dtype=float)[:, None, None] * np.ones((1, 3, 2))
    return inputs, 10.0 * inputs, inputs[..., 0] > 4


def _rows(batch):
    return batch[0][:, 0, 0]


def test_every_round_has_every_row_once_in_a_new_order():
    rounds = Rounds(_data(10), 4, seed=1, name="stage 0")
    batches = [rounds.at(update) for update in range(6)]
    assert [len(batch[0]) for batch in batches] == [4, 4, 2] * 2
    first, second = (np.concatenate([_rows(batch) for batch in part]) for part in (batches[:3], batches[3:]))
    for order in (first, second):
        np.testing.assert_array_equal(np.sort(order), np.arange(10))
    assert np.any(first != second)


def test_inputs_targets_and_mask_stay_together():
    inputs, targets, mask = Rounds(_data(10), 3, seed=1, name="stage 0").at(2)
    np.testing.assert_array_equal(targets, 10.0 * inputs)
    np.testing.assert_array_equal(mask, inputs[..., 0] > 4)


def test_batch_depends_on_the_number_of_the_update_and_not_on_what_was_asked_before():
    rounds = Rounds(_data(10), 4, seed=1, name="stage 0")
    in_order = [_rows(rounds.at(update)) for update in range(9)]
    for update in (8, 0, 5, 3, 5):
        np.testing.assert_array_equal(_rows(rounds.at(update)), in_order[update])
        fresh = Rounds(_data(10), 4, seed=1, name="stage 0")
        np.testing.assert_array_equal(_rows(fresh.at(update)), in_order[update])
    other_stage = Rounds(_data(10), 4, seed=1, name="stage 1")
    assert any(np.any(_rows(other_stage.at(update)) != in_order[update]) for update in range(2))


def test_without_a_size_every_batch_is_the_whole_set_in_order_and_not_copied():
    data = _data(3)
    assert Rounds(data, None, seed=1, name="stage 0").at(7) is data
