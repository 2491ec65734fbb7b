"""The drive of a trial: preparation, what comes in with the movement, and perturbations of both."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from motorsim.checks import InputError
from motorsim.cortex.drive import ROWS, Drive

if TYPE_CHECKING:
    from collections.abc import Sequence

    from motorsim.cortex.perturbation import Perturbation
    from motorsim.cortex.trigger import MovementInput
    from motorsim.task import Reaches
    from motorsim.types import FloatArray


def movement_drive(
    reaches: Reaches, inputs: Sequence[MovementInput], *, n_units: int, n_steps: int, dt_s: float
) -> Drive:
    """Return what comes in from the release on: the sum of the inputs, or one step of zeros for none.

    Raises
    ------
    InputError
        If an input has a shape that does not fit conditions and units, or is not finite.
    """
    shape = (n_steps, ROWS, reaches.n_conditions, n_units)
    if not inputs:
        return Drive(np.zeros((1, *shape[1:])))
    times_s = dt_s * (np.arange(n_steps)[:, None] + np.linspace(0.0, 1.0, ROWS))
    total = np.zeros(shape)
    for given in inputs:
        added = np.asarray(given(reaches, times_s), dtype=np.float64)
        if added.shape not in (shape, (*shape[:2], 1, n_units)):
            expected = f"inputs of shape (..., {reaches.n_conditions} or 1, {n_units}) for times (...)"
            raise InputError("movement_inputs", expected, f"shape {added.shape}")
        total += added
    return Drive(total)


def in_sequence(preparation: Drive, movement: Drive) -> Drive:
    """Return the drive of preparation followed by that of movement."""
    rows = np.concatenate([preparation.feedforward_hz, movement.feedforward_hz])
    return replace(preparation, feedforward_hz=rows)


def perturbed(
    drive: Drive, perturbations: Sequence[Perturbation], *, n_steps: int, dt_s: float, end_s: float
) -> Drive:
    """Return a drive with perturbations of a trial of ``n_steps`` integration steps that ends at ``end_s``.

    Raises
    ------
    InputError
        If a window leaves the trial or a unit does not exist.
    """
    if not perturbations:
        return drive
    n_units = drive.feedforward_hz.shape[3]
    added = np.zeros((n_steps, n_units))
    silenced = np.zeros((n_steps, n_units), bool)
    for perturbation in perturbations:
        steps = perturbation.steps(end_s, dt_s)
        if perturbation.silence:
            silenced[steps, perturbation.chosen(n_units)] = True
        else:
            added[steps] += perturbation.pattern_hz(n_units)
    rows = drive.feedforward_hz
    if added.any():
        rows = _extended(rows, n_steps) + added[:, None, None, :]
    return replace(drive, feedforward_hz=rows, silenced=silenced if silenced.any() else drive.silenced)


def _extended(rows_hz: FloatArray, n_steps: int) -> FloatArray:
    """Hold the last value until the end of the trial."""
    missing = n_steps - len(rows_hz)
    if missing <= 0:
        return rows_hz[:n_steps]
    held = np.broadcast_to(rows_hz[-1, -1], (missing, *rows_hz.shape[1:]))
    return np.concatenate([rows_hz, held])
