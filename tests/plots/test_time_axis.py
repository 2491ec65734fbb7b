from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from motorsim.checks import InputError
from motorsim.plots import TimeAxis, new_figure, styled


def test_events_stand_at_their_times_and_those_outside_are_left_out(ax, clock):
    marks = clock.draw(ax)
    assert [mark.get_xdata()[0] for mark in marks] == [-0.1, 0.0, 0.05]
    assert [text.get_text() for text in ax.texts] == ["target", "go", "move"]
    assert ax.get_xlabel() == "time from go cue (s)"
    assert ax.get_xlim() == (clock.times_s[0], clock.times_s[-1])


def test_names_of_close_events_lean_apart_and_do_not_meet():
    events_s = {"target": -0.4, "go cue": 0.0, "movement": 0.05}
    with styled():
        ax = new_figure(width_mm=45.0, height_mm=40.0).subplots()
    TimeAxis(np.linspace(-0.5, 0.5, 11), events_s=events_s).draw(ax)
    ax.figure.draw_without_rendering()
    boxes = [text.get_window_extent() for text in ax.texts]
    for left, right in pairwise(boxes):
        assert left.x1 < right.x0


@pytest.mark.parametrize("times_s", [[0.0], [0.0, 0.0, 0.1], [0.1, 0.0], [0.0, np.nan]])
def test_times_that_do_not_increase_are_refused(times_s):
    with pytest.raises(InputError, match="times_s"):
        TimeAxis(np.array(times_s))


def test_an_event_without_a_time_is_refused():
    with pytest.raises(InputError, match=r"events_s\['go'\]"):
        TimeAxis(np.arange(3.0), events_s={"go": np.nan})
