"""What is measured of one recording: numbers with their intervals, and arrays to draw."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np

_NAN = float("nan")


class Estimate(NamedTuple):
    """A number, with its 95 % interval over resampled units where one was drawn (otherwise NaN)."""

    value: float
    low: float = _NAN
    high: float = _NAN


@dataclass(frozen=True, eq=False)
class Physiology:
    """Properties of one recording.

    Attributes
    ----------
    estimates
        Name of the property to its estimate, in the unit that ends the name.
    arrays
        What figures show of it, by name.
    """

    estimates: Mapping[str, Estimate] = field(default_factory=dict)
    arrays: Mapping[str, np.ndarray] = field(default_factory=dict)

    def __or__(self, other: Physiology) -> Physiology:
        """Return the properties and arrays of both."""
        return Physiology({**self.estimates, **other.estimates}, {**self.arrays, **other.arrays})
