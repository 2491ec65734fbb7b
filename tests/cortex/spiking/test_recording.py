import numpy as np
import pytest

from motorsim.cortex import Calibration, SpikeDecoding, TorqueReadout
from motorsim.cortex.spiking.network import SpikingModel
from motorsim.cortex.spiking.neurons import LIFNeurons
from motorsim.cortex.spiking.recording import SessionDecoder
from motorsim.cortex.spiking.session import SETTLE_S, Sampling
from motorsim.cortex.spiking.trial import TrialSpikes
from motorsim.task import DelayedReach, center_out


@pytest.fixture(scope="module")
def task():
    return DelayedReach(center_out(1, 0.06), rest_s=0.1, delay_s=0.1, movement_s=0.7)


def decoder(causal):
    calibration = Calibration(np.full(4, 10.0), 2.0, 0.003, 1.0, 0.5, np.zeros(4), np.zeros(4))
    weights = np.random.default_rng(0).standard_normal((2, 4))
    decoding = SpikeDecoding(smoothing_s=0.03, causal=causal)
    return SessionDecoder(None, calibration, decoding, np.ones(1, bool), 5, TorqueReadout(weights, 0, 1.0))


def torque_nm(spikes, task, *, causal):
    model = SpikingModel(np.arange(4) < 2, 5, LIFNeurons(), 0.2, 1100, 0)
    sampling = Sampling(task.n_times, task.dt_s, np.array([0]), causal)
    made = decoder(causal)
    return made.torque_nm(task, made.rates_hz(task, [sampling.keep(model, spikes)]), 1)[0]


@pytest.fixture(scope="module")
def spikes():
    rng = np.random.default_rng(1)
    step = np.sort(rng.integers(0, 11_000, 2000))
    return TrialSpikes(rng.integers(0, 20, 2000), step * 1e-4)


def without_later(spikes, clock_s):
    """Leave out all spikes from a time of the trial's clock on."""
    earlier = spikes.time_s < SETTLE_S + clock_s - 1e-9
    return TrialSpikes(spikes.neuron[earlier], spikes.time_s[earlier])


def test_a_causal_torque_does_not_know_the_spikes_to_come(spikes, task):
    sample = 40
    cut = without_later(spikes, task.times_s[sample])
    whole, known = torque_nm(spikes, task, causal=True), torque_nm(cut, task, causal=True)
    np.testing.assert_allclose(known[: sample + 1], whole[: sample + 1], rtol=0, atol=1e-12)
    assert not np.allclose(known[sample + 1], whole[sample + 1])


def test_a_centred_torque_does(spikes, task):
    cut = without_later(spikes, task.times_s[40])
    whole, known = torque_nm(spikes, task, causal=False), torque_nm(cut, task, causal=False)
    assert not np.allclose(known[38], whole[38])
    np.testing.assert_allclose(known[:20], whole[:20], atol=1e-12)


@pytest.mark.parametrize("causal", [True, False])
def test_a_steady_rate_is_recovered(task, causal):
    step = np.arange(0, 11_000, 20)  # 500 spikes a second, dealt to 20 neurons: 25 Hz each
    steady = TrialSpikes(np.arange(len(step)) % 20, step * 1e-4)
    model = SpikingModel(np.arange(4) < 2, 5, LIFNeurons(), 0.2, 1100, 0)
    kept = Sampling(task.n_times, task.dt_s, np.array([0]), causal).keep(model, steady)
    rates = decoder(causal).rates_hz(task, [kept])[0]
    assert rates.shape == (task.n_times, 4)
    np.testing.assert_allclose(rates[20:-20].mean(axis=0), 25.0, rtol=0.02)
