from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from motorsim.compare import score_prediction
from motorsim.cortex import Circuit
from motorsim.pipeline.reliability import noise_ceilings, reliability
from motorsim.pipeline.simulated import SimulatedCortex, SingleTrials
from motorsim.population import Population
from motorsim.recording import Recording
from motorsim.task import ConditionSplit, DelayedReach, center_out

N_CONDITIONS, N_UNITS = 8, 40


@pytest.fixture
def task():
    return DelayedReach(center_out(N_CONDITIONS, 0.1), rest_s=0.2, delay_s=0.3, movement_s=1.0, dt_s=0.02)


@pytest.fixture
def split():
    test = np.arange(N_CONDITIONS) % 3 == 1
    return ConditionSplit(train=~test, validation=np.zeros(N_CONDITIONS, bool), test=test)


def simulated(task, n_trials, noise_hz, seed=0):
    """Return a cortex whose trials are known rates and noise, and those rates."""
    draws = np.random.default_rng(seed)
    angle = task.reaches.direction_rad[:, None, None] - draws.uniform(0, 2 * np.pi, N_UNITS)
    course = np.sin(3.0 * task.times_s[:, None] + draws.uniform(0, 6, N_UNITS))
    truth = 20.0 + 4.0 * course + 5.0 * np.cos(angle) * course
    noise = draws.standard_normal((n_trials, *truth.shape)) * noise_hz
    trials = truth + noise
    used = trials[: 2 * (n_trials // 2)]
    halves = [used[half::2].mean(axis=0) for half in range(2) if len(used)]
    average = Population(trials.mean(axis=0), task.times_s, task.reaches.labels)
    nothing = np.zeros(0)
    kept = SingleTrials(
        half_rates_hz=np.reshape(halves, (-1, *truth.shape)),
        condition=np.tile(np.arange(N_CONDITIONS), n_trials),
        end_error_m=nothing,
        hand_position_m=nothing,
        unit_pool=nothing,
        unit_excitatory=nothing,
        unit_rate_hz=nothing,
        unit_interval_cv=nothing,
        spike_unit=nothing,
        spike_time_s=nothing,
        example=0,
    )
    recording = Recording(average)
    circuit = Circuit(np.zeros((2, 2)), np.array([True, False]))
    cortex = SimulatedCortex(recording, recording, circuit, nothing, nothing, kept)
    return cortex, replace(average, rates=truth)


@pytest.mark.parametrize("n_trials", [2, 5, 8])
@pytest.mark.parametrize("noise_hz", [2.0, 8.0])
def test_the_ceiling_is_the_score_of_the_rates_without_noise(task, split, n_trials, noise_hz):
    cortex, truth = simulated(task, n_trials, noise_hz)
    after_rest = (task.target_onset_s, task.end_s)
    table = score_prediction(
        cortex.recording.population.between(*after_rest),
        truth.between(*after_rest),
        rng=0,
        fit_on=~split.test,
        test_on=split.test,
        n_subsamples=2,
        n_shuffles=2,
    ).table.set_index("metric")
    ceilings = noise_ceilings(cortex, task, split)
    assert list(ceilings) == ["rates_r2_test", "rates_r2_test_tuned"]
    for metric, ceiling in ceilings.items():
        assert ceiling == pytest.approx(table.loc[metric, "value"], abs=0.05)


def test_rest_and_the_conditions_fitted_on_do_not_count(task, split):
    cortex, _ = simulated(task, 4, 2.0)
    expected = noise_ceilings(cortex, task, split)
    cortex.trials.half_rates_hz[0][:, task.epoch("rest")] += 100.0
    cortex.trials.half_rates_hz[1][~split.test] -= 100.0
    assert noise_ceilings(cortex, task, split) == expected


def test_one_trial_a_condition_and_a_rate_cortex_tell_no_ceiling(task, split):
    cortex, _ = simulated(task, 1, 2.0)
    assert noise_ceilings(cortex, task, split) == {}
    assert noise_ceilings(replace(cortex, trials=None), task, split) == {}


def test_halves_that_agree_are_wholly_reliable_and_unrelated_ones_not_at_all():
    draws = np.random.default_rng(2)
    one, other = draws.standard_normal((2, 20_000))
    assert reliability(one, one) == 1.0
    assert reliability(one, other) < 0.05
    assert reliability(one, -one) == 0.0
    assert np.isnan(reliability(np.zeros(3), np.zeros(3)))


def test_lengths_beyond_two_halves_follow_spearman_and_brown():
    draws = np.random.default_rng(3)
    signal, noise = draws.standard_normal(200_000), draws.standard_normal((2, 200_000))
    # Signal and noise of variance 1 in a half: a share of k / (k + 1) in k halves.
    for ratio in (2.0, 2.5, 3.0):
        assert reliability(*(signal + noise), ratio) == pytest.approx(ratio / (ratio + 1.0), abs=0.01)
