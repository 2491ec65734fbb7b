"""Population: the labelled activity of many units over many conditions or trials."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import numpy as np

from motorsim.checks import InputError, MotorsimError, check_array, check_choice, check_number, check_positive
from motorsim.smoothing import smooth

if TYPE_CHECKING:
    from collections.abc import Sequence

    import xarray

    from motorsim.types import BoolArray, FloatArray, IntArray

    Selection: TypeAlias = Sequence[int] | Sequence[bool] | IntArray | BoolArray | slice

SampleAxis: TypeAlias = Literal["condition", "trial"]


@dataclass(frozen=True, eq=False)
class Population:
    """Activity of one population, (condition | trial, time, unit), with its labels.

    Parameters
    ----------
    rates
        Activity, (condition | trial, time, unit), in ``quantity``.
    times_s
        Centre of each sample in seconds, (time,), increasing and evenly spaced.
    condition_labels
        The condition of each entry of the first axis.
    unit_labels
        The name of each unit; "0", "1", ... where none is given.
    sample_axis
        What the first axis holds: ``"condition"`` (each label once) or ``"trial"``.
    quantity
        What the numbers are and their unit, for instance ``"firing rate (Hz)"``.
    zero
        The event at which ``times_s`` is zero.

    Raises
    ------
    InputError
        If shapes and labels disagree, a value is not finite, or times are not evenly spaced.
    """

    rates: FloatArray
    times_s: FloatArray
    condition_labels: tuple[str, ...]
    unit_labels: tuple[str, ...] = field(default=())
    sample_axis: SampleAxis = "condition"
    quantity: str = "firing rate (Hz)"
    zero: str = "trial start"

    def __post_init__(self) -> None:
        """Check shapes, labels and times against each other."""
        check_choice("sample_axis", self.sample_axis, ("condition", "trial"))
        rates = check_array("rates", self.rates, (self.sample_axis, "time", "unit"), minimum_sizes=(1, 1, 1))
        n_samples, n_times, n_units = rates.shape
        times_s = check_array("times_s", self.times_s, ("time",), shape=(n_times,))
        _check_even(times_s)
        once = self.sample_axis == "condition"
        conditions = _labels("condition_labels", self.condition_labels, n_samples, unique=once)
        units = self.unit_labels if len(self.unit_labels) else range(n_units)
        for name in ("quantity", "zero"):
            if not isinstance(getattr(self, name), str):
                raise InputError(name, "a text", repr(getattr(self, name)))
        object.__setattr__(self, "rates", rates)
        object.__setattr__(self, "times_s", times_s)
        object.__setattr__(self, "condition_labels", conditions)
        object.__setattr__(self, "unit_labels", _labels("unit_labels", units, n_units, unique=True))

    @property
    def n_samples(self) -> int:
        """Number of conditions or trials."""
        return int(self.rates.shape[0])

    @property
    def n_times(self) -> int:
        """Number of time samples."""
        return int(self.rates.shape[1])

    @property
    def n_units(self) -> int:
        """Number of units."""
        return int(self.rates.shape[2])

    @property
    def dt_s(self) -> float:
        """Time between samples in seconds; NaN for a single sample."""
        steps = self.n_times - 1
        return float(self.times_s[-1] - self.times_s[0]) / steps if steps else float("nan")

    def between(self, start_s: float, stop_s: float) -> Population:
        """Return the samples with ``start_s <= time < stop_s``; `InputError` if there is none."""
        tolerance = 1e-9 if self.n_times == 1 else 1e-6 * self.dt_s
        keep = (self.times_s >= start_s - tolerance) & (self.times_s < stop_s - tolerance)
        if not keep.any():
            span = f"{self.times_s[0]:g} to {self.times_s[-1]:g} s"
            raise InputError("start_s, stop_s", f"a window that meets {span}", f"{start_s} to {stop_s} s")
        return replace(self, rates=self.rates[:, keep], times_s=self.times_s[keep])

    def select(self, samples: Selection) -> Population:
        """Return the chosen conditions or trials (indices, a slice or a boolean mask)."""
        index = _chosen("samples", samples, self.n_samples)
        labels = tuple(self.condition_labels[i] for i in index)
        return replace(self, rates=self.rates[index], condition_labels=labels)

    def select_units(self, units: Selection) -> Population:
        """Return the chosen units (indices, a slice or a boolean mask)."""
        index = _chosen("units", units, self.n_units)
        labels = tuple(self.unit_labels[i] for i in index)
        return replace(self, rates=self.rates[:, :, index], unit_labels=labels)

    def shifted(self, event_s: float, name: str) -> Population:
        """Return the same samples on a clock that is zero at ``event_s``."""
        return replace(self, times_s=self.times_s - check_number("event_s", event_s), zero=name)

    def binned(self, width_s: float) -> Population:
        """Average over consecutive bins of ``width_s``; samples that fill no whole bin are left out.

        Raises
        ------
        InputError
            If the width is not a multiple of the sampling interval or longer than the data.
        """
        width_s = check_positive("width_s", width_s)
        if self.n_times == 1:
            raise InputError("width_s", "data of at least two samples to bin", "a single sample")
        per_bin = round(width_s / self.dt_s)
        if per_bin < 1 or abs(per_bin * self.dt_s - width_s) > 1e-6 * width_s:
            raise InputError(
                "width_s", f"a multiple of the sampling interval, {self.dt_s:g} s", f"{width_s:g} s"
            )
        n_bins = self.n_times // per_bin
        if n_bins == 0:
            raise InputError(
                "width_s", f"at most {self.n_times * self.dt_s:g} s, the length of the data", f"{width_s:g} s"
            )
        used = n_bins * per_bin
        rates = self.rates[:, :used].reshape(self.n_samples, n_bins, per_bin, self.n_units).mean(axis=2)
        return replace(self, rates=rates, times_s=self.times_s[:used].reshape(n_bins, per_bin).mean(axis=1))

    def smoothed(self, sd_s: float, *, causal: bool = False) -> Population:
        """Smooth each unit over time with a Gaussian of standard deviation ``sd_s``.

        The kernel is centred on the sample (or, if ``causal``, keeps only the half before it), is cut
        at 8 standard deviations and normalised over the samples that exist, so ends are not pulled
        to zero and kernels longer than the data are handled.
        """
        kernel = "half_gaussian" if causal else "gaussian"
        width_s = check_positive("sd_s", sd_s)
        if self.n_times == 1:
            return self
        return replace(self, rates=smooth(self.rates, dt_s=self.dt_s, width_s=width_s, kernel=kernel))

    def psth(self) -> Population:
        """Average over the trials of each condition, in the order in which conditions first appear."""
        order = tuple(dict.fromkeys(self.condition_labels))
        labels = np.asarray(self.condition_labels)
        rates = np.stack([self.rates[labels == label].mean(axis=0) for label in order])
        return replace(self, rates=rates, condition_labels=order, sample_axis="condition")

    def to_xarray(self) -> xarray.DataArray:
        """Return a labelled ``xarray.DataArray`` (needs the extra ``xarray``)."""
        try:
            import xarray  # noqa: PLC0415 - an optional dependency
        except ImportError:
            raise MotorsimError("to_xarray needs xarray; pip install motorsim[xarray]") from None

        sample = np.asarray(self.condition_labels)
        coordinates = {"time": self.times_s, "unit": np.asarray(self.unit_labels)}
        if self.sample_axis == "condition":
            coordinates["condition"] = sample
        array = xarray.DataArray(
            self.rates, dims=(self.sample_axis, "time", "unit"), coords=coordinates, name=self.quantity
        )
        array.attrs["zero"] = self.zero
        array["time"].attrs["units"] = "s"
        return array if self.sample_axis == "condition" else array.assign_coords(condition=("trial", sample))


def _labels(name: str, labels: Any, expected: int, *, unique: bool) -> tuple[str, ...]:
    if isinstance(labels, str) or len(labels) != expected:
        got = repr(labels) if isinstance(labels, str) else f"{len(labels)} labels"
        raise InputError(name, f"a sequence of {expected} labels", got)
    texts = tuple(str(label) for label in labels)
    if unique and len(set(texts)) != expected:
        twice = sorted(label for label, count in Counter(texts).items() if count > 1)
        raise InputError(name, "each label once", f"{', '.join(twice[:5])} more than once")
    return texts


def _chosen(name: str, selection: Any, size: int) -> IntArray:
    try:
        index: IntArray = np.arange(size)[selection]
    except (IndexError, TypeError):
        raise InputError(
            name,
            f"indices below {size}, a slice or {size} booleans",
            np.array2string(np.asarray(selection), threshold=6),
        ) from None
    if index.ndim != 1 or not index.size:
        raise InputError(name, "at least one, as a sequence", repr(selection))
    return index


def _check_even(times_s: FloatArray) -> None:
    steps = np.diff(times_s)
    if steps.size and (steps.min() <= 0 or np.ptp(steps) > 1e-6 * steps.mean()):
        raise InputError(
            "times_s", "increasing, evenly spaced times", f"steps of {steps.min():g} to {steps.max():g} s"
        )
