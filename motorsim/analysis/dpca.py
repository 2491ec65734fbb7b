"""Demixed principal component analysis (Kobak, Brendel et al. 2016, eLife 5:e10989)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from motorsim.analysis.demixing import (
    check_regularisation,
    check_sizes,
    choose_regularisation,
    demix,
    explained,
    marginal_parts,
)
from motorsim.analysis.factor_trials import check_factor_trials
from motorsim.analysis.marginalisation import TIME, name_marginalisations
from motorsim.analysis.samples import check_varies
from motorsim.checks import InputError, check_array, check_integer

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from motorsim.streams import Seed
    from motorsim.types import FloatArray


@dataclass(frozen=True, eq=False)
class DPCA:
    """Demixed components, by falling variance explained.

    Shares are of the total variance of the trial averages, each unit centred, every condition and time
    weighing the same: sums of squares, the formula of the authors' MATLAB code (which gives per cent).

    Attributes
    ----------
    marginalisation
        Name of the one each component belongs to, (component,).
    decoders
        (component, unit): rates, less ``mean``, times these give the components.
    encoders
        Axes of length 1 along which a component is put back, (component, unit), orthogonal within a
        marginalisation only; the entry of the largest size in each is positive.
    mean
        Of each unit over conditions and times, (unit,).
    components
        The trial averages' components, (component, factor, ..., time).
    variance_ratio
        Share explained by each component alone, 1 - |X - F D X|^2 / |X|^2, (component,); encoders are not
        orthogonal, so the shares do not add up.
    marginal_variance_ratio
        The same of the part of each component in each marginalisation, (marginalisation, component), in the
        order of ``marginal_ratio``.
    cumulative_variance_ratio
        Share explained by the leading components together, (component,).
    pca_variance_ratio
        What as many principal components explain, (component,): the most that is possible.
    marginal_ratio
        Share of the total variance in each marginalisation, by name; they add up to 1.
    regularisation
        The strength used.
    cross_validation_error
        For each strength tried, the error with which left-out trials give the marginalisations of the
        others, a share of their variance, (strength,); empty if none was chosen.
    """

    marginalisation: tuple[str, ...]
    decoders: FloatArray
    encoders: FloatArray
    mean: FloatArray
    components: FloatArray
    variance_ratio: FloatArray
    marginal_variance_ratio: FloatArray
    cumulative_variance_ratio: FloatArray
    pca_variance_ratio: FloatArray
    marginal_ratio: dict[str, float]
    regularisation: float
    cross_validation_error: FloatArray

    def transform(self, rates: FloatArray) -> FloatArray:
        """Project rates (..., unit) on the decoders: (..., component)."""
        new = check_array("rates", rates)
        if new.ndim == 0 or new.shape[-1] != len(self.mean):
            raise InputError(
                "rates", f"the {len(self.mean)} units of the fit along the last axis", f"{new.shape}"
            )
        return (new - self.mean) @ self.decoders.T


def dpca(
    trial_rates_by_factor: Any,
    *,
    factors: Sequence[str],
    n_components: int | Mapping[str, int] = 3,
    join: Sequence[Sequence[str]] | None = None,
    regularisation: float | Sequence[float] | None = None,
    simultaneous: bool = True,
    rng: Seed,
    n_splits: int = 10,
) -> DPCA:
    """Find, for each marginalisation X_m, the decoders D and encoders F that give it best from all rates X.

    F, D minimise |X_m - F D X|^2 + tr(F D C D' F') + mu |F D|^2: a reduced-rank regression in closed form. C
    is the noise of single trials about their averages (0 where there is one trial only) and
    mu = (regularisation |X|)^2. The leading directions are those of the whole loss, its penalties included;
    the authors' Python package does so too, their MATLAB code leaves the penalties out of that last step.

    Parameters
    ----------
    trial_rates_by_factor
        Single trials (trial, factor, ..., time, unit), at least 2 of every condition; conditions with fewer
        trials filled up with NaN (at all times). Or lists nested by factor, (trial, time, unit) in each
        condition. One trial stands for averages.
    factors
        Name of each factor, without time.
    n_components
        Components of each marginalisation, at most so many as its rank; or a number for each name, where
        names left out get none.
    join
        Groups of marginalisations to join, such as ``[("stimulus", "stimulus-time")]``; if not given, each
        with its interaction with time.
    regularisation
        Strength, or strengths to choose from by cross-validation; 1e-4 to 1 if not given.
    simultaneous
        Whether units were recorded together: trials are then drawn for all units at once and the noise is a
        full covariance; otherwise each unit draws its own and the noise is independent. Units may then miss
        trials apart.
    rng
        Seed or generator, which draws the trials left out.
    n_splits
        Splits of the trials to choose the strength by; one trial of each condition is left out in each.

    Returns
    -------
    DPCA
        Components and the variance they explain.

    Raises
    ------
    InputError
        If axes, names or numbers do not fit, rates do not vary, trials are missing altogether or at some
        times only, or the strength has to be chosen with fewer than 2 trials of a condition.
    """
    named = _check_factors(factors)
    trials = check_factor_trials(
        "trial_rates_by_factor", trial_rates_by_factor, len(named), simultaneous=simultaneous
    )
    moments = trials.moments()
    n_units = moments.averages.shape[-1]
    check_varies("trial_rates_by_factor", moments.averages.reshape(-1, n_units))
    sets = name_marginalisations(named, join)
    parts = marginal_parts(moments.averages, sets)
    sizes = check_sizes(parts, n_components)
    strengths = check_regularisation(regularisation)
    errors = np.empty(0)
    strength = strengths[0]
    if len(strengths) > 1:
        splits = check_integer("n_splits", n_splits)
        errors = choose_regularisation(trials, sets, sizes, strengths, rng=rng, n_splits=splits)
        strength = strengths[int(np.argmin(errors))]
    demixed = demix(parts, moments, sizes, strength)
    mean = moments.averages.reshape(-1, n_units).mean(axis=0)
    components = np.moveaxis((moments.averages - mean) @ demixed.decoders.T, -1, 0)
    return DPCA(
        marginalisation=demixed.marginalisation,
        decoders=demixed.decoders,
        encoders=demixed.encoders,
        mean=mean,
        components=components,
        **explained(parts, demixed),
        regularisation=strength,
        cross_validation_error=errors,
    )


def _check_factors(factors: Sequence[str]) -> tuple[str, ...]:
    if isinstance(factors, str):
        raise InputError("factors", "a sequence of names", repr(factors), f'write ("{factors}",)')
    named = tuple(factors)
    if not named or len({*named, TIME}) <= len(named) or not all(isinstance(n, str) and n for n in named):
        expected = f"at least one name, all different, none of them {TIME!r}, which comes of itself"
        raise InputError("factors", expected, f"{named}")
    if any("-" in name or "+" in name for name in named):
        raise InputError("factors", "names without - and +, which join them", f"{named}")
    return named
