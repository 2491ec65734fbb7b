"""How many dimensions predict left-out conditions best: folds over conditions and the rule that chooses."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from motorsim.checks import InputError, check_integer

if TYPE_CHECKING:
    from motorsim.types import BoolArray, FloatArray

# Differences of squared error below this share of the total are rounding error.
_NO_DIFFERENCE = 1e-10


def condition_folds(n_conditions: int, n_folds: int) -> list[BoolArray]:
    """Return masks of the conditions left out in each fold, every n_folds-th one, (condition,) each.

    Raises
    ------
    InputError
        If there are fewer than 3 conditions, or not 2 folds.
    """
    if n_conditions < 3:
        mend = "give more conditions, or a rank"
        raise InputError("rank", "3 conditions or more to choose it by", f"{n_conditions}", mend)
    used = min(check_integer("n_folds", n_folds, minimum=2), n_conditions)
    return [np.arange(n_conditions) % used == fold for fold in range(used)]


def smallest_sufficient(errors: FloatArray, total: float) -> int:
    """Return the index of the first rank that is not worse than the best by more than one standard error.

    Differences are paired: fold by fold to the best rank (the one-standard-error rule, Hastie, Tibshirani &
    Friedman 2009, section 7.10, on differences).

    Parameters
    ----------
    errors
        Squared error on what each fold left out, (fold, rank).
    total
        Total sum of squares over all folds, by which rounding error is told.
    """
    excess = errors - errors[:, errors.sum(axis=0).argmin()][:, None]
    n_folds = len(errors)
    spread = excess.std(axis=0, ddof=1) * np.sqrt(n_folds)
    return int(np.argmax(excess.sum(axis=0) <= spread + _NO_DIFFERENCE * total))
