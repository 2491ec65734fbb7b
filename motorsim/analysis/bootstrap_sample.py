"""What the bootstrap draws from: units, trials within conditions, or conditions with their trials."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from motorsim.analysis.trials import number_conditions
from motorsim.checks import InputError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from motorsim.types import FloatArray, IntArray

OVER = ("unit", "trial", "condition", "condition then trial")


@dataclass(frozen=True, eq=False)
class Sample:
    """What is drawn from: entries of an axis in strata, each stratum a list of blocks that stay together.

    Attributes
    ----------
    rates
        (condition|trial, time, unit).
    conditions
        Number of the condition of each entry of the first axis, or ``None``.
    axis
        The axis that is drawn from.
    strata
        Of each stratum its blocks, each the indices of its entries; a draw has as many of each stratum.
    over
        What a block is, see `OVER`.
    """

    rates: FloatArray
    conditions: IntArray | None
    axis: int
    strata: list[list[IntArray]]
    over: str

    @classmethod
    def of(cls, rates: FloatArray, over: str, conditions: Sequence[Any] | None) -> Sample:
        """Sort the entries into strata and blocks; `InputError` if there are fewer than 2 blocks in one."""
        number = None
        if conditions is not None:
            number = number_conditions("conditions", conditions, len(rates), least_trials=1)
        elif over == "condition then trial":
            raise InputError("conditions", "the condition of each trial", "none")
        axis = 2 if over == "unit" else 0
        size, index = rates.shape[axis], np.arange(rates.shape[axis])
        if over == "unit" or number is None:
            strata = [list(index.reshape(size, 1))]
        else:
            members = [np.flatnonzero(number == condition) for condition in range(int(number.max()) + 1)]
            strata = [list(m.reshape(-1, 1)) for m in members] if over == "trial" else [members]
        fewest = min(len(blocks) for blocks in strata)
        if fewest < 2:
            where = " in every condition" if len(strata) > 1 else ""
            raise InputError(
                "rates", f"at least 2 {over.split(maxsplit=1)[0]}s to draw from{where}", f"{fewest}"
            )
        return cls(rates, number, axis, strata, over)

    def everything(self) -> tuple[Any, ...]:
        """Return the statistic's arguments for the data as they are."""
        return (self.rates,) if self.conditions is None else (self.rates, self.conditions)

    def draw(self, rng: np.random.Generator) -> tuple[Any, ...]:
        """Return the statistic's arguments for one draw with replacement."""
        drawn: list[IntArray] = []
        for blocks in self.strata:
            drawn += [blocks[index] for index in rng.integers(len(blocks), size=len(blocks))]
        if self.over == "condition then trial":
            drawn = [block[rng.integers(len(block), size=len(block))] for block in drawn]
        return self._take(drawn)

    def leave_one_out(self) -> list[list[tuple[Any, ...]]]:
        """Return the statistic's arguments without each block in turn, a list for each stratum."""
        everything = [block for blocks in self.strata for block in blocks]
        arguments = [
            self._take(everything[:index] + everything[index + 1 :]) for index in range(len(everything))
        ]
        ends = np.cumsum([len(blocks) for blocks in self.strata])
        return [arguments[end - len(blocks) : end] for end, blocks in zip(ends, self.strata, strict=True)]

    def _take(self, blocks: list[IntArray]) -> tuple[Any, ...]:
        index = np.concatenate(blocks)
        rates = np.take(self.rates, index, axis=self.axis)
        if self.conditions is None:
            return (rates,)
        if self.over == "unit":
            return rates, self.conditions
        if self.over == "trial":
            return rates, self.conditions[index]
        return rates, np.repeat(np.arange(len(blocks)), [len(block) for block in blocks])
