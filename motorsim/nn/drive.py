"""Drive: the parameter arrays of W r + B u + b, which the cells share."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from motorsim.checks import InputError, check_choice, check_integer, check_positive

if TYPE_CHECKING:
    from collections.abc import Mapping

    from motorsim.types import Allocator, Floats, Parameters

INITIALISATIONS = ("gaussian", "orthogonal")


def check_drive(
    n_inputs: int, n_units: int, gain: float, learn_initial_state: bool, initialisation: str
) -> None:
    """Refuse sizes that are not positive, a negative gain, an unknown draw, a switch that is no bool."""
    check_integer("n_inputs", n_inputs)
    check_integer("n_units", n_units)
    check_positive("gain", gain, allow_zero=True)
    check_choice("initialisation", initialisation, INITIALISATIONS)
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
    shapes: Mapping[str, tuple[int, ...]], gain: float, initialisation: str, generator: np.random.Generator
) -> Parameters:
    """Draw W by `draw_recurrent` and B from N(0, 1 / feature); bias and initial state are zero."""
    parameters: Parameters = {name: np.zeros(shape) for name, shape in shapes.items()}
    n_units, n_inputs = shapes["input_weights"]
    parameters["recurrent_weights"] = draw_recurrent(n_units, gain, initialisation, generator)
    parameters["input_weights"] = generator.normal(0.0, 1.0 / np.sqrt(n_inputs), (n_units, n_inputs))
    return parameters


def draw_recurrent(n_units: int, gain: float, initialisation: str, generator: np.random.Generator) -> Floats:
    """Draw recurrent weights, (unit, unit).

    ``"gaussian"``: from N(0, gain^2 / unit), whose eigenvalues fill a disc of radius gain. ``"orthogonal"``:
    gain times a rotation (with or without reflection) drawn evenly from all (Saxe, McClelland & Ganguli 2014;
    Mezzadri 2007), whose eigenvalues lie on a circle of that radius.
    """
    weights: Floats = generator.normal(0.0, gain / np.sqrt(n_units), (n_units, n_units))
    if initialisation == "gaussian":
        return weights
    rotation, triangle = np.linalg.qr(generator.normal(size=(n_units, n_units)))
    # The sign of the triangle's diagonal makes the draw even over the group.
    turned: Floats = gain * rotation * np.sign(np.diag(triangle))
    return turned


def repeat_initial_state(params: Mapping[str, Floats], batch: int) -> Floats:
    """Return the learned initial state, or zero where none is learned, (batch, unit)."""
    state = params["initial_state"] if "initial_state" in params else np.zeros_like(params["bias"])
    return np.tile(state, (batch, 1))


def drive_by_inputs(params: Mapping[str, Floats], inputs: Floats, scale: Floats | float, out: Floats) -> None:
    """Write scale x (B u + b) of all times at once into ``out``, (time, batch, unit).

    The bias goes in as the weight of a further input that is always 1: a pass over memory less.
    """
    n_times, batch, n_inputs = inputs.shape
    with_one = np.empty((n_times * batch, n_inputs + 1), out.dtype)
    with_one[:, :-1] = inputs.reshape(n_times * batch, n_inputs)
    with_one[:, -1] = 1.0
    weights = np.concatenate([params["input_weights"], params["bias"][:, None]], axis=1)
    scaled = (weights.T * scale).astype(out.dtype, copy=False)
    np.matmul(with_one, scaled, out=out.reshape(n_times * batch, -1))


def drive_vjp(grad_drive: Floats, rates_before: Floats, inputs: Floats) -> Parameters:
    """Pull a gradient of W r + B u + b, all (time, batch, ...), back to W, B and b."""
    n_rows = inputs.shape[0] * inputs.shape[1]
    rows = grad_drive.reshape(n_rows, -1)
    return {
        "recurrent_weights": rows.T @ rates_before.reshape(n_rows, -1),
        "input_weights": rows.T @ inputs.reshape(n_rows, -1),
        # A product with ones is several times faster than a sum over rows.
        "bias": np.ones(n_rows, rows.dtype) @ rows,
    }


def inputs_vjp(grad_drive: Floats, input_weights: Floats, inputs: Floats, allocate: Allocator) -> Floats:
    """Pull a gradient of B u, (time, batch, unit), back to the inputs, (time, batch, feature)."""
    grad = allocate("grad_inputs", inputs.shape, grad_drive.dtype)
    n_rows = inputs.shape[0] * inputs.shape[1]
    np.matmul(grad_drive.reshape(n_rows, -1), input_weights, out=grad.reshape(n_rows, -1))
    return grad
