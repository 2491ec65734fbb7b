import numpy as np
import pytest

from motorsim.checks import InputError
from motorsim.task import DelayedReach, center_out, reaction_times_s

TASK = DelayedReach(center_out(4, 0.10), rest_s=0.2, delay_s=0.3, movement_s=1.0, dt_s=0.01)


def velocity(*ramps):
    """Speed that rises with 1 m/s^2 from given times after the go cue, along y."""
    speed = np.stack([np.clip(TASK.times_from_go_s - start_s, 0.0, None) for start_s in ramps])
    return np.stack([np.zeros_like(speed), -speed], axis=2)


def test_reaction_time_is_when_the_speed_crosses_the_threshold_between_samples():
    times_s = reaction_times_s(TASK, velocity(0.1, 0.123), threshold_m_s=0.055)
    np.testing.assert_allclose(times_s, [0.155, 0.178], atol=1e-12)


def test_a_hand_that_moves_already_has_none_to_wait_and_one_that_never_moves_has_none():
    times_s = reaction_times_s(TASK, velocity(-0.2, 10.0), threshold_m_s=0.05)
    assert times_s[0] == 0.0
    assert np.isnan(times_s[1])


def test_what_the_hand_does_before_the_go_cue_does_not_count():
    early = velocity(0.2)
    early[:, TASK.times_from_go_s < -0.05] = 1.0
    np.testing.assert_allclose(reaction_times_s(TASK, early, threshold_m_s=0.05), 0.25)


def test_a_velocity_on_another_clock_is_refused():
    with pytest.raises(InputError, match="hand_velocity_m_s"):
        reaction_times_s(TASK, np.zeros((4, 10, 2)))
    with pytest.raises(InputError, match="threshold_m_s"):
        reaction_times_s(TASK, velocity(0.1), threshold_m_s=0.0)
