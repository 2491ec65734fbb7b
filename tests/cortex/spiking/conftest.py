"""One small model for all tests that compile, so that it is built once."""

import numpy as np
import pytest

from motorsim.cortex import Circuit, LIFNeurons, find_compiler, random_balanced_weights
from motorsim.cortex.brian_mode import brian_session
from motorsim.cortex.spiking.network import SpikingModel, build_network, initial_voltage_mv
from motorsim.cortex.spiking.standalone import compiled_network
from motorsim.cortex.spiking.trial import TrialInput
from motorsim.task import DelayedReach, center_out


@pytest.fixture(scope="session")
def circuit():
    weights = random_balanced_weights(
        20, rng=2, connection_probability=0.4, spectral_radius=0.6, inhibition_ratio=2.0
    )
    return Circuit.from_weights(weights)


@pytest.fixture(scope="session")
def neurons():
    return LIFNeurons(
        n_excitatory_inputs=12,
        n_inhibitory_inputs=12,
        excitatory_mv=1.5,
        background_hz=1000.0,
        background_mv=0.5,
    )


@pytest.fixture(scope="session")
def task():
    return DelayedReach(center_out(4, 0.06), rest_s=0.1, delay_s=0.4, movement_s=0.9)


@pytest.fixture(scope="session")
def model(circuit, neurons, task):
    """Return the model of a cortex with this circuit, these neurons and this task."""
    n_ticks = 200 + round(1000 * task.n_times * task.dt_s)
    return SpikingModel(circuit.excitatory, 6, neurons, 0.2, n_ticks, 0)


@pytest.fixture(scope="session")
def compiled(model):
    if find_compiler() is None:
        pytest.skip("no C++ compiler")
    return compiled_network(model)


@pytest.fixture(scope="session")
def open_loop():
    """Return a trial in which pools get currents alone, and no slow state acts."""

    def trial(model, seed, **values):
        rng = np.random.default_rng(seed)
        given = {
            "neurons.v": initial_voltage_mv(model, rng),
            "neurons.key": np.array([rng.integers(2**31)]),
            "pools.hz_per_mv": np.ones(1),
        }
        return TrialInput(given | {name.replace("__", "."): value for name, value in values.items()})

    return trial


@pytest.fixture(scope="session")
def observe():
    """Return a run on Brian2's NumPy target: a variable at the start of steps, spiking neurons and times."""

    def run(model, values, *, owner="neurons", variable="v", dt_s=None):
        with np.errstate(over="ignore"), brian_session("numpy", single=True) as brian:
            objects = build_network(brian, model)
            step = (dt_s or model.neurons.dt_s) * brian.second
            source = objects.settable[owner]
            monitor = brian.StateMonitor(source, variable, record=True, dt=step, when="start")
            objects.network.add(monitor)
            for name, value in values.items():
                thing, which = name.split(".")
                if which == "values":
                    objects.settable[thing].values[:] = value
                else:
                    objects.settable[thing].variables[which].set_value(value)
            objects.network.run(objects.duration, namespace={})
            recorded = np.array(getattr(monitor, f"{variable}"))
            return recorded, np.array(objects.spikes.i), np.array(objects.spikes.t_)

    return run
