"""Parallel analysis: how many components stand out from data without correlations (Horn 1965)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import linalg

from motorsim.analysis.samples import check_rates, check_varies, name_constant_units
from motorsim.checks import InputError, check_choice, check_integer, check_number
from motorsim.streams import stream

if TYPE_CHECKING:
    from collections.abc import Iterator

    from motorsim.streams import Seed
    from motorsim.types import FloatArray


@dataclass(frozen=True, eq=False)
class ParallelAnalysis:
    """Variances of principal components beside those of surrogates in which units are independent.

    Attributes
    ----------
    n_components
        Leading components above their threshold, up to the first that is not.
    variances
        Of the data, falling, (component,); standardised units have variance 1 (ddof 0) each.
    thresholds
        Percentile over surrogates of the variance of the same rank, (component,).
    p_values
        (1 + surrogates whose variance of that rank is no smaller) / (1 + surrogates), (component,).
    """

    n_components: int
    variances: FloatArray
    thresholds: FloatArray
    p_values: FloatArray


def parallel_analysis(
    rates: FloatArray,
    *,
    rng: Seed,
    null: str = "covariance",
    standardise: bool = True,
    percentile: float = 95.0,
    n_random: int = 200,
) -> ParallelAnalysis:
    """Count the principal components larger than those of independent units.

    After a strong component the rest of the data holds less variance than the surrogates, so weak ones are
    missed rather than invented.

    Parameters
    ----------
    rates
        (condition|trial, time, unit), any unit.
    rng
        Seed or generator.
    null
        ``"covariance"``: Gaussian units, each with its own variance and all with the covariance over times
        of the data, conditions independent, which is what smooth rates need. ``"shuffle"``: each unit's
        samples in random order, which keeps its distribution and loses its smoothness; right only for
        samples that are independent, or every smooth rate counts as a component.
    standardise
        Divide each unit by its standard deviation first, as Horn did.
    percentile
        Of the surrogates' variances, above 0 and below 100.
    n_random
        Surrogates to draw.

    Returns
    -------
    ParallelAnalysis
        The number and the two spectra.

    Raises
    ------
    InputError
        If rates are not finite, units are constant (named by index) though they are to be standardised,
        there is one unit, or the covariance null has a single condition.
    """
    kind = check_choice("null", null, ("covariance", "shuffle"))
    checked = check_rates("rates", rates, least_conditions=2 if kind == "covariance" else 1)
    if checked.shape[2] < 2:
        raise InputError("rates", "at least 2 units", "1", "correlations between units need two")
    level = check_number("percentile", percentile)
    if not 0 < level < 100:
        raise InputError("percentile", "a number above 0 and below 100", f"{percentile}")
    draws = check_integer("n_random", n_random)
    centred = _centre(checked, standardise=standardise)
    variances = _spectrum(centred.reshape(-1, centred.shape[2]))
    generator = stream(rng, "parallel analysis")
    surrogates = np.stack([_spectrum(draw) for draw in _draws(centred, kind, generator, draws)])
    thresholds = np.percentile(surrogates, level, axis=0)
    above = variances > thresholds
    n_components = len(above) if above.all() else int(np.argmin(above))
    p_values = (1 + np.sum(surrogates >= variances, axis=0)) / (1 + draws)
    return ParallelAnalysis(n_components, variances, thresholds, p_values)


def _centre(rates: FloatArray, *, standardise: bool) -> FloatArray:
    check_varies("rates", rates.reshape(-1, rates.shape[2]))
    centred: FloatArray = rates - rates.mean(axis=(0, 1))
    if not standardise:
        return centred
    name_constant_units("rates", np.ptp(rates, axis=(0, 1)) == 0, "leave these units out")
    centred /= np.sqrt(np.mean(centred**2, axis=(0, 1)))
    return centred


def _draws(centred: FloatArray, kind: str, generator: np.random.Generator, n: int) -> Iterator[FloatArray]:
    samples = centred.reshape(-1, centred.shape[2])
    if kind == "shuffle":
        return (generator.permuted(samples, axis=0) for _ in range(n))
    spread = np.sqrt(np.mean(samples**2, axis=0))
    standard = centred / np.where(spread > 0, spread, 1.0)
    by_time = standard.transpose(1, 0, 2).reshape(centred.shape[1], -1)
    values, vectors = linalg.eigh(by_time @ by_time.T / (len(centred) * np.sum(spread > 0)))
    root = vectors * np.sqrt(np.maximum(values, 0.0))
    drawn = (root @ generator.standard_normal(centred.shape) * spread for _ in range(n))
    return (draw.reshape(samples.shape) for draw in drawn)


def _spectrum(samples: FloatArray) -> FloatArray:
    """Return the variances (ddof 0) of the principal components of samples (sample, unit), falling."""
    centred = samples - samples.mean(axis=0)
    n_samples, n_units = centred.shape
    gram = centred.T @ centred if n_units <= n_samples else centred @ centred.T
    values: FloatArray = linalg.eigvalsh(gram)[::-1] / n_samples
    return values
