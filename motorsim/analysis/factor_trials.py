"""Single trials by factors: unbalanced and missing ones, splits into train and test, shuffles."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from motorsim.checks import InputError, check_array

if TYPE_CHECKING:
    from motorsim.types import BoolArray, FloatArray, IntArray


class Moments(NamedTuple):
    """What a demixing is fitted to.

    ``averages`` (factor, ..., time, unit): trial averages. ``noise`` (unit, unit): over conditions and times,
    the sum of the mean product of deviations from the average (ddof 0).
    """

    averages: FloatArray
    noise: FloatArray


@dataclass(frozen=True, eq=False)
class FactorTrials:
    """Single trials, the conditions in one axis, missing trials last in theirs.

    Parameters
    ----------
    values
        (trial, condition, time, unit); zero where there is no trial.
    n_trials
        Trials of each condition and unit, (condition, unit).
    factor_shape
        Levels of each factor; their product is the number of conditions.
    simultaneous
        Whether the units of a trial were recorded together, so that trials are drawn for all of them at once
        and noise may be correlated.
    """

    values: FloatArray
    n_trials: IntArray
    factor_shape: tuple[int, ...]
    simultaneous: bool

    def moments(self) -> Moments:
        """Return averages and noise of all trials."""
        return Moments(self._by_factor(self._averages), self._noise(0))

    def split(self, generator: np.random.Generator) -> tuple[Moments, FloatArray]:
        """Leave out a random trial of every condition.

        Returns the moments of the other trials, and the trials left out, (factor, ..., time, unit).
        """
        draw = generator.random((len(self.n_trials), 1 if self.simultaneous else self.values.shape[3]))
        chosen = (draw * self.n_trials).astype(np.int64)
        test = np.take_along_axis(self.values, chosen[None, :, None, :], axis=0)[0]
        n_trials = self.n_trials[:, None, :]
        deviations = test - self._averages
        averages = self._averages - deviations / (n_trials - 1)
        # Without x the squares about the mean of the rest are less by n / (n - 1) (x - mean)^2.
        less = self._products(deviations * np.sqrt(n_trials) / (n_trials - 1))
        return Moments(self._by_factor(averages), self._noise(1) - less), self._by_factor(test)

    def shuffled(self, generator: np.random.Generator) -> FactorTrials:
        """Deal the trials to the conditions at random, as many to each as it had."""
        present = np.arange(len(self.values))[:, None, None] < self.n_trials
        values = np.zeros_like(self.values)
        if self.simultaneous:
            there = present[:, :, 0]
            values[there] = self.values[there][generator.permutation(there.sum())]
            return FactorTrials(values, self.n_trials, self.factor_shape, simultaneous=True)
        for unit in range(values.shape[3]):
            there = present[:, :, unit]
            values[there, :, unit] = self.values[there, :, unit][generator.permutation(there.sum())]
        return FactorTrials(values, self.n_trials, self.factor_shape, simultaneous=False)

    @cached_property
    def _averages(self) -> FloatArray:
        averages: FloatArray = self.values.sum(axis=0) / self.n_trials[:, None, :]
        return averages

    @cached_property
    def _noises(self) -> dict[int, FloatArray]:
        return {}

    def _noise(self, n_less: int) -> FloatArray:
        """Return products of deviations (unit, unit), each condition's over its trials less ``n_less``."""
        if n_less not in self._noises:
            n_trials = self.n_trials[:, None, :]
            present = np.arange(len(self.values))[:, None, None, None] < n_trials
            deviations = np.where(present, self.values - self._averages, 0.0)
            self._noises[n_less] = self._products(deviations / np.sqrt(n_trials - n_less))
        return self._noises[n_less]

    def _products(self, deviations: FloatArray) -> FloatArray:
        flat = deviations.reshape(-1, deviations.shape[-1])
        products: FloatArray = flat.T @ flat if self.simultaneous else np.diag(np.sum(flat**2, axis=0))
        return products

    def _by_factor(self, averages: FloatArray) -> FloatArray:
        return averages.reshape(*self.factor_shape, *averages.shape[1:])


def check_factor_trials(name: str, value: Any, n_factors: int, *, simultaneous: bool) -> FactorTrials:
    """Return trials by factor, from an array padded with NaN or from nested lists.

    Parameters
    ----------
    name
        The argument's name.
    value
        (trial, factor, ..., time, unit), a missing trial NaN at all its times; or lists nested by factor, one
        (trial, time, unit) in each condition.
    n_factors
        How many factors.
    simultaneous
        As in `FactorTrials`.

    Raises
    ------
    InputError
        If axes do not fit, a factor has one level, a trial is NaN at some times only, a condition has no
        trial, or units of a trial recorded at once are missing apart.
    """
    array = _stack(name, value, n_factors)
    axes = ("trial", *(f"factor {i}" for i in range(n_factors)), "time", "unit")
    array = check_array(name, array, axes, finite=False, minimum_sizes=(1, *([2] * n_factors), 2, 1))
    if np.isinf(array).any():
        raise InputError(name, "finite rates", "infinite values", "leave the trials out or mend the rates")
    factor_shape = array.shape[1:-2]
    flat = array.reshape(len(array), -1, *array.shape[-2:])
    gaps = np.isnan(flat)
    missing: BoolArray = np.all(gaps, axis=2)
    broken = np.any(gaps, axis=2) & ~missing
    if broken.any():
        units = np.unique(np.nonzero(broken)[2])
        listed = ", ".join(str(int(unit)) for unit in units[:8])
        mend = "fill the gaps, shorten the window, or set the whole trial to NaN"
        raise InputError(name, "trials NaN at all times or none", f"gaps in units {listed}", mend)
    n_trials = np.sum(~missing, axis=0)
    if (n_trials == 0).any():
        condition, unit = (int(i) for i in np.argwhere(n_trials == 0)[0])
        levels = tuple(int(i) for i in np.unravel_index(condition, factor_shape))
        mend = "leave out the unit, or a level for which trials are missing"
        raise InputError(name, "a trial of every condition", f"none of condition {levels}, unit {unit}", mend)
    if simultaneous and (missing != missing[:, :, :1]).any():
        raise InputError(
            name, "trials that all units share", "trials NaN in some units", "set simultaneous=False"
        )
    order = np.argsort(missing, axis=0, kind="stable")
    values = np.nan_to_num(np.take_along_axis(flat, order[:, :, None, :], axis=0))
    return FactorTrials(values, n_trials.astype(np.int64), factor_shape, simultaneous)


def _stack(name: str, value: Any, n_factors: int) -> Any:
    """Return lists nested by factor as one array padded with NaN."""
    if not isinstance(value, list | tuple):
        return value
    shape: list[int] = []
    leaves: list[Any] = [value]
    for _ in range(n_factors):
        if not all(isinstance(leaf, list | tuple) for leaf in leaves):
            raise InputError(name, f"lists nested {n_factors} deep, one level a factor", f"{len(shape)} deep")
        if len({len(leaf) for leaf in leaves}) > 1:
            got = f"{sorted({len(leaf) for leaf in leaves})} at depth {len(shape)}"
            raise InputError(
                name, "lists of one length at each depth", got, "every condition needs its place"
            )
        shape.append(len(leaves[0]))
        leaves = [inner for leaf in leaves for inner in leaf]
    arrays = [
        check_array(f"{name}, condition {i}", leaf, ("trial", "time", "unit"), finite=False)
        for i, leaf in enumerate(leaves)
    ]
    if len({array.shape[1:] for array in arrays}) != 1:
        raise InputError(name, "the same times and units in all conditions", "different ones")
    n_most = max(len(array) for array in arrays)
    padded = np.full((n_most, len(arrays), *arrays[0].shape[1:]), np.nan)
    for i, array in enumerate(arrays):
        padded[: len(array), i] = array
    return padded.reshape(n_most, *shape, *arrays[0].shape[1:])
