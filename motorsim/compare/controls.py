"""Control populations: what a candidate has to beat."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from motorsim.analysis import shuffle_conditions, smooth_random, subtract_condition_mean, tuning_model
from motorsim.analysis.samples import check_mask
from motorsim.checks import InputError, check_array, check_positive
from motorsim.compare.pair import check_population

if TYPE_CHECKING:
    from motorsim.population import Population
    from motorsim.streams import Seed
    from motorsim.types import BoolArray, FloatArray


def task_only(
    reference: Population,
    directions_rad: FloatArray,
    distances_m: FloatArray,
    fit_on: BoolArray,
    *,
    n_harmonics: int = 2,
    distance_degree: int = 1,
) -> Population:
    """Predict the reference from its targets and time alone, without any dynamics.

    Parameters
    ----------
    reference
        Rates, (condition, time, unit).
    directions_rad, distances_m
        Targets of the conditions, (condition,).
    fit_on
        Conditions to fit on, mask (condition,).
    n_harmonics, distance_degree
        As for `motorsim.analysis.tuning_model`.

    Returns
    -------
    Population
        Predicted rates of all conditions and units, labelled as the reference.

    Raises
    ------
    InputError
        If the shapes do not fit or the fit conditions hold too few targets.
    """
    check_population("reference", reference)
    fit = check_mask("fit_on", fit_on, reference.n_samples)
    n = reference.n_samples
    directions = check_array("directions_rad", directions_rad, ("condition",), shape=(n,))
    distances = check_array("distances_m", distances_m, ("condition",), shape=(n,))
    model = tuning_model(
        reference.rates[fit],
        directions[fit],
        distances[fit],
        n_harmonics=n_harmonics,
        distance_degree=distance_degree,
    )
    return replace(reference, rates=model.predict(directions, distances))


def shuffled(population: Population, *, rng: Seed) -> Population:
    """Return the population with its conditions in random order under the labels as they were.

    Raises
    ------
    InputError
        If it holds trials or one condition only.
    """
    check_population("population", population)
    return replace(population, rates=shuffle_conditions(population.rates, rng=rng))


def smooth_random_like(
    reference: Population, *, rng: Seed, length_scale_s: float | None = None
) -> Population:
    """Draw Gaussian rates as smooth and as large as the reference's tuned part, and otherwise random.

    Each unit keeps its mean; the covariance between units and that between conditions are, in expectation,
    those of the reference after its cross-condition mean is subtracted. There is no time course that all
    conditions share, no change of variance over time, and rates may be negative.

    A condition shuffle is easier to beat: many random functions that are smooth in target and time are a
    basis in which a regression finds much of any smooth reference, held-out conditions included.

    Parameters
    ----------
    reference
        Rates, (condition, time, unit), at least 2 conditions and 2 times.
    rng
        Seed or generator.
    length_scale_s
        Of the Gaussian kernel, seconds; if not given, the one that gives the reference's own mean squared
        change over one sample.

    Returns
    -------
    Population
        Random rates, labelled as the reference.

    Raises
    ------
    InputError
        If conditions or times are too few, conditions do not differ, or the reference changes from sample to
        sample as much as independent draws would.
    """
    check_population("reference", reference)
    if reference.n_times < 2:
        raise InputError("reference", "at least 2 times", f"{reference.n_times}")
    tuned = subtract_condition_mean(reference.rates)
    total = float(np.sum(tuned**2))
    if total <= 1e-20 * float(np.sum(reference.rates**2)):
        raise InputError("reference", "rates that differ between conditions", "the same rates in all")
    n_conditions, n_times, n_units = tuned.shape
    flat = tuned.reshape(-1, n_units)
    by_condition = tuned.reshape(n_conditions, -1)
    draw = smooth_random(
        n_conditions,
        n_times,
        n_units,
        dt_s=reference.dt_s,
        length_scale_s=_length_scale_s(tuned, reference.dt_s)
        if length_scale_s is None
        else check_positive("length_scale_s", length_scale_s),
        rng=rng,
        condition_covariance=by_condition @ by_condition.T * (n_conditions / total),
        unit_covariance=flat.T @ flat / len(flat),
    )
    return replace(reference, rates=draw + reference.rates.mean(axis=(0, 1)))


def _length_scale_s(tuned: FloatArray, dt_s: float) -> float:
    """Return the length scale at which a Gaussian kernel falls over one sample as the data do.

    E[(x(t + dt) - x(t))^2] = 2 variance (1 - exp(-dt^2 / (2 length_scale^2))).
    """
    change = float(np.mean(np.diff(tuned, axis=1) ** 2))
    correlation = 1.0 - change / (2.0 * float(np.mean(tuned**2)))
    if not 0.0 < correlation < 1.0:
        raise InputError(
            "reference",
            "rates that change smoothly in time",
            f"a correlation of {correlation:.3g} from one sample to the next",
            "smooth them, or give length_scale_s",
        )
    return dt_s / float(np.sqrt(-2.0 * np.log(correlation)))
