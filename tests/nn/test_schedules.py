"""Schedules: factors of the learning rate."""

import numpy as np
import pytest

from motorsim.checks import InputError
from motorsim.nn.schedules import Constant, Cosine, Plateau, Step, WarmUp


def test_constant_stays():
    assert {Constant()(iteration, []) for iteration in (0, 10, 10_000)} == {1.0}


def test_step_falls_at_once_every_so_often():
    schedule = Step(10, factor=0.5)
    assert [schedule(i, []) for i in (0, 9, 10, 19, 20, 35)] == [1.0, 1.0, 0.5, 0.5, 0.25, 0.125]


def test_cosine_rises_in_a_line_peaks_halves_midway_and_ends_at_the_final_factor():
    schedule = Cosine(110, n_warm_up=10, final_factor=0.2)
    np.testing.assert_allclose([schedule(i, []) for i in range(10)], np.arange(1, 11) / 10)
    assert schedule(10, []) == 1.0
    assert schedule(60, []) == pytest.approx(0.6)
    assert schedule(110, []) == pytest.approx(0.2)
    assert schedule(500, []) == pytest.approx(0.2)
    assert np.all(np.diff([schedule(i, []) for i in range(10, 111)]) < 0)


def test_warm_up_rises_in_a_line_and_then_starts_the_other_schedule():
    schedule = WarmUp(4, Step(3, factor=0.1))
    np.testing.assert_allclose([schedule(i, []) for i in range(8)], [0.25, 0.5, 0.75, 1, 1, 1, 1, 0.1])
    assert WarmUp(2)(50, []) == 1.0
    assert WarmUp(2, Plateau(1))(2, [1.0, 1.0]) == 0.5


def _falls_one_by_one(losses, patience):
    lowest, since, falls = np.inf, 0, 0
    for loss in losses:
        since = 0 if loss < lowest else since + 1
        lowest = min(lowest, loss)
        if since == patience:
            since, falls = 0, falls + 1
    return falls


def test_plateau_falls_after_patience_evaluations_without_a_new_low_and_counts_afresh():
    schedule = Plateau(2, factor=0.1)
    losses = [5.0, 4.0, 4.0, 4.5, 3.0, 3.5, 2.0, 2.0, 2.0, 2.0, 2.0]
    factors = [schedule(0, losses[:n]) for n in range(len(losses) + 1)]
    np.testing.assert_allclose(factors, [1, 1, 1, 1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.01, 0.01, 0.001])
    assert Plateau(2, factor=0.1, final_factor=0.05)(0, losses) == 0.05


def test_plateau_agrees_with_counting_one_loss_after_the_other():
    rng = np.random.default_rng(1)
    for patience in (1, 2, 3, 7):
        losses = np.round(np.exp(-np.arange(80) / 30) + 0.2 * rng.normal(size=80), 1)
        expected = 0.9 ** _falls_one_by_one(losses, patience)
        assert Plateau(patience, factor=0.9)(0, list(losses)) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Cosine(0), "n_iterations"),
        (lambda: Cosine(10, n_warm_up=10), "n_warm_up"),
        (lambda: Cosine(10, final_factor=1.5), "final_factor: expected a number from 0 to 1"),
        (lambda: Step(0), "every"),
        (lambda: Step(10, factor=0.0), "factor: expected a number above 0"),
        (lambda: Step(10, factor=2.0), "factor: expected a number above 0, at most 1"),
        (lambda: WarmUp(0), "n_iterations"),
        (lambda: WarmUp(3, Constant), "then: expected a schedule such as Cosine"),
        (lambda: Plateau(0), "patience"),
        (lambda: Plateau(3, factor=-0.5), "factor"),
        (lambda: Plateau(3, final_factor=np.nan), "final_factor"),
    ],
)
def test_impossible_settings_are_refused(make, message):
    with pytest.raises(InputError, match=message):
        make()
