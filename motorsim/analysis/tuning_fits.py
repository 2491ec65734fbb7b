"""Tuning to direction: cosine and von Mises curves, their goodness, and intervals of preferred directions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from motorsim.analysis.tuning_curves import tuning_curves
from motorsim.analysis.von_mises import fit_von_mises, von_mises_curve
from motorsim.checks import InputError, check_array, check_choice, check_integer
from motorsim.streams import stream

if TYPE_CHECKING:
    from collections.abc import Callable

    from motorsim.streams import Seed
    from motorsim.types import FloatArray

_INTERVAL_PERCENT = (2.5, 97.5)
_PARAMETERS = {"cosine": 3, "von_mises": 4}


@dataclass(frozen=True, eq=False)
class Tuning:
    """A tuning curve for every unit in every window; arrays (window, unit).

    Attributes
    ----------
    model
        ``"cosine"`` or ``"von_mises"``.
    baseline
        Mean of the curve over the circle, in the unit of the rates.
    modulation_depth
        Half of peak to trough, in the unit of the rates.
    preferred_direction_rad
        Direction of the peak, in (-pi, pi]; NaN for units that do not vary.
    low_rad, high_rad
        95 % interval of the preferred direction over resamples: not wrapped, so that it holds the preferred
        direction. One as wide as the circle says that there is none.
    concentration
        Kappa of the von Mises curve; NaN for the cosine.
    r2
        Share of the variance over samples (about their mean) that the curve explains.
    aicc
        Corrected Akaike criterion, n ln(SS / n) + 2 k + 2 k (k + 1) / (n - k - 1), for comparison of the two
        curves on the same rates: less is better. k counts the noise. NaN with too few samples or no noise.
    """

    model: str
    baseline: FloatArray
    modulation_depth: FloatArray
    preferred_direction_rad: FloatArray
    low_rad: FloatArray
    high_rad: FloatArray
    concentration: FloatArray
    r2: FloatArray
    aicc: FloatArray

    def curve(self, directions_rad: Any) -> FloatArray:
        """Return the curves at directions (direction,): (direction, window, unit); NaN where none."""
        angles = check_array("directions_rad", directions_rad, ("direction",))[:, None, None]
        if self.model == "cosine":
            turned = np.cos(angles - self.preferred_direction_rad)
            cosine: FloatArray = self.baseline + self.modulation_depth * turned
            return cosine
        return von_mises_curve(
            angles, self.baseline, self.modulation_depth, self.preferred_direction_rad, self.concentration
        )


def tuning(
    rates: Any,
    directions_rad: Any,
    *,
    rng: Seed,
    model: str = "cosine",
    resample: str = "trials",
    n_resamples: int = 1000,
) -> Tuning:
    """Fit a tuning curve to each unit in each window, with an interval for its preferred direction.

    The cosine (Georgopoulos et al. 1982, J. Neurosci. 2:1527, eq. 1) is b0 + b1 cos(direction) + b2
    sin(direction). The von Mises curve (Amirikian & Georgopoulos 2000, Neurosci. Res. 36:73) is b + a
    exp(kappa (cos(direction - mu) - 1)), a >= 0, kappa from 0.05, nearly a cosine, to 50, a peak of 0.14 rad.

    Parameters
    ----------
    rates
        Rates or counts, (condition | trial, window, unit).
    directions_rad
        Direction of each sample, (condition | trial,); at least 3 different ones (5 for von Mises).
    rng
        Seed or generator of the resamples.
    model
        ``"cosine"`` or ``"von_mises"``.
    resample
        ``"trials"`` draws trials of the same direction with replacement, at least 2 each; ``"residuals"``
        draws what the fit leaves, scaled by (n / (n - k))^(1/2), for averages over trials.
    n_resamples
        Resamples; von Mises curves are fitted anew to each, which takes its time.

    Returns
    -------
    Tuning
        The fits.

    Raises
    ------
    InputError
        If shapes do not fit, a value is not finite, directions are too few for the curve, or a direction has
        a single trial to draw from.
    """
    cosine = tuning_curves(rates, directions_rad)
    check_choice("model", model, _PARAMETERS)
    check_choice("resample", resample, ("trials", "residuals"))
    n_resamples = check_integer("n_resamples", n_resamples)
    samples = check_array("rates", rates)
    directions = check_array("directions_rad", directions_rad)
    flat = samples.reshape(len(samples), -1)
    number = _number_directions(directions, least=3 if model == "cosine" else 5)
    peak = _cosine_peaks(directions)
    if model == "cosine":
        mean, depth = cosine.baseline.ravel(), cosine.modulation_depth.ravel()
        preferred, kappa = cosine.preferred_direction_rad.ravel(), np.full(flat.shape[1], np.nan)
        curves = mean + depth * np.cos(directions[:, None] - np.nan_to_num(preferred))
    else:
        fit = fit_von_mises(flat, directions)
        mean, depth, kappa, curves = fit.mean, fit.depth, fit.concentration, fit.curves
        varies = np.isfinite(cosine.r2.ravel())
        preferred, kappa = (np.where(varies, each, np.nan) for each in (fit.preferred_rad, kappa))
        peak = fit.refit
    generator = stream(rng, "resampled tuning")
    if resample == "trials":
        draws = _trials(flat, number, generator)
    else:
        draws = _residuals(flat, curves, _PARAMETERS[model], generator)
    low, high = _interval(preferred, draws, peak, n_resamples)
    r2, aicc = _goodness(flat, curves, _PARAMETERS[model])
    wanted = (mean, depth, preferred, low, high, kappa, r2, aicc)
    return Tuning(model, *(each.reshape(samples.shape[1:]) for each in wanted))


def _number_directions(directions: FloatArray, least: int) -> np.ndarray:
    """Return the number of the direction of each sample; directions alike to 1e-9 are one."""
    points = np.round(np.stack([np.cos(directions), np.sin(directions)], axis=1), 9) + 0.0
    different, number = np.unique(points, axis=0, return_inverse=True)
    if len(different) < least:
        expected = f"at least {least} different directions for a von Mises curve"
        raise InputError("directions_rad", expected, f"{len(different)}", "fit a cosine instead")
    return np.asarray(number).reshape(-1)


def _cosine_peaks(directions: FloatArray) -> Callable[[FloatArray], FloatArray]:
    """Return what finds the preferred directions (column,) of rates (sample, column)."""
    features = np.stack([np.ones_like(directions), np.cos(directions), np.sin(directions)], axis=1)
    inverse = np.linalg.pinv(features)

    def peak(rates: FloatArray) -> FloatArray:
        _, cosine, sine = inverse @ rates
        angle: FloatArray = np.arctan2(sine, cosine)
        return angle

    return peak


def _residuals(
    flat: FloatArray, curves: FloatArray, n_parameters: int, generator: np.random.Generator
) -> Callable[[], FloatArray]:
    """Return what adds residuals, drawn with replacement, to the curves (sample, column)."""
    n_samples = len(flat)
    residual = (flat - curves) * np.sqrt(n_samples / max(n_samples - n_parameters, 1))
    return lambda: curves + residual[generator.integers(n_samples, size=n_samples)]


def _trials(flat: FloatArray, number: np.ndarray, generator: np.random.Generator) -> Callable[[], FloatArray]:
    """Return what draws trials of the same direction with replacement, (sample, column)."""
    members = [np.flatnonzero(number == k) for k in range(int(number.max()) + 1)]
    if min(len(group) for group in members) < 2:
        mend = 'use resample="residuals" for averages over trials'
        raise InputError("directions_rad", "at least 2 trials of each direction", "one of some", mend)

    def draw() -> FloatArray:
        drawn = np.empty(len(flat), dtype=np.int64)
        for group in members:
            drawn[group] = generator.choice(group, size=len(group))
        return flat[drawn]

    return draw


def _interval(
    preferred: FloatArray,
    draw: Callable[[], FloatArray],
    peak: Callable[[FloatArray], FloatArray],
    n_resamples: int,
) -> tuple[FloatArray, FloatArray]:
    """Return the percentiles of what the peaks of resamples differ by from the peak, added to it."""
    turned = np.stack([peak(draw()) for _ in range(n_resamples)]) - preferred
    low, high = np.percentile(np.arctan2(np.sin(turned), np.cos(turned)), _INTERVAL_PERCENT, axis=0)
    return preferred + low, preferred + high


def _goodness(flat: FloatArray, curves: FloatArray, n_parameters: int) -> tuple[FloatArray, FloatArray]:
    """Return r2 and AICc, (column,)."""
    n, k = len(flat), n_parameters + 1
    total = np.sum((flat - flat.mean(axis=0)) ** 2, axis=0)
    residual = np.sum((flat - curves) ** 2, axis=0)
    noise = 100 * np.finfo(float).eps ** 2 * np.sum(flat**2, axis=0)
    r2 = 1 - np.divide(residual, total, out=np.full_like(total, np.nan), where=total > noise)
    if n <= k + 1:
        return r2, np.full_like(r2, np.nan)
    log = np.log(residual / n, out=np.full_like(r2, np.nan), where=residual > noise)
    return r2, n * log + 2 * k + 2 * k * (k + 1) / (n - k - 1)
