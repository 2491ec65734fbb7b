"""One trial of the spiking network: what is set before it, and the spikes that come out."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from motorsim.checks import MotorsimError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from motorsim.types import FloatArray, IntArray


class TrialError(MotorsimError):
    """A trial of the spiking network that could not be run to its end."""


@dataclass(frozen=True, eq=False)
class TrialInput:
    """Values that a trial starts from or is driven by, by the name ``"object.variable"``.

    The objects are those of `SpikingObjects.settable`; a timed array's variable is ``values``. What is not named
    is 0.
    """

    values: Mapping[str, np.ndarray]

    def digest(self) -> str:
        """Return a digest of names and numbers."""
        seen = hashlib.sha256()
        for name in sorted(self.values):
            value = np.ascontiguousarray(self.values[name], dtype=np.float64)
            seen.update(f"{name} {value.shape}".encode())
            seen.update(value.tobytes())
        return seen.hexdigest()[:32]


@dataclass(frozen=True, eq=False)
class TrialSpikes:
    """The spikes of all neurons: ``neuron`` (spike,) and ``time_s`` (spike,), in order of time."""

    neuron: IntArray
    time_s: FloatArray
