import numpy as np
import pytest

from motorsim.analysis.marginalisation import join_parts, marginalise, name_marginalisations
from motorsim.checks import InputError


def test_parts_add_up_and_are_orthogonal():
    averages = np.random.default_rng(0).standard_normal((3, 2, 7, 5)) + 4
    parts = marginalise(averages)
    assert len(parts) == 7
    centred = averages - averages.mean(axis=(0, 1, 2))
    assert np.allclose(sum(parts.values()), centred)
    full = [np.broadcast_to(part, averages.shape).reshape(-1, 5) for part in parts.values()]
    for i, first in enumerate(full):
        for second in full[:i]:
            assert np.abs(first.T @ second).max() < 1e-10


def test_planted_parts_come_back():
    """x = s(stimulus) + t(time) + st(stimulus, time), each with zero mean along its axes."""
    rng = np.random.default_rng(1)
    stimulus = rng.standard_normal((4, 1, 3))
    stimulus -= stimulus.mean(axis=0)
    time = rng.standard_normal((1, 6, 3))
    time -= time.mean(axis=1)[:, None]
    both = rng.standard_normal((4, 6, 3))
    both -= both.mean(axis=0) + both.mean(axis=1)[:, None] - both.mean(axis=(0, 1))
    parts = marginalise(stimulus + time + both + 9)
    assert np.allclose(parts[0,], stimulus)
    assert np.allclose(parts[1,], time)
    assert np.allclose(parts[0, 1], both)


def test_names_join_with_time_unless_told_otherwise():
    assert name_marginalisations(("a", "b"), None) == {
        "a + a-time": ((0,), (0, 2)),
        "b + b-time": ((1,), (1, 2)),
        "a-b + a-b-time": ((0, 1), (0, 1, 2)),
        "time": ((2,),),
    }
    assert list(name_marginalisations(("a",), ())) == ["a", "time", "a-time"]
    assert list(name_marginalisations(("a",), [("a", "time", "a-time")])) == ["a + time + a-time"]


def test_joined_parts_are_their_sum():
    averages = np.random.default_rng(2).standard_normal((3, 4, 2))
    joined = join_parts(marginalise(averages), ((0,), (0, 1)), averages.shape)
    assert np.allclose(joined.reshape(averages.shape), averages - averages.mean(axis=0))


def test_unknown_and_doubled_names_are_refused():
    with pytest.raises(InputError, match="join: expected groups of a, time, a-time, got 'time-a'"):
        name_marginalisations(("a",), [("a", "time-a")])
    with pytest.raises(InputError, match="each marginalisation in one group"):
        name_marginalisations(("a",), [("a",), ("a", "a-time")])
    with pytest.raises(InputError, match="no group empty"):
        name_marginalisations(("a",), [()])
