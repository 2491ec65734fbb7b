"""Smooth random rates: Gaussian processes in time that follow no dynamics, a control for jPCA."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy import linalg

from motorsim.checks import InputError, check_array, check_integer, check_positive
from motorsim.streams import stream

if TYPE_CHECKING:
    from motorsim.streams import Seed
    from motorsim.types import FloatArray


def smooth_random(
    n_conditions: int,
    n_times: int,
    n_units: int,
    *,
    dt_s: float,
    length_scale_s: float,
    rng: Seed,
    n_dimensions: int | None = None,
    condition_covariance: FloatArray | None = None,
    unit_covariance: FloatArray | None = None,
) -> FloatArray:
    """Draw rates that are smooth in time and otherwise random.

    A Gaussian process of mean 0 with separable covariance: K(t, t') = exp(-(t - t')^2 / (2 length_scale^2))
    between times, times the covariance between conditions, times that between units.

    Parameters
    ----------
    n_conditions, n_times, n_units
        The shape.
    dt_s, length_scale_s
        Time between samples and length scale of the kernel, seconds.
    rng
        Seed or generator.
    n_dimensions
        Confine the units to a random subspace of this dimension, variance even within it and 1 a unit on
        average; excludes ``unit_covariance``.
    condition_covariance
        (condition, condition), positive semidefinite; identity if not given.
    unit_covariance
        (unit, unit), positive semidefinite; identity if neither this nor ``n_dimensions`` is given.

    Returns
    -------
    FloatArray
        (condition, time, unit).

    Raises
    ------
    InputError
        If sizes or durations are not positive, ``n_dimensions`` is above ``n_units``, both ways of shaping
        the units are given, or a covariance is not symmetric and positive semidefinite.
    """
    shape = tuple(
        check_integer(name, value)
        for name, value in (("n_conditions", n_conditions), ("n_times", n_times), ("n_units", n_units))
    )
    lags = (
        np.arange(n_times) * check_positive("dt_s", dt_s) / check_positive("length_scale_s", length_scale_s)
    )
    kernel = np.exp(-0.5 * (lags[:, None] - lags) ** 2)
    generator = stream(rng, "smooth random rates")
    if n_dimensions is not None:
        if unit_covariance is not None:
            raise InputError("n_dimensions", "either n_dimensions or unit_covariance", "both")
        n = check_integer("n_dimensions", n_dimensions, maximum=n_units)
        axes = linalg.qr(generator.standard_normal((n_units, n)), mode="economic")[0]
        unit_root = axes * np.sqrt(n_units / n)
    else:
        unit_root = _root("unit_covariance", unit_covariance, n_units)
    condition_root = _root("condition_covariance", condition_covariance, n_conditions)
    noise = generator.standard_normal((*shape[:2], unit_root.shape[1]))
    smooth = _square_root(kernel) @ noise
    draw: FloatArray = np.tensordot(condition_root, smooth, axes=1) @ unit_root.T
    return draw


def _root(name: str, covariance: FloatArray | None, size: int) -> FloatArray:
    if covariance is None:
        return np.eye(size)
    checked = check_array(name, covariance, shape=(size, size))
    if not np.allclose(checked, checked.T, rtol=1e-8, atol=1e-10 * np.abs(checked).max()):
        raise InputError(name, "a symmetric matrix", "one that is not")
    lowest, highest = linalg.eigvalsh(checked)[[0, -1]]
    if lowest < -1e-8 * abs(highest):
        raise InputError(name, "a positive semidefinite matrix", f"an eigenvalue of {lowest:.3g}")
    return _square_root(checked)


def _square_root(covariance: FloatArray) -> FloatArray:
    """Return R with R R' = covariance, which may be singular."""
    values, vectors = linalg.eigh(covariance)
    root: FloatArray = vectors * np.sqrt(np.maximum(values, 0.0))
    return root
