"""Recurrence replay: the input that makes an unconnected circuit move as a connected one would."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from motorsim.checks import check_positive
from motorsim.cortex.drive import ROWS, Drive

if TYPE_CHECKING:
    from motorsim.cortex.preparation import PreparatoryMap
    from motorsim.cortex.rate_equation import RateEquation
    from motorsim.task import Reaches
    from motorsim.types import FloatArray


@dataclass(frozen=True, eq=False)
class RecurrenceReplay:
    """Movement input h(t) = W g(x(t)), the recurrent input of a circuit that moves by itself.

    Units without connections that start from the same state and receive h pass through the same states x(t):
    the activity is that of the circuit, and its cause is the input alone. No recording of the units tells
    the two apart; a perturbation does.

    Parameters
    ----------
    equation
        The circuit replayed, with its rate function and time constant.
    preparatory_map
        Where each of its movements starts.
    dt_s
        Step of its integration; in between h is linear.

    Raises
    ------
    InputError
        If the step is not positive.
    """

    equation: RateEquation
    preparatory_map: PreparatoryMap
    dt_s: float = 0.001

    def __post_init__(self) -> None:
        """Check the step."""
        check_positive("dt_s", self.dt_s)

    def __call__(self, reaches: Reaches, times_s: FloatArray) -> FloatArray:
        """Return the input in Hz at times (...) from the release, at least 0, (..., condition, unit)."""
        states = self.preparatory_map(reaches)
        n_samples = int(np.ceil(np.max(times_s) / self.dt_s - 1e-9)) + 2
        none = Drive(np.zeros((1, ROWS, *states.shape)))
        path = self.equation.integrate(states, none, n_samples=n_samples, dt_s=self.dt_s)
        recurrent = self.equation.rate_change(path) @ self.equation.circuit.weights.T
        position = np.asarray(times_s) / self.dt_s
        before = np.clip(np.floor(position).astype(np.int64), 0, n_samples - 2)
        share = (position - before)[..., None, None]
        by_time = recurrent.transpose(1, 0, 2)
        replayed: FloatArray = (1.0 - share) * by_time[before] + share * by_time[before + 1]
        return replayed
