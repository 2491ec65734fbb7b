"""Batches: every sequence once a round."""

from itertools import islice

import numpy as np

from motorsim.train.batches import draw_batches


def test_every_round_has_every_sequence_once_in_a_new_order():
    batches = list(islice(draw_batches(10, 4, np.random.default_rng(1)), 6))
    assert [len(batch) for batch in batches] == [4, 4, 2] * 2
    rounds = [np.concatenate(batches[:3]), np.concatenate(batches[3:])]
    for order in rounds:
        np.testing.assert_array_equal(np.sort(order), np.arange(10))
    assert np.any(rounds[0] != rounds[1])


def test_without_a_size_every_batch_is_the_whole_set():
    rows = next(draw_batches(3, None, np.random.default_rng(2)))
    np.testing.assert_array_equal(np.arange(3)[rows], np.arange(3))
