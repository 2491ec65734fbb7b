"""Spike trains: when many units fired in many trials, on the trial clock."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from motorsim.checks import InputError, check_array, check_integer, check_number, check_positive
from motorsim.population import _chosen

if TYPE_CHECKING:
    from collections.abc import Sequence

    from motorsim.population import Selection
    from motorsim.types import BoolArray, FloatArray, IntArray

_BIN_S = 0.001
_BINS_PER_SD = 8
_ROUNDING_S = 1e-9  # what sums of steps may differ by from the window's ends


class Intervals(NamedTuple):
    """Inter-spike intervals (interval,), with the trial and the unit of each, (interval,)."""

    interval_s: FloatArray
    trial: IntArray
    unit: IntArray


@dataclass(frozen=True, eq=False)
class SpikeTrains:
    """Spikes of many units in many trials on the trial clock, one train a trial and unit.

    Parameters
    ----------
    times_s
        Spike times, (spike,), train after train, each train in order of time (ties may stand). The
        spikes of trial ``i``, unit ``j`` are
        ``times_s[boundaries[i * n_units + j] : boundaries[i * n_units + j + 1]]``.
    boundaries
        Where each train begins, and the number of spikes at the end, (n_trials * n_units + 1,).
    n_trials, n_units
        Number of trials and of units, silent ones included.
    start_s, stop_s
        The window in which spikes were observed, the same in every trial: start_s <= time < stop_s.

    Raises
    ------
    InputError
        If a train is not in order, a time lies outside the window or is not finite, or the boundaries
        do not divide the spikes into that many trains.
    """

    times_s: FloatArray
    boundaries: IntArray
    n_trials: int
    n_units: int
    start_s: float
    stop_s: float

    def __post_init__(self) -> None:
        """Check times and boundaries against each other."""
        checked = {
            "n_trials": check_integer("n_trials", self.n_trials),
            "n_units": check_integer("n_units", self.n_units),
            "start_s": check_number("start_s", self.start_s),
            "stop_s": check_number("stop_s", self.stop_s),
            "times_s": check_array("times_s", self.times_s, ("spike",)),
            "boundaries": _indices("boundaries", self.boundaries, self.n_trials * self.n_units + 1),
        }
        for name, value in checked.items():
            object.__setattr__(self, name, value)
        self._check_window()
        self._check_trains()

    def _check_window(self) -> None:
        if not self.start_s < self.stop_s:
            got = f"{self.start_s} to {self.stop_s} s"
            raise InputError("start_s, stop_s", "a window that ends after it starts", got)
        outside = (self.times_s < self.start_s) | (self.times_s >= self.stop_s)
        if outside.any():
            got = f"{outside.sum()} outside, the first at {self.times_s[outside][0]} s"
            raise InputError("times_s", f"{self.start_s} s <= time < {self.stop_s} s", got)

    def _check_trains(self) -> None:
        ends = (self.boundaries[0], self.boundaries[-1])
        if ends != (0, self.n_spikes) or (np.diff(self.boundaries) < 0).any():
            expected = f"indices that rise from 0 to {self.n_spikes}, the number of spikes"
            raise InputError("boundaries", expected, _brief(self.boundaries))
        early = self._follows_in_train & (np.diff(self.times_s) < 0)
        if early.any():
            got = f"{early.sum()} spikes earlier than the one before"
            raise InputError("times_s", "each train in order of time", got, "from_events sorts them")

    @classmethod
    def from_events(
        cls,
        trial: Any,
        unit: Any,
        time_s: Any,
        *,
        n_trials: int,
        n_units: int,
        start_s: float,
        stop_s: float,
    ) -> SpikeTrains:
        """Sort spikes that come in any order into trains.

        Parameters
        ----------
        trial, unit
            The trial and the unit of each spike, (spike,), integers from 0.
        time_s
            When each spike came on its trial's clock, (spike,).
        n_trials, n_units, start_s, stop_s
            As in the class.

        Raises
        ------
        InputError
            If the three differ in length, an index is out of range, or a time is outside the window.
        """
        n_trials, n_units = check_integer("n_trials", n_trials), check_integer("n_units", n_units)
        time_s = check_array("time_s", time_s, ("spike",))
        trial = _indices("trial", trial, time_s.size, below=n_trials)
        unit = _indices("unit", unit, time_s.size, below=n_units)
        train = trial * n_units + unit
        boundaries = _running_total(np.bincount(train, minlength=n_trials * n_units))
        times_s = time_s[np.lexsort((time_s, train))]
        return cls(times_s, boundaries, n_trials, n_units, start_s, stop_s)

    @classmethod
    def concatenate(cls, parts: Sequence[SpikeTrains]) -> SpikeTrains:
        """Join recordings of the same units in the same window along trials, in the order given.

        Raises
        ------
        InputError
            If there is no part, or the parts differ in their units or their window.
        """
        if not parts:
            raise InputError("parts", "at least one", "none")
        first = parts[0]
        shared = (first.n_units, first.start_s, first.stop_s)
        for part in parts:
            if (part.n_units, part.start_s, part.stop_s) != shared:
                got = f"{part.n_units} units from {part.start_s} to {part.stop_s} s"
                expected = f"{first.n_units} units from {first.start_s} to {first.stop_s} s in every part"
                raise InputError("parts", expected, got)
        counts = np.concatenate([np.diff(part.boundaries) for part in parts])
        times_s = np.concatenate([part.times_s for part in parts])
        return cls(times_s, _running_total(counts), sum(part.n_trials for part in parts), *shared)

    @property
    def n_spikes(self) -> int:
        """Number of spikes in all trains."""
        return int(self.times_s.size)

    def trial_unit(self, trial: int, unit: int) -> FloatArray:
        """Return the spike times of one trial and unit, (spike,), in order."""
        trial = check_integer("trial", trial, minimum=0, maximum=self.n_trials - 1)
        unit = check_integer("unit", unit, minimum=0, maximum=self.n_units - 1)
        train = trial * self.n_units + unit
        return self.times_s[self.boundaries[train] : self.boundaries[train + 1]]

    def counts(self, edges_s: Any) -> IntArray:
        """Count the spikes of every train between edges, (trial, bin, unit).

        Parameters
        ----------
        edges_s
            Rising edges inside the window, (bin + 1,); a spike on an edge falls into the bin that
            begins there.

        Raises
        ------
        InputError
            If there are fewer than two edges, they do not rise, or they leave the window.
        """
        edges_s = self._inside("edges_s", edges_s, "edge", least=2)
        if (np.diff(edges_s) <= 0).any():
            raise InputError("edges_s", "rising edges", _brief(edges_s))
        n_bins = edges_s.size - 1
        at = np.searchsorted(edges_s, self.times_s, side="right") - 1
        kept = (at >= 0) & (at < n_bins)
        trial, unit = np.divmod(self._train_of_spike[kept], self.n_units)
        shape = (self.n_trials, n_bins, self.n_units)
        flat = np.ravel_multi_index((trial, at[kept], unit), shape)
        return np.bincount(flat, minlength=self.n_trials * n_bins * self.n_units).reshape(shape)

    def smoothed_rates(self, times_s: Any, sd_s: float, causal: bool = False) -> FloatArray:
        """Estimate firing rates with a Gaussian kernel, (trial, time, unit) in Hz.

        The kernel is centred on the spike and divided by the part of it that lies inside the window,
        so that a constant rate is estimated without bias up to the ends. Spikes are counted first, in
        bins of 1 ms or an eighth of ``sd_s``, whichever is less, and each counts as one in the middle
        of its bin. If ``causal``, only the half of the kernel after the spike is kept, and each counts
        as one at the end of its bin, so that no rate depends on what comes later.

        Parameters
        ----------
        times_s
            Where to estimate, (time,), inside the window; if ``causal``, at least one bin after its
            start, since before that nothing is known.
        sd_s
            Standard deviation of the (whole) Gaussian.
        causal
            Use past spikes only.

        Raises
        ------
        InputError
            If the times leave the window or, for the causal kernel, have no past.
        """
        from scipy.sparse import csr_array  # noqa: PLC0415 - keeps the import of this module quick

        times_s, sd_s = self._inside("times_s", times_s, "time", least=1), check_positive("sd_s", sd_s)
        span_s = self.stop_s - self.start_s
        n_bins = int(np.ceil(span_s / min(_BIN_S, sd_s / _BINS_PER_SD)))
        width_s = span_s / n_bins
        bins_s = self.start_s + width_s * (np.arange(n_bins) + (1.0 if causal else 0.5))
        kernel = _kernel(times_s[None, :] - bins_s[:, None], sd_s, causal)
        weight = width_s * kernel.sum(axis=0)
        if not weight.all():
            expected = f"times from {bins_s[0]:g} s on, where a causal kernel of {sd_s:g} s has a past"
            raise InputError("times_s", expected, f"{times_s[weight == 0][0]:g} s")
        at = np.minimum(((self.times_s - self.start_s) / width_s).astype(np.int64), n_bins - 1)
        # The trains are the rows of a sparse matrix of spikes by bins as they stand.
        trains = csr_array(
            (np.ones(self.n_spikes), at, self.boundaries), shape=(self.n_trials * self.n_units, n_bins)
        )
        rates_hz = np.empty((self.n_trials, times_s.size, self.n_units))
        for trial, rates in enumerate(rates_hz):
            rates[:] = (trains[trial * self.n_units : (trial + 1) * self.n_units] @ (kernel / weight)).T
        return rates_hz

    def intervals(self) -> Intervals:
        """Return the intervals between successive spikes of the same train, train after train."""
        kept = self._follows_in_train
        trial, unit = np.divmod(self._train_of_spike[1:][kept], self.n_units)
        return Intervals(np.diff(self.times_s)[kept], trial, unit)

    def select(self, trials: Selection) -> SpikeTrains:
        """Return the chosen trials (indices, a slice or a boolean mask)."""
        index = _chosen("trials", trials, self.n_trials)
        return self._gather(index[:, None] * self.n_units + np.arange(self.n_units))

    def select_units(self, units: Selection) -> SpikeTrains:
        """Return the chosen units (indices, a slice or a boolean mask)."""
        index = _chosen("units", units, self.n_units)
        return self._gather(np.arange(self.n_trials)[:, None] * self.n_units + index)

    def _gather(self, trains: IntArray) -> SpikeTrains:
        """Return the trains with these numbers, (trial, unit)."""
        counts = np.diff(self.boundaries)[trains.ravel()]
        boundaries = _running_total(counts)
        moved = np.repeat(self.boundaries[:-1][trains.ravel()] - boundaries[:-1], counts)
        n_trials, n_units = trains.shape
        times_s = self.times_s[moved + np.arange(moved.size)]
        return replace(self, times_s=times_s, boundaries=boundaries, n_trials=n_trials, n_units=n_units)

    def _inside(self, name: str, values_s: Any, axis: str, *, least: int) -> FloatArray:
        checked = check_array(name, values_s, (axis,), minimum_sizes=(least,))
        if checked.min() < self.start_s - _ROUNDING_S or checked.max() > self.stop_s + _ROUNDING_S:
            window = f"{self.start_s} to {self.stop_s} s, where spikes were observed"
            raise InputError(name, f"times within {window}", f"{checked.min()} to {checked.max()} s")
        return checked

    @property
    def _train_of_spike(self) -> IntArray:
        return np.repeat(np.arange(self.n_trials * self.n_units), np.diff(self.boundaries))

    @property
    def _follows_in_train(self) -> BoolArray:
        """Whether each spike but the first of all follows another one of its train, (spike - 1,)."""
        follows = np.ones(max(self.n_spikes - 1, 0), dtype=bool)
        begins = self.boundaries[(self.boundaries > 0) & (self.boundaries < self.n_spikes)]
        follows[begins - 1] = False
        return follows


def _kernel(lag_s: FloatArray, sd_s: float, causal: bool) -> FloatArray:
    """Return the Gaussian at the time since the spike; for the causal half, zero before it."""
    kernel: FloatArray = np.exp(-0.5 * (lag_s / sd_s) ** 2)
    if causal:
        kernel[lag_s < -_ROUNDING_S] = 0.0
    return kernel


def _running_total(counts: IntArray) -> IntArray:
    return np.concatenate([[0], np.cumsum(counts)])


def _indices(name: str, values: Any, size: int, *, below: int | None = None) -> IntArray:
    checked = check_array(name, values, shape=(size,))
    indices = checked.astype(np.int64)
    wrong = indices != checked
    if below is not None:
        wrong |= (indices < 0) | (indices >= below)
    if wrong.any():
        expected = "integers" if below is None else f"integers from 0 to {below - 1}"
        raise InputError(name, expected, f"{checked[wrong][0]:g}")
    return indices


def _brief(values: Any) -> str:
    return np.array2string(np.asarray(values), threshold=6)
