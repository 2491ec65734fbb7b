"""Linear: outputs that are weighted sums of the hidden rates."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from motorsim.checks import check_integer
from motorsim.streams import stream

if TYPE_CHECKING:
    from collections.abc import Mapping

    from motorsim.streams import Seed
    from motorsim.types import Allocator, Floats, Parameters


@dataclass(frozen=True)
class Linear:
    """The readout y = V r + c.

    Parameter arrays: ``weights`` V (output, unit), to by from; ``bias`` c (output,).

    Parameters
    ----------
    n_units
        Number of units that are read.
    n_outputs
        Number of outputs.

    Raises
    ------
    InputError
        If a size is not a positive integer.
    """

    n_units: int
    n_outputs: int

    def __post_init__(self) -> None:
        """Refuse sizes that are not positive."""
        check_integer("n_units", self.n_units)
        check_integer("n_outputs", self.n_outputs)

    @property
    def parameter_shapes(self) -> dict[str, tuple[int, ...]]:
        """Name and shape of every parameter array."""
        return {"weights": (self.n_outputs, self.n_units), "bias": (self.n_outputs,)}

    def initial_parameters(self, *, rng: Seed) -> Parameters:
        """Draw weights N(0, 1 / unit); the bias is zero."""
        generator = stream(rng, "linear readout")
        weights = generator.normal(0.0, 1.0 / np.sqrt(self.n_units), (self.n_outputs, self.n_units))
        return {"weights": weights, "bias": np.zeros(self.n_outputs)}

    def read(self, params: Mapping[str, Floats], rates: Floats, allocate: Allocator) -> tuple[Floats, Floats]:
        """Return the outputs (..., output) of rates (..., unit), and the cache."""
        flat = rates.reshape(-1, self.n_units)
        outputs = allocate("outputs", (len(flat), self.n_outputs), rates.dtype)
        np.matmul(flat, params["weights"].T, out=outputs)
        outputs += params["bias"]
        return outputs.reshape(*rates.shape[:-1], self.n_outputs), flat

    def read_vjp(
        self, params: Mapping[str, Floats], cache: Floats, grad: Floats, allocate: Allocator
    ) -> tuple[Floats, Parameters]:
        """Pull a gradient of the outputs, (..., output), back to rates and parameters."""
        flat = grad.reshape(-1, self.n_outputs)
        grad_rates = allocate("grad_rates", (len(flat), self.n_units), grad.dtype)
        np.matmul(flat, params["weights"], out=grad_rates)
        shape = (*grad.shape[:-1], self.n_units)
        return grad_rates.reshape(shape), {"weights": flat.T @ cache, "bias": flat.sum(axis=0)}
