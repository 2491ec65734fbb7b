import numpy as np
import pytest

from motorsim.analysis import shuffle_conditions
from motorsim.checks import InputError


def _rates():
    return np.random.default_rng(0).random((6, 7, 4))


def test_whole_conditions_move_and_none_is_lost():
    rates = _rates()
    shuffled = shuffle_conditions(rates, rng=3)
    order = [int(np.flatnonzero((rates == condition).all(axis=(1, 2)))[0]) for condition in shuffled]
    assert sorted(order) == list(range(6))
    assert order != list(range(6))
    assert np.allclose(shuffled.mean(axis=0), rates.mean(axis=0))


def test_input_is_left_alone_and_the_seed_decides():
    rates = _rates()
    before = rates.copy()
    first, second = shuffle_conditions(rates, rng=1), shuffle_conditions(rates, rng=1)
    assert np.array_equal(rates, before)
    assert np.array_equal(first, second)


def test_every_condition_reaches_every_place_equally_often():
    labels = np.arange(4.0)[:, None, None]
    rng = np.random.default_rng(2)
    draws = np.array([shuffle_conditions(labels, rng=rng)[:, 0, 0] for _ in range(2000)])
    shares = np.array([(draws == label).mean(axis=0) for label in range(4)])
    assert np.abs(shares - 0.25).max() < 0.05


def test_one_condition_is_refused():
    with pytest.raises(InputError, match="at least 2 conditions"):
        shuffle_conditions(_rates()[:1], rng=0)
