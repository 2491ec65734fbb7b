"""Usual errors of textbook code, each planted in a part that is right otherwise."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from motorsim.nn import SGD, Dense, mse

if TYPE_CHECKING:
    from collections.abc import Mapping

    from motorsim.nn import OptimiserState
    from motorsim.nn.dense import DenseCache
    from motorsim.types import BoolArray, Floats, Parameters


@dataclass(frozen=True)
class Ascent(SGD):
    """p' = p + learning_rate dL/dp: the sign is wrong."""

    def update(
        self,
        grads: Mapping[str, Floats],
        state: OptimiserState,
        params: Mapping[str, Floats],
        *,
        rate_factor: float = 1.0,
    ) -> tuple[Parameters, OptimiserState]:
        """Climb where `SGD` descends."""
        uphill = {name: -gradient for name, gradient in grads.items()}
        return super().update(uphill, state, params, rate_factor=rate_factor)


@dataclass(frozen=True)
class UntaughtDense(Dense):
    """No error reaches the layer's weights, so they stay as drawn."""

    def vjp(self, params: Mapping[str, Floats], cache: DenseCache, grad: Floats) -> tuple[Floats, Parameters]:
        """Forget the gradients of the weights."""
        grad_inputs, gradients = super().vjp(params, cache, grad)
        return grad_inputs, {name: np.zeros_like(gradient) for name, gradient in gradients.items()}


@dataclass(frozen=True)
class OneMinusOutputDense(Dense):
    """1 - y for the derivative of a rectifier y: one where the unit is silent, below zero above 1."""

    def vjp(self, params: Mapping[str, Floats], cache: DenseCache, grad: Floats) -> tuple[Floats, Parameters]:
        """Pull back through the wrong slope."""
        return _pull_back(params, cache, grad * (1.0 - cache.outputs))


@dataclass(frozen=True)
class SquashedTwiceDense(Dense):
    """1 - tanh(y)^2 for the derivative of y = tanh(x), although y is squashed already: never below 0.42."""

    def vjp(self, params: Mapping[str, Floats], cache: DenseCache, grad: Floats) -> tuple[Floats, Parameters]:
        """Pull back through the wrong slope."""
        return _pull_back(params, cache, grad * (1.0 - np.tanh(cache.outputs) ** 2))


def without_error(outputs: Floats, targets: Floats, mask: BoolArray | None = None) -> tuple[float, Floats]:
    """Return the mean squared error with the gradient of the mean output: y - t left out of the product."""
    value, _ = mse(outputs, targets, mask)
    return value, np.full_like(outputs, 1.0 / outputs.size)


def _pull_back(
    params: Mapping[str, Floats], cache: DenseCache, grad_drive: Floats
) -> tuple[Floats, Parameters]:
    gradients: Parameters = {"weights": grad_drive.T @ cache.inputs, "bias": grad_drive.sum(axis=0)}
    return grad_drive @ params["weights"], gradients
