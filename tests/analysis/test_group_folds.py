import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from motorsim.analysis.group_folds import group_folds
from motorsim.checks import InputError


@given(groups=st.lists(st.integers(0, 6), min_size=8, max_size=40), seed=st.integers(0, 99))
def test_groups_are_never_divided_and_folds_are_even(groups, seed):
    n_groups = len(set(groups))
    if n_groups < 2:
        return
    fold = group_folds(groups, len(groups), n_folds=2, rng=np.random.default_rng(seed))
    of_group = {g: {int(f) for f, other in zip(fold, groups, strict=True) if other == g} for g in groups}
    assert all(len(folds) == 1 for folds in of_group.values())
    assert np.ptp(np.bincount([min(folds) for folds in of_group.values()])) <= 1


def test_classes_are_dealt_out_in_turn():
    labels = np.repeat([0, 1, 2], [10, 5, 10])
    fold = group_folds(None, 25, n_folds=5, rng=np.random.default_rng(0), labels=labels)
    table = np.array([np.bincount(fold[labels == k], minlength=5) for k in range(3)])
    np.testing.assert_array_equal(table, [[2] * 5, [1] * 5, [2] * 5])


def test_too_many_folds_are_refused():
    with pytest.raises(InputError, match="n_folds: expected at most the number of trials, got 3 for 4 folds"):
        group_folds(None, 3, n_folds=4, rng=np.random.default_rng(0))
