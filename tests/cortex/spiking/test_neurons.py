import numpy as np
import pytest

from motorsim.checks import InputError
from motorsim.cortex import LIFNeurons


def test_steady_rate_is_that_of_an_integrated_neuron():
    neurons = LIFNeurons(drive_mv=0.0)
    dt_s, v, time_s = 1e-7, 10.0, 0.0
    while v <= 20.0:
        v += dt_s / neurons.tau_membrane_s * (26.0 - v)
        time_s += dt_s
    rate_hz = 1.0 / (neurons.refractory_s + time_s)
    assert neurons.steady_rate_hz(26.0) == pytest.approx(rate_hz, rel=1e-4)


def test_below_threshold_there_is_no_rate_and_above_it_grows_towards_the_refractory_limit():
    neurons = LIFNeurons(drive_mv=15.0)
    rates = neurons.steady_rate_hz(np.array([-40.0, 0.0, 5.0, 5.1, 50.0, 1e6]))
    np.testing.assert_array_equal(rates[:3], 0.0)
    assert (np.diff(rates[2:]) > 0).all()
    assert rates[-1] == pytest.approx(1.0 / neurons.refractory_s, rel=1e-3)


def test_background_mean_is_rate_times_time_constant_times_jump():
    assert LIFNeurons(background_hz=500.0, background_mv=0.4).background_mean_mv == pytest.approx(2.0)


@pytest.mark.parametrize(
    ("given", "names"),
    [
        ({"tau_membrane_s": 0.0}, "tau_membrane_s"),
        ({"dt_s": np.nan}, "dt_s"),
        ({"refractory_s": -0.001}, "refractory_s"),
        ({"n_excitatory_inputs": -1}, "n_excitatory_inputs"),
        ({"n_inhibitory_inputs": 2.5}, "n_inhibitory_inputs"),
        ({"reset_mv": 20.0}, "reset_mv: expected less than threshold_mv = 20"),
        ({"greatest_delay_s": 0.0001}, "greatest_delay_s: expected at least least_delay_s = 0.0005"),
        ({"synapses": "charge"}, "synapses: expected one of conductance, current"),
        ({"inhibitory_reversal_mv": 12.0}, "inhibitory reversal < reset < threshold"),
        ({"excitatory_reversal_mv": 15.0}, "inhibitory reversal < reset < threshold"),
        ({"background_hz": 2e5}, "background_hz: expected at most 10 spikes a step"),
        ({"drive_mv": np.inf}, "drive_mv"),
    ],
)
def test_nonsense_is_refused_by_name(given, names):
    with pytest.raises(InputError, match=names):
        LIFNeurons(**given)
