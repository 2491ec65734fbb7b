"""Schedules: factors of the learning rate."""

import numpy as np
import pytest

from motorsim.checks import InputError
from motorsim.nn import Constant, Cosine


def test_constant_stays():
    assert {Constant()(iteration) for iteration in (0, 10, 10_000)} == {1.0}


def test_cosine_rises_in_a_line_peaks_halves_midway_and_ends_at_the_final_factor():
    schedule = Cosine(110, n_warm_up=10, final_factor=0.2)
    np.testing.assert_allclose([schedule(i) for i in range(10)], np.arange(1, 11) / 10)
    assert schedule(10) == 1.0
    assert schedule(60) == pytest.approx(0.6)
    assert schedule(110) == pytest.approx(0.2)
    assert schedule(500) == pytest.approx(0.2)
    assert np.all(np.diff([schedule(i) for i in range(10, 111)]) < 0)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"n_iterations": 0}, "n_iterations"),
        ({"n_iterations": 10, "n_warm_up": 10}, "n_warm_up"),
        ({"n_iterations": 10, "final_factor": 1.5}, "final_factor: expected a number from 0 to 1"),
    ],
)
def test_impossible_settings_are_refused(settings, message):
    with pytest.raises(InputError, match=message):
        Cosine(**settings)
