"""Split: which conditions a model is fitted on, which stop the fit, and which test it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from motorsim.checks import InputError, check_positive
from motorsim.streams import stream

if TYPE_CHECKING:
    from motorsim.streams import Seed
    from motorsim.task.reaches import Reaches
    from motorsim.types import BoolArray, FloatArray, IntArray


@dataclass(frozen=True, eq=False)
class ConditionSplit:
    """Three sets of conditions that share none and leave none out; each a mask (condition,).

    Parameters
    ----------
    train
        Conditions to fit.
    validation
        Conditions that decide when to stop.
    test
        Conditions that only the final score sees.

    Raises
    ------
    InputError
        If a condition is in no set or in several, or nothing is left to train on.
    """

    train: BoolArray
    validation: BoolArray
    test: BoolArray

    def __post_init__(self) -> None:
        """Check that every condition is in exactly one set."""
        masks = [np.asarray(mask) for mask in (self.train, self.validation, self.test)]
        if any(mask.dtype != bool or mask.ndim != 1 or mask.shape != masks[0].shape for mask in masks):
            got = ", ".join(f"{mask.dtype} of shape {mask.shape}" for mask in masks)
            raise InputError("train, validation, test", "boolean masks of one length", got)
        n_sets = np.sum(masks, axis=0)
        if (n_sets != 1).any():
            first = int(np.flatnonzero(n_sets != 1)[0])
            got = f"condition {first} in {n_sets[first]}"
            raise InputError("train, validation, test", "every condition in exactly one set", got)
        if not self.train.any():
            raise InputError("train", "at least one condition", "none")

    @property
    def n_conditions(self) -> int:
        """Number of conditions in the three sets together."""
        return len(self.train)


def split_conditions(
    reaches: Reaches,
    *,
    test_fraction: float = 0.25,
    validation_fraction: float = 0.125,
    rng: Seed,
) -> ConditionSplit:
    """Hold out conditions evenly: of every kind, and spread over the directions.

    A kind is a distance with a curvature. Within each, test conditions are evenly spaced around the
    circle and validation conditions lie in the gaps, as far from all held out as they can; the next
    kind is turned by one direction, so that a direction held out in one is trained in another where
    there is room. ``rng`` turns the whole.

    Parameters
    ----------
    reaches
        The conditions.
    test_fraction, validation_fraction
        Part of each kind to hold out, rounded; at least one of each kind unless the validation
        fraction is zero.
    rng
        Seed or generator.

    Raises
    ------
    InputError
        If the fractions leave nothing to train on, or a kind has too few conditions.
    """
    test_fraction = check_positive("test_fraction", test_fraction)
    validation_fraction = check_positive("validation_fraction", validation_fraction, allow_zero=True)
    if test_fraction + validation_fraction >= 1:
        got = f"{test_fraction:g} + {validation_fraction:g}"
        raise InputError("test_fraction", "fractions that sum to less than 1", got)
    turn = int(stream(rng, "condition split").integers(reaches.n_conditions))
    test = np.zeros(reaches.n_conditions, bool)
    validation = np.zeros(reaches.n_conditions, bool)
    for number, kind in enumerate(_kinds(reaches)):
        size = len(kind)
        n_test = _share(size, test_fraction)
        n_validation = _share(size, validation_fraction) if validation_fraction else 0
        if n_test + n_validation >= size:
            raise InputError(
                "reaches",
                f"more than {n_test + n_validation} conditions of each distance and curvature",
                f"{size} like condition {kind[0]} ({reaches.labels[kind[0]]})",
                "take more directions or hold out less",
            )
        test_places, validation_places = _held_out_places(size, n_test, n_validation)
        around = kind[(np.arange(size) + turn + number) % size]
        test[around[test_places]] = True
        validation[around[validation_places]] = True
    return ConditionSplit(train=~(test | validation), validation=validation, test=test)


def _kinds(reaches: Reaches) -> list[IntArray]:
    """Return the conditions of each distance and curvature, in order of direction."""
    features: FloatArray = np.stack([reaches.distance_m, reaches.curvature], -1)
    _, kind_of = np.unique(features.round(9), axis=0, return_inverse=True)
    direction = np.mod(reaches.direction_rad, 2 * np.pi)
    kinds = [np.flatnonzero(kind_of == kind) for kind in range(kind_of.max() + 1)]
    return [members[np.argsort(direction[members], kind="stable")] for members in kinds]


def _share(size: int, fraction: float) -> int:
    """Return the rounded number of held-out conditions; halves round up, and it is at least one."""
    return max(1, int(size * fraction + 0.5))


def _held_out_places(size: int, n_test: int, n_validation: int) -> tuple[list[int], list[int]]:
    """Return places on a circle of ``size``: tests evenly spaced, validation in the gaps."""
    test = [place * size // n_test for place in range(n_test)]
    validation: list[int] = []
    for _ in range(n_validation):
        free = [place for place in range(size) if place not in test + validation]
        validation.append(
            max(free, key=lambda place: (_gap(place, test + validation, size), _gap(place, validation, size)))
        )
    return test, validation


def _gap(place: int, others: list[int], size: int) -> int:
    """Return the distance around the circle to the nearest of ``others``."""
    return min((min((place - other) % size, (other - place) % size) for other in others), default=size)
