"""What stage *fit* leaves for the later stages, and how it lies in its file."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from motorsim.io import read_arrays

if TYPE_CHECKING:
    from pathlib import Path

    from motorsim.types import FloatArray

FILE = "network.h5"
KIND = "fitted networks"
SCHEMA_VERSION = 1
DATA_DRIVEN, GOAL_DRIVEN, MIXED = "data-driven", "goal-driven", "mixed"
UNTRAINED, RESERVOIR = "untrained", "reservoir"
RATES, SPIKES, TORQUE, HAND, RATES_AND_TORQUE = "rates", "spikes", "torque", "hand", "rates and torque"


@dataclass(frozen=True, eq=False)
class FittedNetwork:
    """A network's activity over all conditions, and the course of its training.

    Untrained networks have their activity alone.

    Parameters
    ----------
    hidden
        Rates of the hidden units, (condition, time, unit), dimensionless.
    target
        What it was fitted to: ``"rates"``, ``"spikes"``, ``"torque"``, ``"hand"`` or ``"rates and torque"``.
    outputs
        (condition, time, output): rates of the cortex's units, or of the neurons whose spikes were fitted,
        in Hz; torques in N m; or the hand's path in m.
    torque_nm
        The torques, (condition, time, joint), of a network that makes them beside its outputs.
    training_loss, validation_loss
        (iteration,) and (evaluation,): in the variance of the target, in nats a bin and neuron for spikes.
    evaluated_at
        Number of updates before each evaluation, (evaluation,).
    best_iteration
        Number of updates behind the network.
    """

    hidden: FloatArray
    target: str = ""
    outputs: FloatArray | None = None
    torque_nm: FloatArray | None = None
    training_loss: FloatArray | None = None
    validation_loss: FloatArray | None = None
    evaluated_at: FloatArray | None = None
    best_iteration: int = 0

    @property
    def rates_hz(self) -> FloatArray | None:
        """Rates of the cortex's units as the network makes them, (condition, time, unit), if it does."""
        return self.outputs if self.target in (RATES, RATES_AND_TORQUE) else None


def load_networks(folder: Path) -> dict[str, FittedNetwork]:
    """Read what the stage wrote, by the network's name, those that were trained first."""
    arrays, _ = read_arrays(folder / FILE, KIND, schema_version=SCHEMA_VERSION)
    kept = FittedNetwork.__dataclass_fields__
    return {
        name: FittedNetwork(**{key: value for key, value in arrays[name].items() if key in kept})
        for name in (DATA_DRIVEN, GOAL_DRIVEN, MIXED, UNTRAINED, RESERVOIR)
        if name in arrays
    }


def trained(networks: dict[str, FittedNetwork]) -> list[str]:
    """Return the names of the networks that were trained."""
    return [name for name, network in networks.items() if network.outputs is not None]
