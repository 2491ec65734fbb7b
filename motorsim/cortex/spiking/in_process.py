"""The spiking network inside Python: made once in a process, put back to its start before every trial."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

import numpy as np

from motorsim.cortex.brian_mode import Mode, brian_session
from motorsim.cortex.spiking.network import SpikingObjects, build_network
from motorsim.cortex.spiking.trial import TrialInput, TrialSpikes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from motorsim.cortex.spiking.network import SpikingModel


class InProcessNetwork:
    """A network in Brian2's NumPy or Cython mode that runs one trial after another."""

    def __init__(self, objects: SpikingObjects) -> None:
        self._objects = objects
        objects.network.store("start")

    def run(self, trial: TrialInput) -> TrialSpikes:
        """Run a trial from the network's start."""
        objects = self._objects
        objects.network.restore("start")
        for thing in objects.settable.values():
            if hasattr(thing, "values"):  # a timed array, which is no part of what Brian2 restores
                thing.values[:] = 0.0
        for name, value in trial.values.items():
            owner, variable = name.split(".")
            thing = objects.settable[owner]
            if variable == "values":
                thing.values[:] = np.reshape(value, thing.values.shape)
            else:
                target = thing.variables[variable]
                target.set_value(np.asarray(value, dtype=target.dtype).ravel() if np.ndim(value) else value)
        objects.network.run(objects.duration, namespace={})
        neuron = np.asarray(objects.spikes.i, dtype=np.int64)
        return TrialSpikes(neuron, np.asarray(objects.spikes.t_, dtype=np.float64))


@contextlib.contextmanager
def in_process_network(model: SpikingModel, mode: Mode) -> Iterator[InProcessNetwork]:
    """Make the network in ``"numpy"`` or ``"cython"`` mode; Brian2's preferences are put back after."""
    # Brian2 looks for values beyond 1e50 in single precision, where that is infinite.
    with np.errstate(over="ignore"), brian_session(mode, single=True) as brian:
        yield InProcessNetwork(build_network(brian, model))
