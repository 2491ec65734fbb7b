from __future__ import annotations

import numpy as np
import pytest

from motorsim.checks import InputError
from motorsim.plots import training_panel


def test_losses_stand_at_their_updates_and_the_best_is_marked(ax):
    training, validation = np.array([4.0, 2.0, 1.0, 0.5]), np.array([5.0, 1.5])
    lines = training_panel(ax, training, validation, np.array([0, 2]), best_iteration=2)
    np.testing.assert_array_equal(lines[0].get_xydata(), np.column_stack([np.arange(4), training]))
    np.testing.assert_array_equal(lines[1].get_xydata(), [[0.0, 5.0], [2.0, 1.5]])
    assert list(ax.lines[-1].get_xdata()) == [2, 2]
    assert ax.get_yscale() == "log"


def test_the_loss_that_diverged_leaves_a_gap(ax):
    training_panel(ax, np.array([1.0, 2.0, np.nan]), np.array([]), np.array([]), best_iteration=0)
    low, high = ax.get_ylim()
    assert 0.0 < low < 1.0
    assert 2.0 < high < 10.0


def test_a_negative_loss_takes_a_linear_axis(ax):
    training_panel(ax, np.array([1.0, -2.0]), np.array([]), np.array([]), best_iteration=1)
    assert ax.get_yscale() == "linear"


def test_evaluations_without_a_place_and_a_best_that_never_was_are_refused(ax):
    losses = np.array([1.0, 0.5])
    with pytest.raises(InputError, match="evaluated_at"):
        training_panel(ax, losses, losses, np.array([0]), best_iteration=1)
    with pytest.raises(InputError, match="best_iteration"):
        training_panel(ax, losses, losses, np.array([0, 1]), best_iteration=3)
    with pytest.raises(InputError, match="finite"):
        training_panel(ax, np.array([np.inf]), np.array([]), np.array([]), best_iteration=0)
