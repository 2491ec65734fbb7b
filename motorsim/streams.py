"""Named random streams: one seed, one independent generator for each consumer."""

from __future__ import annotations

import hashlib

import numpy as np

from motorsim.checks import InputError
from motorsim.types import Seed

__all__ = ["Seed", "stream"]


def stream(rng: Seed, name: str) -> np.random.Generator:
    """Return the generator of the consumer ``name``.

    The same integer seed and name give the same numbers whatever other streams were drawn from and
    in whatever order, so adding a consumer never changes the others.

    Parameters
    ----------
    rng
        A non-negative integer seed, or a generator. One integer is drawn from a generator, so its
        state moves on, two calls differ, and the order of the calls matters.
    name
        The consumer, for instance ``"preparatory states"``.

    Raises
    ------
    InputError
        If ``rng`` is neither a non-negative integer nor a generator, or ``name`` is no string.
    """
    if not isinstance(name, str):
        raise InputError("name", "the consumer's name, a string", repr(name))
    if isinstance(rng, np.random.Generator):
        seed = int(rng.integers(2**63))
    elif isinstance(rng, int | np.integer) and not isinstance(rng, bool) and rng >= 0:
        seed = int(rng)
    else:
        raise InputError("rng", "a non-negative integer or a numpy.random.Generator", repr(rng))
    # A whole digest, not a checksum: two names must never share a stream.
    digest = np.frombuffer(hashlib.sha256(name.encode()).digest(), dtype="<u4")
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=tuple(int(word) for word in digest)))
