import numpy as np
import pytest

from motorsim.checks import InputError
from motorsim.task import DelayedReach, center_out, score_reaches


def made_as_desired():
    task = DelayedReach(center_out(8, 0.1), movement_s=1.0)
    return task, task.desired_position_m.copy(), task.desired_velocity_m_s.copy()


def test_the_desired_movement_has_no_error():
    score = score_reaches(*made_as_desired())
    assert score.error_m.max() < 1e-12
    assert score.peak_end_speed_m_s.max() < 1e-12
    assert score.drift_m.max() == 0


def test_an_offset_at_the_end_is_the_error():
    task, position, velocity = made_as_desired()
    position[3, task.times_from_go_s > 0.5] += [0.003, 0.004]
    score = score_reaches(task, position, velocity)
    assert score.error_m[3] == pytest.approx(0.005)
    assert score.error_m[2] < 1e-12


def test_passing_through_the_target_is_not_arriving():
    task, position, velocity = made_as_desired()
    after = task.times_from_go_s - task.reaction_s - 0.5
    direction = task.reaches.target_m[0] - task.reaches.start_m[0]
    position[0] += np.outer(np.clip(after, 0, None), direction)
    assert score_reaches(task, position, velocity).error_m[0] > 0.01


def test_drift_counts_up_to_the_go_cue_only():
    task, position, velocity = made_as_desired()
    position[1, task.epoch("preparation")] += [0.002, 0.0]
    score = score_reaches(task, position, velocity)
    assert score.drift_m[1] == pytest.approx(0.002)
    assert score.drift_m[0] == 0
    assert score.error_m[1] < 1e-12


def test_speeds_are_those_of_the_window():
    task, position, velocity = made_as_desired()
    velocity[2, -15:-9] = [0.03, 0.04]
    score = score_reaches(task, position, velocity)
    window = np.sum((task.times_from_go_s >= 0.6 - 1e-9) & (task.times_from_go_s <= 0.9 + 1e-9))
    late = np.sum(task.times_from_go_s[-15:-9] <= 0.9 + 1e-9)
    assert score.peak_end_speed_m_s[2] == pytest.approx(0.05)
    assert score.speed_m_s[2] == pytest.approx(0.05 * late / window)


def test_a_trial_too_short_to_score_is_refused():
    task = DelayedReach(center_out(4, 0.1), movement_s=0.7)
    with pytest.raises(InputError, match="movement_s"):
        score_reaches(task, task.desired_position_m, task.desired_velocity_m_s)


def test_shapes_must_be_those_of_the_task():
    task, position, velocity = made_as_desired()
    with pytest.raises(InputError, match="hand_position_m"):
        score_reaches(task, position[:, 1:], velocity)
