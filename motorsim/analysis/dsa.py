"""Dynamical similarity analysis: how far two populations are from following one rule."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from motorsim.analysis.delay_model import DelayModel, delay_model
from motorsim.analysis.dynamics_distance import dynamics_distance, eigenvalue_distance

if TYPE_CHECKING:
    from motorsim.types import FloatArray


@dataclass(frozen=True, eq=False)
class DSA:
    """Distances between the dynamics of two populations, and how well their models fit.

    Attributes
    ----------
    angular_distance_rad
        Angle between the two matrices of dynamics under the best rotation of axes, 0 (the same) to pi.
    euclidean_distance
        Their Frobenius distance under that rotation, from 0.
    eigenvalue_distance
        Wasserstein-2 distance of their eigenvalues, from 0: the secondary view, blind to non-normality.
    rotation
        Orthogonal C that brings C B C' nearest to A, (coordinate, coordinate).
    model_a, model_b
        The delay models; a distance means little where their ``skill`` is low.
    """

    angular_distance_rad: float
    euclidean_distance: float
    eigenvalue_distance: float
    rotation: FloatArray
    model_a: DelayModel
    model_b: DelayModel


def dsa(
    a: FloatArray,
    b: FloatArray,
    *,
    n_delays: int,
    rank: int,
    axes: str = "variance",
    whiten: bool = False,
) -> DSA:
    """Fit a delay model to each population and compare their matrices up to a rotation of axes.

    Ostrow et al. (2023, NeurIPS). Conditions, times and units need not be shared, the time step must be: the
    shorter it is, the more both matrices are the identity and the smaller every angle.

    Parameters
    ----------
    a, b
        (condition, time, unit), samples evenly spaced in time, with one time step for both.
    n_delays, rank, axes, whiten
        As of `delay_model`, the same for both. Not whitened, the distance is blind to rotation, shift and an
        overall scale of the units. Whitened, as published, it is blind to any invertible linear map if the
        rank is full: two linear images of each other are one system, and a non-normal system is nearly one
        with the normal system of the same eigenvalues.

    Returns
    -------
    DSA
        Distances and models.

    Raises
    ------
    InputError
        As `delay_model`.
    """
    models = [
        delay_model(rates, n_delays=n_delays, rank=rank, axes=axes, whiten=whiten, name=name)
        for name, rates in (("a", a), ("b", b))
    ]
    return compare_dynamics(*models)


def compare_dynamics(a: DelayModel, b: DelayModel) -> DSA:
    """Compare two delay models, which many pairs can share, as `dsa` does.

    Raises
    ------
    InputError
        If their ranks differ.
    """
    best = dynamics_distance(a.dynamics, b.dynamics)
    return DSA(
        angular_distance_rad=best.angular_distance_rad,
        euclidean_distance=best.euclidean_distance,
        eigenvalue_distance=eigenvalue_distance(a.dynamics, b.dynamics),
        rotation=best.rotation,
        model_a=a,
        model_b=b,
    )
