"""Control circuits: other mechanisms that make the same reaches, which a comparison must tell apart.

Each file holds one: a circuit, or an input that makes the movement where there is no recurrence at all.
"""

from motorsim.cortex.controls.chain import feedforward_chain
from motorsim.cortex.controls.hand_state_input import HandStateInput, random_hand_state_input
from motorsim.cortex.controls.normal_twin import normal_twin
from motorsim.cortex.controls.other_basis import OtherBasis, in_other_basis
from motorsim.cortex.controls.random_balanced import random_balanced_circuit
from motorsim.cortex.controls.recurrence_replay import RecurrenceReplay
from motorsim.cortex.controls.tuned import CONTROLS, tuned_control
from motorsim.cortex.controls.tuning import (
    match_activity,
    movement_hand_error_m,
    movement_rate_change_hz,
    movement_rms_hz,
    prepare_with_best_ridge,
    scaled_preparation,
)
from motorsim.cortex.controls.unconnected import unconnected_circuit

__all__ = [
    "CONTROLS",
    "HandStateInput",
    "OtherBasis",
    "RecurrenceReplay",
    "feedforward_chain",
    "in_other_basis",
    "match_activity",
    "movement_hand_error_m",
    "movement_rate_change_hz",
    "movement_rms_hz",
    "normal_twin",
    "prepare_with_best_ridge",
    "random_balanced_circuit",
    "random_hand_state_input",
    "scaled_preparation",
    "tuned_control",
    "unconnected_circuit",
]
