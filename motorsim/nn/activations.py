"""Activations: tanh, sigmoid, rectifier, softplus, identity; their slopes follow from the output alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from motorsim.checks import check_choice

if TYPE_CHECKING:
    from collections.abc import Callable

    from motorsim.types import Floats


@dataclass(frozen=True)
class Activation:
    """A function of single numbers, y = f(x), that never falls.

    Parameters
    ----------
    name
        As in `ACTIVATIONS`.
    apply
        ``apply(x, out)`` writes f(x) into ``out``, which may be ``x``, and returns it; a new array if
        ``out`` is None.
    slope
        ``slope(y, out)`` writes f'(x) as a function of the output y. At the rectifier's kink it is 0.
    """

    name: str
    apply: Callable[[Floats, Floats | None], Floats]
    slope: Callable[[Floats, Floats | None], Floats]


def _tanh(x: Floats, out: Floats | None) -> Floats:
    return np.tanh(x, out=out)


def _tanh_slope(y: Floats, out: Floats | None) -> Floats:
    slope: Floats = np.multiply(y, y, out=out)
    return np.subtract(1.0, slope, out=slope)


def _sigmoid(x: Floats, out: Floats | None) -> Floats:
    # By tanh, which neither overflows nor leaves the complex-step derivative.
    half: Floats = np.multiply(x, 0.5, out=out)
    np.tanh(half, out=half)
    np.multiply(half, 0.5, out=half)
    return np.add(half, 0.5, out=half)


def _sigmoid_slope(y: Floats, out: Floats | None) -> Floats:
    square: Floats = np.multiply(y, y, out=None if out is y else out)
    return np.subtract(y, square, out=square if out is None else out)


def _relu(x: Floats, out: Floats | None) -> Floats:
    if np.iscomplexobj(x):
        return np.multiply(x, x.real > 0.0, out=out)
    rectified: Floats = np.maximum(x, 0.0, out=out)
    return rectified


def _relu_slope(y: Floats, out: Floats | None) -> Floats:
    result = np.empty_like(y) if out is None else out
    result[...] = y.real > 0.0
    return result


def _softplus(x: Floats, out: Floats | None) -> Floats:
    positive = x.real > 0.0
    tail = np.log1p(np.exp(np.where(positive, -x, x)))
    value: Floats = np.add(np.where(positive, x, 0.0), tail, out=out)
    return value


def _softplus_slope(y: Floats, out: Floats | None) -> Floats:
    # y = log(1 + exp(x)), so f'(x) = exp(x) / (1 + exp(x)) = 1 - exp(-y).
    slope: Floats = np.negative(y, out=out)
    np.expm1(slope, out=slope)
    return np.negative(slope, out=slope)


def _identity(x: Floats, out: Floats | None) -> Floats:
    result = np.empty_like(x) if out is None else out
    result[...] = x
    return result


def _identity_slope(y: Floats, out: Floats | None) -> Floats:
    result = np.empty_like(y) if out is None else out
    result[...] = 1.0
    return result


ACTIVATIONS: dict[str, Activation] = {
    activation.name: activation
    for activation in (
        Activation("tanh", _tanh, _tanh_slope),
        Activation("sigmoid", _sigmoid, _sigmoid_slope),
        Activation("relu", _relu, _relu_slope),
        Activation("softplus", _softplus, _softplus_slope),
        Activation("linear", _identity, _identity_slope),
    )
}


def activation_named(name: str) -> Activation:
    """Return the activation of that name.

    Raises
    ------
    InputError
        If there is none.
    """
    return ACTIVATIONS[check_choice("activation", name, ACTIVATIONS)]
