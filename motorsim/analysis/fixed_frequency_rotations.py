"""Rotations at fixed frequencies: one set of temporal functions, planes of their own for each condition.

The model of Sabatini & Kaufman (2024, Nat. Commun. 15:7007; preprint 2021): in every condition the population
is x_c(t) = sum_k exp(-t / tau_k) (p_ck cos 2 pi f_k t + q_ck sin 2 pi f_k t) + o_c, the frequencies shared by
all conditions, while the vectors p, q (the plane, phase and size of each rotation) and the offset o (where in
state space it takes place) belong to the condition. Here frequencies (and, if wanted, time constants of
decay) are given, or estimated first by `temporal_basis`; loadings are least squares.

Sines and cosines fit any smooth curve once there are enough of them, and principal components of smooth
data oscillate without dynamics (Shinn 2023, PNAS 120:e2311420120). So a high R^2 alone shows no rotation: set
it beside that of `smooth_random` or `tensor_maximum_entropy` surrogates with the same frequencies.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from motorsim.analysis.samples import check_rates, check_varies
from motorsim.checks import InputError, check_array, check_positive

if TYPE_CHECKING:
    from motorsim.types import FloatArray

_LARGEST_CONDITION_NUMBER = 1e6


@dataclass(frozen=True, eq=False)
class FixedFrequencyRotations:
    """Rotations of given frequencies and the planes in which each condition makes them.

    Attributes
    ----------
    frequencies_hz
        As given, (frequency,).
    temporal_functions
        (time, function): the constant 1, then cosine and sine of each frequency, decaying if so wanted; time
        0 is the first sample.
    loadings
        (condition, function, unit): the offset, then p and q of each frequency.
    r2
        Share of the squared departure of the rates from each unit's mean over conditions and times that is
        explained.
    unique_variance_ratio
        What that share loses without a frequency, (frequency,). Frequencies closer than one over the
        duration share most of what they explain, so these do not add up to ``r2``.
    planes
        Orthonormal axes of each rotation, (frequency, condition, unit, 2): the span of p and q, the first
        axis along the long axis of the ellipse, the second towards which it turns.
    axis_ratio
        Short over long axis of the ellipse, (frequency, condition): 1 a circle, 0 a line, which has no plane.
    shared_planes
        (frequency, unit, 2): the orthonormal axes that hold most of the loadings of all conditions.
    shared_variance_ratio
        Share of the squared loadings of each frequency in its shared plane, (frequency,): 1 where all
        conditions rotate in one plane, as jPCA assumes; less where planes are reoriented.
    """

    frequencies_hz: FloatArray
    temporal_functions: FloatArray
    loadings: FloatArray
    r2: float
    unique_variance_ratio: FloatArray
    planes: FloatArray
    axis_ratio: FloatArray
    shared_planes: FloatArray
    shared_variance_ratio: FloatArray

    def plane_overlap(self) -> FloatArray:
        """Return how far conditions share planes, (frequency, condition, condition): a similarity.

        The mean squared cosine of the two principal angles between planes: 1 the same, 0 orthogonal.
        """
        products = np.einsum("fauk,fbul->fabkl", self.planes, self.planes)
        overlap: FloatArray = np.sum(products**2, axis=(3, 4)) / 2
        return overlap

    def reconstruct(self) -> FloatArray:
        """Return the rates that the model stands for, (condition, time, unit)."""
        return self.temporal_functions @ self.loadings


def fixed_frequency_rotations(
    rates: FloatArray, *, dt_s: float, frequencies_hz: Any, decay_s: Any = None
) -> FixedFrequencyRotations:
    """Find the plane in which each condition rotates at each of some given frequencies.

    Parameters
    ----------
    rates
        (condition, time, unit), soft-normalised as they are to count; the mean over conditions is kept.
    dt_s
        Time between samples.
    frequencies_hz
        Frequencies, (frequency,), different, above 0 and below 1 / (2 dt).
    decay_s
        Time constant of decay of each frequency, (frequency,); none if not given.

    Returns
    -------
    FixedFrequencyRotations
        Loadings, planes and fits.

    Raises
    ------
    InputError
        For rates that are not finite (units named) or do not vary; frequencies out of range or that the
        duration cannot tell apart; fewer times than temporal functions; decays not one a frequency or not
        above 0.
    """
    dt = check_positive("dt_s", dt_s)
    frequencies = check_array("frequencies_hz", frequencies_hz, ("frequency",), minimum_sizes=(1,))
    outside = (frequencies <= 0) | (frequencies >= 0.5 / dt)
    if outside.any():
        expected = f"frequencies above 0 and below {0.5 / dt:g} Hz, half the sampling rate"
        raise InputError("frequencies_hz", expected, f"{frequencies[outside][0]:g} Hz")
    checked = check_rates("rates", rates, least_times=2 * len(frequencies) + 1)
    n_conditions, n_times, n_units = checked.shape
    if n_units < 2:
        raise InputError("rates", "at least 2 units, which a plane needs", f"{n_units}")
    check_varies("rates", checked.reshape(-1, n_units))
    functions = _temporal_functions(
        dt * np.arange(n_times, dtype=np.float64), frequencies, _check_decay(decay_s, frequencies)
    )
    loadings = _loadings(functions, checked)
    total = np.sum((checked - checked.mean(axis=(0, 1))) ** 2)
    unexplained = np.sum((checked - functions @ loadings) ** 2)
    without = _unexplained_without(functions, checked)
    pairs = loadings[:, 1:].reshape(n_conditions, len(frequencies), 2, n_units).transpose(1, 0, 3, 2)
    stacked = pairs.transpose(0, 2, 1, 3).reshape(len(frequencies), n_units, -1)
    axes, sizes, _ = np.linalg.svd(stacked, full_matrices=False)
    planes, axis_ratio = _ellipses(pairs)
    return FixedFrequencyRotations(
        frequencies_hz=frequencies,
        temporal_functions=functions,
        loadings=loadings,
        r2=1.0 - float(unexplained / total),
        unique_variance_ratio=(without - unexplained) / total,
        planes=planes,
        axis_ratio=axis_ratio,
        shared_planes=axes[:, :, :2],
        shared_variance_ratio=np.sum(sizes[:, :2] ** 2, axis=1) / np.sum(sizes**2, axis=1),
    )


def _check_decay(decay_s: Any, frequencies: FloatArray) -> FloatArray:
    if decay_s is None:
        return np.full(len(frequencies), np.inf)
    decays = check_array("decay_s", decay_s, ("frequency",), shape=(len(frequencies),))
    for decay in decays:
        check_positive("decay_s", decay)
    return decays


def _temporal_functions(times_s: FloatArray, frequencies: FloatArray, decays: FloatArray) -> FloatArray:
    phase = 2 * np.pi * times_s[:, None] * frequencies
    waves = np.stack([np.cos(phase), np.sin(phase)], axis=2) * np.exp(-times_s[:, None] / decays)[..., None]
    functions = np.column_stack([np.ones(len(times_s)), waves.reshape(len(times_s), -1)])
    number = np.linalg.cond(functions / np.linalg.norm(functions, axis=0))
    if number > _LARGEST_CONDITION_NUMBER:
        expected = "frequencies that the duration tells apart"
        mend = "leave out one of those nearly alike (or nearly 0), or take a longer window"
        raise InputError("frequencies_hz", expected, f"functions of condition number {number:.1e}", mend)
    return functions


def _loadings(functions: FloatArray, rates: FloatArray) -> FloatArray:
    loadings: FloatArray = np.linalg.pinv(functions) @ rates
    return loadings


def _unexplained_without(functions: FloatArray, rates: FloatArray) -> FloatArray:
    """Return the squared error without each frequency in turn, (frequency,)."""
    errors = []
    for first in range(1, functions.shape[1], 2):
        rest = np.delete(functions, [first, first + 1], axis=1)
        errors.append(np.sum((rates - rest @ _loadings(rest, rates)) ** 2))
    return np.array(errors)


def _ellipses(pairs: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return axes (frequency, condition, unit, 2) and axis ratios of p cos + q sin, pairs (..., unit, 2)."""
    axes, sizes, turn = np.linalg.svd(pairs, full_matrices=False)
    # The path is axes sizes turn (cos, sin): a reflection in turn would make it run backwards.
    sense = np.sign(np.linalg.det(turn))
    axes = axes * np.stack([np.ones_like(sense), sense], axis=-1)[..., None, :]
    ratio = np.divide(sizes[..., 1], sizes[..., 0], out=np.zeros_like(sizes[..., 0]), where=sizes[..., 0] > 0)
    return axes, ratio
