"""Parameters: named arrays, and which of them belong to which part of a network."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from motorsim.types import Floats, Parameters

CELL = "cell."
READOUT = "readout."


def part_of(parameters: Mapping[str, Floats], prefix: str) -> Parameters:
    """Return the arrays whose names start with ``prefix``, under the rest of their names."""
    return {name.removeprefix(prefix): array for name, array in parameters.items() if name.startswith(prefix)}


def whole_of(cell: Mapping[str, Floats], readout: Mapping[str, Floats]) -> Parameters:
    """Return the arrays of cell and readout together, named ``cell.*`` and ``readout.*``."""
    named = {CELL + name: array for name, array in cell.items()}
    return named | {READOUT + name: array for name, array in readout.items()}


def is_weight(array: Floats) -> bool:
    """Tell weights, which have a to and a from axis, from biases and initial states."""
    return array.ndim >= 2
