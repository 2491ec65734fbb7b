"""The cortex's fast network in NEST: same connections, delays and initial voltages, in processes of its own.

`iaf_psc_exp` in double precision. NEST holds v one step longer after a spike than Brian2 does, so its
refractory time is given one step shorter; with that both make the same spikes until rounding separates them.

A background spike makes v jump in the cortex, which `iaf_psc_exp` does not know. It comes through an
exponential current of the same charge instead: through the network's own synapse, or, in
`iaf_psc_exp_multisynapse`, through one of its own with any decay.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import time
from typing import TYPE_CHECKING, Any

import numpy as np

from motorsim.cortex.spiking.network import TICK_S, initial_voltage_mv
from motorsim.cortex.spiking.trial import TrialSpikes
from motorsim.cortex.spiking.wiring import fast_wiring

if TYPE_CHECKING:
    from collections.abc import Sequence
    from multiprocessing.connection import Connection

    from motorsim.cortex.spiking.network import SpikingModel
    from motorsim.cortex.spiking.neurons import LIFNeurons

LAYOUTS = {"2 threads": (2,), "2 processes": (1, 1)}
"""How NEST shares two cores: threads of each process."""


def neuron_parameters(neurons: LIFNeurons, background_decay_s: float | None = None) -> dict[str, Any]:
    """Return NEST's parameters of a neuron; a capacitance of tau_m pF makes 1 pA count as 1 mV.

    With a decay of its own the background gets the second of two receptors.
    """
    tau_ms, synapse_ms = 1e3 * neurons.tau_membrane_s, 1e3 * neurons.tau_synapse_s
    membrane = {
        "C_m": tau_ms,
        "tau_m": tau_ms,
        "E_L": 0.0,
        "V_th": neurons.threshold_mv,
        "V_reset": neurons.reset_mv,
        "t_ref": 1e3 * (neurons.refractory_s - neurons.dt_s),
        "I_e": neurons.drive_mv - neurons.background_mean_mv,
    }
    if background_decay_s is None:
        return membrane | {"tau_syn_ex": synapse_ms, "tau_syn_in": synapse_ms}
    return membrane | {"tau_syn": [synapse_ms, 1e3 * background_decay_s]}


def weight_pa(neurons: LIFNeurons, jump_mv: float, decay_s: float) -> float:
    """Return the weight of a synapse that brings in the charge of a jump in v, spread over its decay."""
    return jump_mv * neurons.tau_membrane_s / decay_s


class NestNetwork:
    """The network in the NEST kernel of this process.

    ``background_decay_s`` is that of the synapse of the background input; None for the network's own synapse.
    """

    def __init__(self, model: SpikingModel, *, background_decay_s: float | None, n_threads: int) -> None:
        import nest  # noqa: PLC0415 - one kernel a process, and not installed everywhere

        self._nest, self._model = nest, model
        given = model.neurons
        nest.verbosity = nest.VerbosityLevel.ERROR
        nest.ResetKernel()
        nest.set(resolution=1e3 * given.dt_s, local_num_threads=n_threads, rng_seed=1)
        apart = background_decay_s is not None
        kind = "iaf_psc_exp_multisynapse" if apart else "iaf_psc_exp"
        self._neurons = nest.Create(kind, model.n_neurons, neuron_parameters(given, background_decay_s))
        self._connect(apart=apart)
        if given.background_hz > 0:
            self._add_background(background_decay_s)
        self._spikes = nest.Create("spike_recorder")
        nest.Connect(self._neurons, self._spikes)
        nest.Prepare()
        nest.Cleanup()

    def _connect(self, *, apart: bool) -> None:
        model = self._model
        given = model.neurons
        wirings = fast_wiring(model.excitatory, model.n_per_pool, given, rng=model.seed)
        for wiring, jump_mv in zip(wirings, (given.excitatory_mv, -given.inhibitory_mv), strict=True):
            targets = np.repeat(np.arange(model.n_neurons), wiring.sources.shape[1])
            steps = np.floor(wiring.delays_s.ravel() / given.dt_s + 0.5)
            weights = np.full(len(steps), weight_pa(given, jump_mv, given.tau_synapse_s))
            synapse = {"weight": weights, "delay": 1e3 * given.dt_s * steps}
            if apart:
                synapse["receptor_type"] = np.ones(len(steps), dtype=int)
            # Neurons are the first nodes, numbered from 1.
            self._nest.Connect(wiring.sources.ravel() + 1, targets + 1, "one_to_one", synapse)

    def _add_background(self, decay_s: float | None) -> None:
        given = self._model.neurons
        source = self._nest.Create("poisson_generator", params={"rate": given.background_hz})
        # A shorter delay than the network's own would make NEST exchange spikes more often.
        synapse = {"delay": 1e3 * given.least_delay_s}
        synapse["weight"] = weight_pa(given, given.background_mv, decay_s or given.tau_synapse_s)
        if decay_s is not None:
            synapse["receptor_type"] = 2
        self._nest.Connect(source, self._neurons, "all_to_all", synapse)

    def run(self, seed: int) -> TrialSpikes:
        """Run a trial from the initial voltages of a seed."""
        self._neurons.V_m = initial_voltage_mv(self._model, np.random.default_rng(seed))
        self._spikes.n_events = 0
        begun_ms = self._nest.biological_time
        self._nest.Simulate(1e3 * self._model.n_ticks * TICK_S)
        events = self._spikes.get("events")
        # NEST dates a spike at the end of its step, Brian2 at the beginning.
        time_s = 1e-3 * (events["times"] - begun_ms) - self._model.neurons.dt_s
        return TrialSpikes(events["senders"] - 1, time_s)


def serve_nest(
    pipe: Connection, model: SpikingModel, background_decay_s: float | None, n_threads: int
) -> None:
    """Build NEST's network in this process, then run the trials that the pipe asks for until it says None."""
    os.environ["PYNEST_QUIET"] = "1"
    network = NestNetwork(model, background_decay_s=background_decay_s, n_threads=n_threads)
    pipe.send("ready")
    while (seeds := pipe.recv()) is not None:
        pipe.send([network.run(seed) for seed in seeds])


class NestTrials:
    """NEST in processes of its own, laid out as `LAYOUTS` says; they share the trials."""

    def __init__(self, model: SpikingModel, *, layout: str, background_decay_s: float | None = None) -> None:
        given = model.neurons
        shown_ms = 1e3 * (background_decay_s or given.tau_synapse_s)
        self.name = (
            "NEST" + f", background through {shown_ms:g} ms" * (given.background_hz > 0) + f", {layout}"
        )
        context = multiprocessing.get_context("spawn")
        begun = time.perf_counter()
        self._pipes, self._processes = [], []
        for n_threads in LAYOUTS[layout]:
            ours, theirs = context.Pipe()
            process = context.Process(
                target=serve_nest, args=(theirs, model, background_decay_s, n_threads), daemon=True
            )
            process.start()
            theirs.close()
            self._pipes.append(ours)
            self._processes.append(process)
        for pipe in self._pipes:
            pipe.recv()
        self.setup_s = time.perf_counter() - begun

    def run(self, seeds: Sequence[int]) -> list[TrialSpikes]:
        """Run a trial from the initial voltages of each seed."""
        n = len(self._pipes)
        for k, pipe in enumerate(self._pipes):
            pipe.send(list(seeds[k::n]))
        shares = [pipe.recv() for pipe in self._pipes]
        return [shares[trial % n][trial // n] for trial in range(len(seeds))]

    def close(self) -> None:
        """End the processes."""
        for pipe, process in zip(self._pipes, self._processes, strict=True):
            with contextlib.suppress(OSError):
                pipe.send(None)
            process.join()
