"""Control populations: what a candidate has to beat."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from motorsim.analysis import shuffle_conditions, smooth_random, tuning_model
from motorsim.analysis.samples import check_mask
from motorsim.checks import InputError, check_array, check_positive
from motorsim.compare.pair import check_population
from motorsim.compare.smoothness import length_scale_of, tuned_rates

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
    reference: Population,
    *,
    rng: Seed,
    fit_on: BoolArray,
    targets_m: FloatArray,
    target_length_m: float = 0.05,
    length_scale_s: float | None = None,
) -> Population:
    """Draw Gaussian rates that are smooth in time and over targets, as large as the reference, else random.

    Conditions with near targets get like rates, by the kernel exp(-distance^2 / (2 target_length^2)) after
    its mean over the fit conditions is taken out; conditions with one target get the same. Over the fit
    conditions the covariance of the units, in expectation, and the units' means are the reference's; there is
    no time course that all of them share, no change of variance over time, and rates may be negative.

    Nothing of the reference's other conditions enters. A condition covariance taken from all of them would
    make the draw depart on held-out conditions exactly where the reference does, and a regression on many
    such units would then predict conditions that nobody showed it.

    A condition shuffle is easier to beat: many random functions that are smooth in target and time are a
    basis in which a regression finds much of any smooth reference, held-out conditions included.

    Parameters
    ----------
    reference
        Rates, (condition, time, unit), at least 2 times.
    rng
        Seed or generator.
    fit_on
        Conditions that may be seen, mask (condition,), at least 2.
    targets_m
        Targets of the conditions, (condition, 2).
    target_length_m
        Length of the kernel over targets.
    length_scale_s
        Of the Gaussian kernel in time; if not given, the one that gives the reference's own mean squared
        change over one sample.

    Returns
    -------
    Population
        Random rates of all conditions, labelled as the reference.

    Raises
    ------
    InputError
        If conditions or times are too few, fit conditions or their targets do not differ, the reference
        changes from sample to sample as much as independent draws would, or an argument cannot be used.
    """
    check_population("reference", reference)
    fit = check_mask("fit_on", fit_on, reference.n_samples)
    if fit.sum() < 2:
        raise InputError("fit_on", "at least 2 conditions", f"{int(fit.sum())}")
    targets = check_array("targets_m", targets_m, ("condition", "axis"), shape=(reference.n_samples, 2))
    tuned = tuned_rates(reference.rates[fit])
    flat = tuned.reshape(-1, reference.n_units)
    draw = smooth_random(
        *reference.rates.shape,
        dt_s=reference.dt_s,
        length_scale_s=length_scale_of(tuned, reference.dt_s)
        if length_scale_s is None
        else check_positive("length_scale_s", length_scale_s),
        rng=rng,
        condition_covariance=_target_covariance(
            targets, fit, check_positive("target_length_m", target_length_m)
        ),
        unit_covariance=flat.T @ flat / len(flat),
    )
    return replace(reference, rates=draw + reference.rates[fit].mean(axis=(0, 1)))


def _target_covariance(targets_m: FloatArray, fit_on: BoolArray, length_m: float) -> FloatArray:
    """Return the kernel (condition, condition) about the mean over ``fit_on``, of mean variance 1 there."""
    squared = np.sum((targets_m[:, None] - targets_m) ** 2, axis=2)
    kernel = np.exp(-squared / (2 * length_m**2))
    centring = np.eye(len(kernel)) - fit_on / fit_on.sum()
    centred: FloatArray = centring @ kernel @ centring.T
    variance = float(np.diag(centred)[fit_on].mean())
    if variance < 1e-10:
        raise InputError(
            "targets_m", "targets of the fit conditions that differ", f"less than {length_m:g} m by far"
        )
    return centred / variance
