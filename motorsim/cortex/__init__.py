"""The brain: connectivity, stability, and circuits that prepare and make reaches."""

from motorsim.cortex.amplification import AmplifiedModes, amplified_modes
from motorsim.cortex.baseline import spread_baselines
from motorsim.cortex.brian_mode import MODES, find_compiler, resolve_mode
from motorsim.cortex.circuit import Circuit
from motorsim.cortex.default_circuit import default_circuit
from motorsim.cortex.drive import Drive
from motorsim.cortex.hand_feedback import HandFeedback, HandLoad, spring_feedback
from motorsim.cortex.lag import augmented_abscissa, augmented_spectrum
from motorsim.cortex.optimal_preparation import OptimalPreparation, Regulator, optimal_regulator
from motorsim.cortex.perturbation import Perturbation, draw_units
from motorsim.cortex.preparation import PreparatoryMap, random_preparatory_map
from motorsim.cortex.preparation_strategy import (
    Preparation,
    PreparatoryPlan,
    RayPreparation,
    StaticPreparation,
)
from motorsim.cortex.random_weights import random_balanced_weights
from motorsim.cortex.rate import RateCortex
from motorsim.cortex.rate_equation import RateEquation
from motorsim.cortex.rate_function import RateFunction
from motorsim.cortex.readiness import preparatory_distance, time_to_readiness_s
from motorsim.cortex.readout import TorqueReadout, fit_torque_readout
from motorsim.cortex.smoothed_abscissa import SmoothedAbscissa, smoothed_abscissa
from motorsim.cortex.spiking import (
    Calibration,
    LIFNeurons,
    LightPulse,
    SpikeDecoding,
    SpikingCortex,
    TrialError,
)
from motorsim.cortex.stability import StabilityOptimisation, optimise_stability, stability_optimised_weights
from motorsim.cortex.trigger import GoTrigger, MovementInput, random_go_trigger

__all__ = [
    "MODES",
    "AmplifiedModes",
    "Calibration",
    "Circuit",
    "Drive",
    "GoTrigger",
    "HandFeedback",
    "HandLoad",
    "LIFNeurons",
    "LightPulse",
    "MovementInput",
    "OptimalPreparation",
    "Perturbation",
    "Preparation",
    "PreparatoryMap",
    "PreparatoryPlan",
    "RateCortex",
    "RateEquation",
    "RateFunction",
    "RayPreparation",
    "Regulator",
    "SmoothedAbscissa",
    "SpikeDecoding",
    "SpikingCortex",
    "StabilityOptimisation",
    "StaticPreparation",
    "TorqueReadout",
    "TrialError",
    "amplified_modes",
    "augmented_abscissa",
    "augmented_spectrum",
    "default_circuit",
    "draw_units",
    "find_compiler",
    "fit_torque_readout",
    "optimal_regulator",
    "optimise_stability",
    "preparatory_distance",
    "random_balanced_weights",
    "random_go_trigger",
    "random_preparatory_map",
    "resolve_mode",
    "smoothed_abscissa",
    "spread_baselines",
    "spring_feedback",
    "stability_optimised_weights",
    "time_to_readiness_s",
]
