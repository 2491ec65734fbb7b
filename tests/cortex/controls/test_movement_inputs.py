from dataclasses import replace

import numpy as np
import pytest

from motorsim.checks import InputError
from motorsim.cortex import RateCortex, default_circuit, random_preparatory_map
from motorsim.cortex.controls import (
    HandStateInput,
    RecurrenceReplay,
    movement_rate_change_hz,
    random_hand_state_input,
    unconnected_circuit,
)
from motorsim.task import DelayedReach, center_out


@pytest.fixture(scope="module")
def task():
    return DelayedReach(center_out(4, 0.10))


@pytest.fixture(scope="module")
def reference():
    circuit = default_circuit()
    return RateCortex(circuit, preparatory_map=random_preparatory_map(circuit, rng=0))


def replay_of(reference, dt_s):
    return RecurrenceReplay(reference.equation, reference.preparatory_map, dt_s=dt_s)


def test_unconnected_units_with_the_replayed_input_do_as_the_circuit_does(task, reference):
    replayed = replace(
        reference, circuit=unconnected_circuit(200), movement_inputs=(replay_of(reference, 0.001),)
    )
    made, wanted = (movement_rate_change_hz(cortex, task) for cortex in (replayed, reference))
    assert np.abs(wanted).max() > 10
    np.testing.assert_allclose(made, wanted, atol=1e-4)


def test_the_replay_starts_with_the_recurrent_input_of_the_prepared_state(task, reference):
    states = reference.preparatory_map(task.reaches)
    at_release = replay_of(reference, 0.001)(task.reaches, np.array([0.0]))
    expected = reference.rate_function.rate_change(states) @ reference.circuit.weights.T
    np.testing.assert_allclose(at_release[0], expected, atol=1e-10)


def test_the_replay_is_linear_between_its_steps_and_keeps_the_shape_of_times(task, reference):
    replay = replay_of(reference, 0.01)
    start, quarter, end = replay(task.reaches, np.array([0.02, 0.0225, 0.03]))
    np.testing.assert_allclose(quarter, 0.75 * start + 0.25 * end, atol=1e-10)
    assert replay(task.reaches, np.zeros((5, 3))).shape == (5, 3, 4, 200)


def test_the_way_left_starts_a_movement_and_is_over_at_its_end(task):
    given = HandStateInput(np.array([[100.0, 0.0, 7.0, 7.0], [0.0, 200.0, 7.0, 7.0]]), np.full(2, 0.05), 0.1)
    at_release, at_end = given(task.reaches, np.array([0.0, 0.9]))
    np.testing.assert_allclose(at_release, [[10.0, 0.0], [0.0, 20.0], [-10.0, 0.0], [0.0, -20.0]], atol=1e-10)
    np.testing.assert_allclose(at_end, 0.0, atol=1e-10)


def test_velocity_is_felt_after_reaction_and_delay(task):
    given = HandStateInput(np.array([[0.0, 0.0, 1.0, 0.0]]), np.array([0.05]), 0.1)
    before, peak = given(task.reaches, np.array([0.149, 0.1 + 0.05 + 0.25]))
    np.testing.assert_array_equal(before, 0.0)
    # Minimum jerk peaks at 15 / 8 of the mean speed.
    np.testing.assert_allclose(peak[:, 0], 15 / 8 * 0.10 / 0.5 * np.array([1, 0, -1, 0]), atol=1e-10)


def test_a_longer_delay_shows_the_same_hand_later(task):
    gain = np.array([[30.0, -20.0, 5.0, 3.0]] * 2)
    given = HandStateInput(gain, np.array([0.02, 0.065]), 0.1)
    early, late = given(task.reaches, np.array([0.2, 0.245]))
    np.testing.assert_allclose(late[:, 1], early[:, 0], rtol=1e-12)
    assert np.abs(early[:, 0] - early[:, 1]).max() > 0.1


def test_drawn_inputs_have_the_amplitude_asked_for_at_the_start(task):
    drawn = random_hand_state_input(20_000, rng=0, reaction_s=0.1, amplitude_hz=15.0)
    at_release = drawn(task.reaches, np.array([0.0]))[0]
    np.testing.assert_allclose(np.sqrt((at_release**2).mean(axis=1)), 15.0, rtol=0.03)
    assert drawn.delay_s.min() >= 0.03
    assert drawn.delay_s.max() <= 0.12
    np.testing.assert_allclose(
        drawn.scaled(3.0)(task.reaches, np.array([0.3])), 3 * drawn(task.reaches, np.array([0.3]))
    )


@pytest.mark.parametrize(
    ("arguments", "name"),
    [
        ((np.zeros((3, 2)), np.zeros(3), 0.1), "gain"),
        ((np.zeros((3, 4)), np.zeros(2), 0.1), "delay_s"),
        ((np.zeros((3, 4)), np.array([0.1, -0.1, 0.1]), 0.1), "delay_s"),
        ((np.zeros((3, 4)), np.zeros(3), -0.1), "reaction_s"),
    ],
)
def test_impossible_hand_state_inputs_are_refused(arguments, name):
    with pytest.raises(InputError, match=name):
        HandStateInput(*arguments)
