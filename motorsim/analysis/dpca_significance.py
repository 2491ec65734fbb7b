"""Significance of demixed components: whether left-out trials tell levels apart."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from motorsim.analysis.demixing import check_two_trials, demix, marginal_parts
from motorsim.analysis.factor_trials import check_factor_trials
from motorsim.analysis.marginalisation import TIME, name_marginalisations
from motorsim.checks import InputError, check_integer
from motorsim.streams import stream

if TYPE_CHECKING:
    from collections.abc import Sequence

    from motorsim.analysis.demixing import Demixed, Sets
    from motorsim.analysis.dpca import DPCA
    from motorsim.analysis.factor_trials import FactorTrials
    from motorsim.streams import Seed
    from motorsim.types import BoolArray, FloatArray, IntArray


@dataclass(frozen=True, eq=False)
class DPCASignificance:
    """How well each component classifies left-out trials, and trials dealt at random.

    Attributes
    ----------
    component
        Index in the `DPCA` of each component tested, (tested,); those of time alone have nothing to classify.
    accuracy
        Share of left-out trials put in the right class, over ALL splits, (tested, time).
    shuffled_accuracy
        The same, all its splits too, with trials dealt to conditions at random, (shuffle, tested, time).
    chance
        1 / number of classes, (tested,).
    p_values
        (1 + shuffles that do no worse) / (1 + shuffles) at each time, (tested, time).
    significant
        Times at which the accuracy is above that of every shuffle, in runs of at least ``n_consecutive``,
        (tested, time).
    """

    component: IntArray
    accuracy: FloatArray
    shuffled_accuracy: FloatArray
    chance: FloatArray
    p_values: FloatArray
    significant: BoolArray


def dpca_significance(
    trial_rates_by_factor: Any,
    fitted: DPCA,
    *,
    factors: Sequence[str],
    join: Sequence[Sequence[str]] | None = None,
    simultaneous: bool = True,
    rng: Seed,
    n_splits: int = 100,
    n_shuffles: int = 100,
    n_consecutive: int = 10,
) -> DPCASignificance:
    """Test the components of `dpca` by cross-validated classification (Kobak et al. 2016, Methods).

    In each split one trial of every condition is left out, components are fitted to the rest with the
    strength of ``fitted`` and matched to its components by their encoders; each is used, at each time, to put
    the left-out trials into the class (the levels of its marginalisation's factors) with the nearest mean.
    The whole is repeated with shuffled trials.

    Parameters
    ----------
    trial_rates_by_factor, factors, join, simultaneous
        As given to `dpca`.
    fitted
        What it returned.
    rng
        Seed or generator.
    n_splits
        Splits, of the data and of each shuffle.
    n_shuffles
        Shuffles.
    n_consecutive
        Least run of significant times.

    Returns
    -------
    DPCASignificance
        Accuracies and significance.

    Raises
    ------
    InputError
        If a condition has fewer than 2 trials, ``fitted`` is of other units or names, or no component has
        anything to classify.
    """
    named = tuple(factors)
    trials = check_factor_trials(
        "trial_rates_by_factor", trial_rates_by_factor, len(named), simultaneous=simultaneous
    )
    check_two_trials(trials)
    sets = name_marginalisations(named, join)
    if trials.values.shape[3] != len(fitted.mean) or not set(fitted.marginalisation) <= set(sets):
        mend = "give the rates, factors and join that were given to dpca"
        raise InputError("fitted", "the result of dpca for these trials", "other units or names", mend)
    classes = _classes(sets, trials.factor_shape)
    tested = np.array([i for i, name in enumerate(fitted.marginalisation) if name in classes])
    if not len(tested):
        raise InputError("fitted", "components of a factor", f"those of {TIME} alone", "fit more components")
    run = check_integer("n_consecutive", n_consecutive)
    splits, shuffles = check_integer("n_splits", n_splits), check_integer("n_shuffles", n_shuffles)
    generator = stream(rng, "component significance")
    accuracy = _accuracy(trials, fitted, sets, classes, generator=generator, n_splits=splits)
    shuffled = np.stack(
        [
            _accuracy(trials.shuffled(generator), fitted, sets, classes, generator=generator, n_splits=splits)
            for _ in range(shuffles)
        ]
    )
    chance = np.array([1 / (classes[fitted.marginalisation[i]].max() + 1) for i in tested])
    p_values = (1 + np.sum(shuffled >= accuracy, axis=0)) / (1 + shuffles)
    above = accuracy > shuffled.max(axis=0)
    return DPCASignificance(tested, accuracy, shuffled, chance, p_values, _long_runs(above, run))


def _classes(sets: Sets, factor_shape: tuple[int, ...]) -> dict[str, IntArray]:
    """Return, for each marginalisation that involves a factor, the class of each condition, (condition,)."""
    levels = np.indices(factor_shape).reshape(len(factor_shape), -1)
    classes = {}
    for name, kept in sets.items():
        involved = sorted({axis for axes in kept for axis in axes if axis < len(factor_shape)})
        if involved:
            shape = tuple(factor_shape[axis] for axis in involved)
            classes[name] = np.ravel_multi_index(tuple(levels[involved]), shape).astype(np.int64)
    return classes


def _accuracy(
    trials: FactorTrials,
    fitted: DPCA,
    sets: Sets,
    classes: dict[str, IntArray],
    *,
    generator: np.random.Generator,
    n_splits: int,
) -> FloatArray:
    """Return the accuracy over all splits, (tested, time)."""
    sizes = {name: fitted.marginalisation.count(name) for name in sets if name in classes}
    sizes = {name: n for name, n in sizes.items() if n}
    tested = [i for i, name in enumerate(fitted.marginalisation) if name in classes]
    n_times, n_units = trials.values.shape[2:]
    correct = np.zeros((len(tested), n_times))
    for _ in range(n_splits):
        moments, test = trials.split(generator)
        demixed = demix(marginal_parts(moments.averages, sets), moments, sizes, fitted.regularisation)
        decoders = _matched(demixed, fitted, tested)
        train_scores, test_scores = (
            (rates.reshape(-1, n_times, n_units) @ decoders.T).transpose(2, 0, 1)
            for rates in (moments.averages, test)
        )
        for row, i in enumerate(tested):
            label = classes[fitted.marginalisation[i]]
            correct[row] += _correct(train_scores[row], test_scores[row], label)
    return correct / n_splits


def _matched(demixed: Demixed, fitted: DPCA, tested: list[int]) -> FloatArray:
    """Return the decoders (tested, unit) whose encoders pair best with the fitted ones of the same name."""
    from scipy import optimize  # noqa: PLC0415 - slow to import

    likeness = np.abs(fitted.encoders[tested] @ demixed.encoders.T)
    same = np.array([[fitted.marginalisation[i] == name for name in demixed.marginalisation] for i in tested])
    pairs = optimize.linear_sum_assignment(np.where(same, likeness, -1e3), maximize=True)[1]
    matched: FloatArray = demixed.decoders[pairs]
    return matched


def _correct(train: FloatArray, test: FloatArray, label: IntArray) -> FloatArray:
    """Return the share of conditions (condition, time) put in the class with the nearest mean, (time,)."""
    members = (label == np.arange(label.max() + 1)[:, None]).astype(float)
    means = members @ train / members.sum(axis=1)[:, None]
    nearest = np.abs(test[:, None] - means).argmin(axis=1)
    share: FloatArray = np.mean(nearest == label[:, None], axis=0)
    return share


def _long_runs(above: BoolArray, least: int) -> BoolArray:
    """Return the mask (tested, time) without runs shorter than ``least``."""
    kept = np.zeros_like(above)
    for row, out in zip(above, kept, strict=True):
        edges = np.flatnonzero(np.diff(np.concatenate([[0], row.astype(int), [0]])))
        for start, stop in edges.reshape(-1, 2):
            out[start:stop] = stop - start >= least
    return kept
