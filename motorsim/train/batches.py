"""Batches: what each update of a stage sees, as a function of the update's number alone.

Nothing moves on from call to call, so that an interrupted training finds its place without being told.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

import numpy as np

from motorsim.checks import InputError
from motorsim.streams import stream

if TYPE_CHECKING:
    from motorsim.nn.trainable import Trainable
    from motorsim.types import BoolArray, Floats, IntArray

Batch: TypeAlias = "tuple[Floats, Floats, BoolArray | None]"
Draw: TypeAlias = Callable[[np.random.Generator], "tuple[Any, ...]"]


class Batches(Protocol):
    """The batches of one stage."""

    def at(self, update: int) -> Batch:
        """Return the batch of an update, counted from 0 at the start of the stage."""
        ...


class Rounds:
    """A data set in batches: every row once a round, in a new order each round.

    Parameters
    ----------
    data
        Inputs, targets and mask; rows run along the first axis.
    batch_size
        Rows a batch, at most all; the last batch of a round may be smaller. ``None``: all of them, in order
        and not copied.
    seed, name
        What the orders follow from.
    """

    def __init__(self, data: Batch, batch_size: int | None, *, seed: int, name: str) -> None:
        self.data, self.batch_size = data, batch_size
        self._seed, self._name = seed, name
        self._known: tuple[int, IntArray] | None = None

    def at(self, update: int) -> Batch:
        """Return the batch of an update, counted from 0."""
        if self.batch_size is None:
            return self.data
        n_rows = len(self.data[0])
        number, place = divmod(update, -(-n_rows // self.batch_size))
        rows = self._order(number)[place * self.batch_size : (place + 1) * self.batch_size]
        inputs, targets, mask = self.data
        return inputs[rows], targets[rows], None if mask is None else mask[rows]

    def _order(self, number: int) -> IntArray:
        if self._known is None or self._known[0] != number:
            rng = stream(self._seed, f"{self._name}, round {number}")
            self._known = number, rng.permutation(len(self.data[0]))
        return self._known[1]


class Fresh:
    """Batches that are drawn anew for each update.

    Parameters
    ----------
    draw
        Returns inputs, targets and, if wanted, a mask; all that is random must come from its argument.
    network
        What the arrays are checked against.
    seed, name
        What the generators that ``draw`` receives follow from.
    """

    def __init__(self, draw: Draw, network: Trainable, *, seed: int, name: str) -> None:
        self._draw, self._network, self._seed, self._name = draw, network, seed, name

    def at(self, update: int) -> Batch:
        """Return the batch of an update, counted from 0.

        Raises
        ------
        InputError
            If what was drawn is no batch of the network.
        """
        drawn = self._draw(stream(self._seed, f"{self._name}, batch {update}"))
        return check_data("batches", drawn, self._network)


def check_data(name: str, data: Any, network: Trainable) -> Batch:
    """Return inputs, targets and mask as the network takes them, or an error that begins with ``name``."""
    if not isinstance(data, tuple | list) or len(data) not in (2, 3):
        raise InputError(name, "(inputs, targets) or (inputs, targets, mask)", type(data).__name__)
    try:
        return network.check_batch(*data)
    except InputError as error:
        raise InputError(f"{name} {error.name}", error.expected, error.got, error.mend) from None


def check_every_batch_counts(name: str, data: Batch, batch_size: int) -> None:
    """Refuse a mask that may leave nothing of a batch.

    Raises
    ------
    InputError
        If there are as many rows in which nothing counts as the smallest batch has.
    """
    n_rows, mask = len(data[0]), data[2]
    if mask is None:
        return
    smallest = n_rows % batch_size or batch_size
    n_empty = int((~mask.reshape(n_rows, -1).any(axis=1)).sum())
    if n_empty >= smallest:
        expected = f"something left in any {smallest} of the rows, which may make a batch"
        mend = "leave those rows out of inputs, targets and mask"
        raise InputError(name, expected, f"{n_empty} rows of which nothing is left", mend)
