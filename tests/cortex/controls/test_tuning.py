from dataclasses import replace

import numpy as np
import pytest

from motorsim.checks import InputError
from motorsim.cortex import RateCortex, random_preparatory_map, stability_optimised_weights
from motorsim.cortex.controls import (
    CONTROLS,
    in_other_basis,
    match_activity,
    movement_hand_error_m,
    movement_rate_change_hz,
    movement_rms_hz,
    prepare_with_best_ridge,
    scaled_preparation,
    tuned_control,
)
from motorsim.task import DelayedReach, center_out, score_reaches, split_conditions

# Small enough to be quick: the rates of 60 units follow 8 directions.
UNITS = 60


@pytest.fixture(scope="module")
def task():
    return DelayedReach(center_out(8, 0.08), dt_s=0.01)


@pytest.fixture(scope="module")
def split(task):
    return split_conditions(task.reaches, rng=0)


@pytest.fixture(scope="module")
def reference(task, split):
    grown = stability_optimised_weights(UNITS, rng=0, target_abscissa=0.4, max_iterations=600)
    cortex = RateCortex(grown.circuit, mode="numpy", dt_s=0.005)
    preparatory_map = random_preparatory_map(grown.circuit, rng=0, n_modes=8, harmonic_weights=(1.0, 0.5))
    return cortex.prepare(task, rng=0, fit_on=~split.test, preparatory_map=preparatory_map)


def test_the_movement_without_brian2_is_the_one_that_brian2_simulates(task, reference):
    recording = reference.simulate(task, rng=0)
    moving = task.epoch("movement")
    rates = reference.rate_function.baseline_hz + movement_rate_change_hz(reference, task)
    np.testing.assert_allclose(recording.population.rates[:, moving], rates[:, ::2], atol=0.05)
    score = score_reaches(task, recording.hand_position_m, recording.hand_velocity_m_s)
    np.testing.assert_allclose(movement_hand_error_m(reference, task), score.error_m, rtol=0.2, atol=5e-5)


def test_root_mean_square_is_that_of_the_rates(task, reference):
    rates = movement_rate_change_hz(reference, task)
    assert movement_rms_hz(reference, task) == pytest.approx(np.linalg.norm(rates) / np.sqrt(rates.size))


def test_activity_is_matched_as_closely_as_asked(task, reference):
    wanted = 1.7 * movement_rms_hz(reference, task)

    def make(factor):
        return replace(reference, preparatory_map=scaled_preparation(reference.preparatory_map, factor))

    assert movement_rms_hz(match_activity(make, task, rms_hz=wanted), task) == pytest.approx(wanted, rel=0.01)


def test_activity_beyond_saturation_is_refused_with_what_can_be_had(task, reference):
    def make(factor):
        return replace(reference, preparatory_map=scaled_preparation(reference.preparatory_map, factor))

    with pytest.raises(InputError, match=r"rms_hz: expected activity that this cortex can have, .* to .* Hz"):
        match_activity(make, task, rms_hz=500.0)


def test_in_the_linear_regime_another_basis_makes_the_same_torque(task, reference):
    other = in_other_basis(reference.circuit, rng=0)
    small = scaled_preparation(reference.preparatory_map, 1e-5)
    turned = replace(small, cosine=small.cosine @ other.rotation.T, sine=small.sine @ other.rotation.T)
    weights = reference.readout.weights
    torque, torque_of_other = (
        movement_rate_change_hz(cortex, task) @ readout.T
        for cortex, readout in (
            (replace(reference, preparatory_map=small), weights),
            (replace(reference, circuit=other.circuit, preparatory_map=turned), weights @ other.rotation.T),
        )
    )
    np.testing.assert_allclose(torque_of_other, torque, atol=1e-6 * np.abs(torque).max())


def test_the_penalty_chosen_is_the_best_on_validation_and_never_sees_the_test(task, split, reference):
    bare = replace(reference, readout=None)
    ridges = (1e-7, 1e-4, 1e2)
    chosen = prepare_with_best_ridge(bare, task, split, ridges=ridges)
    errors = []
    for ridge in ridges:
        fitted = bare.prepare(
            task, rng=0, fit_on=split.train, preparatory_map=bare.preparatory_map, ridge=ridge
        )
        errors.append(movement_hand_error_m(fitted, task)[split.validation].mean())
    best = ridges[int(np.argmin(errors))]
    expected = bare.prepare(task, rng=0, fit_on=~split.test, preparatory_map=bare.preparatory_map, ridge=best)
    assert len(set(errors)) == 3
    np.testing.assert_array_equal(chosen.readout.weights, expected.readout.weights)


@pytest.mark.parametrize("name", CONTROLS)
def test_every_control_is_as_active_as_the_reference(name, task, split, reference):
    control = tuned_control(name, reference, task, split, rng=0, ridges=(1e-7, 1e-5))
    assert movement_rms_hz(control, task) == pytest.approx(movement_rms_hz(reference, task), rel=0.01)
    assert control.readout is not None
    assert control.circuit.n_units == UNITS
    driven = name in {"input-driven", "feedback-driven"}
    assert bool(control.movement_inputs) == driven
    assert control.circuit.weights.any() != driven


def test_another_basis_starts_from_the_same_states_turned(task, split, reference):
    control = tuned_control("other basis", reference, task, split, rng=0, ridges=(1e-5,))
    rotation = in_other_basis(reference.circuit, rng=0).rotation
    turned = reference.preparatory_map(task.reaches) @ rotation.T
    # The rate function acts on other units, so a slightly larger or smaller state gives the same activity.
    np.testing.assert_allclose(control.preparatory_map(task.reaches), turned, rtol=0.1)


def test_input_alone_makes_the_reaches_of_the_reference(task, split, reference):
    control = tuned_control("input-driven", reference, task, split, rng=0, ridges=(1e-5,))
    np.testing.assert_allclose(
        movement_hand_error_m(control, task), movement_hand_error_m(reference, task), atol=2e-3
    )
    np.testing.assert_allclose(
        movement_rate_change_hz(control, task), movement_rate_change_hz(reference, task), atol=0.01
    )


def test_unknown_controls_and_unprepared_references_are_refused(task, split, reference):
    with pytest.raises(InputError, match="random balanced, normal twin"):
        tuned_control("nothing", reference, task, split, rng=0)
    with pytest.raises(InputError, match="reference"):
        tuned_control("normal twin", replace(reference, preparatory_map=None), task, split, rng=0)
    with pytest.raises(InputError, match="cortex"):
        movement_rms_hz(replace(reference, preparatory_map=None), task)
    with pytest.raises(InputError, match="cortex"):
        movement_hand_error_m(replace(reference, readout=None), task)
    with pytest.raises(InputError, match="ridges"):
        prepare_with_best_ridge(reference, task, split, ridges=())
