"""One trial of the spiking network: what is set before it, and the spikes that come out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from motorsim.checks import MotorsimError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

    from motorsim.types import FloatArray, IntArray

Kept = TypeVar("Kept")


class TrialError(MotorsimError):
    """A trial of the spiking network that could not be run to its end."""


@dataclass(frozen=True, eq=False)
class TrialInput:
    """Values that a trial starts from or is driven by, by the name ``"object.variable"``.

    The objects are those of `SpikingObjects.settable`; a timed array's variable is ``values``. What is not
    named is 0.
    """

    values: Mapping[str, NDArray[Any]]


@dataclass(frozen=True, eq=False)
class TrialSpikes:
    """The spikes of all neurons: ``neuron`` (spike,) and ``time_s`` (spike,), in order of time."""

    neuron: IntArray
    time_s: FloatArray


@dataclass(frozen=True, eq=False)
class TrialJob(Generic[Kept]):
    """One trial to run: its name in words, how its input is made, and what is kept of its spikes.

    Both callables are pickled where trials run in Python processes. The input is made only when its turn
    comes, so that the inputs of all trials are never in memory together.
    """

    name: str
    make_input: Callable[[], TrialInput]
    keep: Callable[[TrialSpikes], Kept]
