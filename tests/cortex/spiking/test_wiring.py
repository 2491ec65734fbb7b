import numpy as np
import pytest

from motorsim.checks import InputError
from motorsim.cortex import LIFNeurons
from motorsim.cortex.spiking.wiring import fast_wiring

EXCITATORY = np.arange(10) < 6
N_PER_POOL = 12


@pytest.fixture(scope="module")
def wirings():
    neurons = LIFNeurons(n_excitatory_inputs=18, n_inhibitory_inputs=10)
    return fast_wiring(EXCITATORY, N_PER_POOL, neurons, rng=1)


def test_every_neuron_gets_the_inputs_asked_for_from_neurons_of_the_right_sign(wirings):
    for wiring, sign, n_inputs in zip(wirings, (True, False), (18, 10), strict=True):
        assert wiring.sources.shape == wiring.delays_s.shape == (120, n_inputs)
        assert (EXCITATORY[wiring.sources // N_PER_POOL] == sign).all()


def test_no_neuron_sends_to_itself(wirings):
    for wiring in wirings:
        assert (wiring.sources != np.arange(120)[:, None]).all()


def test_every_pool_gets_as_many_inputs_from_each_pool_of_a_sign(wirings):
    for wiring, sign in zip(wirings, (True, False), strict=True):
        pools = np.flatnonzero(sign == EXCITATORY)
        targets = np.broadcast_to(np.arange(120)[:, None], wiring.sources.shape) // N_PER_POOL
        table = np.zeros((10, 10), int)
        np.add.at(table, (targets.ravel(), wiring.sources.ravel() // N_PER_POOL), 1)
        assert np.ptp(table[:, pools]) <= 1
        # Each neuron's own inputs are spread over the pools in the same way.
        for inputs in wiring.sources // N_PER_POOL:
            assert np.ptp(np.bincount(inputs, minlength=10)[pools]) <= 2


def test_neurons_of_a_pool_send_equally_often_to_every_pool(wirings):
    excitation = wirings[0]  # 12 x 18 inputs a pool from 6 pools: 36 each, 3 from each of 12 neurons
    for pool in range(10):
        inputs = excitation.sources[pool * N_PER_POOL : (pool + 1) * N_PER_POOL]
        np.testing.assert_array_equal(np.bincount(inputs.ravel(), minlength=120)[:72], 3)


def test_which_neuron_sends_to_which_is_random(wirings):
    inputs = wirings[0].sources
    pairs = [len(np.intersect1d(inputs[a], inputs[b])) for a in range(40) for b in range(60, 80)]
    # 18 of 72 drawn twice share 18 x 18 / 72 = 4.5 on average.
    assert np.mean(pairs) == pytest.approx(4.5, abs=0.5)
    other = fast_wiring(
        EXCITATORY, N_PER_POOL, LIFNeurons(n_excitatory_inputs=18, n_inhibitory_inputs=10), rng=2
    )[0]
    assert not np.array_equal(other.sources, inputs)


def test_delays_are_uniform_within_their_range():
    neurons = LIFNeurons(
        n_excitatory_inputs=50, n_inhibitory_inputs=10, least_delay_s=0.001, greatest_delay_s=0.003
    )
    delays = fast_wiring(EXCITATORY, 20, neurons, rng=3)[0].delays_s.ravel()
    assert delays.min() >= 0.001
    assert delays.max() <= 0.003
    counts = np.histogram(delays, 10, (0.001, 0.003))[0]
    expected = len(delays) / 10
    assert ((counts - expected) ** 2 / expected).sum() < 27.9  # chi-square with 9 degrees, p = 0.001


def test_the_same_seed_gives_the_same_wiring(wirings):
    neurons = LIFNeurons(n_excitatory_inputs=18, n_inhibitory_inputs=10)
    for first, again in zip(wirings, fast_wiring(EXCITATORY, N_PER_POOL, neurons, rng=1), strict=True):
        np.testing.assert_array_equal(first.sources, again.sources)
        np.testing.assert_array_equal(first.delays_s, again.delays_s)


@pytest.mark.parametrize("n_inputs", [1, 3, 7])
@pytest.mark.parametrize("n_per_pool", [2, 3, 5])
def test_there_is_no_autapse_however_few_neurons_are_dealt(n_inputs, n_per_pool):
    neurons = LIFNeurons(n_excitatory_inputs=n_inputs, n_inhibitory_inputs=n_inputs)
    for seed in range(20):
        for wiring in fast_wiring(np.arange(9) < 5, n_per_pool, neurons, rng=seed):
            assert (wiring.sources != np.arange(9 * n_per_pool)[:, None]).all()


def test_without_inputs_there_is_nothing_to_draw():
    neurons = LIFNeurons(n_excitatory_inputs=0, n_inhibitory_inputs=0)
    assert all(wiring.sources.shape == (20, 0) for wiring in fast_wiring(EXCITATORY, 2, neurons, rng=0))


@pytest.mark.parametrize(
    ("excitatory", "n_inputs", "n_per_pool", "said"),
    [
        (np.ones(4, bool), 3, 5, "n_inhibitory_inputs: expected at most 0, the inhibitory neurons"),
        (np.arange(4) < 2, 20, 5, "n_excitatory_inputs: expected at most 9, the excitatory neurons, got 20"),
        (np.arange(4) < 2, 3, 1, "n_per_pool: expected an integer of at least 2"),
    ],
)
def test_wiring_that_cannot_be_is_refused(excitatory, n_inputs, n_per_pool, said):
    neurons = LIFNeurons(n_excitatory_inputs=n_inputs, n_inhibitory_inputs=n_inputs)
    with pytest.raises(InputError, match=said):
        fast_wiring(excitatory, n_per_pool, neurons, rng=0)
