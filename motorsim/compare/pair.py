"""Pair: two populations on exactly the same conditions and times, and which conditions fit and test."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from motorsim.analysis.samples import check_mask
from motorsim.checks import InputError
from motorsim.population import Population

if TYPE_CHECKING:
    from motorsim.types import BoolArray


@dataclass(frozen=True, eq=False)
class Pair:
    """A reference and a candidate that may be compared sample by sample.

    The join is exact: nothing is reordered, cut or interpolated.

    Parameters
    ----------
    reference, candidate
        Populations with the same condition labels in the same order, the same times and the same event at
        time zero; units may differ in number.
    fit_on, test_on
        Conditions on which maps are fitted and scored, (condition,) masks that share no condition;
        conditions in neither are left out of both.

    Raises
    ------
    InputError
        If the populations hold trials, their conditions, times or events differ, or the masks are of another
        length, empty or overlap.
    """

    reference: Population
    candidate: Population
    fit_on: BoolArray
    test_on: BoolArray

    def __post_init__(self) -> None:
        """Check the join and the masks."""
        for name in ("reference", "candidate"):
            check_population(name, getattr(self, name))
        _check_conditions(self.reference, self.candidate)
        _check_times(self.reference, self.candidate)
        for name in ("fit_on", "test_on"):
            mask = check_mask(name, getattr(self, name), self.reference.n_samples)
            object.__setattr__(self, name, mask)
        both = np.flatnonzero(self.fit_on & self.test_on)
        if both.size:
            label = self.reference.condition_labels[int(both[0])]
            raise InputError(
                "test_on", "conditions that are not in fit_on", f"{both.size} in both, the first {label}"
            )


def check_population(name: str, value: Population) -> None:
    """Raise `InputError` unless ``value`` is a `Population` over conditions."""
    if not isinstance(value, Population):
        raise InputError(name, "a Population", f"{type(value).__name__}")
    if value.sample_axis != "condition":
        raise InputError(name, "a population over conditions", "one over trials", "average with .psth()")


def _check_conditions(reference: Population, candidate: Population) -> None:
    wanted, given = reference.condition_labels, candidate.condition_labels
    if wanted == given:
        return
    missing = [label for label in wanted if label not in set(given)]
    extra = [label for label in given if label not in set(wanted)]
    if missing or extra:
        parts = [
            f"{len(labels)} {word} ({', '.join(labels[:3])})"
            for word, labels in (("missing", missing), ("unknown", extra))
            if labels
        ]
        mend = "keep the conditions that both have, with .select()"
        raise InputError("candidate", "the reference's conditions", " and ".join(parts), mend)
    first = next(i for i, (want, have) in enumerate(zip(wanted, given, strict=True)) if want != have)
    raise InputError(
        "candidate",
        "the reference's conditions in the same order",
        f"{given[first]} in place {first}, where the reference has {wanted[first]}",
        "reorder with .select()",
    )


def _check_times(reference: Population, candidate: Population) -> None:
    if reference.zero != candidate.zero:
        raise InputError(
            "candidate", f"times from {reference.zero!r}", f"from {candidate.zero!r}", "use .shifted()"
        )
    tolerance_s = 1e-9 if reference.n_times == 1 else 1e-6 * reference.dt_s
    same = reference.n_times == candidate.n_times and np.allclose(
        reference.times_s, candidate.times_s, rtol=0.0, atol=tolerance_s
    )
    if not same:
        mend = "bring both to one clock with .shifted(), .binned() or .between()"
        raise InputError("candidate", f"the reference's times, {_span(reference)}", _span(candidate), mend)


def _span(population: Population) -> str:
    first_s, last_s = population.times_s[[0, -1]]
    return f"{population.n_times} samples from {first_s:.6g} to {last_s:.6g} s"
