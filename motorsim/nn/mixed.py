"""Mixed: the outputs of several readouts side by side."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from motorsim.checks import InputError
from motorsim.nn.kinds import check_readout
from motorsim.nn.parts import allocate_for, part_of, whole_of
from motorsim.streams import stream

if TYPE_CHECKING:
    from collections.abc import Mapping

    from motorsim.streams import Seed
    from motorsim.types import Allocator, Floats, Parameters, Readout


@dataclass(frozen=True)
class Mixed:
    """Readouts of the same units, for instance `Linear` for torques and `PoissonRate` for spikes.

    Parameter arrays are those of the readouts, named by their place: ``0.weights``, ``1.weights`` and so on.
    `Mixture` is the loss to go with it.

    Parameters
    ----------
    readouts
        In the order of their outputs.

    Raises
    ------
    InputError
        If there is none, or they do not read the same number of units.
    """

    readouts: tuple[Readout, ...]

    def __post_init__(self) -> None:
        """Refuse readouts that do not go together."""
        if not isinstance(self.readouts, tuple | list):
            raise InputError("readouts", "a tuple of readouts", repr(self.readouts))
        object.__setattr__(self, "readouts", tuple(self.readouts))
        for place, readout in enumerate(self.readouts):
            check_readout(f"readouts[{place}]", readout)
        sizes = {readout.n_units for readout in self.readouts}
        if len(sizes) != 1:
            got = " and ".join(map(str, sorted(sizes))) or "no readout"
            raise InputError("readouts", "one or more readouts of the same number of units", got)

    @property
    def n_units(self) -> int:
        """Size of the unit axis."""
        return self.readouts[0].n_units

    @property
    def n_outputs(self) -> int:
        """Size of the output axis, that of all readouts together."""
        return sum(readout.n_outputs for readout in self.readouts)

    @property
    def slices(self) -> tuple[slice, ...]:
        """Where the outputs of each readout are, as `Mixture` takes it."""
        ends = np.cumsum([readout.n_outputs for readout in self.readouts]).tolist()
        return tuple(slice(start, end) for start, end in zip([0, *ends], ends, strict=False))

    @property
    def parameter_shapes(self) -> dict[str, tuple[int, ...]]:
        """Name and shape of every parameter array."""
        return whole_of({str(i): readout.parameter_shapes for i, readout in enumerate(self.readouts)})

    def initial_parameters(self, *, rng: Seed) -> Parameters:
        """Draw the parameters of each readout, from a random stream of its own."""
        generator = stream(rng, "mixed readout")
        drawn = {str(i): readout.initial_parameters(rng=generator) for i, readout in enumerate(self.readouts)}
        return whole_of(drawn)

    def read(
        self, params: Mapping[str, Floats], rates: Floats, allocate: Allocator
    ) -> tuple[Floats, tuple[Any, ...]]:
        """Return the outputs (..., output) of rates (..., unit), and the cache."""
        outputs = allocate("outputs", (*rates.shape[:-1], self.n_outputs), rates.dtype)
        caches = []
        for name, readout, place in self._parts():
            part, cache = readout.read(part_of(params, name), rates, allocate_for(name, allocate))
            outputs[..., place] = part
            caches.append(cache)
        return outputs, tuple(caches)

    def read_vjp(
        self, params: Mapping[str, Floats], cache: tuple[Any, ...], grad: Floats, allocate: Allocator
    ) -> tuple[Floats, Parameters]:
        """Pull a gradient of the outputs, (..., output), back to rates and parameters."""
        grad_rates = allocate("grad_rates", (*grad.shape[:-1], self.n_units), grad.dtype)
        grad_rates[...] = 0.0
        gradients: dict[str, Parameters] = {}
        for (name, readout, place), own in zip(self._parts(), cache, strict=True):
            part = np.ascontiguousarray(grad[..., place])
            of_rates, gradients[name] = readout.read_vjp(
                part_of(params, name), own, part, allocate_for(name, allocate)
            )
            grad_rates += of_rates
        return grad_rates, whole_of(gradients)

    def _parts(self) -> list[tuple[str, Readout, slice]]:
        """Return name, readout and place of every part."""
        names = map(str, range(len(self.readouts)))
        return list(zip(names, self.readouts, self.slices, strict=True))
