from dataclasses import replace

import numpy as np
import pytest

from motorsim.checks import InputError
from motorsim.cortex import LIFNeurons
from motorsim.cortex.brian_mode import brian_session
from motorsim.cortex.spiking.in_process import in_process_network
from motorsim.cortex.spiking.network import TICK_S, SpikingModel, build_network
from motorsim.cortex.spiking.trial import TrialInput

EXCITATORY = np.arange(8) < 4
ALONE = LIFNeurons(n_excitatory_inputs=0, n_inhibitory_inputs=0, drive_mv=0.0)


def test_unconnected_neurons_follow_the_analytic_f_i_curve(observe):
    currents = np.array([15.0, 19.9, 20.5, 22.0, 25.0, 30.0, 45.0, 80.0])
    model = SpikingModel(EXCITATORY, 2, ALONE, 0.2, 300, 0)
    given = {"direct.values": currents, "pools.hz_per_mv": 1.0, "neurons.v": 0.0}
    _, neuron, time_s = observe(model, given)
    assert not np.isin(neuron // 2, [0, 1]).any()
    for pool in range(2, 8):
        interval_s = np.diff(time_s[neuron == 2 * pool])
        expected_s = 1.0 / ALONE.steady_rate_hz(currents[pool])
        assert len(interval_s) > 2
        # Reset and crossing fall on steps of 0.1 ms: an interval is short by one at most, and never long.
        assert (interval_s > expected_s - 1.001 * ALONE.dt_s).all()
        assert (interval_s < expected_s + 0.001 * ALONE.dt_s).all()
        np.testing.assert_array_equal(time_s[neuron == 2 * pool], time_s[neuron == 2 * pool + 1])


@pytest.mark.parametrize("excitatory", [True, False])
def test_one_fast_synapse_makes_a_difference_of_exponentials(observe, excitatory):
    neurons = replace(
        ALONE,
        n_excitatory_inputs=int(excitatory),
        n_inhibitory_inputs=int(not excitatory),
        least_delay_s=0.001,
        greatest_delay_s=0.001,
        excitatory_mv=0.3,
    )
    model = SpikingModel(np.array([True, False]), 2, neurons, 0.2, 60, 0)
    v = np.zeros(4)
    source = 0 if excitatory else 2
    v[source] = 25.0  # spikes in the first step
    voltage, neuron, time_s = observe(model, {"neurons.v": v, "pools.hz_per_mv": 1.0})
    np.testing.assert_array_equal(neuron, [source])
    np.testing.assert_array_equal(time_s, [0.0])
    jump = 0.3 if excitatory else -0.6
    since_s = np.maximum(neurons.dt_s * np.arange(voltage.shape[1]) - 0.001 - neurons.dt_s, 0.0)
    tau_m, tau_s = neurons.tau_membrane_s, neurons.tau_synapse_s
    expected = jump * tau_m / (tau_m - tau_s) * (np.exp(-since_s / tau_m) - np.exp(-since_s / tau_s))
    reached = np.abs(voltage).max(axis=1) > 0.01
    reached[source] = False
    assert reached.any()
    for one in voltage[reached]:
        np.testing.assert_allclose(one, expected, atol=2e-6)
    assert expected.sum() * neurons.dt_s == pytest.approx(jump * tau_m, rel=0.02)  # the charge of a jump


def test_a_slow_state_without_input_decays_exponentially(observe):
    model = SpikingModel(EXCITATORY, 2, ALONE, 0.15, 100, 0)
    start = np.linspace(-10.0, 10.0, 8)
    x, _, _ = observe(
        model, {"pools.x": start, "pools.hz_per_mv": 1.0}, owner="pools", variable="x", dt_s=TICK_S
    )
    times_s = TICK_S * np.arange(100)
    np.testing.assert_allclose(x, start[:, None] * np.exp(-times_s / 0.15), rtol=1e-4, atol=1e-4)


def test_a_slow_state_follows_the_filtered_drive(observe):
    model = SpikingModel(EXCITATORY, 2, ALONE, 0.15, 100, 0)
    drive = np.zeros((101, 8))
    drive[20:60] = np.arange(8)
    x, _, _ = observe(
        model, {"drive.values": drive, "pools.hz_per_mv": 1.0}, owner="pools", variable="x", dt_s=TICK_S
    )
    ticks = np.arange(100)
    rise = 1.0 - np.exp(-np.clip(ticks - 20, 0, 40) * TICK_S / 0.15)
    fall = np.exp(-np.clip(ticks - 60, 0, None) * TICK_S / 0.15)
    np.testing.assert_allclose(x, np.arange(8)[:, None] * rise * fall, rtol=1e-4, atol=1e-4)


def test_without_weights_spikes_follow_gain_times_filtered_drive(observe):
    model = SpikingModel(EXCITATORY, 100, replace(ALONE, drive_mv=24.0), 0.1, 500, 0)
    gain = 2.0
    rng = np.random.default_rng(0)
    drive_hz = np.linspace(-4.0, 10.0, 8)
    given = {
        "drive.values": drive_hz,
        "pools.hz_per_mv": gain,
        "neurons.v": rng.uniform(10.0, 20.0, 800),
        "pools.closed": 1.0,
    }
    _, neuron, time_s = observe(model, given)
    for first_s, last_s in ((0.1, 0.15), (0.2, 0.3), (0.4, 0.5)):
        inside = (time_s >= first_s) & (time_s < last_s)
        counted_hz = np.bincount(neuron[inside] // 100, minlength=8) / (100 * (last_s - first_s))
        fine_s = np.linspace(first_s, last_s, 50)[:, None]
        slow_mv = drive_hz * (1.0 - np.exp(-fine_s / 0.1)) / gain
        expected_hz = model.neurons.steady_rate_hz(slow_mv).mean(axis=0)
        np.testing.assert_allclose(counted_hz, expected_hz, rtol=0.06)


@pytest.fixture(scope="module")
def closed_loop(observe):
    """Return a model with recurrence and feedback, what it was given, its slow states and its spikes."""
    rng = np.random.default_rng(5)
    neurons = LIFNeurons(n_excitatory_inputs=6, n_inhibitory_inputs=6, background_hz=500.0)
    model = SpikingModel(EXCITATORY, 5, neurons, 0.2, 200, 0)
    gate = np.zeros(201)
    gate[50:120] = 1.0
    given = {
        "neurons.v": rng.uniform(10.0, 20.0, 40),
        "neurons.key": 77,
        "pools.x": rng.standard_normal(8),
        "pools.closed": 1.0,
        "pools.baseline_hz": rng.uniform(5.0, 15.0, 8),
        "pools.hz_per_mv": 2.0,
        "recurrent_matrix.weight": rng.standard_normal(64),
        "fed_back_matrix.weight": 0.5 * rng.standard_normal(64),
        "drive.values": 5.0 * rng.standard_normal((201, 8)),
        "gate.values": gate,
    }
    return model, given, observe(model, given, owner="pools", variable="x", dt_s=TICK_S)


def test_slow_states_are_driven_by_the_rates_through_the_weights(closed_loop):
    model, given, (x, neuron, time_s) = closed_loop
    weights = given["recurrent_matrix.weight"].reshape(8, 8).T  # row postsynaptic
    feedback = given["fed_back_matrix.weight"].reshape(8, 8).T
    step = np.round(time_s / model.neurons.dt_s).astype(int)
    tick = -(-step // 10)  # a tick counts the steps since the one before
    counts = np.zeros((201, 8))
    np.add.at(counts, (tick, neuron // 5), 1)
    expected = np.empty((200, 8))
    state = given["pools.x"]
    decay = np.exp(-TICK_S / 0.2)
    for number in range(200):
        expected[number] = state
        rate = counts[number] / (5 * TICK_S) - given["pools.baseline_hz"]
        total = (
            given["drive.values"][number] + weights @ rate + given["gate.values"][number] * feedback @ state
        )
        state = decay * state + (1.0 - decay) * total
    assert counts.sum() > 50
    np.testing.assert_allclose(x.T, expected, rtol=1e-3, atol=2e-3)


def test_an_open_loop_hears_nothing_of_its_spikes(observe, closed_loop):
    model, given, (closed, _, _) = closed_loop
    still = given | {"pools.closed": 0.0, "gate.values": 0.0}
    x, neuron, _ = observe(model, still, owner="pools", variable="x", dt_s=TICK_S)
    decay = np.exp(-TICK_S / 0.2)
    expected = given["pools.x"]
    for number in range(199):
        expected = decay * expected + (1.0 - decay) * given["drive.values"][number]
    assert len(neuron) > 50
    np.testing.assert_allclose(x[:, 199], expected, rtol=1e-3, atol=1e-3)
    assert not np.allclose(closed[:, 199], expected, atol=0.5)


def test_dales_law_holds_for_every_neuron():
    neurons = LIFNeurons(n_excitatory_inputs=6, n_inhibitory_inputs=6)
    model = SpikingModel(np.array([True, False, True, False]), 5, neurons, 0.2, 10, 0)
    excitatory = np.repeat(model.excitatory, 5)
    with np.errstate(over="ignore"), brian_session("numpy", single=True) as brian:
        made = build_network(brian, model).settable
        senders = {name: np.array(made[name].i) for name in ("excitation", "inhibition")}
        targets = {name: np.array(made[name].j) for name in senders}
        delays_s = np.concatenate([np.array(made[name].delay_) for name in senders])
        effect = {
            name: made[name].on_pre if hasattr(made[name], "on_pre") else made[name].pre.code
            for name in senders
        }
        slow = np.array(made["recurrent_matrix"].i), np.array(made["recurrent_matrix"].j)
    assert excitatory[senders["excitation"]].all()
    assert not excitatory[senders["inhibition"]].any()
    assert "+=" in effect["excitation"]
    assert "-=" in effect["inhibition"]
    for name in senders:
        np.testing.assert_array_equal(np.bincount(targets[name], minlength=20), 6)
    assert ((delays_s >= 0.0005 - 1e-9) & (delays_s <= 0.002 + 1e-9)).all()
    # Weights are set with the postsynaptic pool varying fastest, so that a circuit's signs are the pools'.
    np.testing.assert_array_equal(slow[0], np.repeat(np.arange(4), 4))
    np.testing.assert_array_equal(slow[1], np.tile(np.arange(4), 4))


def test_light_excites_exactly_the_neurons_it_reaches_and_at_once(observe):
    model = SpikingModel(EXCITATORY, 20, replace(ALONE, drive_mv=24.0), 0.2, 100, 0)
    rng = np.random.default_rng(1)
    lit = np.repeat(EXCITATORY, 20) & (rng.random(160) < 0.5)
    course = np.zeros(101)
    course[50:70] = 1.0
    dark = {"neurons.v": rng.uniform(10.0, 20.0, 160), "pools.hz_per_mv": 1.0}
    _, neuron, time_s = observe(model, dark)
    _, lit_neuron, lit_time_s = observe(
        model, dark | {"neurons.light_mv": np.where(lit, 40.0, 0.0), "light.values": course}
    )
    # Those not reached fire as without light, and those reached up to it.
    for one, other in (((neuron, time_s), (lit_neuron, lit_time_s)),):
        kept = [~lit[n] | (t < 0.050) for n, t in (one, other)]
        np.testing.assert_array_equal(one[0][kept[0]], other[0][kept[1]])
        np.testing.assert_array_equal(one[1][kept[0]], other[1][kept[1]])
    window = (lit_time_s > 0.050) & (lit_time_s <= 0.055)
    assert np.isin(np.flatnonzero(lit), lit_neuron[window]).mean() > 0.9
    during, before = (
        (lit[lit_neuron] & (lit_time_s > first) & (lit_time_s <= first + 0.02)).sum()
        for first in (0.05, 0.03)
    )
    assert during > 2 * before


def test_silenced_pools_are_silent_at_once_and_come_back(observe):
    neurons = LIFNeurons(n_excitatory_inputs=10, n_inhibitory_inputs=10, drive_mv=26.0)
    model = SpikingModel(EXCITATORY, 20, neurons, 0.2, 150, 0)
    direct = np.zeros((151, 8))
    direct[50:100, [1, 5]] = -100.0
    v = np.random.default_rng(2).uniform(10.0, 20.0, 160)
    _, neuron, time_s = observe(model, {"neurons.v": v, "pools.hz_per_mv": 1.0, "direct.values": direct})
    pool = neuron // 20
    inside = (time_s > 0.050) & (time_s <= 0.100)
    counts = np.bincount(pool[inside], minlength=8)
    assert not counts[[1, 5]].any()
    assert counts[[0, 2, 3, 4, 6, 7]].all()
    assert np.bincount(pool[time_s > 0.12], minlength=8)[[1, 5]].all()


CONDUCTANCES = LIFNeurons(
    n_excitatory_inputs=20, n_inhibitory_inputs=20, excitatory_mv=0.4, drive_mv=26.0, synapses="conductance"
)


def run_with(neurons, observe):
    model = SpikingModel(EXCITATORY, 20, neurons, 0.2, 150, 0)
    v = np.random.default_rng(3).uniform(10.0, 20.0, 160)
    voltage, neuron, time_s = observe(model, {"neurons.v": v, "pools.hz_per_mv": 1.0})
    return voltage, neuron, time_s


def test_conductances_with_far_reversal_potentials_are_currents(observe):
    far = replace(CONDUCTANCES, excitatory_reversal_mv=3e4, inhibitory_reversal_mv=-3e4)
    currents, _, _ = run_with(replace(CONDUCTANCES, synapses="current"), observe)
    far_away, _, _ = run_with(far, observe)
    near, _, _ = run_with(CONDUCTANCES, observe)
    # Early, and most neurons: rounding moves a spike here and there by a step.
    apart, near_apart = (np.quantile(np.abs(v - currents)[:, :50], 0.95) for v in (far_away, near))
    assert apart < 0.01
    assert near_apart > 0.1


def test_conductances_hold_v_between_their_reversal_potentials_and_give_sensible_rates(observe):
    voltage, neuron, _ = run_with(CONDUCTANCES, observe)
    assert voltage.min() > -10.0
    assert 5.0 < len(neuron) / (160 * 0.150) < 60.0


def test_a_trial_starts_afresh_whatever_ran_before():
    neurons = LIFNeurons(n_excitatory_inputs=6, n_inhibitory_inputs=6, background_hz=500.0)
    model = SpikingModel(EXCITATORY, 5, neurons, 0.2, 60, 0)
    v = np.random.default_rng(4).uniform(10.0, 20.0, 40)
    plain = TrialInput({"neurons.v": v, "neurons.key": np.array([5]), "pools.hz_per_mv": np.ones(1)})
    busy = {
        "drive.values": np.full((61, 8), 50.0),
        "direct.values": np.full((61, 8), 5.0),
        "light.values": np.ones(61),
        "neurons.light_mv": np.full(40, 5.0),
        "pools.closed": np.ones(1),
        "recurrent_matrix.weight": np.full(64, 0.1),
    }
    with in_process_network(model, "numpy") as network:
        first, other, again = (
            network.run(trial) for trial in (plain, TrialInput(dict(plain.values) | busy), plain)
        )
    assert len(first.neuron) > 20
    np.testing.assert_array_equal(again.neuron, first.neuron)
    np.testing.assert_array_equal(again.time_s, first.time_s)
    assert len(other.neuron) > len(first.neuron)
    assert (np.diff(first.time_s) >= 0).all()


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"excitatory": np.arange(8)}, r"excitatory: expected booleans \(pool,\), got int64"),
        ({"excitatory": np.ones((2, 4), bool)}, "excitatory"),
        ({"n_per_pool": 1}, "n_per_pool: expected an integer of at least 2"),
        ({"n_ticks": 0}, "n_ticks"),
        ({"seed": -1}, "seed"),
        ({"tau_s": 0.0}, "tau_s"),
        ({"neurons": replace(ALONE, dt_s=0.0003)}, "dt_s: expected a whole part of 0.001 s"),
        ({"neurons": replace(ALONE, dt_s=0.002)}, "dt_s: expected a whole part of 0.001 s"),
    ],
)
def test_a_model_that_cannot_run_is_refused(given, said):
    usual = {
        "excitatory": EXCITATORY,
        "n_per_pool": 5,
        "neurons": ALONE,
        "tau_s": 0.2,
        "n_ticks": 9,
        "seed": 0,
    }
    with pytest.raises(InputError, match=said):
        SpikingModel(**(usual | given))
