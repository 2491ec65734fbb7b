"""Panels: a result and an axes in, artists out; and the standard figures composed of them."""

from motorsim.plots.amplification import amplification_panel
from motorsim.plots.candidates import CandidateLook, candidate_look
from motorsim.plots.comparison import comparison_key, comparison_panel
from motorsim.plots.conditions import Conditions, condition_key, direction_key
from motorsim.plots.direction_colours import direction_colours
from motorsim.plots.distribution import distribution_panel
from motorsim.plots.example_units import example_unit_panel
from motorsim.plots.hand import hand_paths_panel, hand_speed_panel, single_trials_panel
from motorsim.plots.jpca_range import jpca_range_panel
from motorsim.plots.muscles import muscles_key, muscles_panel
from motorsim.plots.raster import raster_panel
from motorsim.plots.rate_form import rate_form_panel
from motorsim.plots.rates_overlay import overlay_key, rates_overlay_panel
from motorsim.plots.saving import save_figure
from motorsim.plots.spectrum import spectrum_panel
from motorsim.plots.standard_figures import standard_figures
from motorsim.plots.standard_inputs import (
    ActivityInputs,
    CircuitInputs,
    ComparisonInputs,
    MovementInputs,
    MuscleInputs,
    OverlayInputs,
    PopulationInputs,
    RangeInputs,
    SpikingInputs,
    StandardInputs,
    TrainingInputs,
)
from motorsim.plots.style import new_figure, panel_letter, styled
from motorsim.plots.task import task_panel
from motorsim.plots.time_axis import TimeAxis
from motorsim.plots.torque import torque_panel
from motorsim.plots.training import training_panel
from motorsim.plots.trajectories import jpca_panel, share_limits, trajectory_panel
from motorsim.plots.weights import weights_panel

__all__ = [
    "ActivityInputs",
    "CandidateLook",
    "CircuitInputs",
    "ComparisonInputs",
    "Conditions",
    "MovementInputs",
    "MuscleInputs",
    "OverlayInputs",
    "PopulationInputs",
    "RangeInputs",
    "SpikingInputs",
    "StandardInputs",
    "TimeAxis",
    "TrainingInputs",
    "amplification_panel",
    "candidate_look",
    "comparison_key",
    "comparison_panel",
    "condition_key",
    "direction_colours",
    "direction_key",
    "distribution_panel",
    "example_unit_panel",
    "hand_paths_panel",
    "hand_speed_panel",
    "jpca_panel",
    "jpca_range_panel",
    "muscles_key",
    "muscles_panel",
    "new_figure",
    "overlay_key",
    "panel_letter",
    "raster_panel",
    "rate_form_panel",
    "rates_overlay_panel",
    "save_figure",
    "share_limits",
    "single_trials_panel",
    "spectrum_panel",
    "standard_figures",
    "styled",
    "task_panel",
    "torque_panel",
    "training_panel",
    "trajectory_panel",
    "weights_panel",
]
