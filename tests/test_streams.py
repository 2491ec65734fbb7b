from __future__ import annotations

import numpy as np
import pytest

from motorsim.checks import InputError
from motorsim.streams import stream


def test_same_seed_and_name_give_the_same_numbers_whatever_came_between():
    first = stream(7, "weights").standard_normal(5)
    stream(7, "noise").standard_normal(100)
    np.testing.assert_array_equal(stream(np.int64(7), "weights").standard_normal(5), first)


def test_names_and_seeds_make_different_streams():
    # "plumless" and "buckeroo" share a CRC-32.
    draws = [stream(seed, name).random() for seed in (0, 1, 2**64) for name in ("plumless", "buckeroo", "")]
    assert len(set(draws)) == len(draws)


def test_the_numbers_of_a_stream_never_change():
    np.testing.assert_array_equal(stream(1, "weights").integers(1000, size=5), [947, 237, 943, 311, 279])


def test_a_generator_moves_on():
    rng = np.random.default_rng(3)
    first, second = stream(rng, "weights").random(), stream(rng, "weights").random()
    assert first != second
    assert stream(np.random.default_rng(3), "weights").random() == first


@pytest.mark.parametrize("rng", [-1, 1.0, True, None, "1", np.random.RandomState(0)])
def test_other_seeds_are_refused(rng):
    with pytest.raises(InputError, match="rng: expected a non-negative integer or a numpy"):
        stream(rng, "weights")


def test_a_stream_has_a_name():
    with pytest.raises(InputError, match="name"):
        stream(1, 2)
