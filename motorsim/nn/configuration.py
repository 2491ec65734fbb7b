"""Configuration: a cell and a readout as plain text, numbers and switches, and back."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from motorsim.checks import InputError, check_choice
from motorsim.nn.leaky import Leaky
from motorsim.nn.linear import Linear
from motorsim.nn.vanilla import Vanilla

if TYPE_CHECKING:
    from collections.abc import Mapping

    from motorsim.types import Cell, Readout

Configuration: TypeAlias = "dict[str, str | float | int | bool]"

KINDS: dict[str, dict[str, Any]] = {
    "cell": {kind.__name__: kind for kind in (Leaky, Vanilla)},
    "readout": {kind.__name__: kind for kind in (Linear,)},
}


def describe(cell: Cell, readout: Readout) -> Configuration:
    """Return the kind of each part, under ``cell`` and ``readout``, and its fields, under ``cell.*`` ..."""
    configuration: Configuration = {}
    for part, value in (("cell", cell), ("readout", readout)):
        configuration[part] = type(value).__name__
        for field in dataclasses.fields(value):  # type: ignore[arg-type]
            configuration[f"{part}.{field.name}"] = _plain(getattr(value, field.name))
    return configuration


def rebuild(configuration: Mapping[str, Any]) -> tuple[Cell, Readout]:
    """Return the cell and the readout that `describe` described; NumPy scalars will do.

    Raises
    ------
    InputError
        If a kind is unknown, or the fields are not those of the kind.
    """
    return _rebuild_part("cell", configuration), _rebuild_part("readout", configuration)


def _rebuild_part(part: str, configuration: Mapping[str, Any]) -> Any:
    kind = KINDS[part][check_choice(f"configuration[{part!r}]", configuration.get(part), KINDS[part])]
    wanted = [f"{part}.{field.name}" for field in dataclasses.fields(kind)]
    found = [key for key in configuration if key.startswith(f"{part}.")]
    if set(found) != set(wanted):
        raise InputError("configuration", ", ".join(wanted), ", ".join(found) or "none of them")
    return kind(**{key.removeprefix(f"{part}."): _plain(configuration[key]) for key in wanted})


def _plain(value: Any) -> Any:
    return value.item() if isinstance(value, np.generic) else value
