"""The brain: connectivity, stability, and circuits that prepare and make reaches."""

from motorsim.cortex.amplification import AmplifiedModes, amplified_modes
from motorsim.cortex.brian_mode import MODES, find_compiler, resolve_mode
from motorsim.cortex.circuit import Circuit
from motorsim.cortex.default_circuit import default_circuit
from motorsim.cortex.preparation import PreparatoryMap, random_preparatory_map
from motorsim.cortex.random_weights import random_balanced_weights
from motorsim.cortex.rate import RateCortex
from motorsim.cortex.rate_function import RateFunction
from motorsim.cortex.readout import TorqueReadout, fit_torque_readout
from motorsim.cortex.stability import (
    SmoothedAbscissa,
    StabilityOptimisation,
    smoothed_abscissa,
    stability_optimised_weights,
)

__all__ = [
    "MODES",
    "AmplifiedModes",
    "Circuit",
    "PreparatoryMap",
    "RateCortex",
    "RateFunction",
    "SmoothedAbscissa",
    "StabilityOptimisation",
    "TorqueReadout",
    "amplified_modes",
    "default_circuit",
    "find_compiler",
    "fit_torque_readout",
    "random_balanced_weights",
    "random_preparatory_map",
    "resolve_mode",
    "smoothed_abscissa",
    "stability_optimised_weights",
]
