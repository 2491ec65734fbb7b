"""HandLoss judges torques by where they bring the hand, and its gradient comes back through the arm."""

import numpy as np
import pytest

from motorsim.checks import InputError
from motorsim.nn import Adam, Cosine, Leaky, Linear, MeanLoss, Network
from motorsim.plant import Arm, simulate_arm
from motorsim.task import center_out
from motorsim.train import fit
from motorsim.train.hand_loss import HandLoss

ARM = Arm()
START = (0.0, 0.3)


def paths(rng, n_trials=3, n_times=9):
    return np.array(START) + 0.03 * rng.normal(size=(n_trials, n_times, 2)).cumsum(axis=1)


@pytest.mark.parametrize("masked", [None, 2, 3])
@pytest.mark.parametrize("end_weight", [0.0, 2.0])
@pytest.mark.parametrize("start_m", [START, None])
def test_gradient_against_central_differences(masked, end_weight, start_m):
    rng = np.random.default_rng(1)
    desired, torques = paths(rng), rng.normal(size=(3, 9, 2))
    mask = None if masked is None else rng.random((3, 9, 2)[:masked]) < 0.6
    loss = HandLoss(ARM, dt_s=0.02, torque_scale_nm=0.8, start_m=start_m, end_weight=end_weight)
    gradient, expected = loss(torques, desired, mask)[1], np.empty_like(torques)
    for index in np.ndindex(torques.shape):
        step = np.zeros_like(torques)
        step[index] = 1e-5
        up, down = (loss(torques + s * step, desired, mask)[0] for s in (1, -1))
        expected[index] = (up - down) / 2e-5
    assert np.linalg.norm(gradient - expected) < 1e-6 * np.linalg.norm(expected)


def test_the_loss_is_the_mean_squared_distance_and_the_speed_at_the_end():
    rng = np.random.default_rng(2)
    desired, torques = paths(rng), rng.normal(size=(3, 9, 2))
    loss = HandLoss(ARM, dt_s=0.02, start_m=START)
    hand = loss.hand_path(torques, desired)
    expected = np.mean((hand - desired) ** 2) / 0.01**2
    assert loss(torques, desired)[0] == pytest.approx(expected)
    with_end = HandLoss(ARM, dt_s=0.02, start_m=START, end_weight=3.0, velocity_scale_m_s=0.1)
    speed = (with_end(torques, desired)[0] - expected) / 3.0 * 0.1**2
    # The hand's last displacement, over shorter and shorter steps of the same movement.
    fine = simulate_arm(ARM, np.repeat(torques[:, -1:], 2, 1), dt_s=1e-6, start_m=hand[:, -1])
    assert fine.hand_position_m.shape == (3, 2, 2)
    last = (3 * hand[:, -1] - 4 * hand[:, -2] + hand[:, -3]) / (2 * 0.02)
    assert speed == pytest.approx(np.mean(np.sum(last**2, axis=-1)), rel=0.2)


def test_the_hand_moves_as_the_simulated_arm_to_second_order():
    errors = []
    for n_times in (26, 51):
        times = np.linspace(0.0, 0.5, n_times)
        torques = np.stack([np.sin(7 * times), np.cos(5 * times) - 1], -1)[None]
        dt_s = times[1]
        desired = np.tile(np.array(START), (1, n_times, 1))
        moved = HandLoss(ARM, dt_s=dt_s, torque_scale_nm=0.3).hand_path(torques, desired)
        exact = simulate_arm(ARM, 0.3 * torques, dt_s=dt_s, start_m=START).hand_position_m
        errors.append(np.abs(moved - exact).max())
    assert errors[0] < 5e-4
    assert errors[1] < 0.3 * errors[0]


def test_a_network_learns_to_reach_through_the_arm():
    reaches = center_out(4, distance_m=0.1, start_m=START, duration_s=0.5)
    times = np.arange(30) * 0.02
    desired = reaches.hand_path(times).position_m
    directions = reaches.direction_rad
    cue = np.stack([np.cos(directions), np.sin(directions), np.ones(4)], -1)
    inputs = np.repeat(cue[:, None], len(times), axis=1)
    network = Network.initialise(Leaky(3, 30, dt_s=0.02, tau_s=0.06), Linear(30, 2), rng=1)
    loss = HandLoss(ARM, dt_s=0.02, torque_scale_nm=0.5, start_m=START, end_weight=0.1)
    schedule, adam = Cosine(200), Adam(learning_rate=0.02)
    result = fit(
        network, inputs, desired, optimiser=adam, schedule=schedule, rng=1, n_iterations=200, loss=loss
    )
    hand = loss.hand_path(result.network.forward(inputs).outputs, desired)
    error_m = np.linalg.norm(hand[:, -1] - desired[:, -1], axis=-1)
    assert error_m.max() < 0.01
    assert result.training_loss[-1] < 0.01 * result.training_loss[0]


def test_times_depend_on_each_other_so_that_it_is_no_mean():
    assert not isinstance(HandLoss(ARM, dt_s=0.01), MeanLoss)


def test_single_precision_networks_get_single_precision_gradients():
    rng = np.random.default_rng(3)
    desired, torques = paths(rng), rng.normal(size=(3, 9, 2))
    loss = HandLoss(ARM, dt_s=0.02, start_m=START)
    value, gradient = loss(torques, desired)
    single, single_gradient = loss(torques.astype(np.float32), desired.astype(np.float32))
    assert single_gradient.dtype == np.float32
    assert single == pytest.approx(value, rel=1e-4)
    np.testing.assert_allclose(single_gradient, gradient, rtol=1e-3, atol=1e-4 * np.abs(gradient).max())


def test_a_movement_that_leaves_the_finite_numbers_has_no_finite_loss():
    value, gradient = HandLoss(ARM, dt_s=0.1, start_m=START)(np.full((1, 40, 2), 1e9), np.zeros((1, 40, 2)))
    assert value == np.inf
    assert np.isnan(gradient).all()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"dt_s": 0.0}, "dt_s"),
        ({"arm": None}, "arm: expected an arm such as"),
        ({"torque_scale_nm": -1.0}, "torque_scale_nm"),
        ({"end_weight": -1.0}, "end_weight"),
        ({"start_m": (1.0, 1.0)}, "start_m: expected a start at positions"),
        ({"start_m": (1.0,)}, "start_m"),
    ],
)
def test_settings_that_cannot_be_are_refused(change, message):
    with pytest.raises(InputError, match=message):
        HandLoss(**{"arm": ARM, "dt_s": 0.01, **change})


@pytest.mark.parametrize(
    ("outputs", "targets", "message"),
    [
        (np.zeros((2, 5, 3)), np.zeros((2, 5, 3)), "outputs: expected torques of two joints"),
        (np.zeros((2, 5, 2)), np.zeros((2, 4, 2)), "targets: expected hand paths of shape"),
        (np.zeros((2, 5, 2)), np.zeros((2, 5, 2)), "targets: expected a start at positions"),
    ],
)
def test_arrays_that_are_no_torques_and_paths_are_refused(outputs, targets, message):
    with pytest.raises(InputError, match=message):
        HandLoss(ARM, dt_s=0.01)(outputs, targets)
