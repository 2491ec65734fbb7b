"""Comparison: one table of metrics, each with its interval, null and ceiling."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from motorsim.checks import InputError
from motorsim.files import atomic_write_text

if TYPE_CHECKING:
    import os
    from collections.abc import Sequence

    import pandas as pd

COLUMNS = (
    "metric",
    "candidate",
    "value",
    "low",
    "high",
    "null",
    "null_high",
    "ceiling",
    "reference_value",
    "higher_is_more_alike",
    "conditions",
    "note",
)


@dataclass(frozen=True, eq=False)
class Comparison:
    """Candidates measured against one reference.

    Attributes
    ----------
    table
        One row a metric and candidate, columns `COLUMNS`; `compare` says what they hold.
    reference
        Name of the reference.
    candidates
        Names of the candidates, in the order of the rows.
    """

    table: pd.DataFrame
    reference: str
    candidates: tuple[str, ...]

    def to_csv(self, path: str | os.PathLike[str]) -> None:
        """Write the table, whole or not at all; floats in full precision, NaN as an empty field.

        Raises
        ------
        InputError
            If ``path`` cannot be written.
        """
        atomic_write_text(path, self.table.to_csv(index=False, columns=list(COLUMNS), lineterminator="\n"))


def combine(comparisons: Sequence[Comparison]) -> Comparison:
    """Put several comparisons with the same reference into one table, in the order given.

    Raises
    ------
    InputError
        If there is none, they have different references, or a metric comes twice for one candidate.
    """
    import pandas as pd  # noqa: PLC0415 - keeps the import of this module quick

    if not comparisons:
        raise InputError("comparisons", "at least one", "none")
    references = {comparison.reference for comparison in comparisons}
    if len(references) > 1:
        raise InputError("comparisons", "one reference", ", ".join(sorted(references)))
    rows = [row for comparison in comparisons for row in comparison.table.to_dict("records")]
    measured = [(row["metric"], row["candidate"]) for row in rows]
    twice = next((pair for pair in measured if measured.count(pair) > 1), None)
    if twice is not None:
        mend = "give another candidate_name to compare()"
        raise InputError(
            "comparisons", "each metric of a candidate once", "{} of {} twice".format(*twice), mend
        )
    candidates = dict.fromkeys(name for comparison in comparisons for name in comparison.candidates)
    return Comparison(pd.DataFrame(rows, columns=list(COLUMNS)), references.pop(), tuple(candidates))
