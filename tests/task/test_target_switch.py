import numpy as np
import pytest

from motorsim.checks import InputError
from motorsim.task import DelayedReach, TargetSwitch, center_out

TASK = DelayedReach(center_out(4, 0.10), rest_s=0.2, delay_s=0.6)


def test_the_final_task_asks_for_the_targets_shown_last_on_the_same_clock():
    final = TargetSwitch(0.5, [1, 2, 3, 0]).final_task(TASK)
    np.testing.assert_array_equal(final.reaches.target_m, np.roll(TASK.reaches.target_m, -1, axis=0))
    np.testing.assert_array_equal(final.times_s, TASK.times_s)


@pytest.mark.parametrize("time_s", [0.2, 0.1, 0.8, 1.0])
def test_a_switch_outside_preparation_is_refused(time_s):
    with pytest.raises(
        InputError, match=r"time_s: expected a time between target onset, 0.2 s, and go cue, 0.8 s"
    ):
        TargetSwitch(time_s, [1, 2, 3, 0]).final_task(TASK)


@pytest.mark.parametrize(
    ("to", "name"), [([0, 1, 2], "to"), ([0, 1, 2, 4], "conditions"), ([0, 1, 2, -1], "conditions")]
)
def test_targets_that_do_not_exist_are_refused(to, name):
    with pytest.raises(InputError, match=f"^{name}: "):
        TargetSwitch(0.5, to).final_task(TASK)


def test_indices_must_be_integers():
    with pytest.raises(InputError, match="to: expected indices"):
        TargetSwitch(0.5, [0.0, 1.0])
