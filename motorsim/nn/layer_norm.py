"""LayerNorm: each sample scaled to mean zero and variance one over its features."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from motorsim.checks import InputError, check_integer, check_positive

if TYPE_CHECKING:
    from collections.abc import Mapping

    from motorsim.streams import Seed
    from motorsim.types import Floats, Parameters


class LayerNormCache(NamedTuple):
    """What a pass leaves for its pull-back: (sample, ..., feature) and (sample, ..., 1)."""

    normalised: Floats
    inverse_deviation: Floats


@dataclass(frozen=True)
class LayerNorm:
    """The layer y = g (x - m) / sqrt(v + epsilon) + b (Ba, Kiros & Hinton 2016).

    m and v are mean and variance (not the sample's n - 1 form) over the last axis, each sample, place or time
    by itself. Parameter arrays: ``gain`` g and ``bias`` b, (feature,), from one and zero on.

    Parameters
    ----------
    n_features
        Size of the last axis.
    epsilon
        Keeps a constant sample finite, above zero.

    Raises
    ------
    InputError
        If ``n_features`` is not a positive integer or ``epsilon`` not above zero.
    """

    n_features: int
    epsilon: float = 1e-5

    def __post_init__(self) -> None:
        """Refuse sizes and epsilons that make no layer."""
        check_integer("n_features", self.n_features)
        check_positive("epsilon", self.epsilon)

    @property
    def parameter_shapes(self) -> dict[str, tuple[int, ...]]:
        """Name and shape of every parameter array."""
        return {"gain": (self.n_features,), "bias": (self.n_features,)}

    def initial_parameters(self, *, rng: Seed) -> Parameters:  # noqa: ARG002
        """Return gains of one and biases of zero; nothing is drawn."""
        return {"gain": np.ones(self.n_features), "bias": np.zeros(self.n_features)}

    def output_shape(self, input_shape: tuple[int, ...]) -> tuple[int, ...]:
        """Return the shape that comes in, (..., feature), or raise `InputError`."""
        if not input_shape or input_shape[-1] != self.n_features:
            raise InputError("input_shape", f"(..., {self.n_features})", f"{tuple(input_shape)}")
        return tuple(input_shape)

    def forward(
        self,
        params: Mapping[str, Floats],
        inputs: Floats,
        *,
        rng: np.random.Generator | None = None,  # noqa: ARG002
    ) -> tuple[Floats, LayerNormCache]:
        """Return the outputs, (sample, ..., feature), and the cache."""
        normalised = inputs - inputs.mean(axis=-1, keepdims=True)
        # Not np.var: it takes absolute values of complex numbers, which are not analytic.
        variance = np.mean(normalised * normalised, axis=-1, keepdims=True)
        inverse_deviation = 1.0 / np.sqrt(variance + self.epsilon)
        normalised *= inverse_deviation
        outputs = normalised * params["gain"]
        outputs += params["bias"]
        return outputs, LayerNormCache(normalised, inverse_deviation)

    def vjp(
        self, params: Mapping[str, Floats], cache: LayerNormCache, grad: Floats
    ) -> tuple[Floats, Parameters]:
        """Pull a gradient of the outputs, (sample, ..., feature), back to inputs and parameters."""
        leading = tuple(range(grad.ndim - 1))
        gradients: Parameters = {
            "gain": (grad * cache.normalised).sum(axis=leading),
            "bias": grad.sum(axis=leading),
        }
        grad_normalised = grad * params["gain"]
        along = np.mean(grad_normalised * cache.normalised, axis=-1, keepdims=True)
        grad_inputs = grad_normalised - grad_normalised.mean(axis=-1, keepdims=True)
        grad_inputs -= cache.normalised * along
        grad_inputs *= cache.inverse_deviation
        return grad_inputs, gradients
