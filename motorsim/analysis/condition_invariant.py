"""Condition-invariant signal: what all reaches share (Kaufman et al. 2016, eNeuro 3(4) 0085-16)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from motorsim.analysis.pca import principal_axes
from motorsim.analysis.samples import check_rates, check_remains
from motorsim.checks import check_integer

if TYPE_CHECKING:
    from motorsim.types import FloatArray


@dataclass(frozen=True, eq=False)
class ConditionInvariant:
    """Response split into what all conditions share and what is tuned.

    Shares are of the total variance over conditions and times of the rates.

    Attributes
    ----------
    variance_ratio
        Share of the condition-invariant part; the rest is tuned.
    component_ratio
        Share of the largest condition-invariant component.
    tuned_component_ratios
        Shares of the leading tuned components, (component,).
    component
        Axis of the largest condition-invariant component, (unit,), of length 1.
    time_course
        The condition-invariant part along it, (time,), in the unit of the rates.
    tuned_components
        Axes of the leading tuned components, (component, unit).
    angle_rad
        Between the axis and the subspace of the tuned components: 0 inside it, pi / 2 orthogonal.
    random_angle_rad
        The same for a random axis: arccos(sqrt(components / units)).
    tuned_leakage
        Share of the tuned variance that lies along the axis.
    """

    variance_ratio: float
    component_ratio: float
    tuned_component_ratios: FloatArray
    component: FloatArray
    time_course: FloatArray
    tuned_components: FloatArray
    angle_rad: float
    random_angle_rad: float
    tuned_leakage: float

    @property
    def is_largest(self) -> bool:
        """Whether the condition-invariant component is larger than every tuned one."""
        return self.component_ratio > float(self.tuned_component_ratios[0])


def condition_invariant(rates: Any, *, n_tuned: int = 6) -> ConditionInvariant:
    """Split rates into a part that all conditions share and a tuned part, and compare their components.

    With m the mean over conditions and times, x(c, t) = m + s(t) + d(c, t): s is the mean over conditions
    less m, d the rest. Their variances add up to the total. The components of each are its own principal
    axes; nothing makes those of s and d orthogonal, so the angle between them is a finding (the demixed
    components of the paper are orthogonal by construction).

    Parameters
    ----------
    rates
        Trial averages, (condition, time, unit). Noise left in them counts as tuned.
    n_tuned
        Tuned components, the subspace for the angle.

    Returns
    -------
    ConditionInvariant
        Shares, axes and angles.

    Raises
    ------
    InputError
        If rates are not finite, there are fewer than 2 conditions or times, all conditions are alike, the
        mean over conditions does not change in time, or ``n_tuned`` is above the rank of the tuned part.
    """
    checked = check_rates("rates", rates, least_conditions=2, least_times=2)
    n_tuned = check_integer("n_tuned", n_tuned)
    shared = checked.mean(axis=0)
    tuned = (checked - shared).reshape(-1, checked.shape[2])
    shared = shared - shared.mean(axis=0)
    check_remains("rates", tuned, checked, "rates that differ between conditions")
    check_remains("rates", shared, checked, "a mean over conditions that changes in time")
    axis, axis_ratio = principal_axes(shared, 1)
    tuned_axes, tuned_ratios = principal_axes(tuned, n_tuned)
    shared_variance, tuned_variance = len(checked) * float(np.sum(shared**2)), float(np.sum(tuned**2))
    total = shared_variance + tuned_variance
    within = float(np.linalg.norm(tuned_axes @ axis[0]))
    return ConditionInvariant(
        variance_ratio=shared_variance / total,
        component_ratio=float(axis_ratio[0]) * shared_variance / total,
        tuned_component_ratios=tuned_ratios * tuned_variance / total,
        component=axis[0],
        time_course=shared @ axis[0],
        tuned_components=tuned_axes,
        angle_rad=float(np.arccos(min(within, 1.0))),
        random_angle_rad=float(np.arccos(np.sqrt(n_tuned / checked.shape[2]))),
        tuned_leakage=float(np.sum((tuned @ axis[0]) ** 2)) / tuned_variance,
    )
