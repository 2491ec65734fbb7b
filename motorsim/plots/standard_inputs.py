"""What the standard figures are drawn from: plain arrays and results, a part a figure, each part optional."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    import pandas as pd
    from numpy.typing import NDArray

    from motorsim.analysis import JPCA
    from motorsim.plots.conditions import Conditions
    from motorsim.plots.time_axis import TimeAxis
    from motorsim.task import Reaches
    from motorsim.types import BoolArray, FloatArray, IntArray


@dataclass(frozen=True, eq=False, kw_only=True)
class MovementInputs:
    """The task and what the hand did.

    Positions (m) and velocities (m/s) are (condition, time, 2), torques (N m) (condition, time, 2) for
    shoulder and elbow, ``held_out`` is boolean (condition,).
    """

    reaches: Reaches
    held_out: BoolArray
    clock: TimeAxis
    hand_position_m: FloatArray
    hand_velocity_m_s: FloatArray
    desired_position_m: FloatArray
    desired_velocity_m_s: FloatArray
    torque_nm: FloatArray


@dataclass(frozen=True, eq=False, kw_only=True)
class CircuitInputs:
    """A circuit: weights (unit, unit), signs (unit,), eigenvalues (unit,), energies (mode,) in tau / 2.

    ``eigenvalues_before`` are those before the optimisation, None where they are not known.
    """

    weights: FloatArray
    excitatory: BoolArray
    eigenvalues: NDArray[Any]
    energies: FloatArray
    eigenvalues_before: NDArray[Any] | None = None


@dataclass(frozen=True, eq=False, kw_only=True)
class ActivityInputs:
    """Rates (Hz) of chosen units, (condition, time, unit), and the units' names."""

    clock: TimeAxis
    conditions: Conditions
    rates_hz: FloatArray
    unit_names: Sequence[str]


@dataclass(frozen=True, eq=False, kw_only=True)
class PopulationInputs:
    """One population: its name, scores (condition, time, at least 2), jPCA, and the unit of both.

    Populations with the same ``score_unit`` or ``jpca_unit`` are drawn on the same limits.
    """

    name: str
    conditions: Conditions
    scores: FloatArray
    jpca: JPCA
    score_unit: str
    jpca_unit: str


@dataclass(frozen=True, eq=False, kw_only=True)
class TrainingInputs:
    """How one network was trained, as in `motorsim.train.Fit`."""

    name: str
    training_loss: FloatArray
    validation_loss: FloatArray
    evaluated_at: IntArray
    best_iteration: int


@dataclass(frozen=True, eq=False, kw_only=True)
class OverlayInputs:
    """Rates (Hz) of chosen units on test conditions, cortex and network, each (condition, time, unit)."""

    clock: TimeAxis
    conditions: Conditions
    cortex_hz: FloatArray
    network_hz: FloatArray
    unit_names: Sequence[str]


@dataclass(frozen=True, eq=False, kw_only=True)
class RangeInputs:
    """One jPCA property: its label with unit, the range of real cortex, and the value of each population."""

    label: str
    real_range: tuple[float, float]
    values: Mapping[str, float]


@dataclass(frozen=True, eq=False, kw_only=True)
class ComparisonInputs:
    """The table of a comparison (columns of `motorsim.plots.comparison.COLUMNS`) and the jPCA ranges.

    ``metrics`` says which metrics are drawn, in what order and with what title; all where it is empty.
    """

    table: pd.DataFrame
    metrics: Mapping[str, str] = field(default_factory=dict)
    ranges: Sequence[RangeInputs] = ()


@dataclass(frozen=True, eq=False, kw_only=True)
class SpikingInputs:
    """Spikes and single trials of a spiking cortex beside its rate form.

    Parameters
    ----------
    reaches, held_out
        The conditions, and which no fit has seen, boolean (condition,).
    clock
        Times and events.
    spike_unit, spike_time_s
        Spikes of one trial on that clock, (spike,), and ``example``, its condition.
    unit_excitatory, unit_preferred_rad
        Sign and preferred direction of the units, (unit,).
    hand_position_m, condition
        Single trials, (trial, time, 2) and (trial,).
    pool_hz, rate_form_hz, pool_names
        Rates of some pools in both forms, each (condition, time, pool), and their names.
    points_hz, correlation
        Changes of rate, rate form first, (2, point), and how the forms correlate over all of them.
    unit_rate_hz, unit_interval_cv
        (unit,), NaN where not known.
    """

    reaches: Reaches
    held_out: BoolArray
    clock: TimeAxis
    example: int
    spike_unit: IntArray
    spike_time_s: FloatArray
    unit_excitatory: BoolArray
    unit_preferred_rad: FloatArray
    hand_position_m: FloatArray
    condition: IntArray
    pool_hz: FloatArray
    rate_form_hz: FloatArray
    pool_names: Sequence[str]
    points_hz: FloatArray
    correlation: float
    unit_rate_hz: FloatArray
    unit_interval_cv: FloatArray


@dataclass(frozen=True, eq=False, kw_only=True)
class MuscleInputs:
    """Recorded and fitted activity of muscles, as `motorsim.plots.muscles_panel` takes them."""

    clock: TimeAxis
    recorded: FloatArray
    fitted: FloatArray
    labels: Sequence[str]
    condition_labels: Sequence[str]
    held_out: BoolArray
    scale_bar: tuple[float, str] | None = None


@dataclass(frozen=True, eq=False, kw_only=True)
class StandardInputs:
    """Everything the standard figures show; a part that is missing leaves its figure out."""

    movement: MovementInputs | None = None
    circuit: CircuitInputs | None = None
    activity: ActivityInputs | None = None
    populations: Sequence[PopulationInputs] = ()
    training: Sequence[TrainingInputs] = ()
    overlay: OverlayInputs | None = None
    comparison: ComparisonInputs | None = None
    spiking: SpikingInputs | None = None
    muscles: MuscleInputs | None = None
