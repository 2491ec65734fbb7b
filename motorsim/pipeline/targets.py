"""Targets: what a network is fitted to, from the cortex's rates to the hand, with readout and loss."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from motorsim.analysis import variance_explained
from motorsim.nn import Linear, MeanMixture, Mixed, mse
from motorsim.pipeline.fitted import HAND, RATES, RATES_AND_TORQUE, TORQUE
from motorsim.plant import Arm
from motorsim.train import HandLoss

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from motorsim.nn import Loss
    from motorsim.types import BoolArray, FloatArray, Floats, IntArray, Readout

_LEARNED = 0.5


@dataclass(frozen=True, eq=False)
class FitTarget:
    """What a network is to reproduce.

    Parameters
    ----------
    kind
        Its name in words.
    sequences
        What the loss compares the outputs with, float32, (sequence, time, output).
    condition
        The condition of each sequence, (sequence,).
    readout
        Makes the readout for so many units.
    loss
        The loss.
    restore
        Makes of outputs (condition, time, output) what is stored: ``outputs`` and what else there is.
    score
        How good stored arrays are on a part of the conditions, by name; the first is the main one.
    output_mean, output_scale
        Outputs of the network x scale + mean have the unit of the target.
    learned
        Least value of each score on training conditions for the target to count as learned.
    initial_bias
        Bias of the readout to start from, (output,), where it is not that of the readout.
    """

    kind: str
    sequences: Floats
    condition: IntArray
    readout: Callable[[int], Readout]
    loss: Loss
    restore: Callable[[Floats], dict[str, FloatArray]]
    score: Callable[[Mapping[str, FloatArray], BoolArray], dict[str, float]]
    output_mean: FloatArray
    output_scale: float | FloatArray
    learned: Mapping[str, float] = field(default_factory=lambda: {"variance_explained": _LEARNED})
    initial_bias: FloatArray | None = None


@dataclass(frozen=True, eq=False)
class Standardised:
    """A target in units of its own standard deviation over the training conditions, for float32 training."""

    values: Floats
    mean: FloatArray
    scale: float

    @classmethod
    def of(cls, target: FloatArray, train: BoolArray) -> Standardised:
        """Standardise a target (condition, time, output) by its training conditions."""
        mean = target[train].mean(axis=(0, 1))
        scale = float((target[train] - mean).std())
        return cls(((target - mean) / scale).astype(np.float32), mean, scale)


def rates_target(rates_hz: FloatArray, train: BoolArray) -> FitTarget:
    """Return the cortex's rates, (condition, time, unit) in Hz, by squared error."""
    return _linear_target(RATES, rates_hz, train)


def torque_target(torque_nm: FloatArray, train: BoolArray) -> FitTarget:
    """Return the torques of the desired movement, (condition, time, joint) in N m, by squared error."""
    return _linear_target(TORQUE, torque_nm, train)


def _linear_target(kind: str, target: FloatArray, train: BoolArray) -> FitTarget:
    standardised = Standardised.of(target, train)
    undo = partial(_undo, mean=standardised.mean, scale=standardised.scale)
    return FitTarget(
        kind,
        standardised.values,
        np.arange(len(target)),
        readout=partial(_linear, n_outputs=target.shape[2]),
        loss=mse,
        restore=lambda outputs: {"outputs": undo(outputs)},
        score=lambda stored, part: {"variance_explained": _explained(target, stored["outputs"], part)},
        output_mean=standardised.mean,
        output_scale=standardised.scale,
    )


def mixed_target(
    rates_hz: FloatArray,
    torque_nm: FloatArray,
    train: BoolArray,
    *,
    rates_weight: float,
    torque_weight: float,
) -> FitTarget:
    """Return rates and torques at once, each by squared error in its own variance times a weight."""
    parts = [Standardised.of(target, train) for target in (rates_hz, torque_nm)]
    sizes = [part.values.shape[2] for part in parts]
    rates, torque = slice(0, sizes[0]), slice(sizes[0], sum(sizes))
    mean = np.concatenate([part.mean for part in parts])
    scale = np.repeat([part.scale for part in parts], sizes)

    def restore(outputs: Floats) -> dict[str, FloatArray]:
        restored = _undo(outputs, mean=mean, scale=scale)
        return {"outputs": restored[..., rates], "torque_nm": restored[..., torque]}

    return FitTarget(
        RATES_AND_TORQUE,
        np.concatenate([part.values for part in parts], axis=2),
        np.arange(len(rates_hz)),
        readout=lambda n_units: Mixed(tuple(Linear(n_units, size) for size in sizes)),
        loss=MeanMixture(((rates, mse, rates_weight), (torque, mse, torque_weight))),
        restore=restore,
        score=lambda stored, part: {
            "variance_explained": _explained(rates_hz, stored["outputs"], part),
            "torque_variance_explained": _explained(torque_nm, stored["torque_nm"], part),
        },
        output_mean=mean,
        output_scale=scale,
        learned={"variance_explained": _LEARNED, "torque_variance_explained": _LEARNED},
    )


def hand_target(
    path_m: FloatArray, torque_nm: FloatArray, train: BoolArray, *, dt_s: float, start_m: tuple[float, float]
) -> FitTarget:
    """Return the hand's path, (condition, time, 2) in m, through the arm that the network's torques move.

    Distances count in the deviation of the path, so that an error of 1 is that of a hand at rest. Of the
    torques, (condition, time, joint) in N m, the scale alone is used.
    """
    scale_nm = Standardised.of(torque_nm, train).scale
    path = Standardised.of(path_m, train)
    loss = HandLoss(Arm(), dt_s=dt_s, torque_scale_nm=scale_nm, start_m=start_m, position_scale_m=path.scale)
    mean = np.zeros(torque_nm.shape[2])

    def restore(outputs: Floats) -> dict[str, FloatArray]:
        return {
            "outputs": loss.hand_path(outputs, path_m),
            "torque_nm": _undo(outputs, mean=mean, scale=scale_nm),
        }

    def score(stored: Mapping[str, FloatArray], part: BoolArray) -> dict[str, float]:
        distance_m = np.linalg.norm(stored["outputs"][part] - path_m[part], axis=2)
        return {
            "variance_explained": _explained(path_m, stored["outputs"], part),
            "hand_error_mm": 1e3 * float(distance_m.mean()),
        }

    return FitTarget(
        HAND,
        path_m.astype(np.float32),
        np.arange(len(path_m)),
        readout=partial(_linear, n_outputs=torque_nm.shape[2]),
        loss=loss,
        restore=restore,
        score=score,
        output_mean=mean,
        output_scale=scale_nm,
    )


def _linear(n_units: int, *, n_outputs: int) -> Linear:
    return Linear(n_units, n_outputs)


def _undo(outputs: Floats, *, mean: FloatArray, scale: float | FloatArray) -> FloatArray:
    restored: FloatArray = outputs.astype(np.float64) * scale + mean
    return restored


def _explained(truth: FloatArray, made: FloatArray, part: BoolArray) -> float:
    return variance_explained(truth[part], made[part]).pooled
