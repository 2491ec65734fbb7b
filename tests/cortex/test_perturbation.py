import numpy as np
import pytest

from motorsim.checks import InputError
from motorsim.cortex import Drive, Perturbation, draw_units
from motorsim.cortex.trial_drive import perturbed

TRIAL = {"n_steps": 100, "dt_s": 0.01, "end_s": 1.0}


def test_a_pulse_is_added_in_its_window_to_the_units_chosen_and_the_rest_is_as_before():
    rng = np.random.default_rng(0)
    drive = Drive(rng.standard_normal((40, 3, 2, 5)))
    pulse = Perturbation(0.3, 0.6, drive_hz=[4.0, -3.0], units=[4, 1])
    given = perturbed(drive, [pulse], **TRIAL).feedforward_hz
    expected = np.concatenate([drive.feedforward_hz, np.tile(drive.feedforward_hz[-1, -1], (60, 3, 1, 1))])
    expected[30:60, ..., 4] += 4.0
    expected[30:60, ..., 1] -= 3.0
    np.testing.assert_allclose(given, expected)


def test_silence_is_a_schedule_and_perturbations_add_up():
    drive = Drive(np.zeros((1, 3, 2, 5)))
    both = [
        Perturbation(0.0, 0.02, units=[0], silence=True),
        Perturbation(0.01, 0.03, units=np.array([0, 0, 1, 0, 0], bool), silence=True),
        Perturbation(0.5, 0.6, drive_hz=1.0),
        Perturbation(0.55, 1.0, drive_hz=2.0),
    ]
    given = perturbed(drive, both, **TRIAL)
    assert given.silenced.sum() == 4
    assert given.silenced[:2, 0].all()
    assert given.silenced[1:3, 2].all()
    np.testing.assert_array_equal(given.feedforward_hz[[49, 50, 54, 55, 60, 99], 1, 0, 3], [0, 1, 1, 3, 2, 2])


def test_without_perturbations_the_drive_is_left_alone():
    drive = Drive(np.zeros((1, 3, 2, 5)))
    assert perturbed(drive, [], **TRIAL) is drive


@pytest.mark.parametrize(
    ("perturbation", "name"),
    [
        (Perturbation(0.5, 1.2, drive_hz=1.0), "stop_s: expected a time within the trial of 1 s, got 1.2 s"),
        (Perturbation(0.501, 0.509, drive_hz=1.0), "stop_s: expected a window that holds a step"),
        (Perturbation(0.5, 0.6, drive_hz=1.0, units=[5]), r"units: expected units from 0 to 4, got \[5\]"),
        (Perturbation(0.5, 0.6, units=[-1], silence=True), "units from 0 to 4"),
        (Perturbation(0.5, 0.6, units=[1, 1], silence=True), "each unit once"),
        (Perturbation(0.5, 0.6, units=[], silence=True), "units"),
        (Perturbation(0.5, 0.6, units=np.ones(4, bool), silence=True), "a mask of 5 booleans"),
        (Perturbation(0.5, 0.6, units=np.zeros(5, bool), silence=True), "some True"),
        (Perturbation(0.5, 0.6, drive_hz=np.ones(4)), "one for each of the 5 units chosen"),
    ],
)
def test_windows_outside_the_trial_and_unknown_units_are_refused(perturbation, name):
    with pytest.raises(InputError, match=name):
        perturbed(Drive(np.zeros((1, 3, 2, 5))), [perturbation], **TRIAL)


@pytest.mark.parametrize(
    ("arguments", "name"),
    [
        ({"start_s": -0.1}, "start_s"),
        ({"stop_s": 0.1}, "stop_s"),
        ({"stop_s": np.nan}, "stop_s"),
        ({"drive_hz": np.inf}, "drive_hz"),
        ({"drive_hz": np.ones((2, 2))}, "drive_hz"),
        ({"drive_hz": 3.0, "silence": True}, "drive_hz"),
    ],
)
def test_what_makes_no_sense_in_any_circuit_is_refused_at_once(arguments, name):
    with pytest.raises(InputError, match=name):
        Perturbation(**({"start_s": 0.1, "stop_s": 0.2} | arguments))


def test_a_fraction_is_drawn_among_units_of_one_kind():
    excitatory = np.arange(50) % 3 == 0
    units = draw_units(excitatory, 0.5, among_excitatory=False, rng=0)
    assert len(units) == round(0.5 * (~excitatory).sum()) == len(set(units))
    assert not excitatory[units].any()
    assert excitatory[draw_units(excitatory, 1.0, among_excitatory=True, rng=0)].all()
    assert len(draw_units(excitatory, 1e-6, among_excitatory=True, rng=0)) == 1
    assert (draw_units(excitatory, 0.5, among_excitatory=False, rng=1) != units).any()
    np.testing.assert_array_equal(draw_units(excitatory, 0.5, among_excitatory=False, rng=0), units)


@pytest.mark.parametrize(
    ("excitatory", "fraction", "name"),
    [
        (np.ones(4, bool), 1.5, "fraction"),
        (np.ones(4, bool), 0.0, "fraction"),
        (np.ones(4), 0.5, "excitatory"),
        (np.zeros(4, bool), 0.5, "some excitatory units"),
    ],
)
def test_what_cannot_be_drawn_is_refused(excitatory, fraction, name):
    with pytest.raises(InputError, match=name):
        draw_units(excitatory, fraction, among_excitatory=True, rng=0)
