import numpy as np
import pytest

from motorsim.checks import InputError
from motorsim.task import DelayedReach, center_out, curved_reaches
from motorsim.types import Task


def test_a_delayed_reach_keeps_the_contract_of_a_task():
    assert isinstance(DelayedReach(center_out()), Task)


def test_events_follow_the_trial_clock():
    task = DelayedReach(center_out(), rest_s=0.3, delay_s=0.5, movement_s=0.9, reaction_s=0.15)
    events = task.target_onset_s, task.go_cue_s, task.movement_onset_s, task.end_s
    np.testing.assert_allclose(events, (0.3, 0.8, 0.95, 1.7))


def test_sample_times_run_to_the_end_and_cross_zero_at_the_go_cue():
    task = DelayedReach(center_out())
    assert task.n_times == len(task.times_s) == 190
    np.testing.assert_allclose(task.times_s, np.arange(190) * 0.01)
    np.testing.assert_allclose(task.times_from_go_s, task.times_s - 0.8, atol=1e-14)
    assert task.times_from_go_s[80] == 0.0


def test_epochs_partition_the_trial():
    task = DelayedReach(center_out())
    epochs = {name: task.epoch(name) for name in ("rest", "preparation", "movement")}
    assert {name: int(mask.sum()) for name, mask in epochs.items()} == {
        "rest": 20,
        "preparation": 60,
        "movement": 110,
    }
    np.testing.assert_array_equal(sum(mask.astype(int) for mask in epochs.values()), 1)
    assert task.times_from_go_s[epochs["movement"]][0] == 0.0
    with pytest.raises(InputError, match="name: expected one of movement, preparation, rest, got 'delay'"):
        task.epoch("delay")


def test_hand_waits_for_the_reaction_then_moves_to_the_target():
    task = DelayedReach(center_out())
    still = task.times_s < task.movement_onset_s + 1e-9
    position = task.desired_position_m
    assert position.shape == (8, 190, 2)
    np.testing.assert_array_equal(position[:, still] - [0.0, 0.4], 0.0)
    arrived = task.times_s > task.movement_onset_s + 0.5 - 1e-9
    np.testing.assert_allclose(
        position[:, arrived],
        np.broadcast_to(task.reaches.target_m[:, None], (8, arrived.sum(), 2)),
        atol=1e-15,
    )
    speed = np.linalg.norm(task.desired_velocity_m_s, axis=-1)
    np.testing.assert_allclose(task.times_s[speed.argmax(1)], task.movement_onset_s + 0.25)


def test_desired_velocity_and_acceleration_are_derivatives():
    task = DelayedReach(center_out(), dt_s=0.001)
    h = task.dt_s
    central = (task.desired_position_m[:, 2:] - task.desired_position_m[:, :-2]) / (2 * h)
    np.testing.assert_allclose(task.desired_velocity_m_s[:, 1:-1], central, atol=1e-4)
    central = (task.desired_velocity_m_s[:, 2:] - task.desired_velocity_m_s[:, :-2]) / (2 * h)
    np.testing.assert_allclose(task.desired_acceleration_m_s2[:, 1:-1], central, atol=2e-2)


def test_inputs_show_the_target_from_its_onset_and_the_go_cue_from_its_time():
    task = DelayedReach(center_out(8, [0.05, 0.10]))
    inputs = task.inputs
    assert inputs.shape == (16, 190, 3)
    assert task.input_names == ("target_x", "target_y", "go_cue")
    np.testing.assert_array_equal(inputs[:, :20], 0.0)
    np.testing.assert_allclose(inputs[2, 20:, :2], np.tile([0.0, 0.5], (170, 1)), atol=1e-14)
    np.testing.assert_allclose(inputs[8, 20:, :2], np.tile([1.0, 0.0], (170, 1)), atol=1e-14)
    np.testing.assert_array_equal(inputs[:, :80, 2], 0.0)
    np.testing.assert_array_equal(inputs[:, 80:, 2], 1.0)


def test_inputs_of_curved_reaches_tell_every_condition_apart():
    task = DelayedReach(curved_reaches())
    assert task.input_names == ("target_x", "target_y", "go_cue", "via_x", "via_y")
    inputs = task.inputs
    assert inputs.shape[-1] == 5
    np.testing.assert_array_equal(inputs[:, :20], 0.0)
    np.testing.assert_allclose(
        inputs[:, 50, 3:], (task.reaches.via_m - task.reaches.start_m) / 0.1, atol=1e-14
    )
    assert len(np.unique(inputs[:, 50].round(9), axis=0)) == 36


def test_a_finer_clock_holds_every_sample_of_the_coarser_one():
    coarse = DelayedReach(center_out())
    fine = coarse.with_dt(0.001)
    assert (fine.n_times, fine.rest_s, fine.reaches) == (1900, coarse.rest_s, coarse.reaches)
    np.testing.assert_allclose(fine.times_s[::10], coarse.times_s, atol=1e-14)
    np.testing.assert_array_equal(fine.inputs[:, ::10], coarse.inputs)
    np.testing.assert_allclose(fine.desired_position_m[:, ::10], coarse.desired_position_m, atol=1e-13)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"rest_s": 0.0}, "rest_s: expected a number above 0, got 0.0"),
        ({"delay_s": -0.6}, "delay_s: expected a number of at least 0, got -0.6"),
        ({"movement_s": float("nan")}, "movement_s: expected a number above 0, got nan"),
        ({"reaction_s": -0.1}, "reaction_s: expected a number of at least 0, got -0.1"),
        ({"dt_s": 0.0}, "dt_s: expected a number above 0"),
        (
            {"rest_s": 0.204},
            r"rest_s: expected a multiple of dt_s = 0\.01 s, got 0\.204 s; the nearest is 0\.2 s",
        ),
        ({"reaction_s": 0.002}, r"reaction_s: .* got 0\.002 s; the nearest is 0\.01 s"),
        (
            {"movement_s": 0.5},
            r"movement_s: expected at least reaction_s \+ duration_s = 0\.6 s, got 0\.5 s; the trial",
        ),
    ],
)
def test_impossible_clocks_are_refused(options, message):
    with pytest.raises(InputError, match=message):
        DelayedReach(center_out(), **options)


def test_an_immediate_reaction_and_a_reach_to_the_very_end_are_allowed():
    task = DelayedReach(center_out(), reaction_s=0.0, movement_s=0.5)
    assert task.movement_onset_s == task.go_cue_s
