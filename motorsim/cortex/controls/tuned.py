"""The control cortices: every control, tuned to make the reaches of a reference with as much activity."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from motorsim.checks import InputError
from motorsim.cortex.amplification import amplified_modes
from motorsim.cortex.controls.chain import feedforward_chain
from motorsim.cortex.controls.hand_state_input import random_hand_state_input
from motorsim.cortex.controls.normal_twin import normal_twin
from motorsim.cortex.controls.other_basis import in_other_basis
from motorsim.cortex.controls.random_balanced import random_balanced_circuit
from motorsim.cortex.controls.recurrence_replay import RecurrenceReplay
from motorsim.cortex.controls.tuning import (
    match_activity,
    movement_rms_hz,
    prepare_with_best_ridge,
    scaled_preparation,
)
from motorsim.cortex.controls.unconnected import unconnected_circuit
from motorsim.cortex.preparation import random_preparatory_map
from motorsim.streams import stream

if TYPE_CHECKING:
    from collections.abc import Sequence

    from motorsim.cortex.circuit import Circuit
    from motorsim.cortex.preparation import PreparatoryMap
    from motorsim.cortex.rate import RateCortex
    from motorsim.streams import Seed
    from motorsim.task import ConditionSplit, DelayedReach

CONTROLS = (
    "random balanced",
    "normal twin",
    "feed-forward chain",
    "other basis",
    "input-driven",
    "feedback-driven",
)
"""Names of the controls, in the order in which they are told."""

RIDGES = tuple(float(ridge) for ridge in 10.0 ** np.arange(-9, -2))
"""Penalties that the readout of each control is chosen from."""


def tuned_control(
    name: str,
    reference: RateCortex,
    task: DelayedReach,
    split: ConditionSplit,
    *,
    rng: Seed,
    ridges: Sequence[float] = RIDGES,
) -> RateCortex:
    """Return a control of a prepared cortex, with its rate function, plant, timing and amount of activity.

    Its preparatory states, or the input of the movement where that makes it, are scaled until rates change in
    movement as much as those of the reference (root mean square over conditions, time and units); its
    readout has the penalty that suits it. Whether it then makes the reaches is a result, not a promise.

    Parameters
    ----------
    name
        One of `CONTROLS`.
    reference
        A prepared cortex without movement inputs.
    task, split
        The reaches, and which of them may be fitted.
    rng
        Seed of what the control draws.
    ridges
        Penalties to choose from.

    Raises
    ------
    InputError
        If the name is unknown, the reference is not prepared or has movement inputs, or the control cannot
        be as active.
    """
    preparatory_map = reference.preparatory_map
    if preparatory_map is None:
        raise InputError(
            "reference", "a prepared cortex", "one without preparatory map", "call `prepare` first"
        )
    if reference.movement_inputs:
        raise InputError("reference", "a cortex that moves by itself", "one with movement inputs")
    bare = replace(reference, readout=None)
    rms_hz = movement_rms_hz(reference, task)
    if name == "input-driven":
        replay = RecurrenceReplay(reference.equation, preparatory_map, dt_s=reference.dt_s / 2.0)
        unconnected = unconnected_circuit(reference.circuit.n_units)
        control = replace(bare, circuit=unconnected, movement_inputs=(replay,))
    elif name == "feedback-driven":
        control = _feedback_driven(bare, task, rms_hz=rms_hz, rng=rng)
    else:
        circuit, own_map = _connected(name, reference.circuit, preparatory_map, rng=rng)
        control = match_activity(
            lambda factor: replace(
                bare, circuit=circuit, preparatory_map=scaled_preparation(own_map, factor)
            ),
            task,
            rms_hz=rms_hz,
        )
    return prepare_with_best_ridge(control, task, split, ridges=ridges)


def _connected(
    name: str, circuit: Circuit, preparatory_map: PreparatoryMap, *, rng: Seed
) -> tuple[Circuit, PreparatoryMap]:
    """Return a control that moves by its own recurrence, and states in the span of its own top modes."""
    if name == "other basis":
        other = in_other_basis(circuit, rng=rng)
        cosine, sine = (part @ other.rotation.T for part in (preparatory_map.cosine, preparatory_map.sine))
        return other.circuit, replace(preparatory_map, cosine=cosine, sine=sine)
    if name == "random balanced":
        fraction = float(circuit.excitatory.mean()) if circuit.obeys_dales_law else 0.5
        control = random_balanced_circuit(circuit.n_units, rng=rng, excitatory_fraction=fraction)
    elif name == "normal twin":
        control = normal_twin(circuit)
    elif name == "feed-forward chain":
        top_energy = float(amplified_modes(circuit).energies[0])
        control = feedforward_chain(circuit.n_units, rng=rng, top_energy=top_energy)
    else:
        raise InputError("name", "one of " + ", ".join(CONTROLS), repr(name))
    return control, random_preparatory_map(control, rng=stream(rng, "control's preparatory states"))


def _feedback_driven(bare: RateCortex, task: DelayedReach, *, rms_hz: float, rng: Seed) -> RateCortex:
    """Return units without connections that the state of the hand drives from the release on."""
    hand = random_hand_state_input(bare.circuit.n_units, rng=rng, reaction_s=task.reaction_s)
    unconnected = replace(bare, circuit=unconnected_circuit(bare.circuit.n_units))
    return match_activity(
        lambda factor: replace(unconnected, movement_inputs=(hand.scaled(factor),)), task, rms_hz=rms_hz
    )
