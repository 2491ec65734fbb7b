import numpy as np
import pytest

from motorsim.checks import InputError
from motorsim.cortex import LightPulse

EXCITATORY = np.array([True, False, True, False])


def test_light_reaches_a_fraction_of_the_neurons_of_one_sign():
    current = LightPulse(0.1, 0.2, 5.0, fraction=0.4, excitatory=False, rng=1).currents_mv(EXCITATORY, 10)
    inhibitory = np.repeat(~EXCITATORY, 10)
    np.testing.assert_array_equal(np.unique(current), [0.0, 5.0])
    assert (current > 0).sum() == 8
    assert not current[~inhibitory].any()


def test_another_seed_lights_other_neurons():
    first, second = (LightPulse(0.1, 0.2, 5.0, 0.5, rng=seed).currents_mv(EXCITATORY, 10) for seed in (1, 2))
    assert not np.array_equal(first, second)


def test_it_is_on_from_its_start_up_to_its_stop():
    course = LightPulse(0.003, 0.006, -1.0).course(10, 0.001, 0.010)
    np.testing.assert_array_equal(np.flatnonzero(course), [3, 4, 5])


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"start_s": -0.1}, "start_s"),
        ({"stop_s": 0.1}, "stop_s: expected a time after start_s = 0.1 s"),
        ({"fraction": 0.0}, "fraction"),
        ({"fraction": 0.5}, "rng: expected a seed"),
        ({"fraction": 1.2}, "fraction: expected a number above 0 and at most 1"),
        ({"current_mv": np.nan}, "current_mv"),
    ],
)
def test_nonsense_is_refused_by_name(given, said):
    with pytest.raises(InputError, match=said):
        LightPulse(**({"start_s": 0.1, "stop_s": 0.2, "current_mv": 1.0} | given))


def test_a_window_outside_the_trial_or_between_steps_is_refused():
    with pytest.raises(InputError, match=r"stop_s: expected a time within the trial of 0.15 s, got 0.2 s"):
        LightPulse(0.1, 0.2, 1.0).course(150, 0.001, 0.15)
    with pytest.raises(InputError, match=r"stop_s: expected a window that holds a step of 0.001 s"):
        LightPulse(0.1002, 0.1008, 1.0).course(150, 0.001, 0.15)


def test_there_must_be_neurons_of_the_kind():
    with pytest.raises(InputError, match="some inhibitory neurons"):
        LightPulse(0.1, 0.2, 1.0, excitatory=False).currents_mv(np.ones(3, bool), 4)
