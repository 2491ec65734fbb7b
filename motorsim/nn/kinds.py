"""Kinds: refusal of what is of another kind than is wanted, by the name the user knows it under."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from motorsim.checks import InputError, check_choice
from motorsim.types import Cell, Readout, Recurrent

if TYPE_CHECKING:
    from numpy.typing import DTypeLike

_LONGEST = 300
"""Characters of what came that a message shows."""


def check_kind(name: str, value: Any, kinds: type | tuple[type, ...], expected: str) -> None:
    """Refuse what is no instance of ``kinds``, a class in place of an instance too.

    Raises
    ------
    InputError
        If ``value`` is of another kind.
    """
    if isinstance(value, type) or not isinstance(value, kinds):
        text = repr(value)
        raise InputError(name, expected, text if len(text) <= _LONGEST else type(value).__name__)


def check_cell(name: str, value: Any) -> None:
    """Refuse what is no cell, or raise `InputError`."""
    check_kind(name, value, (Cell, Recurrent), "a cell such as Leaky(n_inputs, n_units, dt_s, tau_s)")


def check_readout(name: str, value: Any) -> None:
    """Refuse what is no readout, or raise `InputError`."""
    check_kind(name, value, Readout, "a readout such as Linear(n_units, n_outputs)")


def check_generator(value: Any) -> None:
    """Refuse an ``rng`` that is neither None nor a generator, or raise `InputError`."""
    if value is not None and not isinstance(value, np.random.Generator):
        mend = "write np.random.default_rng(seed)"
        raise InputError("rng", "a numpy.random.Generator, or None for nothing random", repr(value), mend)


def check_dtype(value: DTypeLike) -> np.dtype[Any]:
    """Return float32 or float64, or raise `InputError`."""
    try:
        name = np.dtype(value).name
    except TypeError:
        name = str(value)
    return np.dtype(check_choice("dtype", name, ("float32", "float64")))
