"""Folds for cross-validation: whole groups (trials, conditions) are held out together."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from motorsim.analysis.trials import number_conditions
from motorsim.checks import InputError, check_integer

if TYPE_CHECKING:
    from motorsim.types import IntArray


def group_folds(
    groups: Any, n_trials: int, *, n_folds: int, rng: np.random.Generator, labels: IntArray | None = None
) -> IntArray:
    """Return the fold of each trial, (trial,), groups never being divided.

    Parameters
    ----------
    groups
        Group of each trial, (trial,): its condition, say. ``None`` for each trial by itself.
    n_trials
        Number of trials.
    n_folds
        Number of folds, from 2 to the number of groups; sizes differ by one group at most.
    rng
        Generator of the order.
    labels
        Number of the class of each trial, (trial,): groups of one class are dealt out in turn, so that
        classes are spread over the folds.

    Raises
    ------
    InputError
        If there is not one group a trial, or fewer groups than folds.
    """
    number = (
        np.arange(n_trials)
        if groups is None
        else number_conditions("groups", groups, n_trials, least_trials=1)
    )
    n_groups = int(number.max()) + 1
    folds = check_integer("n_folds", n_folds, minimum=2)
    if n_groups < folds:
        what = "trials" if groups is None else "groups"
        got = f"{n_groups} for {folds} folds"
        raise InputError("n_folds", f"at most the number of {what}", got, "use fewer folds")
    order = rng.permutation(n_groups)
    if labels is not None:
        first = np.zeros(n_groups, dtype=np.int64)
        first[number[::-1]] = labels[::-1]
        order = order[np.argsort(first[order], kind="stable")]
    fold_of_group = np.empty(n_groups, dtype=np.int64)
    fold_of_group[order] = np.arange(n_groups) % folds
    return fold_of_group[number]
