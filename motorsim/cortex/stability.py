"""Stability optimisation of a circuit's inhibition (Hennequin, Vogels & Gerstner 2014, Neuron)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.linalg import lapack, schur

from motorsim.checks import InputError, check_integer, check_positive
from motorsim.cortex.circuit import Circuit
from motorsim.cortex.random_weights import random_balanced_weights

if TYPE_CHECKING:
    from collections.abc import Callable

    from motorsim.streams import Seed
    from motorsim.types import BoolArray, FloatArray


@dataclass(frozen=True, eq=False)
class StabilityOptimisation:
    """A stability-optimised circuit and the certificate of its optimisation.

    ``abscissa`` holds the spectral abscissa before each iteration, (iteration + 1,), the last entry
    that of the circuit returned; ``reached`` says whether it met the target.
    """

    circuit: Circuit
    abscissa: FloatArray
    n_iterations: int
    reached: bool


@dataclass(frozen=True)
class SmoothedAbscissa:
    """Spectral abscissa of a matrix, its smooth upper bound's shift, and the gradient of the bound."""

    abscissa: float
    shift: float
    gradient: FloatArray


def smoothed_abscissa(weights: FloatArray, *, factor: float = 1.5, margin: float = 0.2) -> SmoothedAbscissa:
    """Differentiate the smoothed spectral abscissa of ``weights``.

    With alpha = max Re eig(W) and s = max(factor alpha, alpha + margin), solve
    (W - sI) Q + Q (W - sI)' = -2I and (W - sI)' P + P (W - sI) = -2I; the gradient of the smoothed
    abscissa with respect to W is P Q / tr(P Q) (Vanbiervliet et al. 2009; Hennequin et al. 2014). Both
    equations and alpha come from one real Schur decomposition.

    Parameters
    ----------
    weights
        (unit, unit).
    factor, margin
        How far above the abscissa the smooth bound lies.
    """
    n_units = len(weights)
    triangular, basis = schur(weights)
    abscissa = float(np.diag(triangular).max())
    shift = max(factor * abscissa, abscissa + margin)
    shifted = np.asfortranarray(triangular - shift * np.eye(n_units))
    right_side = np.asfortranarray(-2.0 * np.eye(n_units))
    controllability, scale, _ = lapack.dtrsyl(shifted, shifted, right_side, trana="N", tranb="T")
    controllability = controllability / scale
    observability, scale, _ = lapack.dtrsyl(shifted, shifted, right_side, trana="T", tranb="N")
    product = (observability / scale) @ controllability
    return SmoothedAbscissa(abscissa, shift, basis @ (product / np.trace(product)) @ basis.T)


def stability_optimised_weights(
    n_units: int = 200,
    *,
    rng: Seed,
    excitatory_fraction: float = 0.5,
    connection_probability: float = 0.1,
    spectral_radius: float = 10.0,
    inhibition_ratio: float = 3.0,
    target_abscissa: float = 0.15,
    learning_rate: float = 10.0,
    maximum_inhibitory_density: float = 0.4,
    max_iterations: int = 10_000,
    on_progress: Callable[[int, float], None] | None = None,
) -> StabilityOptimisation:
    """Grow a circuit: random balanced weights whose inhibition is optimised for stability.

    Gradient descent on the smoothed spectral abscissa over the I weights alone; after each step
    they are clipped to be inhibitory, thinned to the allowed density, and scaled so that in each target
    block (E, I) their mean is -gamma times the mean E weight (Hennequin et al. 2014, Experimental
    Procedures). E weights never change; the mean bounds the I weights, so no learning rate makes them
    diverge.

    Parameters
    ----------
    n_units, excitatory_fraction, connection_probability, spectral_radius, inhibition_ratio
        The random start, see `random_balanced_weights`.
    rng
        Seed of the random start, the only randomness.
    target_abscissa
        Stop once the spectral abscissa is this or less.
    learning_rate
        Size of a gradient step.
    maximum_inhibitory_density
        Largest fraction of the possible I connections kept.
    max_iterations
        Stop after as many steps in any case; ``reached`` is then False.
    on_progress
        Called with the iteration and its spectral abscissa.

    Raises
    ------
    InputError
        If a parameter is out of range.
    """
    max_iterations = check_integer("max_iterations", max_iterations)
    check_positive("learning_rate", learning_rate)
    if not 0.0 < maximum_inhibitory_density <= 1.0:
        raise InputError("maximum_inhibitory_density", "a number in (0, 1]", repr(maximum_inhibitory_density))
    initial = random_balanced_weights(
        n_units,
        rng=rng,
        excitatory_fraction=excitatory_fraction,
        connection_probability=connection_probability,
        spectral_radius=spectral_radius,
        inhibition_ratio=inhibition_ratio,
    )
    excitatory = np.arange(n_units) < round(excitatory_fraction * n_units)
    weights = initial.copy()
    abscissas = []
    for iteration in range(max_iterations + 1):
        bound = smoothed_abscissa(weights)
        abscissas.append(bound.abscissa)
        if on_progress is not None:
            on_progress(iteration, bound.abscissa)
        if bound.abscissa <= target_abscissa or iteration == max_iterations:
            break
        inhibition = weights[:, ~excitatory] - learning_rate * bound.gradient[:, ~excitatory]
        weights[:, ~excitatory] = _project_inhibition(
            inhibition, weights[:, excitatory], excitatory, inhibition_ratio, maximum_inhibitory_density
        )
    circuit = Circuit(weights, excitatory, initial, f"stability-optimised, {n_units} units")
    return StabilityOptimisation(
        circuit, np.array(abscissas), len(abscissas) - 1, reached=abscissas[-1] <= target_abscissa
    )


def _project_inhibition(
    inhibition: FloatArray,
    excitation: FloatArray,
    excitatory: BoolArray,
    ratio: float,
    maximum_density: float,
) -> FloatArray:
    """Clip to inhibition, drop self-connections and the weakest beyond the density, restore block means."""
    possible = ~np.eye(len(excitatory), dtype=bool)[:, ~excitatory]
    inhibition = np.minimum(inhibition, 0.0) * possible
    allowed = int(maximum_density * possible.sum())
    if np.count_nonzero(inhibition) > allowed:
        threshold = np.partition(inhibition, allowed, axis=None)[allowed]
        inhibition[inhibition >= threshold] = 0.0
    for block in (excitatory, ~excitatory):
        mean = inhibition[block].mean()
        if mean < 0:
            inhibition[block] *= -ratio * excitation[block].mean() / mean
    return inhibition
