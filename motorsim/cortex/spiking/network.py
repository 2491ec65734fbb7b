"""The spiking network as Brian2 objects: neurons, fast synapses, and one slow state a pool."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from motorsim.checks import InputError, check_integer, check_positive
from motorsim.cortex.spiking.background import background_counts
from motorsim.cortex.spiking.wiring import fast_wiring

if TYPE_CHECKING:
    from collections.abc import Mapping

    from motorsim.cortex.spiking.neurons import LIFNeurons
    from motorsim.types import BoolArray, FloatArray

TICK_S = 0.001
"""How often the slow states are updated: a two-hundredth of their time constant."""

_MEMBRANE = {
    "current": """
dv/dt = (drive_mv + held_mv + fast - v) / tau_membrane : 1 (unless refractory)
dfast/dt = -fast / tau_synapse : 1
""",
    "conductance": """
dv/dt = (drive_mv + held_mv - v
         + g_e * (excitatory_reversal - v) + g_i * (inhibitory_reversal - v)) / tau_membrane
        : 1 (unless refractory)
dg_e/dt = -g_e / tau_synapse : 1
dg_i/dt = -g_i / tau_synapse : 1
""",
}
_INPUTS = """
held_mv : 1
slow_mv : 1 (linked)
light_now : 1 (linked)
light_mv : 1
key : integer (shared)
"""
_POOLS = """
x : 1
count : 1 (linked)
rate_hz : 1
recurrent : 1
fed_back : 1
slow_mv : 1
baseline_hz : 1
closed : 1 (shared)
hz_per_mv : 1 (shared)
light_now : 1 (shared)
"""
# `count` spikes of the tick make a rate; held for the tick, it moves x exactly as a constant input would.
_TICK = """
x = decay * x + (1 - decay) * (drive(t, i) + closed * recurrent + gate(t) * fed_back)
slow_mv = x / hz_per_mv + direct(t, i)
"""


@dataclass(frozen=True, eq=False)
class SpikingModel:
    """Everything that is compiled into a spiking network; what differs between trials is a `TrialInput`.

    Parameters
    ----------
    excitatory
        Sign of each pool, boolean (pool,).
    n_per_pool
        Neurons a pool.
    neurons
        The neurons and their fast synapses.
    tau_s
        Time constant of the slow states.
    n_ticks
        Length of a trial in milliseconds.
    seed
        Seed of the fast wiring.

    Raises
    ------
    InputError
        If a number is out of range, the mask is none or the neurons' step does not divide the tick.
    """

    excitatory: BoolArray
    n_per_pool: int
    neurons: LIFNeurons
    tau_s: float
    n_ticks: int
    seed: int

    def __post_init__(self) -> None:
        """Check the numbers."""
        excitatory = np.asarray(self.excitatory)
        if excitatory.dtype != np.bool_ or excitatory.ndim != 1 or not len(excitatory):
            got = f"{excitatory.dtype} of shape {excitatory.shape}"
            raise InputError("excitatory", "booleans (pool,)", got)
        object.__setattr__(self, "excitatory", excitatory)
        check_integer("n_per_pool", self.n_per_pool, minimum=2)
        check_integer("n_ticks", self.n_ticks)
        check_integer("seed", self.seed, minimum=0)
        check_positive("tau_s", self.tau_s)
        steps = round(TICK_S / self.neurons.dt_s)
        if steps < 1 or abs(steps * self.neurons.dt_s - TICK_S) > 1e-9:
            expected = f"a whole part of {TICK_S:g} s, the tick of the slow states"
            raise InputError("dt_s", expected, f"{self.neurons.dt_s:g} s")

    @property
    def n_pools(self) -> int:
        """Number of pools."""
        return len(self.excitatory)

    @property
    def n_neurons(self) -> int:
        """Number of neurons."""
        return self.n_pools * self.n_per_pool

    @property
    def decay(self) -> float:
        """What is left of a slow state after a tick without input."""
        return float(np.exp(-TICK_S / self.tau_s))


@dataclass(frozen=True, eq=False)
class SpikingObjects:
    """A Brian2 network and those of its objects whose values a trial sets, by name."""

    network: Any
    spikes: Any
    settable: Mapping[str, Any]
    duration: Any


def build_network(brian: Any, model: SpikingModel) -> SpikingObjects:
    """Make the Brian2 objects of a model in the session given.

    Every spike adds to the count of its pool; every tick of 1 ms the slow states move by

        tau dx/dt = -x + W (rate - baseline) + F x + drive,

    and x, in Hz, divided by the neurons' gain in Hz/mV, is the current that all neurons of the pool get.
    Equal weights from every neuron of a pool onto every neuron of another factorise exactly in this way.
    """
    tick = TICK_S * brian.second
    shape = (model.n_ticks + 1, model.n_pools)
    drive = brian.TimedArray(np.zeros(shape), dt=tick, name="drive")
    direct = brian.TimedArray(np.zeros(shape), dt=tick, name="direct")
    gate = brian.TimedArray(np.zeros(shape[0]), dt=tick, name="gate")
    light = brian.TimedArray(np.zeros(shape[0]), dt=tick, name="light")
    namespace = {
        "decay": model.decay,
        "hz_per_count": 1.0 / (model.n_per_pool * TICK_S),
        "drive": drive,
        "direct": direct,
        "gate": gate,
        "light": light,
    }
    dt = model.neurons.dt_s * brian.second
    # A group of its own: what runs on the neurons' step would drag the sums over all pools along.
    counts = brian.NeuronGroup(model.n_pools, "count : 1", dt=dt, name="counts")
    counts.run_regularly("count = 0", dt=tick, when="end", order=2, name="clear")
    pools = brian.NeuronGroup(model.n_pools, _POOLS, dt=tick, name="pools", namespace=namespace)
    pools.count = brian.linked_var(counts, "count")
    pools.run_regularly(
        "rate_hz = count * hz_per_count - baseline_hz", dt=tick, when="end", order=-2, name="rate"
    )
    pools.run_regularly("light_now = light(t)" + _TICK, dt=tick, when="end", order=1, name="tick")
    neurons = _neurons(brian, model, pools)
    synapses = _fast_synapses(brian, model, neurons)
    synapses.append(_counts(brian, model, neurons, counts))
    synapses.append(_dense(brian, model, pools, "recurrent", "weight * rate_hz_pre"))
    synapses.append(_dense(brian, model, pools, "fed_back", "weight * x_pre"))
    spikes = brian.SpikeMonitor(neurons, name="spikes")
    network = brian.Network(neurons, pools, counts, *synapses, spikes)
    settable = {"pools": pools, "neurons": neurons} | {
        thing.name: thing for thing in (drive, direct, gate, light, *synapses) if thing.name != "counting"
    }
    return SpikingObjects(network, spikes, settable, model.n_ticks * tick)


def _neurons(brian: Any, model: SpikingModel, pools: Any) -> Any:
    given = model.neurons
    namespace = {
        "drive_mv": given.drive_mv - given.background_mean_mv,
        "tau_membrane": given.tau_membrane_s * brian.second,
        "tau_synapse": given.tau_synapse_s * brian.second,
        "excitatory_reversal": given.excitatory_reversal_mv,
        "inhibitory_reversal": given.inhibitory_reversal_mv,
        "threshold": given.threshold_mv,
        "reset": given.reset_mv,
    }
    group = brian.NeuronGroup(
        model.n_neurons,
        _MEMBRANE[given.synapses] + _INPUTS,
        threshold="v > threshold",
        reset="v = reset",
        refractory=given.refractory_s * brian.second,
        # Linear with constant coefficients between spikes, so integrated exactly; conductances are not.
        method="exact" if given.synapses == "current" else "exponential_euler",
        dt=given.dt_s * brian.second,
        namespace=namespace,
        name="neurons",
    )
    pool_of = np.repeat(np.arange(model.n_pools), model.n_per_pool)
    group.slow_mv = brian.linked_var(pools, "slow_mv", index=pool_of)
    group.light_now = brian.linked_var(pools, "light_now")
    # Held in the neurons themselves, so that the state update need not look it up in the pools every step.
    group.run_regularly(
        "held_mv = slow_mv + light_mv * light_now", dt=TICK_S * brian.second, when="end", order=2, name="hold"
    )
    if given.background_hz > 0:
        count = background_counts(brian, given.background_hz * given.dt_s)
        group.namespace.update(background_count=count, background_jump=given.background_mv)
        code = "v = v + background_jump * background_count(key, i, t_in_timesteps) * int(not_refractory)"
        group.run_regularly(code, dt=given.dt_s * brian.second, when="synapses", name="background")
    return group


def _fast_synapses(brian: Any, model: SpikingModel, group: Any) -> list[Any]:
    given = model.neurons
    spread = given.tau_membrane_s / given.tau_synapse_s
    excitation, inhibition = spread * given.excitatory_mv, spread * given.inhibitory_mv
    if given.synapses == "conductance":
        excitation /= given.excitatory_reversal_mv - given.reset_mv
        inhibition /= given.reset_mv - given.inhibitory_reversal_mv
        effects = (f"g_e_post += {excitation!r}", f"g_i_post += {inhibition!r}")
    else:
        effects = (f"fast_post += {excitation!r}", f"fast_post -= {inhibition!r}")
    made = []
    wirings = fast_wiring(model.excitatory, model.n_per_pool, given, rng=model.seed)
    for name, wiring, effect in zip(("excitation", "inhibition"), wirings, effects, strict=True):
        if wiring.sources.size:
            synapses = brian.Synapses(group, group, on_pre=effect, dt=given.dt_s * brian.second, name=name)
            sources, delays_s = wiring.sources.ravel(), wiring.delays_s.ravel()
            targets = np.repeat(np.arange(model.n_neurons), wiring.sources.shape[1])
            # Synapses that are served together lie together in memory: twice as fast, the same spikes.
            order = np.lexsort((targets, np.floor(delays_s / given.dt_s + 0.5), sources))
            synapses.connect(i=sources[order], j=targets[order])
            synapses.delay = delays_s[order] * brian.second
            made.append(synapses)
    return made


def _counts(brian: Any, model: SpikingModel, group: Any, pools: Any) -> Any:
    dt = model.neurons.dt_s * brian.second
    counting = brian.Synapses(group, pools, on_pre="count_post += 1", dt=dt, name="counting")
    counting.connect(i=np.arange(model.n_neurons), j=np.repeat(np.arange(model.n_pools), model.n_per_pool))
    return counting


def _dense(brian: Any, model: SpikingModel, pools: Any, target: str, expression: str) -> Any:
    """Sum an expression over all pools at the end of every tick, before the slow states move.

    Weights are set with the postsynaptic pool varying fastest, (presynaptic, postsynaptic).
    """
    synapses = brian.Synapses(
        pools,
        pools,
        f"weight : 1\n{target}_post = {expression} : 1 (summed)",
        dt=TICK_S * brian.second,
        name=f"{target}_matrix",
    )
    pre, post = np.indices((model.n_pools, model.n_pools)).reshape(2, -1)
    synapses.connect(i=pre, j=post)
    updater = synapses.summed_updaters[f"{target}_post"]
    updater.when, updater.order = "end", -1
    return synapses


def initial_voltage_mv(model: SpikingModel, rng: np.random.Generator) -> FloatArray:
    """Draw v of every neuron between reset and threshold, (neuron,)."""
    return rng.uniform(model.neurons.reset_mv, model.neurons.threshold_mv, model.n_neurons)
