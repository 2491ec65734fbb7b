import numpy as np
import pytest
from scipy.linalg import expm

from motorsim.checks import InputError
from motorsim.cortex import HandFeedback, HandLoad, RateCortex, default_circuit, spring_feedback
from motorsim.cortex.arm_loop import ArmLoop
from motorsim.plant import Arm, simulate_arm
from motorsim.task import DelayedReach, center_out

TASK = DelayedReach(center_out(4, 0.10), rest_s=0.1, delay_s=0.3, movement_s=1.0)
PUSH = HandLoad(0.7, 0.8, (2.0, 1.0))


@pytest.fixture(scope="module")
def cortex():
    return RateCortex(default_circuit(), mode="numpy", dt_s=0.005).prepare(TASK, rng=1)


@pytest.fixture(scope="module")
def unloaded(cortex):
    return cortex.simulate(TASK, rng=0)


@pytest.fixture(scope="module")
def pushed(cortex):
    return cortex.simulate(TASK, rng=0, loads=[PUSH])


def spring(cortex, **options):
    return spring_feedback(cortex.circuit, cortex.readout, cortex.arm, hand_m=(0.0, 0.4), **options)


def deviation_m(recording, reference):
    return np.linalg.norm(recording.hand_position_m - reference.hand_position_m, axis=2)


def test_without_gain_the_closed_loop_is_the_open_one(cortex, unloaded, pushed):
    nothing = HandFeedback(np.zeros((200, 4)))
    for loads, expected in (((), unloaded), ([PUSH], pushed)):
        closed = cortex.simulate(TASK, rng=0, loads=loads, hand_feedback=nothing)
        np.testing.assert_array_equal(closed.population.rates, expected.population.rates)
        np.testing.assert_allclose(closed.hand_position_m, expected.hand_position_m, rtol=0, atol=1e-12)
        np.testing.assert_allclose(closed.hand_velocity_m_s, expected.hand_velocity_m_s, rtol=0, atol=1e-12)


def test_without_loads_the_loop_moves_the_arm_as_the_plant_does():
    rng = np.random.default_rng(0)
    task = TASK.with_dt(0.005)
    torque = np.cumsum(rng.standard_normal((4, task.n_times, 2)), axis=1) * 0.01
    loop = ArmLoop(Arm(), task, 1)
    for sample in range(task.n_times):
        loop.advance(sample, torque[:, sample])
    expected = simulate_arm(Arm(), torque, dt_s=0.005, start_m=(0.0, 0.4))
    np.testing.assert_allclose(loop.hand_position_m, expected.hand_position_m, rtol=0, atol=1e-13)
    np.testing.assert_allclose(loop.hand_velocity_m_s, expected.hand_velocity_m_s, rtol=0, atol=1e-12)


def test_a_load_accelerates_the_hand_along_the_mobility_of_the_arm():
    arm, task = Arm(), TASK.with_dt(0.005)
    loop = ArmLoop(arm, task, 1, loads=[HandLoad(0.1, 0.105, (2.0, 1.0))])
    for sample in range(22):
        loop.advance(sample, np.zeros((4, 2)))
    q = arm.inverse_kinematics(np.array([0.0, 0.4]))
    jacobian = arm.hand_jacobian(q)
    mobility = jacobian @ np.linalg.inv(arm.inertia(q)) @ jacobian.T
    np.testing.assert_array_equal(loop.hand_velocity_m_s[:, 20], 0.0)
    np.testing.assert_allclose(loop.hand_velocity_m_s[0, 21], 0.005 * mobility @ [2.0, 1.0], rtol=1e-2)


def test_a_spring_deflects_the_pushed_hand_less_and_leaves_the_unpushed_one_alone(cortex, unloaded, pushed):
    feedback = spring(cortex)
    calm = cortex.simulate(TASK, rng=0, hand_feedback=feedback)
    held = cortex.simulate(TASK, rng=0, loads=[PUSH], hand_feedback=feedback)
    assert deviation_m(calm, unloaded).max() < 0.01
    assert (deviation_m(held, unloaded).max(axis=1) < 0.4 * deviation_m(pushed, unloaded).max(axis=1)).all()


def test_nothing_comes_back_before_the_delay_is_over(cortex, unloaded):
    feedback = spring(cortex, delay_s=0.1)
    held = cortex.simulate(TASK, rng=0, loads=[PUSH], hand_feedback=feedback)
    calm = cortex.simulate(TASK, rng=0, hand_feedback=feedback)
    change = np.abs(held.population.rates - calm.population.rates).max(axis=(0, 2))
    np.testing.assert_array_equal(change[TASK.times_s <= 0.8 + 1e-9], 0.0)
    assert change[TASK.times_s > 0.83].min() > 1e-3


def test_what_comes_back_is_the_deviation_from_the_desired_path_a_delay_ago():
    rng = np.random.default_rng(1)
    gain, task = rng.standard_normal((7, 4)), TASK.with_dt(0.005)
    loop = ArmLoop(Arm(), task, 2, feedback=HandFeedback(gain, delay_s=0.05))
    for sample in range(121):
        loop.advance(sample, np.full((8, 2), 0.1))
    hand = np.concatenate([loop.hand_position_m, loop.hand_velocity_m_s], axis=2)[:, 110]
    desired = np.concatenate([task.desired_position_m, task.desired_velocity_m_s], axis=2)[:, 110]
    np.testing.assert_allclose(loop.feedback_hz(120), (hand - np.tile(desired, (2, 1))) @ gain.T)
    assert not loop.feedback_hz(9).any()


def test_the_torque_that_the_spring_evokes_is_low_pass_filtered_at_first(cortex):
    feedback = spring(cortex, stiffness_n_m=10.0, viscosity_n_s_m=3.0)
    step = np.array([0.01, -0.02, 0.0, 0.1])
    force = -(10.0 * step[:2] + 3.0 * step[2:])
    expected = cortex.arm.hand_jacobian(cortex.arm.inverse_kinematics(np.array([0.0, 0.4]))).T @ force
    linear = (cortex.circuit.weights - np.eye(200)) / cortex.tau_s
    for time_s in (0.0, 0.1):
        torque = cortex.readout.weights @ expm(linear * time_s) @ feedback.gain @ step
        np.testing.assert_allclose(torque, expected * np.exp(-time_s / cortex.tau_s), rtol=0.1)


@pytest.mark.parametrize(
    ("arguments", "name"),
    [
        ({"loads": [HandLoad(0.5, 2.0, (1.0, 0.0))]}, "stop_s: expected a time within the trial"),
        ({"hand_feedback": HandFeedback(np.zeros((200, 4)), delay_s=0.012)}, "delay_s: expected a multiple"),
        ({"hand_feedback": HandFeedback(np.zeros((100, 4)))}, "gain: expected 200 rows"),
    ],
)
def test_loops_that_do_not_fit_the_trial_or_the_circuit_are_refused(cortex, arguments, name):
    with pytest.raises(InputError, match=name):
        cortex.simulate(TASK, rng=0, **arguments)


@pytest.mark.parametrize(
    ("make", "name"),
    [
        (lambda: HandFeedback(np.zeros((200, 2))), "gain"),
        (lambda: HandFeedback(np.zeros((200, 4)), delay_s=-0.1), "delay_s"),
        (lambda: HandLoad(0.2, 0.1, (1.0, 0.0)), "stop_s"),
        (lambda: HandLoad(-0.2, 0.1, (1.0, 0.0)), "start_s"),
        (lambda: HandLoad(0.2, 0.3, (1.0, np.nan)), "force_n"),
    ],
)
def test_bad_numbers_are_named(make, name):
    with pytest.raises(InputError, match=name):
        make()
