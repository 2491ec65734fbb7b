from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from motorsim.pipeline.scores import describe_reaches, rate_form_correlation, unit_statistics, warnings_of
from motorsim.population import Population
from motorsim.recording import Recording
from motorsim.spikes import SpikeTrains
from motorsim.task import DelayedReach, center_out

ALIKE = {"after_go": 1.0, "after_go_tuned": 1.0, "preparation": 1.0}


@pytest.fixture
def task():
    return DelayedReach(center_out(4, 0.1), rest_s=0.2, delay_s=0.3, movement_s=1.0)


@pytest.fixture
def moving(task):
    """Return a recording of rates that rest at 10 Hz and then change, a hand that follows the task."""
    draws = np.random.default_rng(0)
    rates = np.full((4, task.n_times, 6), 10.0)
    rates[:, ~task.epoch("rest")] += np.cumsum(draws.standard_normal((4, 130, 6)), axis=1)
    path = task.desired_path
    torque = np.ones((4, task.n_times, 2)) * task.epoch("movement")[:, None]
    return Recording(
        Population(rates, task.times_s, task.reaches.labels), path.position_m, path.velocity_m_s, torque
    )


def changed(recording, rates):
    return replace(recording, population=replace(recording.population, rates=rates))


def test_forms_that_change_alike_agree_whatever_their_baselines(task, moving):
    rates = moving.population.rates
    other = changed(moving, 0.5 * rates + np.arange(6.0))
    assert rate_form_correlation(other, moving, task) == pytest.approx(ALIKE)
    mirrored = changed(moving, 20.0 - rates)
    assert rate_form_correlation(mirrored, moving, task) == pytest.approx(dict.fromkeys(ALIKE, -1.0))


def test_only_the_last_tenth_of_preparation_and_four_tenths_of_movement_count(task, moving):
    noise = np.random.default_rng(1).standard_normal(moving.population.rates.shape) * 50.0
    times_s = task.times_from_go_s
    ignored = (times_s > -0.3) & (times_s < -0.105) | (times_s > 0.395)
    spoilt = changed(moving, moving.population.rates + noise * ignored[:, None])
    assert rate_form_correlation(spoilt, moving, task) == pytest.approx(ALIKE)
    for at in (-0.05, 0.2, 0.39):
        hit = changed(moving, moving.population.rates + noise * np.isclose(times_s, at)[:, None])
        assert min(rate_form_correlation(hit, moving, task).values()) < 0.99


def test_what_conditions_share_is_no_agreement_of_the_tuned_part(task, moving):
    draws = np.random.default_rng(2)
    shared = 50.0 * draws.standard_normal((1, *moving.population.rates.shape[1:]))
    shared[:, task.epoch("rest")] = 0.0
    own = draws.standard_normal(moving.population.rates.shape)
    own[:, task.epoch("rest")] = 0.0
    one, other = (changed(moving, 100.0 + shared + tuned) for tuned in (own, np.roll(own, 3, axis=2)))
    found = rate_form_correlation(one, other, task)
    assert found["after_go"] > 0.99
    assert abs(found["after_go_tuned"]) < 0.2


def test_rates_that_stand_still_correlate_with_nothing(task, moving):
    still = changed(moving, np.full_like(moving.population.rates, 10.0))
    assert rate_form_correlation(still, moving, task) == dict.fromkeys(ALIKE)


def test_trials_are_scored_one_by_one_against_their_own_targets(task, moving):
    test = np.array([False, True, False, False])
    once = describe_reaches(moving, task, test)
    assert once["hand_error_fitted_mm"]["max"] < 1e-6
    assert once["torque_up_to_go_cue_percent_of_peak"]["max"] == pytest.approx(100.0)
    far = moving.hand_position_m.copy()
    far[2, task.times_from_go_s > 0.5] += [0.03, 0.0]
    both = replace(
        moving,
        population=Population(
            np.tile(moving.population.rates, (2, 1, 1)),
            task.times_s,
            task.reaches.labels * 2,
            sample_axis="trial",
        ),
        hand_position_m=np.concatenate([moving.hand_position_m, far]),
        hand_velocity_m_s=np.tile(moving.hand_velocity_m_s, (2, 1, 1)),
        torque_nm=np.tile(moving.torque_nm, (2, 1, 1)),
    )
    twice = describe_reaches(both, task, test)
    assert twice["hand_error_fitted_mm"] == pytest.approx({"mean": 5.0, "median": 0.0, "max": 30.0}, abs=1e-6)
    assert twice["hand_error_test_mm"]["max"] < 1e-6


def test_neurons_that_fire_like_clocks_have_their_rate_and_no_irregularity():
    steps = [np.arange(0.05, 2.0, 0.05), np.arange(0.1, 2.0, 0.1), np.array([1.0])]
    spikes = SpikeTrains.from_events(
        np.repeat([0, 1], sum(map(len, steps))),
        np.tile(np.repeat(np.arange(3), [len(train) for train in steps]), 2),
        np.tile(np.concatenate(steps), 2),
        n_trials=2,
        n_units=3,
        start_s=0.0,
        stop_s=2.0,
    )
    rate_hz, cv = unit_statistics(spikes, np.array([0, 0]))
    np.testing.assert_allclose(rate_hz, [19.5, 9.5, 0.5])
    np.testing.assert_allclose(cv[:2], 0.0, atol=1e-9)
    assert np.isnan(cv[2])


def test_a_spiking_cortex_is_warned_of_by_its_circuit_its_drift_and_its_successes():
    def notes(*, error_mm=1.0, drift_mm=5.0, success=0.9):
        summary = {"mean": drift_mm, "median": drift_mm, "max": 90.0}
        return {
            "rate_form": {"hand_error_fitted_mm": {"mean": error_mm}},
            "hand_error_fitted_mm": {"mean": 60.0},
            "preparatory_drift_mm": summary,
            "torque_up_to_go_cue_percent_of_peak": {"max": 100.0},
            "success_fitted": success,
        }

    assert warnings_of(notes(), 0.1) == []
    assert "misses fitted targets by 30 mm" in warnings_of(notes(error_mm=30.0), 0.1)[0]
    assert "drifts by 16 mm in the median trial" in warnings_of(notes(drift_mm=16.0), 0.1)[0]
    assert "only 40% of single trials" in warnings_of(notes(success=0.4), 0.1)[0]
