from dataclasses import dataclass, replace

import numpy as np
import pytest

from motorsim.checks import InputError, MotorsimError
from motorsim.cortex import LIFNeurons
from motorsim.cortex.spiking.calibration import PROBE_HZ, calibrate
from motorsim.cortex.spiking.network import TICK_S, SpikingModel
from motorsim.cortex.spiking.runner import TrialRunner
from motorsim.cortex.spiking.trial import TrialSpikes

STEP_S = 1e-4


@dataclass
class KnownNeurons:
    """Stands for a runner: neurons that spike at random, or in turn, at a rate known in advance."""

    model: SpikingModel
    gain_hz_per_mv: float = 3.0
    baseline_hz: float = 12.0
    lag_s: float = 0.0
    regular: bool = False

    def run(self, jobs, *, on_result=None):
        kept = []
        for number, job in enumerate(jobs):
            kept.append(job.keep(self.spikes(job.make_input(), np.random.default_rng(number))))
            if on_result is not None:
                on_result(number, kept[-1])
        return kept

    def spikes(self, trial, rng):
        rows = np.asarray(trial.values["direct.values"], dtype=float)[: self.model.n_ticks]
        input_mv = np.repeat(rows, round(TICK_S / STEP_S), axis=0)
        if self.lag_s:
            keep, state = np.exp(-STEP_S / self.lag_s), np.zeros(self.model.n_pools)
            for step, given in enumerate(input_mv.copy()):
                state = keep * state + (1.0 - keep) * given
                input_mv[step] = state
        rate = np.maximum(self.baseline_hz + self.gain_hz_per_mv * input_mv, 0.0) * STEP_S
        rate = np.repeat(rate, self.model.n_per_pool, axis=1)
        if self.regular:
            passed = np.floor(np.cumsum(rate, axis=0) + rng.random(rate.shape[1]))
            step, neuron = np.nonzero(np.diff(passed, axis=0, prepend=0.0) > 0)
        else:
            step, neuron = np.nonzero(rng.random(rate.shape) < rate)
        return TrialSpikes(neuron, step * STEP_S)


@pytest.fixture(scope="module")
def known():
    return SpikingModel(np.arange(10) < 5, 20, LIFNeurons(), 0.2, 2300, 0)


def test_gain_and_baseline_of_known_neurons_are_recovered(known):
    found = calibrate(KnownNeurons(known, regular=True), rng=0)
    assert found.hz_per_mv == pytest.approx(3.0, rel=0.01)
    np.testing.assert_allclose(found.baseline_hz, 12.0, rtol=0.03)


def test_lag_is_that_of_the_neurons_and_of_currents_held_for_a_tick(known):
    for lag_s in (0.0, 0.006):
        found = calibrate(KnownNeurons(known, lag_s=lag_s, regular=True), rng=0)
        assert found.lag_s == pytest.approx(lag_s + TICK_S / 2.0, abs=0.0002)


def test_that_lag_is_what_holds_back_the_closed_loop_of_counts_and_currents():
    # Neurons without lag of their own: each tick x moves by the rate that x itself made in that tick.
    tau_s, eigenvalue = 0.2, 0.1 + 8.9j
    keep = np.exp(-TICK_S / tau_s)
    growth = np.log(keep + (1.0 - keep) * eigenvalue) / TICK_S
    lag_s = TICK_S / 2.0
    rate = np.roots([tau_s * lag_s, tau_s + lag_s, 1.0 - eigenvalue])
    assert np.abs(rate - growth).min() < 0.02 * abs(growth)


def test_gain_is_that_of_slow_input_in_spite_of_the_lag(known):
    turn = 2.0 * np.pi * PROBE_HZ * 0.010
    found = calibrate(KnownNeurons(known, lag_s=0.010, regular=True), rng=0)
    assert found.hz_per_mv == pytest.approx(3.0 / np.sqrt(1.0 + turn**2), rel=0.02)


def test_poisson_neurons_have_unit_irregularity_and_count_noise(known):
    found = calibrate(KnownNeurons(known, baseline_hz=40.0), rng=0)
    # The window of 2 s cuts off long intervals, so the coefficient is a little less than 1.
    assert found.interval_cv == pytest.approx(1.0, abs=0.04)
    assert found.count_noise == pytest.approx(1.0, abs=0.2)


def test_clocks_have_neither(known):
    found = calibrate(KnownNeurons(known, baseline_hz=40.0, regular=True), rng=0)
    assert found.interval_cv < 0.05
    assert found.count_noise < 0.05


def test_the_curve_of_constant_input_is_in_order(known):
    found = calibrate(KnownNeurons(known, baseline_hz=20.0), rng=0)
    np.testing.assert_allclose(found.input_mv, np.linspace(-4.0, 4.0, 10))
    np.testing.assert_allclose(found.rate_hz, 20.0 + 3.0 * found.input_mv, rtol=0.12)


def test_progress_is_told_up_to_the_end(known):
    told = []
    calibrate(KnownNeurons(replace(known, n_ticks=700)), rng=0, on_progress=told.append)
    assert told == sorted(told)
    assert told[-1] == 1.0


def test_silent_neurons_are_refused(known):
    with pytest.raises(MotorsimError, match=r"silent at rest; raise neurons\.drive_mv"):
        calibrate(KnownNeurons(known, baseline_hz=0.0), rng=0)


def test_trials_too_short_to_measure_in_are_refused(known):
    with pytest.raises(InputError, match=r"n_ticks: expected trials of at least 0.59 s, got 400 ms"):
        calibrate(KnownNeurons(replace(known, n_ticks=400)), rng=0)


def test_gain_of_the_spiking_network_is_the_slope_of_its_rate(model, compiled):
    assert compiled.folder.exists()
    found = calibrate(TrialRunner(model, "cpp_standalone"), rng=0, probe_mv=2.0)
    slope = np.polyfit(found.input_mv, found.rate_hz, 1)[0]
    assert found.hz_per_mv == pytest.approx(slope, rel=0.15)
    assert 0.0 <= found.lag_s < 0.01
