import numpy as np
import pytest

from motorsim.checks import InputError
from motorsim.plant import Arm, linearise, pull_back, simulate_arm


def swing(seed=0, n_trials=2, n_times=40):
    rng = np.random.default_rng(seed)
    torque = np.cumsum(rng.normal(0, 0.15, (n_trials, n_times, 2)), axis=1)
    return rng, torque


def hand(torque):
    return simulate_arm(Arm(), torque, dt_s=0.02, start_m=(0.0, 0.4))


def test_pulled_back_gradient_agrees_with_central_differences():
    rng, torque = swing()
    grad_hand = rng.normal(size=torque.shape)
    gradient = pull_back(Arm(), hand(torque), grad_hand)
    numerical = np.zeros_like(torque)
    for index in np.ndindex(torque.shape):
        up, down = torque.copy(), torque.copy()
        up[index] += 1e-5
        down[index] -= 1e-5
        numerical[index] = ((hand(up).hand_position_m - hand(down).hand_position_m) * grad_hand).sum() / 2e-5
    assert np.linalg.norm(gradient - numerical) < 1e-7 * np.linalg.norm(numerical)


def test_push_forward_is_the_first_order_change_of_the_hand():
    rng, torque = swing(1)
    change = rng.normal(size=torque.shape)
    up, down = (hand(torque + step * change).hand_position_m for step in (1e-5, -1e-5))
    numerical = (up - down) / 2e-5
    predicted = linearise(Arm(), hand(torque)).push_forward(change)
    assert np.linalg.norm(predicted - numerical) < 1e-7 * np.linalg.norm(numerical)


def test_the_two_directions_are_transposes():
    rng, torque = swing(2)
    sensitivity = linearise(Arm(), hand(torque))
    change, grad = rng.normal(size=torque.shape), rng.normal(size=torque.shape)
    forwards = (sensitivity.push_forward(change) * grad).sum()
    np.testing.assert_allclose((change * sensitivity.pull_back(grad)).sum(), forwards, rtol=1e-11)


def test_linearising_agrees_with_the_steps_of_the_plant_for_a_held_torque():
    torque = np.broadcast_to([0.3, -0.2], (1, 6, 2)).copy()
    movement = hand(torque)
    grad_hand = np.zeros((1, 6, 2))
    grad_hand[0, -1] = [1.0, -2.0]
    arm, caches = Arm(), []
    state = np.concatenate([movement.joint_angles_rad[:, 0], np.zeros((1, 2))], -1)
    for _ in range(5):
        state, cache = arm.step(state, torque[:, 0], 0.02)
        caches.append(cache)
    grad = np.concatenate(
        [grad_hand[:, -1] @ arm.hand_jacobian(movement.joint_angles_rad[0, -1]), np.zeros((1, 2))], -1
    )
    held = np.zeros((1, 2))
    for cache in reversed(caches):
        grad, to_torque = arm.step_vjp(cache, grad)
        held += to_torque
    np.testing.assert_allclose(pull_back(arm, movement, grad_hand).sum(1), held, rtol=1e-11)


def test_torque_cannot_move_the_hand_before_its_time():
    _, torque = swing(3)
    sensitivity = linearise(Arm(), hand(torque))
    late = np.zeros_like(torque)
    late[:, 25] = 1.0
    moved = sensitivity.push_forward(late)
    np.testing.assert_array_equal(moved[:, :25], 0.0)
    assert (np.abs(moved[:, 25:]).max(-1) > 0).all()
    early = np.zeros_like(torque)
    early[:, 10] = 1.0
    np.testing.assert_array_equal(sensitivity.pull_back(early)[:, 11:], 0.0)


def test_wrong_shapes_are_refused_by_name():
    _, torque = swing(4)
    sensitivity = linearise(Arm(), hand(torque))
    with pytest.raises(InputError, match=r"grad_hand: expected .* \(2, 40, 2\), got shape \(2, 39, 2\)"):
        sensitivity.pull_back(torque[:, 1:])
    with pytest.raises(InputError, match="torque_change_nm: expected"):
        sensitivity.push_forward(torque[:1])
    with pytest.raises(InputError, match="grad_hand: expected finite"):
        pull_back(Arm(), hand(torque), np.full_like(torque, np.nan))
