"""Dropout: numbers left out at random while a network learns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from motorsim.checks import InputError, check_positive

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    from numpy.typing import DTypeLike

    from motorsim.streams import Seed
    from motorsim.types import Floats, Parameters


@dataclass(frozen=True)
class Dropout:
    """Each number is zero with probability ``rate``, else divided by 1 - rate, so that its mean stays.

    Srivastava et al. (2014), with the scaling in training. Without ``rng`` it is the identity. The same
    generator leaves out the same numbers whatever the floating-point type. `Stacked` keeps one mask for a
    whole sequence.

    Parameters
    ----------
    rate
        Probability of leaving a number out, from 0 to below 1.

    Raises
    ------
    InputError
        If the rate is out of its range.
    """

    rate: float

    def __post_init__(self) -> None:
        """Refuse rates that leave nothing."""
        if check_positive("rate", self.rate, allow_zero=True) >= 1.0:
            raise InputError("rate", "a number from 0 to below 1", repr(self.rate))

    @property
    def parameter_shapes(self) -> dict[str, tuple[int, ...]]:
        """Nothing is learned."""
        return {}

    def initial_parameters(self, *, rng: Seed) -> Parameters:  # noqa: ARG002
        """Draw nothing."""
        return {}

    def output_shape(self, input_shape: tuple[int, ...]) -> tuple[int, ...]:
        """Return the shape that comes in."""
        return tuple(input_shape)

    def mask(self, shape: tuple[int, ...], rng: np.random.Generator, dtype: DTypeLike) -> Floats:
        """Return what multiplies numbers of that shape: 0 or 1 / (1 - rate)."""
        kept = (rng.random(shape) >= self.rate).astype(dtype)
        kept /= 1.0 - self.rate
        return kept

    def forward(
        self,
        params: Mapping[str, Floats],  # noqa: ARG002
        inputs: Floats,
        *,
        rng: np.random.Generator | None = None,
    ) -> tuple[Floats, Any]:
        """Return the outputs, shaped as the inputs (sample, ...), and the mask, if there is one."""
        if rng is None:
            return inputs, None
        mask = self.mask(inputs.shape, rng, inputs.dtype)
        return inputs * mask, mask

    def vjp(
        self,
        params: Mapping[str, Floats],  # noqa: ARG002
        cache: Any,
        grad: Floats,
    ) -> tuple[Floats, Parameters]:
        """Pull a gradient of the outputs back through the same mask."""
        return grad if cache is None else grad * cache, {}
