"""Stability optimisation of a circuit's inhibition (Hennequin, Vogels & Gerstner 2014, Neuron)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from motorsim.checks import InputError, check_integer, check_number, check_positive
from motorsim.cortex.circuit import Circuit, count_dale_violations
from motorsim.cortex.random_weights import random_balanced_weights
from motorsim.cortex.smoothed_abscissa import smoothed_abscissa

if TYPE_CHECKING:
    from collections.abc import Callable

    from motorsim.streams import Seed
    from motorsim.types import BoolArray, FloatArray


@dataclass(frozen=True, eq=False)
class StabilityOptimisation:
    """A stability-optimised circuit and the certificate of its optimisation.

    ``abscissa`` holds the spectral abscissa before each iteration, (iteration + 1,), the last entry that of
    the circuit returned; with a lag, both are `augmented_abscissa`. ``reached`` says whether it met the
    target. ``tau_s`` and ``lag_s`` are those it was optimised for.
    """

    circuit: Circuit
    abscissa: FloatArray
    n_iterations: int
    reached: bool
    tau_s: float
    lag_s: float

    def certificate(self) -> dict[str, float | int | bool]:
        """Measure what the optimisation promises on the circuit it returned.

        Returns
        -------
        dict
            Iterations; whether the target was reached; abscissa before and after, the augmented ones where
            there is a lag, and that of W alone; the lag and time constant in seconds; density of E and of I;
            whether every column has one sign, no unit connects to itself, and E weights are the initial ones;
            and the ratio of mean I to mean E weight (negative) onto E and onto I units.
        """
        circuit = self.circuit
        onto_e, onto_i = (_balance(circuit.weights[block], circuit.excitatory) for block in _blocks(circuit))
        before = circuit.weights if circuit.initial_weights is None else circuit.initial_weights
        excitation = circuit.weights[:, circuit.excitatory]
        return {
            "iterations": self.n_iterations,
            "reached_target": self.reached,
            "tau_s": self.tau_s,
            "lag_s": self.lag_s,
            "abscissa_before": float(self.abscissa[0]),
            "abscissa_after": float(self.abscissa[-1]),
            "abscissa_without_lag": circuit.spectral_abscissa,
            "density_excitatory": circuit.density(excitatory=True),
            "density_inhibitory": circuit.density(excitatory=False),
            "dales_law_held": count_dale_violations(circuit.weights, circuit.excitatory) == 0,
            "no_self_connections": not np.diag(circuit.weights).any(),
            "excitation_unchanged": bool(np.array_equal(excitation, before[:, circuit.excitatory])),
            "balance_onto_excitatory": onto_e,
            "balance_onto_inhibitory": onto_i,
        }


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
    smoothing_margin: float = 0.2,
    tau_s: float = 0.2,
    lag_s: float = 0.0,
    on_progress: Callable[[int, float], None] | None = None,
) -> StabilityOptimisation:
    """Grow a circuit: random balanced weights whose inhibition is optimised for stability.

    Parameters
    ----------
    n_units, excitatory_fraction, connection_probability, spectral_radius, inhibition_ratio
        The random start, see `random_balanced_weights`.
    rng
        Seed of the random start, the only randomness.
    target_abscissa, learning_rate, maximum_inhibitory_density, max_iterations, smoothing_margin, tau_s, lag_s
        The optimisation, see `optimise_stability`.
    on_progress
        Called with the iteration and its abscissa.

    Raises
    ------
    InputError
        If a parameter is out of range.
    """
    weights = random_balanced_weights(
        n_units,
        rng=rng,
        excitatory_fraction=excitatory_fraction,
        connection_probability=connection_probability,
        spectral_radius=spectral_radius,
        inhibition_ratio=inhibition_ratio,
    )
    excitatory = np.arange(n_units) < round(excitatory_fraction * n_units)
    return optimise_stability(
        Circuit(weights, excitatory),
        inhibition_ratio=inhibition_ratio,
        target_abscissa=target_abscissa,
        learning_rate=learning_rate,
        maximum_inhibitory_density=maximum_inhibitory_density,
        max_iterations=max_iterations,
        smoothing_margin=smoothing_margin,
        tau_s=tau_s,
        lag_s=lag_s,
        on_progress=on_progress,
    )


def optimise_stability(
    initial: Circuit,
    *,
    inhibition_ratio: float = 3.0,
    target_abscissa: float = 0.15,
    learning_rate: float = 10.0,
    maximum_inhibitory_density: float = 0.4,
    max_iterations: int = 10_000,
    smoothing_margin: float = 0.2,
    tau_s: float = 0.2,
    lag_s: float = 0.0,
    on_progress: Callable[[int, float], None] | None = None,
) -> StabilityOptimisation:
    """Optimise the inhibition of a given circuit for stability.

    Gradient descent on the smoothed spectral abscissa over the I weights alone; after each step
    they are clipped to be inhibitory, thinned to the allowed density, and scaled so that in each target
    block (E, I) their mean is -gamma times the mean E weight (Hennequin et al. 2014, Experimental
    Procedures). E weights never change; the mean bounds the I weights, so no learning rate makes them
    diverge.

    Parameters
    ----------
    initial
        Where the descent starts; a circuit optimised without lag is a good start for one with.
    inhibition_ratio
        gamma, more than there are E units for each I unit.
    target_abscissa
        Stop once the spectral abscissa, with a lag the augmented one, is this or less.
    learning_rate
        Size of a gradient step.
    maximum_inhibitory_density
        Largest fraction of the possible I connections kept.
    max_iterations
        Stop after as many steps in any case; ``reached`` is then False.
    smoothing_margin
        How far above the abscissa the smooth bound lies at least, see `smoothed_abscissa`. The descent
        lowers the energy of all responses to the circuit shifted there, so a larger margin stabilises less
        and leaves the most amplified modes smaller: with a lag of 5 ms, 0.2 lets the top energy grow, 0.6
        does not.
    tau_s, lag_s
        Time constant of the slow states and the lag of the rates behind them, see `augmented_spectrum`;
        without a lag neither matters.
    on_progress
        Called with the iteration and its abscissa.

    Returns
    -------
    StabilityOptimisation
        Its circuit's ``initial_weights`` are those of ``initial`` where it has them, else its weights.

    Raises
    ------
    InputError
        If a parameter is out of range, or ``initial`` has no E and I units.
    """
    max_iterations = check_integer("max_iterations", max_iterations)
    check_positive("learning_rate", learning_rate)
    check_positive("smoothing_margin", smoothing_margin)
    check_number("target_abscissa", target_abscissa)
    lag_ratio = check_positive("lag_s", lag_s, allow_zero=True) / check_positive("tau_s", tau_s)
    if not 0.0 < maximum_inhibitory_density <= 1.0:
        raise InputError("maximum_inhibitory_density", "a number in (0, 1]", repr(maximum_inhibitory_density))
    excitatory = initial.excitatory
    _check_balance(excitatory, inhibition_ratio)
    weights = initial.weights.copy()
    abscissas = []
    for iteration in range(max_iterations + 1):
        bound = smoothed_abscissa(weights, lag_ratio=lag_ratio, margin=smoothing_margin)
        abscissas.append(bound.abscissa)
        if on_progress is not None:
            on_progress(iteration, bound.abscissa)
        if bound.abscissa <= target_abscissa or iteration == max_iterations:
            break
        inhibition = weights[:, ~excitatory] - learning_rate * bound.gradient[:, ~excitatory]
        weights[:, ~excitatory] = _project_inhibition(
            inhibition, weights[:, excitatory], excitatory, inhibition_ratio, maximum_inhibitory_density
        )
    before = initial.weights if initial.initial_weights is None else initial.initial_weights
    lag = f" for a lag of {1e3 * lag_s:g} ms" if lag_s > 0 else ""
    source = f"stability-optimised{lag}, {initial.n_units} units"
    return StabilityOptimisation(
        Circuit(weights, excitatory, before, source),
        np.array(abscissas),
        len(abscissas) - 1,
        reached=abscissas[-1] <= target_abscissa,
        tau_s=tau_s,
        lag_s=lag_s,
    )


def _check_balance(excitatory: BoolArray, inhibition_ratio: float) -> None:
    """Raise `InputError` where inhibition, on average, cannot outweigh excitation."""
    n_excitatory, n_inhibitory = int(excitatory.sum()), int((~excitatory).sum())
    if not n_excitatory or not n_inhibitory:
        got = f"{n_excitatory} E and {n_inhibitory} I units"
        raise InputError("initial", "a circuit with excitatory and inhibitory units", got)
    least_ratio = n_excitatory / n_inhibitory
    if check_positive("inhibition_ratio", inhibition_ratio) <= least_ratio:
        expected = f"more than {least_ratio:.3g}, the E units for each I unit"
        mend = "below that excitation outweighs inhibition in every unit and no optimisation can help"
        raise InputError("inhibition_ratio", expected, f"{inhibition_ratio:g}", mend)


def _blocks(circuit: Circuit) -> tuple[BoolArray, BoolArray]:
    return circuit.excitatory, ~circuit.excitatory


def _balance(weights: FloatArray, excitatory: BoolArray) -> float:
    """Mean I over mean E weight onto some units, (unit, presynaptic unit)."""
    return float(weights[:, ~excitatory].mean() / weights[:, excitatory].mean())


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
