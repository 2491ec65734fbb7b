"""jPCA: the planes in which a population's state rotates (Churchland, Cunningham et al. 2012, Nature 487).

The change of the state over one bin, x(t + dt) - x(t), is paired with the state x(t) at the bin's start, as
in the paper. For one plane that turns by w = 2 pi f dt a bin, its states isotropic, the skew-symmetric fit
then has eigenvalues +-i sin w, R^2 = cos^2(w / 2), and the unconstrained fit R^2 = 1; so frequencies are
arcsin(eigenvalue) / (2 pi dt), which gives f itself back for f < 1 / (4 dt).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import linalg

from motorsim.analysis.normalise import soft_norm_divisors
from motorsim.analysis.pca import principal_axes
from motorsim.analysis.rotation_planes import phase_statistics, project_planes, rotation_planes
from motorsim.analysis.samples import RANK_TOLERANCE, check_rates, check_remains
from motorsim.checks import InputError, check_integer, check_positive

if TYPE_CHECKING:
    from motorsim.types import FloatArray


@dataclass(frozen=True, eq=False)
class JPCA:
    """Rotational planes of a population and how well rotation describes it.

    R^2 is over the changes of the state in the principal components, its total sum of squares uncentred.

    Attributes
    ----------
    r2_best, r2_skew
        R^2 of dx/dt = M x with M unconstrained and with M = -M'.
    r2_best_top_plane, r2_skew_top_plane
        The same for the changes within the fastest plane only, predicted from all components.
    frequencies_hz
        Rotation frequency of each plane, (plane,), falling, not negative. The sign of a rotation means
        nothing here: every plane is turned so that its states rotate anticlockwise. Eigenvalues of 1 a bin
        and more, which need data that grow within a bin, are given as 1 / (4 dt).
    plane_variance_ratio
        Share of the TOTAL variance of the states (after normalisation and mean subtraction) in each plane,
        (plane,).
    captured_variance_ratio
        Share of the same total in all components; the sum over planes.
    planes
        Orthonormal axes of each plane in the space of normalised units, (plane, unit, 2). The first axis
        holds the larger spread over conditions at the first time; the farthest excursion along the second is
        positive.
    projections
        States in the planes, (plane, condition, time, 2).
    phase_differences_rad
        Angle from the state to its change, (plane, condition, time - 1), in (-pi, pi], the state being the
        mean of a bin's two ends so that a rotation gives pi/2 and an expansion 0 whatever the bin.
    phase_mean_rad, phase_resultant_length
        Their circular mean and resultant length (1: all alike), (plane,).
    best_matrix_per_s, skew_matrix_per_s
        M in the components, (component, component), for states as columns.
    components
        The principal components, (component, unit).
    divisors
        What each unit was divided by, (unit,); ones without soft normalisation.
    mean
        What was subtracted after that, (time, unit), or (1, unit) if the cross-condition mean was kept.
    """

    r2_best: float
    r2_skew: float
    r2_best_top_plane: float
    r2_skew_top_plane: float
    frequencies_hz: FloatArray
    plane_variance_ratio: FloatArray
    captured_variance_ratio: float
    planes: FloatArray
    projections: FloatArray
    phase_differences_rad: FloatArray
    phase_mean_rad: FloatArray
    phase_resultant_length: FloatArray
    best_matrix_per_s: FloatArray
    skew_matrix_per_s: FloatArray
    components: FloatArray
    divisors: FloatArray
    mean: FloatArray

    @property
    def r2_ratio(self) -> float:
        """Return r2_skew / r2_best: weak evidence alone, so show both beside it."""
        return self.r2_skew / self.r2_best

    def project(self, rates: FloatArray) -> FloatArray:
        """Project rates (condition, time, unit) of the same units and times: (plane, condition, time, 2).

        They are divided and centred by what the fitted data gave, so other conditions can be laid over them.
        """
        new = check_rates("rates", rates, n_units=len(self.divisors))
        if len(self.mean) not in {1, new.shape[1]}:
            mend = "the mean over conditions was subtracted at each time; fit with subtract_mean=False"
            raise InputError("rates", f"the {len(self.mean)} times of the fit", f"{new.shape[1]}", mend)
        return project_planes(new / self.divisors - self.mean, self.planes)


@dataclass(frozen=True, eq=False)
class States:
    """Rates made ready for dynamics: values (condition, time, unit), with the divisors and mean used."""

    values: FloatArray
    divisors: FloatArray
    mean: FloatArray


def jpca(
    rates: FloatArray,
    *,
    dt_s: float,
    n_components: int = 6,
    soft_norm_hz: float | None = 5.0,
    subtract_mean: bool = True,
) -> JPCA:
    """Fit rotational dynamics, dx/dt = M x with M = -M', in the leading principal components.

    The least-squares M solves S M + M S = dX'X - X'dX with S = X'X, X (sample, component) the states and dX
    their changes: exactly, in the eigenbasis of S. Method of Churchland et al. 2012, Supplementary; no
    iteration.

    Parameters
    ----------
    rates
        (condition, time, unit), in Hz where ``soft_norm_hz`` is given.
    dt_s
        Time between samples in seconds.
    n_components
        Principal components to fit in, even, no more than conditions.
    soft_norm_hz
        Constant of `soft_normalise`, Hz; ``None`` for states without units, which are not normalised.
    subtract_mean
        Subtract the mean over conditions at each time; otherwise only each unit's overall mean.

    Returns
    -------
    JPCA
        Fits, planes and projections.

    Raises
    ------
    InputError
        For rates that are not finite, do not differ between conditions or do not change in time; fewer than 2
        conditions or 3 times; an odd ``n_components`` or one above the conditions or the rank; ``dt_s`` <= 0.
    """
    dt = check_positive("dt_s", dt_s)
    checked = check_rates("rates", rates, least_conditions=2, least_times=3)
    _check_components(n_components, checked.shape[0])
    states = prepare_states(checked, soft_norm_hz=soft_norm_hz, subtract_mean=subtract_mean)
    components, variance_ratio = principal_axes(states.values.reshape(-1, checked.shape[2]), n_components)
    scores = states.values @ components.T
    before = scores[:, :-1].reshape(-1, n_components)
    change = np.diff(scores, axis=1).reshape(-1, n_components)
    best, skew = fit_dynamics(before, change)
    angles, planes = rotation_planes(skew, scores)
    projections = project_planes(scores, planes)
    phases, phase_mean, resultant = phase_statistics(projections)
    captured = scores.reshape(-1, n_components)
    variance = np.sum((captured.T @ captured @ planes) * planes, axis=(1, 2)) / np.sum(captured**2)
    return JPCA(
        r2_best=_r2(before, change, best),
        r2_skew=_r2(before, change, skew),
        r2_best_top_plane=_r2(before, change, best, planes[0]),
        r2_skew_top_plane=_r2(before, change, skew, planes[0]),
        frequencies_hz=np.arcsin(np.minimum(angles, 1.0)) / (2 * np.pi * dt),
        plane_variance_ratio=variance * variance_ratio.sum(),
        captured_variance_ratio=float(variance_ratio.sum()),
        planes=components.T @ planes,
        projections=projections,
        phase_differences_rad=phases,
        phase_mean_rad=phase_mean,
        phase_resultant_length=resultant,
        best_matrix_per_s=best / dt,
        skew_matrix_per_s=skew / dt,
        components=components,
        divisors=states.divisors,
        mean=states.mean,
    )


def prepare_states(rates: FloatArray, *, soft_norm_hz: float | None, subtract_mean: bool) -> States:
    """Normalise and centre rates (condition, time, unit) as `jpca` does."""
    divisors = np.ones(rates.shape[2]) if soft_norm_hz is None else soft_norm_divisors(rates, soft_norm_hz)
    values = rates / divisors
    mean = values.mean(axis=0) if subtract_mean else values.mean(axis=(0, 1))[None]
    values -= mean
    check_remains("rates", values, mean, "rates that differ between conditions")
    return States(values, divisors, mean)


def fit_dynamics(states: FloatArray, change: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return the best matrix and the best skew-symmetric matrix M for change = M state.

    Parameters
    ----------
    states, change
        (sample, component).

    Returns
    -------
    tuple
        Two arrays (component, component).

    Raises
    ------
    InputError
        If nothing changes, or if the states leave a direction of the components unvisited.
    """
    if np.abs(change).max() <= 1e-12 * np.abs(states).max():
        raise InputError("rates", "rates that change in time", "the same rates at all times")
    variance, basis = linalg.eigh(states.T @ states)
    if variance[0] <= RANK_TOLERANCE * variance[-1]:
        rank = int(np.sum(variance > RANK_TOLERANCE * variance[-1]))
        mend = "leave out the last time, which alone visits the rest, or ask for fewer components"
        raise InputError(
            "n_components", f"at most {rank}, the rank before the last time", f"{len(basis)}", mend
        )
    cross = basis.T @ (change.T @ states) @ basis
    best = basis @ (cross / variance) @ basis.T
    skew = basis @ ((cross - cross.T) / (variance[:, None] + variance)) @ basis.T
    return best, (skew - skew.T) / 2


def _check_components(n_components: int, n_conditions: int) -> None:
    check_integer("n_components", n_components, minimum=2)
    if n_components % 2:
        raise InputError("n_components", "an even number: a rotation takes two", f"{n_components}")
    if n_components > n_conditions:
        mend = "ask for fewer components or give more conditions"
        raise InputError("n_components", f"at most the {n_conditions} conditions", f"{n_components}", mend)


def _r2(states: FloatArray, change: FloatArray, matrix: FloatArray, axes: FloatArray | None = None) -> float:
    error = change - states @ matrix.T
    if axes is not None:
        error, change = error @ axes, change @ axes
    return 1.0 - float(np.sum(error**2) / np.sum(change**2))
