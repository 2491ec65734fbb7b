from __future__ import annotations

import numpy as np
import pytest

from motorsim.checks import InputError
from motorsim.plots import TimeAxis, muscles_panel

LABELS, DIRECTIONS = ("biceps", "triceps"), ("0°", "90°", "180°")
HELD_OUT = np.array([False, True, False])


@pytest.fixture
def recorded():
    return np.random.default_rng(1).uniform(2.0, 5.0, size=(3, 40, 2))


def draw(ax, clock, recorded, fitted, **changes):
    given = {"labels": LABELS, "condition_labels": DIRECTIONS, "held_out": HELD_OUT} | changes
    return muscles_panel(ax, clock, recorded, fitted, **given)


def test_each_cell_of_the_grid_holds_its_muscle_and_condition(ax, clock, recorded):
    real, _ = draw(ax, clock, recorded, recorded)
    assert len(real) == 6
    line = real[1 * 3 + 2]  # triceps, 180 degrees
    assert line.get_xdata()[0] == 2.0
    heights, trace = line.get_ydata() + 1.0, recorded[2, :, 1]
    np.testing.assert_allclose(np.corrcoef(heights, trace)[0, 1], 1.0)
    assert 0.0 <= heights.min() < heights.max() <= 1.0


def test_fitted_traces_have_the_scale_of_the_recorded(ax, clock, recorded):
    real, fitted = draw(ax, clock, recorded, recorded + 0.5)
    spread = np.ptp(recorded[..., 0])
    rise = fitted[0].get_ydata() - real[0].get_ydata()
    np.testing.assert_allclose(rise, rise[0])
    drawn = np.ptp([line.get_ydata() for line in real[:3]])
    np.testing.assert_allclose(rise[0] / drawn, 0.5 / spread)


def test_held_out_directions_lie_on_a_tinted_ground_and_all_are_named(ax, clock, recorded):
    draw(ax, clock, recorded, recorded)
    (ground,) = ax.patches
    assert 0.8 < ground.get_x() < 1.0
    assert 1.9 < ground.get_x() + ground.get_width() < 2.0
    assert [text.get_text() for text in ax.get_xticklabels()] == list(DIRECTIONS)
    assert [text.get_text() for text in ax.get_yticklabels()] == list(LABELS)


@pytest.mark.parametrize(("duration_s", "words"), [(0.39, "100 ms"), (0.11, "50 ms"), (2.0, "1 s")])
def test_the_scale_bar_is_round_fits_its_column_and_is_as_long_as_it_says(ax, recorded, duration_s, words):
    real, _ = draw(ax, TimeAxis(np.linspace(0.0, duration_s, 40)), recorded, recorded)
    bar_s = np.ptp(ax.lines[-1].get_xdata()) / np.ptp(real[0].get_xdata()) * duration_s
    assert [text.get_text() for text in ax.texts] == [words]
    amount, unit = words.split()
    np.testing.assert_allclose(bar_s, float(amount) * {"ms": 0.001, "s": 1.0}[unit])
    assert np.ptp(ax.lines[-1].get_xdata()) < 0.6


def test_a_scale_bar_can_be_given_where_time_is_no_seconds(ax, clock, recorded):
    real, _ = draw(ax, clock, recorded, recorded, scale_bar=(0.2, "20 samples"))
    assert [text.get_text() for text in ax.texts] == ["20 samples"]
    share = np.ptp(ax.lines[-1].get_xdata()) / np.ptp(real[0].get_xdata())
    np.testing.assert_allclose(share, 0.2 / np.ptp(clock.times_s))


def test_silent_muscles_wrong_masks_and_nan_are_refused(ax, clock, recorded):
    silent = recorded.copy()
    silent[..., 1] = 0.0
    with pytest.raises(InputError, match="triceps"):
        draw(ax, clock, silent, recorded)
    with pytest.raises(InputError, match="held_out"):
        draw(ax, clock, recorded, recorded, held_out=HELD_OUT[:2])
    with pytest.raises(InputError, match="fitted"):
        draw(ax, clock, recorded, np.full_like(recorded, np.nan))
