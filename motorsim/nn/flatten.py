"""Flatten: all numbers of a sample along one axis."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np

    from motorsim.streams import Seed
    from motorsim.types import Floats, Parameters


@dataclass(frozen=True)
class Flatten:
    """Samples (sample, ...) as (sample, feature), the last axis running fastest."""

    @property
    def parameter_shapes(self) -> dict[str, tuple[int, ...]]:
        """Nothing is learned."""
        return {}

    def initial_parameters(self, *, rng: Seed) -> Parameters:  # noqa: ARG002
        """Draw nothing."""
        return {}

    def output_shape(self, input_shape: tuple[int, ...]) -> tuple[int, ...]:
        """Return (feature,), the product of the sizes that come in."""
        return (math.prod(input_shape),)

    def forward(
        self,
        params: Mapping[str, Floats],  # noqa: ARG002
        inputs: Floats,
        *,
        rng: np.random.Generator | None = None,  # noqa: ARG002
    ) -> tuple[Floats, tuple[int, ...]]:
        """Return (sample, feature) and the cache: the shape of the inputs."""
        return inputs.reshape(len(inputs), math.prod(inputs.shape[1:])), inputs.shape

    def vjp(
        self,
        params: Mapping[str, Floats],  # noqa: ARG002
        cache: tuple[int, ...],
        grad: Floats,
    ) -> tuple[Floats, Parameters]:
        """Give a gradient of the outputs the shape of the inputs."""
        return grad.reshape(cache), {}
