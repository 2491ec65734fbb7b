"""The reduced-rank regression of demixed principal components, and the choice of its strength."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from scipy import linalg

from motorsim.analysis.marginalisation import join_parts, marginalise
from motorsim.analysis.samples import RANK_TOLERANCE
from motorsim.checks import InputError, check_array, check_integer, check_positive
from motorsim.streams import stream

if TYPE_CHECKING:
    from collections.abc import Sequence

    from motorsim.analysis.factor_trials import FactorTrials, Moments
    from motorsim.streams import Seed
    from motorsim.types import FloatArray

_STRENGTHS: tuple[float, ...] = tuple(float(strength) for strength in np.logspace(-4, 0, 13))
Sets = Mapping[str, "tuple[tuple[int, ...], ...]"]


class Demixed(NamedTuple):
    """Marginalisation, decoders and encoders (component, unit) of components by falling variance."""

    marginalisation: tuple[str, ...]
    decoders: FloatArray
    encoders: FloatArray


def marginal_parts(averages: FloatArray, sets: Sets) -> dict[str, FloatArray]:
    """Return each named marginalisation of averages (factor, ..., time, unit) as (sample, unit)."""
    parts = marginalise(averages)
    return {name: join_parts(parts, kept, averages.shape) for name, kept in sets.items()}


def demix(
    parts: Mapping[str, FloatArray], moments: Moments, sizes: Mapping[str, int], strength: float
) -> Demixed:
    """Return the components of every marginalisation, by falling variance explained."""
    rates = _centred(moments)
    solver = _Solver(rates, moments.noise)
    names: list[str] = []
    decoders, encoders = [], []
    for name, size in sizes.items():
        decoder, encoder = solver.fit(parts[name], strength, size)
        names += [name] * size
        decoders.append(decoder)
        encoders.append(encoder)
    stacked = np.concatenate(decoders), np.concatenate(encoders)
    order = np.argsort(-_alone(rates, *stacked), kind="stable")
    return Demixed(tuple(names[i] for i in order), stacked[0][order], stacked[1][order])


def explained(parts: Mapping[str, FloatArray], demixed: Demixed) -> dict[str, Any]:
    """Return the shares of the total variance that components explain, under their names in `DPCA`."""
    rates = sum(parts.values(), start=np.zeros(1))
    total = np.sum(rates**2)
    decoders, encoders = demixed.decoders, demixed.encoders
    gram = rates.T @ rates
    # |X - F D X|^2 = |X|^2 - 2 tr(F D XX') + tr(D XX' D' F'F), for growing sets of components.
    cross = np.cumsum(np.sum(encoders * (decoders @ gram), axis=1))
    square = (decoders @ gram @ decoders.T) * (encoders @ encoders.T)
    leading = np.array([square[: i + 1, : i + 1].sum() for i in range(len(square))])
    singular = linalg.svdvals(rates)[: len(decoders)]
    return {
        "variance_ratio": _alone(rates, decoders, encoders) / total,
        "marginal_variance_ratio": np.stack([_alone(part, decoders, encoders) for part in parts.values()])
        / total,
        "cumulative_variance_ratio": (2 * cross - leading) / total,
        "pca_variance_ratio": np.cumsum(singular**2) / total,
        "marginal_ratio": {name: float(np.sum(part**2) / total) for name, part in parts.items()},
    }


def choose_regularisation(
    trials: FactorTrials,
    sets: Sets,
    sizes: Mapping[str, int],
    strengths: Sequence[float],
    *,
    rng: Seed,
    n_splits: int,
) -> FloatArray:
    """Return the cross-validation error of each strength, (strength,).

    sum_m |X_m,train - F D X_test|^2 / |X_train|^2, averaged over splits (Kobak et al. 2016): left-out trials,
    decoded, are held against the averages of the rest.
    """
    check_two_trials(trials)
    generator = stream(rng, "demixing splits")
    errors = np.zeros(len(strengths))
    for _ in range(n_splits):
        moments, test = trials.split(generator)
        parts = marginal_parts(moments.averages, sets)
        rates = _centred(moments)
        solver = _Solver(rates, moments.noise)
        flat = test.reshape(-1, test.shape[-1])
        flat = flat - flat.mean(axis=0)
        total = np.sum(rates**2)
        for column, strength in enumerate(strengths):
            for name, part in parts.items():
                prediction = np.zeros(1)
                if name in sizes:
                    decoder, encoder = solver.fit(part, strength, sizes[name])
                    prediction = flat @ decoder.T @ encoder
                errors[column] += np.sum((part - prediction) ** 2) / total
    return errors / n_splits


def check_two_trials(trials: FactorTrials) -> None:
    """Raise `InputError` unless one trial of every condition can be left out."""
    if trials.n_trials.min() < 2:
        raise InputError(
            "trial_rates_by_factor",
            "at least 2 trials of every condition to leave one out",
            "1",
            "leave out conditions with fewer, or give one regularisation",
        )


def check_sizes(parts: Mapping[str, FloatArray], n_components: int | Mapping[str, int]) -> dict[str, int]:
    """Return the number of components of each marginalisation that has any."""
    total = sum(np.sum(part**2) for part in parts.values())
    ranks = {name: _rank(part, total) for name, part in parts.items()}
    if not isinstance(n_components, Mapping):
        n = check_integer("n_components", n_components)
        return {name: min(n, rank) for name, rank in ranks.items() if rank}
    unknown = [name for name in n_components if name not in parts]
    if unknown:
        raise InputError("n_components", f"names among {', '.join(parts)}", repr(unknown[0]))
    sizes = {name: check_integer("n_components", n, minimum=0) for name, n in n_components.items()}
    for name, n in sizes.items():
        if n > ranks[name]:
            expected = f"at most the rank of {name!r}, {ranks[name]}"
            raise InputError("n_components", expected, f"{n}", "ask for fewer components")
    if not any(sizes.values()):
        raise InputError("n_components", "at least one component", "none")
    return {name: n for name, n in sizes.items() if n}


def check_regularisation(value: float | Sequence[float] | None) -> tuple[float, ...]:
    """Return the strengths to try: one (0 for none), those given (above 0), or 1e-4 to 1."""
    if value is None:
        return _STRENGTHS
    if np.ndim(value) == 0:
        return (check_positive("regularisation", value, allow_zero=True),)
    grid = check_array("regularisation", value, ("strength",), minimum_sizes=(2,))
    return tuple(check_positive("regularisation", float(strength)) for strength in grid)


class _Solver:
    """Reduced-rank regressions on rates (sample, unit), whose G = X'X + C is decomposed once."""

    def __init__(self, rates: FloatArray, noise: FloatArray) -> None:
        self._rates = rates
        values, self._vectors = linalg.eigh(rates.T @ rates + noise)
        self._values = np.maximum(values, 0.0)
        self._total = float(np.sum(rates**2))

    def fit(self, part: FloatArray, strength: float, size: int) -> tuple[FloatArray, FloatArray]:
        """Return decoders and encoders (component, unit) for ``part`` (sample, unit)."""
        penalised = self._values + strength**2 * self._total
        kept = penalised > RANK_TOLERANCE * penalised[-1]
        vectors = self._vectors[:, kept]
        # Full regression B = X_m'X G^-1; the leading left directions of B G^1/2 are the encoders.
        products = part.T @ self._rates @ vectors
        scaled = products / np.sqrt(penalised[kept])
        encoders = linalg.svd(scaled, full_matrices=False)[0][:, :size]
        largest = np.take_along_axis(encoders, np.abs(encoders).argmax(axis=0)[None], axis=0)
        encoders = encoders * np.sign(largest)
        decoders: FloatArray = encoders.T @ (products / penalised[kept]) @ vectors.T
        return decoders, encoders.T


def _centred(moments: Moments) -> FloatArray:
    flat = moments.averages.reshape(-1, moments.averages.shape[-1])
    centred: FloatArray = flat - flat.mean(axis=0)
    return centred


def _alone(rates: FloatArray, decoders: FloatArray, encoders: FloatArray) -> FloatArray:
    """Return |X|^2 - |X - F D X|^2 for each component by itself, (component,)."""
    scores = rates @ decoders.T
    cross = np.sum(scores * (rates @ encoders.T), axis=0)
    gained: FloatArray = 2 * cross - np.sum(scores**2, axis=0) * np.sum(encoders**2, axis=1)
    return gained


def _rank(part: FloatArray, total: float) -> int:
    singular = linalg.svdvals(part)
    return int(np.sum(singular**2 > RANK_TOLERANCE * total))
