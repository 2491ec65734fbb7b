"""Configuration: the parts of a network as plain text, numbers, switches and arrays, and back."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from motorsim.checks import InputError, check_choice

if TYPE_CHECKING:
    from collections.abc import Iterable

Configuration: TypeAlias = "dict[str, Any]"

_KIND = "kind"


@cache
def kinds() -> dict[str, Any]:
    """Return every class that a configuration may name, by its name: nothing else is ever built."""
    from motorsim import nn  # noqa: PLC0415  the room imports this module

    names = (
        *("Vanilla", "Leaky", "LSTM", "GRU", "Stacked", "Bidirectional"),
        *("Linear", "Softmax", "SoftmaxGated", "Sigmoid", "PoissonRate", "Mixed"),
        *("Dense", "Conv2D", "MaxPool2D", "AvgPool2D", "Dropout", "LayerNorm", "Flatten", "Sequential"),
        *("Sparse", "Dale", "LowRank", "Fixed"),
    )
    return {name: getattr(nn, name) for name in names}


def describe(parts: Mapping[str, Any]) -> Configuration:
    """Return each part's kind and fields, nested as the parts are; fields that are None are left out."""
    return {name: _describe(part) for name, part in parts.items()}


def rebuild(configuration: Mapping[str, Any], required: tuple[str, ...]) -> dict[str, Any]:
    """Return the parts that `describe` described; NumPy scalars and arrays will do.

    Raises
    ------
    InputError
        If a kind is unknown, the fields are not those of the kind, or a required part is missing.
    """
    for name in required:
        if name not in configuration:
            raise InputError("configuration", f"settings of {name}", _listed(configuration))
    return {name: _rebuild(name, content) for name, content in configuration.items()}


def _describe(value: Any) -> Any:
    if type(value).__name__ in kinds() and dataclasses.is_dataclass(value):
        fields = {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
        described = {name: _describe(content) for name, content in fields.items() if content is not None}
        return {_KIND: type(value).__name__} | described
    if isinstance(value, tuple):
        if value and all(isinstance(item, int | float) for item in value):
            return np.array(value)
        return {str(index): _describe(item) for index, item in enumerate(value)}
    return value


def _rebuild(where: str, content: Any) -> Any:
    if isinstance(content, Mapping) and _KIND in content:
        return _rebuild_part(where, content)
    if isinstance(content, Mapping):
        return _rebuild_items(where, content)
    return content.item() if isinstance(content, np.generic) else content


def _rebuild_items(where: str, content: Mapping[str, Any]) -> tuple[Any, ...]:
    expected = [str(index) for index in range(len(content))]
    if set(content) != set(expected):
        raise InputError(f"configuration[{where!r}]", "parts numbered from 0", ", ".join(content) or "none")
    return tuple(_rebuild(f"{where}.{index}", content[index]) for index in expected)


def _rebuild_part(where: str, content: Mapping[str, Any]) -> Any:
    kind = kinds()[check_choice(f"configuration[{where!r}]", content[_KIND], kinds())]
    found = set(content) - {_KIND}
    wanted = {field.name: field for field in dataclasses.fields(kind)}
    missing = {name for name in set(wanted) - found if wanted[name].default is not None}
    if missing or found - set(wanted):
        raise InputError(f"configuration[{where!r}]", _listed(wanted), _listed(found))
    values = {name: _rebuild(f"{where}.{name}", content[name]) for name in found}
    return kind(**{name: _tuple_where_wanted(wanted[name], value) for name, value in values.items()})


def _tuple_where_wanted(field: dataclasses.Field[Any], value: Any) -> Any:
    """Return a stored array as the tuple of numbers that it was described from."""
    if isinstance(value, np.ndarray) and "Array" not in str(field.type):
        return tuple(value.tolist())
    return value


def _listed(names: Iterable[str]) -> str:
    return ", ".join(sorted(names)) or "none of them"
