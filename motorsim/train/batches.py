"""Batches: which sequences each iteration sees."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy as np

    from motorsim.types import IntArray


def draw_batches(
    n_sequences: int, batch_size: int | None, rng: np.random.Generator
) -> Iterator[IntArray | slice]:
    """Yield, without end, the rows of one batch after another.

    Every sequence comes once before any comes twice; the last batch of a round may be smaller.
    Without a batch size every batch is the whole set, in order and not copied.
    """
    while True:
        if batch_size is None:
            yield slice(None)
        else:
            order = rng.permutation(n_sequences)
            for start in range(0, n_sequences, batch_size):
                yield order[start : start + batch_size]
