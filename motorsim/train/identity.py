"""Identity: a training described in texts, to tell whether a checkpoint is of the same one."""

from __future__ import annotations

import dataclasses
import functools
import hashlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from motorsim.nn.trainable import Trainable
    from motorsim.train.batches import Batch
    from motorsim.train.curriculum import Curriculum
    from motorsim.train.training import TrainingSettings

_DEEPEST = 8


def identity_of(
    network: Trainable, settings: TrainingSettings, curriculum: Curriculum, held_out: Batch | None
) -> dict[str, str]:
    """Return a text for each thing that the course of a training depends on.

    Arrays are known by their digest, functions by their name: what a function remembers is not seen.
    """
    described = {
        "architecture": describe_without(network, "parameters"),
        "initial parameters": describe(network.parameters),
        "data": describe(curriculum),
        "validation data": describe(held_out),
    }
    for setting in dataclasses.fields(settings):
        described[setting.name] = describe(getattr(settings, setting.name))
    return described


def describe(value: Any, depth: int = 0) -> str:
    """Return a text that is the same for equal values in any process."""
    simple = _describe_simple(value)
    if simple is not None:
        return simple
    if depth >= _DEEPEST:
        return _name(type(value))
    inner = functools.partial(describe, depth=depth + 1)
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{inner(key)}: {inner(item)}" for key, item in value.items()) + "}"
    if isinstance(value, tuple | list):
        return "(" + ", ".join(inner(item) for item in value) + ")"
    if isinstance(value, functools.partial):
        return f"partial{inner((value.func, value.args, value.keywords))}"
    return describe_without(value, depth=depth)


def describe_without(value: Any, *left_out: str, depth: int = 0) -> str:
    """Return a text of an object's type and of its fields but those left out."""
    if dataclasses.is_dataclass(value):
        held = {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
    else:
        held = dict(getattr(value, "__dict__", {}))
    parts = [f"{name}={describe(item, depth + 1)}" for name, item in held.items() if name not in left_out]
    return f"{_name(type(value))}({', '.join(parts)})"


def _describe_simple(value: Any) -> str | None:
    if isinstance(value, np.generic):
        return repr(value.item())
    if value is None or isinstance(value, str | int | float | complex | bytes | slice):
        return repr(value)
    if isinstance(value, np.ndarray):
        digest = hashlib.sha256(np.ascontiguousarray(value).tobytes()).hexdigest()[:16]
        return f"{value.dtype}{value.shape} {digest}"
    if hasattr(value, "__qualname__"):
        return _name(value)
    return None


def _name(value: Any) -> str:
    return f"{value.__module__}.{value.__qualname__}"
