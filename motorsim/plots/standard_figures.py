"""Standard figures: the panels of the main job composed into pages."""

from __future__ import annotations

from typing import TYPE_CHECKING

from motorsim.checks import InputError
from motorsim.plots.amplification import amplification_panel
from motorsim.plots.candidates import candidate_look
from motorsim.plots.comparison import comparison_key, comparison_panel, metric_rows
from motorsim.plots.conditions import Conditions, condition_key, direction_key
from motorsim.plots.example_units import example_unit_panel
from motorsim.plots.hand import hand_paths_panel, hand_speed_panel
from motorsim.plots.jpca_range import REAL_COLOUR, jpca_range_panel
from motorsim.plots.layout import figure_rows, legend_below, letter_panels, panel_grid
from motorsim.plots.muscles import muscles_key, muscles_panel
from motorsim.plots.rates_overlay import overlay_key, rates_overlay_panel
from motorsim.plots.spectrum import spectrum_panel
from motorsim.plots.spiking_figure import spiking_figure
from motorsim.plots.style import new_figure, styled
from motorsim.plots.task import task_panel
from motorsim.plots.torque import torque_panel
from motorsim.plots.training import training_panel
from motorsim.plots.trajectories import jpca_panel, share_limits, trajectory_panel
from motorsim.plots.weights import weights_panel

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure, FigureBase

    from motorsim.plots.standard_inputs import (
        ActivityInputs,
        CircuitInputs,
        ComparisonInputs,
        MovementInputs,
        MuscleInputs,
        OverlayInputs,
        PopulationInputs,
        RangeInputs,
        StandardInputs,
        TrainingInputs,
    )

_PLANES_SHOWN = 2
_COLUMNS, _METRIC_COLUMNS, _RANGE_COLUMNS = 4, 3, 5
_KEY_WIDTH = 0.36


def standard_figures(inputs: StandardInputs) -> dict[str, Figure]:
    """Draw every figure whose part is given; return them by the name of their file.

    Raises
    ------
    InputError
        If no part is given, or a panel cannot use what it was given.
    """
    figures: dict[str, Figure] = {}
    with styled():
        if inputs.movement is not None:
            figures["figure_1_task"] = movement_figure(inputs.movement)
        if inputs.circuit is not None:
            figures["figure_2_circuit"] = circuit_figure(inputs.circuit)
        if inputs.activity is not None:
            figures["figure_3_units"] = units_figure(inputs.activity)
        if inputs.populations:
            figures["figure_4_populations"] = populations_figure(inputs.populations)
        if inputs.training:
            figures["figure_5_training"] = training_figure(inputs.training, inputs.overlay)
        if inputs.comparison is not None:
            figures["figure_6_comparison"] = comparison_figure(inputs.comparison)
        if inputs.spiking is not None:
            figures["figure_7_spikes"] = spiking_figure(inputs.spiking)
        if inputs.muscles is not None:
            figures["figure_muscles"] = muscles_figure(inputs.muscles)
    if not figures:
        raise InputError("inputs", "at least one part", "none")
    return figures


def movement_figure(inputs: MovementInputs) -> Figure:
    """Draw task, hand paths, hand speed and torques."""
    conditions = Conditions.of(inputs.reaches, held_out=inputs.held_out)
    fig = new_figure(height_mm=128.0)
    above, below = figure_rows(fig, (1.35, 1.0))
    task, paths = above.subplots(1, 2)
    task_panel(task, inputs.reaches, held_out=inputs.held_out)
    task.set_title("targets (open: held out)")
    hand_paths_panel(
        paths,
        inputs.hand_position_m,
        inputs.desired_position_m,
        reaches=inputs.reaches,
        held_out=inputs.held_out,
    )
    paths.set_title("hand paths (grey: desired)")
    speed, shoulder, elbow = below.subplots(1, 3)
    hand_speed_panel(
        speed,
        inputs.clock,
        inputs.hand_velocity_m_s,
        conditions,
        desired_velocity_m_s=inputs.desired_velocity_m_s,
    )
    for joint, (ax, name) in enumerate(((shoulder, "shoulder"), (elbow, "elbow"))):
        torque_panel(ax, inputs.clock, inputs.torque_nm[..., joint], conditions, joint=name)
    letter_panels((task, paths, speed, shoulder, elbow))
    legend_below(below, condition_key(conditions))
    return fig


def circuit_figure(inputs: CircuitInputs) -> Figure:
    """Draw spectrum, weights and amplification."""
    fig = new_figure(height_mm=68.0)
    spectrum, weights, amplification = fig.subplots(1, 3, width_ratios=(1.0, 1.25, 1.0))
    spectrum_panel(spectrum, inputs.eigenvalues, before=inputs.eigenvalues_before)
    weights_panel(weights, inputs.weights, excitatory=inputs.excitatory)
    amplification_panel(amplification, inputs.energies)
    letter_panels((spectrum, weights, amplification))
    return fig


def units_figure(inputs: ActivityInputs) -> Figure:
    """Draw example units, with a compass of the directions."""
    n_units = len(inputs.unit_names)
    n_rows = -(-(n_units + 1) // _COLUMNS)
    fig = new_figure(height_mm=42.0 * n_rows + 8.0)
    panels = panel_grid(fig, n_rows, _COLUMNS, n_units + 1)
    for unit, (ax, name) in enumerate(zip(panels[:-1], inputs.unit_names, strict=True)):
        example_unit_panel(ax, inputs.clock, inputs.rates_hz[..., unit], inputs.conditions, name=name)
        ax.set_ylabel("firing rate (Hz)" if unit % _COLUMNS == 0 else "")
        ax.set_xlabel(ax.get_xlabel() if unit + _COLUMNS >= n_units else "")
    direction_key(panels[-1], inputs.conditions)
    legend_below(fig, condition_key(inputs.conditions))
    return fig


def populations_figure(populations: Sequence[PopulationInputs]) -> Figure:
    """Draw trajectories in principal components and in jPCA planes, a row a population."""
    fig = new_figure(height_mm=56.0 * len(populations) + 8.0)
    widths = (*[1.0] * (1 + _PLANES_SHOWN), _KEY_WIDTH)
    axes = fig.subplots(len(populations), len(widths), squeeze=False, width_ratios=widths)
    rows = axes[:, :-1]
    for ax in axes[1:, -1]:
        ax.remove()
    direction_key(axes[0, -1], populations[0].conditions)
    by_unit: dict[tuple[str, str], list[Axes]] = {}
    for row, population in zip(rows, populations, strict=True):
        conditions, unit = population.conditions, population.score_unit
        labels = (f"PC 1 ({unit})", f"PC 2 ({unit})")
        trajectory_panel(row[0], population.scores[..., :2], conditions, labels=labels, title=population.name)
        by_unit.setdefault(("scores", unit), []).append(row[0])
        for plane, ax in enumerate(row[1:]):
            if plane >= len(population.jpca.projections):
                ax.set_axis_off()
                continue
            jpca_panel(ax, population.jpca, conditions, plane=plane, unit=population.jpca_unit)
            by_unit.setdefault((f"plane {plane}", population.jpca_unit), []).append(ax)
    for panels in by_unit.values():
        share_limits(panels)
    letter_panels(row[0] for row in rows)
    legend_below(fig, condition_key(populations[0].conditions))
    return fig


def training_figure(training: Sequence[TrainingInputs], overlay: OverlayInputs | None = None) -> Figure:
    """Draw the loss of every network and, where given, rates of cortex and network on test conditions."""
    fig = new_figure(height_mm=58.0 if overlay is None else 112.0)
    parts: list[FigureBase] = [fig] if overlay is None else figure_rows(fig, (1.0, 1.0))
    panels = list(parts[0].subplots(1, len(training), squeeze=False)[0])
    for ax, fit in zip(panels, training, strict=True):
        training_panel(
            ax,
            fit.training_loss,
            fit.validation_loss,
            fit.evaluated_at,
            best_iteration=fit.best_iteration,
            colour=candidate_look(fit.name).colour,
        )
        ax.set_title(fit.name, pad=18.0)
    if overlay is not None:
        panels += _draw_overlay(parts[1], overlay)
    letter_panels(panels)
    return fig


def comparison_figure(inputs: ComparisonInputs) -> Figure:
    """Draw every metric with its candidates, and the jPCA properties beside real cortex."""
    metrics = dict(inputs.metrics) or {str(name): "" for name in inputs.table["metric"].unique()}
    n_rows, n_range_rows = -(-len(metrics) // _METRIC_COLUMNS), -(-len(inputs.ranges) // _RANGE_COLUMNS)
    heights = (40.0 * n_rows + 8.0, 36.0 * n_range_rows + 8.0 * bool(n_range_rows))
    fig = new_figure(height_mm=sum(heights))
    parts: list[FigureBase] = figure_rows(fig, heights) if inputs.ranges else [fig]
    panels = panel_grid(parts[0], n_rows, _METRIC_COLUMNS, len(metrics))
    candidates = [list(metric_rows(inputs.table, metric)["candidate"]) for metric in metrics]
    named = _needs_names(candidates, _METRIC_COLUMNS)
    for ax, (metric, label), name in zip(panels, metrics.items(), named, strict=True):
        comparison_panel(ax, inputs.table, metric, label=label, named=name)
    legend_below(parts[0], comparison_key())
    letters = panels[:1]
    if inputs.ranges:
        letters += _draw_ranges(parts[1], inputs.ranges, n_range_rows)[:1]
    letter_panels(letters)
    return fig


def muscles_figure(inputs: MuscleInputs) -> Figure:
    """Draw recorded against fitted muscle activity."""
    fig = new_figure(height_mm=9.0 * len(inputs.labels) + 22.0)
    muscles_panel(
        fig.subplots(),
        inputs.clock,
        inputs.recorded,
        inputs.fitted,
        labels=inputs.labels,
        condition_labels=inputs.condition_labels,
        held_out=inputs.held_out,
        scale_bar=inputs.scale_bar,
    )
    legend_below(fig, muscles_key())
    return fig


def _draw_overlay(part: FigureBase, overlay: OverlayInputs) -> list[Axes]:
    widths = (*[1.0] * len(overlay.unit_names), _KEY_WIDTH)
    axes: list[Axes] = list(part.subplots(1, len(widths), squeeze=False, width_ratios=widths).flat)
    *panels, key = axes
    direction_key(key, overlay.conditions)
    for unit, (ax, name) in enumerate(zip(panels, overlay.unit_names, strict=True)):
        cortex, network = overlay.cortex_hz[..., unit], overlay.network_hz[..., unit]
        rates_overlay_panel(ax, overlay.clock, cortex, network, overlay.conditions, name=name)
        ax.set_ylabel("firing rate (Hz)" if unit == 0 else "")
    legend_below(part, overlay_key("cortex, held-out conditions", "network"))
    return panels


def _draw_ranges(part: FigureBase, ranges: Sequence[RangeInputs], n_rows: int) -> list[Axes]:
    from matplotlib.patches import Patch  # noqa: PLC0415 - slow to import

    panels = panel_grid(part, n_rows, _RANGE_COLUMNS, len(ranges))
    named = _needs_names([list(given.values) for given in ranges], _RANGE_COLUMNS)
    for ax, given, name in zip(panels, ranges, named, strict=True):
        jpca_range_panel(ax, given.values, given.real_range, label=given.label, named=name)
    legend_below(part, [Patch(color=REAL_COLOUR, label="range of real motor cortex")])
    return panels


def _needs_names(lists: Sequence[Sequence[str]], n_columns: int) -> list[bool]:
    """Say which panels of a grid name their rows: the first of a line, and where the list is another one."""
    return [index % n_columns == 0 or names != lists[index - 1] for index, names in enumerate(lists)]
