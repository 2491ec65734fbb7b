from dataclasses import replace

import numpy as np
import pytest

from motorsim.checks import InputError
from motorsim.cortex import (
    Drive,
    GoTrigger,
    RateCortex,
    amplified_modes,
    default_circuit,
    random_go_trigger,
)
from motorsim.cortex.trial_drive import movement_drive
from motorsim.task import DelayedReach, center_out, score_reaches

TASK = DelayedReach(center_out(8, 0.10), rest_s=0.1, delay_s=0.3, movement_s=1.0)


@pytest.fixture(scope="module")
def trigger():
    return random_go_trigger(default_circuit(), rng=0, amplitude_hz=20.0)


@pytest.fixture(scope="module")
def triggered(trigger):
    cortex = RateCortex(default_circuit(), mode="numpy", dt_s=0.005, movement_inputs=(trigger,))
    return cortex.prepare(TASK, rng=1)


@pytest.fixture(scope="module")
def recording(triggered):
    return triggered.simulate(TASK, rng=0)


def test_the_pulse_starts_at_zero_peaks_at_one_and_dies_away():
    pulse = GoTrigger(np.ones(3), rise_s=0.03, decay_s=0.15)
    times_s = np.linspace(-0.1, 3.0, 31001)
    course = pulse.time_course(times_s)
    np.testing.assert_array_equal(course[times_s <= 0], 0.0)
    assert course.max() == pytest.approx(1.0, abs=1e-6)
    assert course[-1] < 1e-6
    input_hz = GoTrigger(np.array([3.0, 0.0, -1.0]), amplitude_hz=7.0)(TASK.reaches, times_s)
    assert input_hz.shape == (31001, 1, 3)
    assert np.sqrt((input_hz**2).mean(axis=2)).max() == pytest.approx(7.0, abs=1e-4)


def test_the_pattern_avoids_what_the_circuit_amplifies(trigger):
    modes = amplified_modes(default_circuit()).states
    np.testing.assert_allclose(modes[:100] @ trigger.pattern, 0.0, atol=1e-10)
    assert np.abs(modes[100:] @ trigger.pattern).max() > 0.1


def test_the_torque_stays_right_and_nothing_comes_before_the_go_cue(recording):
    score = score_reaches(TASK, recording.hand_position_m, recording.hand_velocity_m_s)
    assert score.error_m.max() < 0.005
    assert score.drift_m.max() < 0.001
    plain = RateCortex(default_circuit(), mode="numpy", dt_s=0.005).prepare(TASK, rng=1).simulate(TASK, rng=0)
    before = TASK.times_from_go_s <= 0
    np.testing.assert_allclose(
        recording.population.rates[:, before], plain.population.rates[:, before], atol=1e-12
    )


def test_a_readout_fitted_without_the_trigger_misses_with_it(triggered, trigger):
    plain = replace(triggered, movement_inputs=()).prepare(TASK, rng=1)
    blind = replace(plain, movement_inputs=(trigger,)).simulate(TASK, rng=0)
    score = score_reaches(TASK, blind.hand_position_m, blind.hand_velocity_m_s)
    assert score.error_m.mean() > 0.02


def test_the_condition_invariant_component_is_the_largest_and_nearly_orthogonal_to_the_tuned_ones(recording):
    moving = (TASK.times_from_go_s >= 0) & (TASK.times_from_go_s < 0.4)
    rates = recording.population.rates[:, moving]
    common = rates.mean(axis=0)
    invariant = np.linalg.svd(common - common.mean(axis=0), full_matrices=False)
    tuned = np.linalg.svd((rates - common).reshape(-1, 200), full_matrices=False)
    assert len(rates) * invariant[1][0] ** 2 > 1.5 * tuned[1][0] ** 2
    overlap = np.linalg.norm(tuned[2][:10] @ invariant[2][0])
    assert np.degrees(np.arccos(overlap)) > 60.0
    assert np.degrees(np.arccos(abs(tuned[2][0] @ invariant[2][0]))) > 75.0


def test_inputs_of_movement_add_up_and_may_differ_between_conditions():
    def tuned(reaches, times_s):
        return times_s[..., None, None] * reaches.distance_m[:, None] * np.ones(4)

    pulse = GoTrigger(np.ones(4))
    reaches = center_out(2, [0.05, 0.10])
    drive = movement_drive(reaches, (pulse, tuned), n_units=4, n_steps=10, dt_s=0.01)
    time_s = 0.035
    expected = pulse(reaches, np.array(time_s)) + tuned(reaches, np.array(time_s))
    np.testing.assert_allclose(drive.feedforward_hz[3, 1], expected)
    none = movement_drive(reaches, (), n_units=4, n_steps=10, dt_s=0.01)
    assert isinstance(none, Drive)
    assert not none.feedforward_hz.any()


def test_an_input_for_another_number_of_units_is_refused():
    with pytest.raises(InputError, match="movement_inputs"):
        movement_drive(TASK.reaches, (GoTrigger(np.ones(3)),), n_units=4, n_steps=10, dt_s=0.01)


@pytest.mark.parametrize(
    ("arguments", "name"),
    [
        ({"pattern": np.zeros(3)}, "pattern"),
        ({"pattern": [np.nan, 1.0]}, "pattern"),
        ({"amplitude_hz": 0.0}, "amplitude_hz"),
        ({"rise_s": 0.2}, "rise_s"),
        ({"decay_s": -0.1}, "decay_s"),
    ],
)
def test_bad_pulses_are_refused(arguments, name):
    with pytest.raises(InputError, match=name):
        GoTrigger(**({"pattern": np.ones(3)} | arguments))
    with pytest.raises(InputError, match="n_avoided"):
        random_go_trigger(default_circuit(), rng=0, n_avoided=200)
