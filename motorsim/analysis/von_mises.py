"""Least squares fits of von Mises curves to many units at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from motorsim.types import FloatArray

_LEAST_KAPPA, _MOST_KAPPA = 0.05, 50.0
_N_STEPS = 200
_STOP = 1e-14
# An interval needs no more than 1e-4 rad or so of each resample.
_STOP_RESAMPLE = 1e-8


@dataclass(frozen=True, eq=False)
class VonMisesFit:
    """Fitted curves b + a exp(kappa (cos(direction - mu) - 1)).

    Attributes
    ----------
    parameters
        b, a, log kappa and mu, (4, column).
    directions_rad
        Directions of the samples, (sample,).
    """

    parameters: FloatArray
    directions_rad: FloatArray

    @property
    def concentration(self) -> FloatArray:
        """Return kappa, (column,)."""
        kappa: FloatArray = np.exp(self.parameters[2])
        return kappa

    @property
    def preferred_rad(self) -> FloatArray:
        """Return mu in (-pi, pi], (column,)."""
        mu = self.parameters[3]
        wrapped: FloatArray = np.arctan2(np.sin(mu), np.cos(mu))
        return wrapped

    @property
    def mean(self) -> FloatArray:
        """Return the mean of the curve over the circle, b + a exp(-kappa) I0(kappa), (column,)."""
        from scipy.special import ive  # noqa: PLC0415 - slow to import

        mean: FloatArray = self.parameters[0] + self.parameters[1] * ive(0, self.concentration)
        return mean

    @property
    def depth(self) -> FloatArray:
        """Return half of peak to trough, (column,)."""
        depth: FloatArray = self.parameters[1] * (1 - np.exp(-2 * self.concentration)) / 2
        return depth

    @property
    def curves(self) -> FloatArray:
        """Return the curves at the samples, (sample, column)."""
        return _model(self.parameters, self.directions_rad)[0]

    def refit(self, rates: FloatArray) -> FloatArray:
        """Return the preferred directions (column,) of other rates (sample, column) at these directions."""
        return fit_von_mises(rates, self.directions_rad, tolerance=_STOP_RESAMPLE).preferred_rad


def von_mises_curve(
    angles: FloatArray, mean: FloatArray, depth: FloatArray, preferred: FloatArray, kappa: FloatArray
) -> FloatArray:
    """Return the curve of given mean over the circle and half of peak to trough; arguments broadcast."""
    from scipy.special import ive  # noqa: PLC0415 - slow to import

    amplitude = 2 * depth / (1 - np.exp(-2 * kappa))
    bump = np.exp(kappa * (np.cos(angles - preferred) - 1)) - ive(0, kappa)
    curve: FloatArray = mean + amplitude * bump
    return curve


def fit_von_mises(rates: FloatArray, directions_rad: FloatArray, *, tolerance: float = _STOP) -> VonMisesFit:
    """Fit each column of rates (sample, column) by Levenberg-Marquardt from the best point of a grid.

    Parameters
    ----------
    rates
        (sample, column).
    directions_rad
        (sample,).
    tolerance
        A column is done when a step gains no more than this share of its sum of squares.

    Returns
    -------
    VonMisesFit
        Parameters within a >= 0 and kappa from 0.05 to 50.
    """
    parameters = _start(rates, directions_rad)
    least_gain = tolerance * np.sum((rates - rates.mean(axis=0)) ** 2, axis=0)
    damping = np.full(rates.shape[1], 1e-3)
    left = np.arange(rates.shape[1])
    for _ in range(_N_STEPS):
        now, target = parameters[:, left], rates[:, left]
        curves, slopes = _model(now, directions_rad)
        error = np.sum((target - curves) ** 2, axis=0)
        trial = _bounded(now + _step(slopes, target - curves, damping[left]))
        trial_error = np.sum((target - _model(trial, directions_rad)[0]) ** 2, axis=0)
        better = trial_error < error
        parameters[:, left] = np.where(better, trial, now)
        damping[left] = np.clip(damping[left] * np.where(better, 0.2, 4.0), 1e-15, 1e12)
        done = np.where(better, error - trial_error <= least_gain[left], damping[left] > 1e6)
        left = left[~done]
        if not left.size:
            break
    return VonMisesFit(parameters, directions_rad)


def _model(parameters: FloatArray, directions: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return the curves (sample, column) and their slopes in the four parameters, (4, sample, column)."""
    base, amplitude, log_kappa, mu = parameters
    kappa = np.exp(log_kappa)
    turned = directions[:, None] - mu
    below = np.cos(turned) - 1
    bump = np.exp(kappa * below)
    scaled = amplitude * kappa * bump
    slopes = np.stack([np.ones_like(bump), bump, scaled * below, scaled * np.sin(turned)])
    return base + amplitude * bump, slopes


def _start(rates: FloatArray, directions: FloatArray) -> FloatArray:
    """Return the point of a grid of kappa and mu whose curve correlates most with each column."""
    kappas, mus = np.geomspace(0.1, 30.0, 10), np.linspace(-np.pi, np.pi, 32, endpoint=False)
    kappa, mu = (each.ravel() for each in np.meshgrid(kappas, mus, indexing="ij"))
    bumps = np.exp(kappa[:, None] * (np.cos(directions - mu[:, None]) - 1))
    centred = bumps - bumps.mean(axis=1, keepdims=True)
    norm = np.linalg.norm(centred, axis=1, keepdims=True)
    unit = np.divide(centred, norm, out=np.zeros_like(centred), where=norm > 1e-9)
    along = unit @ (rates - rates.mean(axis=0))
    best = along.argmax(axis=0)
    column = np.arange(rates.shape[1])
    length = np.maximum(norm[best, 0], 1e-9)
    amplitude = np.maximum(along[best, column], 0.0) / length
    base = rates.mean(axis=0) - amplitude * bumps.mean(axis=1)[best]
    return np.stack([base, amplitude, np.log(kappa[best]), mu[best]])


def _step(slopes: FloatArray, residual: FloatArray, damping: FloatArray) -> FloatArray:
    """Return the damped Gauss-Newton steps, (4, column)."""
    normal = np.einsum("psc,qsc->cpq", slopes, slopes)
    gradient = np.einsum("psc,sc->cp", slopes, residual)
    diagonal = np.einsum("cpp->cp", normal)
    floor = 1e-12 * diagonal.max(axis=1, keepdims=True) + np.finfo(float).tiny
    normal += np.eye(4) * (damping[:, None] * diagonal + floor)[:, None, :]
    step: FloatArray = np.linalg.solve(normal, gradient[:, :, None])[:, :, 0].T
    return step


def _bounded(parameters: FloatArray) -> FloatArray:
    bounded = parameters.copy()
    bounded[1] = np.maximum(bounded[1], 0.0)
    bounded[2] = np.clip(bounded[2], np.log(_LEAST_KAPPA), np.log(_MOST_KAPPA))
    return bounded
