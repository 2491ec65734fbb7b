from dataclasses import replace

import numpy as np
import pytest

from motorsim.checks import InputError
from motorsim.cortex import SpikeDecoding
from motorsim.cortex.spiking.decoding import DecodingProblem, folds

DT_S = 0.01
EXACT = SpikeDecoding(ridge=1e-10, null_tolerance=1e-2)


@pytest.fixture(scope="module")
def readout():
    """Return a linear readout of 12 pools that is null on the first two."""
    weights = np.random.default_rng(0).standard_normal((2, 12))
    weights[:, :2] = 0.0
    return weights


@pytest.fixture(scope="module")
def noise_free(readout):
    """Return a problem of 5 conditions in 4 repeats whose torques are that readout of its rates."""
    rng = np.random.default_rng(1)
    rates = rng.standard_normal((5, 60, 12))
    quiet = np.zeros((2, 12))
    quiet[0, 0], quiet[1, 1] = 5.0, 3.0
    return DecodingProblem(
        rate_change_hz=np.tile(rates, (4, 1, 1)),
        condition=np.tile(np.arange(5), 4),
        fold=folds(5, 4, 2),
        torque_nm=rates @ readout.T,
        fit_conditions=np.ones(5, bool),
        quiet_hz=quiet,
        dt_s=DT_S,
    )


@pytest.mark.parametrize("fit_on", ["single_trial", "trial_average"])
def test_a_linear_readout_is_recovered_from_noise_free_rates(noise_free, readout, fit_on):
    found = noise_free.fit(replace(EXACT, fit_on=fit_on), np.ones(20, bool))
    np.testing.assert_allclose(found.weights, readout, atol=1e-5)


def test_cross_validated_torques_are_those_of_each_trials_condition(noise_free):
    torque = noise_free.cross_validated_torque(EXACT)
    np.testing.assert_allclose(torque, noise_free.torque_nm[noise_free.condition], atol=1e-4)


def test_the_readout_is_null_where_the_arm_must_stay_quiet(noise_free):
    found = noise_free.fit(EXACT, np.ones(20, bool))
    assert np.abs(found.torque_nm(noise_free.quiet_hz)).max() < 1e-9


def test_a_trial_is_never_decoded_by_a_readout_that_saw_it(noise_free):
    rng = np.random.default_rng(2)
    noisy = replace(noise_free, rate_change_hz=noise_free.rate_change_hz + rng.standard_normal((20, 60, 12)))
    before = noisy.cross_validated_torque(SpikeDecoding())
    here = noisy.fold == 1
    spoilt = noisy.rate_change_hz.copy()
    spoilt[here] += 10.0 * rng.standard_normal(spoilt[here].shape)
    after = replace(noisy, rate_change_hz=spoilt).cross_validated_torque(SpikeDecoding())
    fitted = noisy.fit(SpikeDecoding(), ~here)
    # What is decoded in the fold hangs on its own rates and on a readout that did not change.
    np.testing.assert_allclose(after[here], fitted.torque_nm(spoilt[here]))
    np.testing.assert_allclose(before[here], fitted.torque_nm(noisy.rate_change_hz[here]))
    assert not np.allclose(after[~here], before[~here])


@pytest.mark.parametrize("fit_on", ["single_trial", "trial_average"])
def test_held_out_conditions_never_enter(noise_free, fit_on):
    kept = np.array([True, True, False, True, True])
    problem = replace(noise_free, fit_conditions=kept)
    spoilt_torque = problem.torque_nm.copy()
    spoilt_torque[2] += 100.0
    spoilt_rates = problem.rate_change_hz.copy()
    spoilt_rates[problem.condition == 2] += 7.0
    spoilt = replace(problem, torque_nm=spoilt_torque, rate_change_hz=spoilt_rates)
    decoding = SpikeDecoding(fit_on=fit_on)
    every = np.ones(20, bool)
    np.testing.assert_array_equal(spoilt.fit(decoding, every).weights, problem.fit(decoding, every).weights)
    assert not np.array_equal(
        replace(spoilt, fit_conditions=np.ones(5, bool)).fit(decoding, every).weights,
        problem.fit(decoding, every).weights,
    )


def test_repeats_are_folds_and_conditions_where_each_has_one_trial():
    np.testing.assert_array_equal(folds(3, 4, 2), [0, 0, 0, 1, 1, 1, 0, 0, 0, 1, 1, 1])
    np.testing.assert_array_equal(folds(7, 1, 3), [0, 1, 2, 0, 1, 2, 0])


def test_nothing_to_fit_on_is_refused(noise_free):
    with pytest.raises(InputError, match=r"n_trials: expected trials left .* take more trials or conditions"):
        noise_free.fit(SpikeDecoding(), np.zeros(20, bool))
    one = replace(
        noise_free,
        rate_change_hz=noise_free.rate_change_hz[:1],
        condition=np.zeros(1, int),
        fold=folds(1, 1, 5),
    )
    with pytest.raises(InputError, match="trials left"):
        one.cross_validated_torque(SpikeDecoding())


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"smoothing_s": 0.0}, "smoothing_s"),
        ({"ridge": -1.0}, "ridge"),
        ({"null_tolerance": 0.0}, "null_tolerance"),
        ({"n_folds": 1}, "n_folds: expected an integer of at least 2"),
        ({"fit_on": "everything"}, "fit_on: expected one of single_trial, trial_average"),
    ],
)
def test_nonsense_is_refused_by_name(given, said):
    with pytest.raises(InputError, match=said):
        SpikeDecoding(**given)
