"""The figure of a spiking cortex: spikes, single reaches, pools against the rate form, firing statistics."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from motorsim.plots.conditions import Conditions, direction_key
from motorsim.plots.distribution import distribution_panel
from motorsim.plots.hand import single_trials_panel
from motorsim.plots.layout import figure_rows, legend_below, letter_panels
from motorsim.plots.raster import EXCITATORY_COLOUR, INHIBITORY_COLOUR, raster_panel
from motorsim.plots.rate_form import rate_form_panel
from motorsim.plots.rates_overlay import overlay_key, rates_overlay_panel
from motorsim.plots.style import new_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure, FigureBase

    from motorsim.plots.standard_inputs import SpikingInputs
    from motorsim.types import BoolArray

_DIRECTIONS_SHOWN = 4
_KEY_WIDTH = 0.36


def spiking_figure(inputs: SpikingInputs) -> Figure:
    """Draw a raster, hand paths of single trials, pools beside the rate form, and how neurons fire."""
    fig = new_figure(height_mm=190.0)
    above, middle, below = figure_rows(fig, (1.45, 1.0, 1.0))
    raster, paths = above.subplots(1, 2, width_ratios=(1.45, 1.0))
    raster_panel(
        raster,
        inputs.clock,
        inputs.spike_unit,
        inputs.spike_time_s,
        excitatory=inputs.unit_excitatory,
        preferred_rad=inputs.unit_preferred_rad,
    )
    raster.set_title(_trial_name(inputs), pad=12.0)
    single_trials_panel(
        paths, inputs.hand_position_m, inputs.condition, reaches=inputs.reaches, held_out=inputs.held_out
    )
    paths.set_title("hand paths of single trials (circles: 2 cm)")
    pools = _draw_pools(middle, inputs)
    scatter, rates, irregularity = below.subplots(1, 3)
    rate_form_panel(scatter, inputs.points_hz, correlation=inputs.correlation)
    distribution_panel(rates, inputs.unit_rate_hz, excitatory=inputs.unit_excitatory, label="mean rate (Hz)")
    distribution_panel(
        irregularity,
        inputs.unit_interval_cv,
        excitatory=inputs.unit_excitatory,
        label="CV of inter-spike intervals",
    )
    letter_panels((raster, paths, pools, scatter, rates, irregularity))
    _sign_key(below)
    return fig


def _trial_name(inputs: SpikingInputs) -> str:
    reaches, number = inputs.reaches, inputs.example
    angle = np.degrees(reaches.direction_rad[number]) % 360.0
    return f"one trial: {100.0 * reaches.distance_m[number]:g} cm at {angle:g}°"


def _draw_pools(part: FigureBase, inputs: SpikingInputs) -> Axes:
    """Draw some pools in far reaches of a few directions; return the first panel."""
    shown = _few_far(inputs)
    conditions = Conditions.of(inputs.reaches, held_out=inputs.held_out).select(shown)
    widths = (*[1.0] * len(inputs.pool_names), _KEY_WIDTH)
    axes: list[Axes] = list(part.subplots(1, len(widths), squeeze=False, width_ratios=widths).flat)
    *panels, key = axes
    direction_key(key, conditions)
    for pool, (ax, name) in enumerate(zip(panels, inputs.pool_names, strict=True)):
        spiking, equations = inputs.pool_hz[shown][..., pool], inputs.rate_form_hz[shown][..., pool]
        rates_overlay_panel(ax, inputs.clock, spiking, equations, conditions, name=name)
        ax.set_ylabel("firing rate (Hz)" if pool == 0 else "")
    legend_below(part, overlay_key("pool, average over trials", "rate form"))
    return panels[0]


def _few_far(inputs: SpikingInputs) -> BoolArray:
    """Return the farthest reaches in up to four directions, evenly spread, boolean (condition,)."""
    reaches = inputs.reaches
    far = np.flatnonzero(reaches.distance_m >= reaches.distance_m.max() * (1.0 - 1e-9))
    ordered = far[np.argsort(np.mod(reaches.direction_rad[far], 2.0 * np.pi), kind="stable")]
    n_shown = min(_DIRECTIONS_SHOWN, len(ordered))
    shown: BoolArray = np.zeros(reaches.n_conditions, bool)
    shown[ordered[np.arange(n_shown) * len(ordered) // n_shown]] = True
    return shown


def _sign_key(part: FigureBase) -> None:
    from matplotlib.patches import Patch  # noqa: PLC0415 - slow to import

    entries = [
        Patch(color=EXCITATORY_COLOUR, alpha=0.6, label="excitatory neurons"),
        Patch(color=INHIBITORY_COLOUR, alpha=0.6, label="inhibitory neurons"),
    ]
    legend_below(part, entries)
