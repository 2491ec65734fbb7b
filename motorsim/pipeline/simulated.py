"""What stage *simulate* leaves for the later stages, and how it lies in its file."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

import numpy as np

from motorsim.cortex import Circuit
from motorsim.io import read_arrays, recording_from_arrays, recording_to_arrays, write_arrays
from motorsim.io.hdf5 import required

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from motorsim.recording import Recording
    from motorsim.types import BoolArray, FloatArray, IntArray

FILE = "cortex.h5"
SESSION_FILE = "cortex.nwb"
SCHEMA_VERSION = 2
_KIND = "simulated cortex"


@dataclass(frozen=True, eq=False)
class SingleTrials:
    """What is kept of single trials of a spiking cortex; all of them lie in the NWB file.

    Parameters
    ----------
    half_rates_hz
        Pool rates averaged over every other trial of a condition, from the first and from the second,
        (2, condition, time, unit); none, (0, condition, time, unit), where each condition has one trial.
    condition, end_error_m
        Condition and distance of the end point from the target, (trial,).
    hand_position_m
        (trial, time, 2).
    unit_pool, unit_excitatory
        Pool and sign of the neurons recorded one by one, (unit,).
    unit_rate_hz, unit_interval_cv
        Their mean rate and the coefficient of variation of their intervals, (unit,); NaN for too few.
    spike_unit, spike_time_s
        Their spikes in the trial ``example``, (spike,).
    example
        Number of that trial.
    """

    half_rates_hz: FloatArray
    condition: IntArray
    end_error_m: FloatArray
    hand_position_m: FloatArray
    unit_pool: IntArray
    unit_excitatory: BoolArray
    unit_rate_hz: FloatArray
    unit_interval_cv: FloatArray
    spike_unit: IntArray
    spike_time_s: FloatArray
    example: int


@dataclass(frozen=True, eq=False)
class SimulatedCortex:
    """What the stage left.

    Parameters
    ----------
    recording
        The session by condition; of a spiking cortex the averages over its trials.
    rate_form
        The same session of the rate form without the noise of spikes; of a rate cortex the recording itself.
    circuit
        The circuit that both realise.
    desired_torque_nm
        Torques that the desired hand paths take, (condition, time, 2).
    preparatory_states_hz
        (condition, unit).
    trials
        Of a spiking cortex what is kept of single trials, else None.
    """

    recording: Recording
    rate_form: Recording
    circuit: Circuit
    desired_torque_nm: FloatArray
    preparatory_states_hz: FloatArray
    trials: SingleTrials | None = None


def save_cortex(folder: Path, cortex: SimulatedCortex, further: Mapping[str, Any]) -> None:
    """Write the file; ``further`` are arrays for the reader of the file that no later stage needs."""
    content: dict[str, Any] = {
        "recording": recording_to_arrays(cortex.recording),
        "circuit": _circuit_arrays(cortex.circuit),
        "desired_torque_nm": cortex.desired_torque_nm,
        "preparatory_states_hz": cortex.preparatory_states_hz,
        **further,
    }
    if cortex.trials is not None:
        content["rate_form"] = recording_to_arrays(cortex.rate_form)
        content["trials"] = {field.name: getattr(cortex.trials, field.name) for field in fields(SingleTrials)}
    write_arrays(folder / FILE, _KIND, content, schema_version=SCHEMA_VERSION)


def load_cortex(folder: Path) -> SimulatedCortex:
    """Read what the stage wrote."""
    arrays, _ = read_arrays(folder / FILE, _KIND, schema_version=SCHEMA_VERSION)
    recording = recording_from_arrays(arrays["recording"])
    spiking = "trials" in arrays
    return SimulatedCortex(
        recording,
        recording_from_arrays(arrays["rate_form"]) if spiking else recording,
        _circuit(required(arrays, "circuit")),
        arrays["desired_torque_nm"],
        arrays["preparatory_states_hz"],
        SingleTrials(**arrays["trials"]) if spiking else None,
    )


def _circuit_arrays(circuit: Circuit) -> dict[str, Any]:
    arrays = {"weights": circuit.weights, "excitatory": circuit.excitatory, "source": circuit.source}
    return (
        arrays if circuit.initial_weights is None else arrays | {"initial_weights": circuit.initial_weights}
    )


def _circuit(arrays: Mapping[str, Any]) -> Circuit:
    excitatory = np.asarray(arrays["excitatory"], dtype=bool)
    return Circuit(arrays["weights"], excitatory, arrays.get("initial_weights"), str(arrays["source"]))
