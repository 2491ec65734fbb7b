"""Read-only: the copies of its parameters that a network keeps."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np

from motorsim.checks import InputError, check_array

if TYPE_CHECKING:
    from motorsim.types import Floats, Parameters


def read_only(
    shapes: Mapping[str, tuple[int, ...]], parameters: Mapping[str, Floats]
) -> MappingProxyType[str, Floats]:
    """Return copies that cannot be changed, in the order of ``shapes``.

    Raises
    ------
    InputError
        If an array is missing, unknown, of another shape or not finite, there is none at all, or they are
        not all float32 or all float64.
    """
    if not isinstance(parameters, Mapping):
        raise InputError("parameters", "arrays by name", type(parameters).__name__)
    if set(parameters) != set(shapes):
        raise InputError("parameters", ", ".join(shapes) or "none", ", ".join(parameters) or "none")
    kinds = {np.asarray(array).dtype.name for array in parameters.values()}
    if kinds not in ({"float32"}, {"float64"}):
        expected = "arrays, at least one, that are all float32 or all float64"
        raise InputError("parameters", expected, ", ".join(sorted(kinds)) or "none")
    copies: Parameters = {}
    for name, shape in shapes.items():
        check_array(f"parameters[{name!r}]", parameters[name], shape=shape)
        copies[name] = np.array(parameters[name])
        copies[name].setflags(write=False)
    return MappingProxyType(copies)
