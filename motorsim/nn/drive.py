"""Drive: the parameter arrays of W r + B u + b, which tanh cells share."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from motorsim.checks import InputError, check_integer, check_positive

if TYPE_CHECKING:
    from collections.abc import Mapping

    from motorsim.types import Floats, Parameters


def check_drive(n_inputs: int, n_units: int, gain: float, learn_initial_state: bool) -> None:
    """Refuse sizes that are not positive integers, a negative gain and a switch that is not a bool."""
    check_integer("n_inputs", n_inputs)
    check_integer("n_units", n_units)
    check_positive("gain", gain, allow_zero=True)
    if not isinstance(learn_initial_state, bool):
        raise InputError("learn_initial_state", "True or False", repr(learn_initial_state))


def drive_shapes(n_inputs: int, n_units: int, learn_initial_state: bool) -> dict[str, tuple[int, ...]]:
    """Return name and shape of W, B, b and, where it is learned, the initial state."""
    shapes: dict[str, tuple[int, ...]] = {
        "recurrent_weights": (n_units, n_units),
        "input_weights": (n_units, n_inputs),
        "bias": (n_units,),
    }
    if learn_initial_state:
        shapes["initial_state"] = (n_units,)
    return shapes


def draw_drive(
    shapes: Mapping[str, tuple[int, ...]], gain: float, generator: np.random.Generator
) -> Parameters:
    """Draw W from N(0, gain^2 / unit) and B from N(0, 1 / feature); bias and initial state are zero."""
    parameters: Parameters = {name: np.zeros(shape) for name, shape in shapes.items()}
    for name, scale in (("recurrent_weights", gain), ("input_weights", 1.0)):
        n_from = shapes[name][1]
        parameters[name] = generator.normal(0.0, scale / np.sqrt(n_from), shapes[name])
    return parameters


def repeat_initial_state(params: Mapping[str, Floats], batch: int) -> Floats:
    """Return the learned initial state, or zero where none is learned, (batch, unit)."""
    state = params["initial_state"] if "initial_state" in params else np.zeros_like(params["bias"])
    return np.tile(state, (batch, 1))
