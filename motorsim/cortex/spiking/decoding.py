"""Decoding torques from spikes: smoothed pool rates, and a readout that never saw the trial it decodes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np

from motorsim.checks import InputError, check_choice, check_integer, check_positive
from motorsim.cortex.readout import TorqueReadout, fit_torque_readout

if TYPE_CHECKING:
    from motorsim.types import BoolArray, FloatArray, IntArray

FitOn: TypeAlias = Literal["single_trial", "trial_average"]


@dataclass(frozen=True)
class SpikeDecoding:
    """How torques are read from spikes.

    Parameters
    ----------
    smoothing_s
        Standard deviation of the Gaussian that turns spike counts into rates.
    causal
        Keep only the half of it that looks into the past: the torque then comes later by some 0.8 of the
        deviation, but nothing is used before it has happened.
    fit_on
        ``"single_trial"``: the regression sees the noise that it has to average out; ``"trial_average"``: it
        sees the mean over the trials of each condition.
    ridge
        Penalty of the regression, relative to the mean eigenvalue of the regressors' second moments.
    impulse_time_s
        How much the torque's impulses count beside the torque itself, see `fit_torque_readout`: less brings
        the hand nearer to its target and follows the torque less closely.
    n_folds
        Parts of the trials (of the conditions where each has one trial) that are decoded by a readout fitted
        on the others.
    null_tolerance
        Axes of the prepared states below this fraction of the largest may reach the readout.

    Raises
    ------
    InputError
        If a number is out of range.
    """

    smoothing_s: float = 0.02
    causal: bool = False
    fit_on: FitOn = "single_trial"
    ridge: float = 0.2
    impulse_time_s: float = 0.2
    n_folds: int = 5
    null_tolerance: float = 0.3

    def __post_init__(self) -> None:
        """Check the numbers."""
        check_choice("fit_on", self.fit_on, ("single_trial", "trial_average"))
        for name in ("smoothing_s", "ridge", "impulse_time_s", "null_tolerance"):
            check_positive(name, getattr(self, name))
        check_integer("n_folds", self.n_folds, minimum=2)


@dataclass(frozen=True, eq=False)
class DecodingProblem:
    """What a readout is fitted on.

    Parameters
    ----------
    rate_change_hz
        Smoothed pool rates relative to baseline, (trial, time, pool).
    condition
        Condition of each trial, (trial,).
    fold
        Which part of the trials each belongs to, (trial,).
    torque_nm
        Desired torques, (condition, time, 2), 0 before the movement.
    fit_conditions
        Conditions that may be fitted on, boolean (condition,).
    quiet_hz
        Rate changes that may not move the arm, (sample, pool).
    dt_s
        Time between samples.
    """

    rate_change_hz: FloatArray
    condition: IntArray
    fold: IntArray
    torque_nm: FloatArray
    fit_conditions: BoolArray
    quiet_hz: FloatArray
    dt_s: float

    def fit(self, decoding: SpikeDecoding, trials: BoolArray) -> TorqueReadout:
        """Fit a readout on some trials, those of conditions that may not be fitted on left out.

        Raises
        ------
        InputError
            If no trial is left.
        """
        trials = trials & self.fit_conditions[self.condition]
        if not trials.any():
            raise InputError(
                "n_trials", "trials left to fit the readout on", "none", "take more trials or conditions"
            )
        rates, condition = self.rate_change_hz[trials], self.condition[trials]
        if decoding.fit_on == "trial_average":
            shown = np.unique(condition)
            rates = np.stack([rates[condition == one].mean(axis=0) for one in shown])
            condition = shown
        return fit_torque_readout(
            rates,
            self.torque_nm[condition],
            self.quiet_hz,
            dt_s=self.dt_s,
            ridge=decoding.ridge,
            impulse_time_s=decoding.impulse_time_s,
            null_tolerance=decoding.null_tolerance,
        )

    def cross_validated_torque(self, decoding: SpikeDecoding) -> FloatArray:
        """Return torques (trial, time, 2), each trial's by a readout fitted on the other folds."""
        torque = np.empty((*self.rate_change_hz.shape[:2], 2))
        for fold in np.unique(self.fold):
            here = self.fold == fold
            torque[here] = self.fit(decoding, ~here).torque_nm(self.rate_change_hz[here])
        return torque


def folds(n_conditions: int, n_trials: int, n_folds: int) -> IntArray:
    """Return the fold of every trial, conditions fastest: by repeat, or by condition for one trial each.

    Conditions are dealt in turn, so that neighbouring directions are in different folds.
    """
    if n_trials > 1:
        return np.repeat(np.arange(n_trials) % n_folds, n_conditions)
    return np.arange(n_conditions) % n_folds
